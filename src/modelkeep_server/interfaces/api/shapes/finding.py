"""The JSON of what stands around the catalogue: offers for a query, groups and tags, exported models."""

from typing import Self

from pydantic import Field

from modelkeep_server.features.search.completion.offers import Offer, OfferKind
from modelkeep_server.features.search.views import Browsed, ExportedModel, VersionMark
from modelkeep_server.interfaces.api.shapes.base import Moment, Shape
from modelkeep_server.interfaces.api.shapes.models import ModelOut, NewestOut


class OfferOut(Shape):
    """What may come next in a query."""

    kind: OfferKind
    insert: str = Field(description="The text to put into the query, quoted where it must be.")
    start: int = Field(description="It takes the place of the characters from here on,")
    end: int = Field(description="and up to here, not with it.")
    label: str
    says: str = Field(description="What it means, in words.")
    model: str | None = Field(description="`GROUP/NAME` of a model to go to.")


class OffersOut(Shape):
    """What may come next, the likeliest first."""

    items: list[OfferOut]

    @classmethod
    def of(cls, offers: tuple[Offer, ...]) -> Self:
        """Offers as JSON."""
        return cls(
            items=[
                OfferOut(
                    kind=offer.kind, insert=offer.insert, start=offer.span.start, end=offer.span.end,
                    label=offer.label, says=offer.says, model=offer.address,
                )
                for offer in offers
            ]
        )  # fmt: skip


class NewestModelOut(Shape):
    """The model of a group or tag that changed last."""

    model: str
    updated_at: Moment


class BrowsedOut(Shape):
    """A group or a tag, with the models of it that the caller may see."""

    name: str
    query: str = Field(description="What finds its models: the parameter `q` of `GET /models`.")
    models: int
    models_capped: bool = Field(description="Whether it has more models than `models` says, which counts to 10,000.")
    risk_tiers: dict[str, int] = Field(description="How many are of which risk tier, of the 1,000 that changed last.")
    newest: NewestModelOut

    @classmethod
    def of(cls, row: Browsed) -> Self:
        """A row as JSON."""
        return cls(
            name=row.name,
            query=row.query,
            models=row.count,
            models_capped=row.is_capped,
            risk_tiers={tier.value: count for tier, count in row.tiers.items()},
            newest=NewestModelOut(model=row.newest, updated_at=row.updated_at),
        )


class ExportedOut(ModelOut):
    """A model in an export."""

    newest: NewestOut | None
    production_versions: list[str]
    frameworks: list[str]
    version_count: int
    url: str

    @classmethod
    def told(cls, row: ExportedModel, base_url: str) -> Self:
        """A row as JSON; `base_url` is the registry's public address."""
        newest = row.newest
        return cls(
            **{name: getattr(row.model, name) for name in ModelOut.model_fields},
            newest=None if newest is None else _newest(newest),
            production_versions=list(row.live),
            frameworks=list(row.frameworks),
            version_count=row.version_count,
            url=f"{base_url}/models/{row.model.address}",
        )


def _newest(mark: VersionMark) -> NewestOut:
    return NewestOut(version=mark.version, state=mark.state.value, closed=mark.closed)
