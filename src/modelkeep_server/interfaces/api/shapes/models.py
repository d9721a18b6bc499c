"""The JSON of models and the catalogue."""

from collections.abc import Callable, Sequence
from typing import Literal, Self

from pydantic import Field

from modelkeep_server.features.search.likening.meant import Meant
from modelkeep_server.features.search.views import CataloguePage, CatalogueRow
from modelkeep_server.interfaces.api.shapes.base import Input, Moment, PageOut, Shape, StateName, TierName
from modelkeep_server.rules import fields

_NAME = f"1 to {fields.NAME_CHARS} letters, digits, `-` and `_`, beginning with a letter or digit."
_DESCRIPTION = f"1 to {fields.DESCRIPTION_CHARS:,} characters."
_OWNERS = f"1 to {fields.OWNERS_MAX} e-mail addresses."
_RISK_TIER = "How much harm it could do. It decides who must approve."
_TIER_CHANGE = f"{_RISK_TIER} Once a version was submitted, raising it takes a `reason`, and owners cannot lower it."
_TAGS = f"At most {fields.TAGS_MAX} of {fields.TAG_CHARS} characters, without blanks."
_URL = f"http or https, at most {fields.URL_CHARS:,} characters."
_RISK_RATIONALE = "Why this tier."
_ORIGIN = "Made here, or bought."
_VISIBILITY = "Everyone signed in, or owners, collaborators and the control roles."
_AS_IT_IS = "May stand here as it is; an edit does not change it."


class ModelIn(Input):
    """A model to register (the guide, "Model Information Fields")."""

    name: str = Field(
        description=f"{_NAME} Unique within the group, ignoring case.", examples=["customer-churn-predictor"]
    )
    group: str = Field(description=_NAME, examples=["customer-analytics"])
    description: str = Field(description=_DESCRIPTION)
    owners: list[str] = Field(description=_OWNERS, examples=[["data-team@company.com"]])
    risk_tier: TierName = Field(description=_RISK_TIER)
    tags: list[str] = Field(default=[], description=_TAGS)
    documentation_url: str | None = Field(default=None, description=_URL, examples=["https://wiki.company.com/churn"])
    repository_url: str | None = Field(default=None, description=_URL, examples=["https://git.company.com/churn"])
    risk_rationale: str | None = Field(default=None, description=_RISK_RATIONALE)
    origin: Literal["INTERNAL", "VENDOR"] = Field(default="INTERNAL", description=_ORIGIN)
    visibility: Literal["INTERNAL", "RESTRICTED"] = Field(default="INTERNAL", description=_VISIBILITY)


class ModelPatch(Input):
    """
    What to change of a model, as a JSON Merge Patch: fields left out stay, null takes one away. Name, group and owners
    may stand in it as they are; owners change by a transfer.
    """

    name: str | None = Field(default=None, description=_AS_IT_IS)
    group: str | None = Field(default=None, description=_AS_IT_IS)
    owners: list[str] | None = Field(default=None, description=_AS_IT_IS)
    description: str | None = Field(default=None, description=_DESCRIPTION)
    risk_tier: TierName | None = Field(default=None, description=_TIER_CHANGE)
    tags: list[str] | None = Field(default=None, description=_TAGS)
    documentation_url: str | None = Field(default=None, description=_URL)
    repository_url: str | None = Field(default=None, description=_URL)
    risk_rationale: str | None = Field(default=None, description=_RISK_RATIONALE)
    origin: Literal["INTERNAL", "VENDOR"] | None = Field(default=None, description=_ORIGIN)
    visibility: Literal["INTERNAL", "RESTRICTED"] | None = Field(default=None, description=_VISIBILITY)
    reason: str | None = Field(default=None, description="Why, for the record; no field of the model itself.")


class ModelOut(Shape):
    """A model."""

    id: str
    group: str
    name: str
    description: str
    owners: list[str]
    registrar: str | None
    risk_rationale: str | None
    origin: Literal["INTERNAL", "VENDOR"]
    risk_tier: TierName
    tags: list[str]
    documentation_url: str | None
    repository_url: str | None
    visibility: Literal["INTERNAL", "RESTRICTED"]
    status: Literal["ACTIVE", "RETIRED"]
    created_at: Moment
    created_by: str
    updated_at: Moment
    revision: int = Field(description="Counts the edits; `ETag` says the same.")


class WarningOut(Shape):
    """What an edit that was made does not change, though one may expect it."""

    code: Literal["named_elsewhere"]
    message: str
    versions: list[str] = Field(description="Those that it is about, `GROUP/NAME:VERSION`, the first 20 by address.")


class EditedModelOut(ModelOut):
    """A model as an edit made it."""

    warnings: list[WarningOut] = Field(
        description="`named_elsewhere`: it was restricted, and published model cards of other models, or versions "
        "built on it, name it still."
    )


class NewestOut(Shape):
    """A version in a list of models."""

    version: str
    state: StateName
    closed: bool = Field(description="Whether it was closed, and so goes no further.")


class CatalogueOut(ModelOut):
    """A model in the catalogue, with its newest versions."""

    newest: list[NewestOut]
    version_count: int


class FacetCountOut(Shape):
    """A value, and how many of the models counted have it."""

    key: str = Field(description="What a query asks for: `field:key`.")
    shown: str = Field(description="As it was first spelled.")
    count: int


class FacetOut(Shape):
    """What the models found have of one field, the most frequent first; as if nothing were asked of that field."""

    field: str
    counts: list[FacetCountOut]
    others: int = Field(description="How many further values they have.")


class MeantOut(Shape):
    """A query that may have been meant, and finds something."""

    query: str
    person: str = Field(description="Whose e-mail it names, where an owner was asked for by name; else empty.")
    by_email: bool = Field(description="Whether an owner was asked for by name: owners are compared by e-mail.")


class CataloguePageOut(PageOut[CatalogueOut]):
    """One page of the catalogue."""

    total_capped: bool = Field(description="Whether more models fit than `total` says, which counts to 10,000.")
    sort: str = Field(description="In which order they stand: `relevance`, `updated`, `created` or `name`.")
    facets: list[FacetOut] | None = Field(description="With `facets=true`: what they are made of; else null.")
    facets_capped: bool = Field(description="Whether facets count the first 10,000 of them, and not all.")

    meant: list[MeantOut] | None = Field(
        description="With `meant=true`, where nothing fits: queries that may have been meant, the likeliest first."
    )

    @classmethod
    def found(
        cls,
        page: CataloguePage,
        draw: Callable[[CatalogueRow], CatalogueOut],
        *,
        with_facets: bool,
        meant: Sequence[Meant] | None,
    ) -> Self:
        """A page of the catalogue, each row drawn."""
        return cls(
            items=[draw(row) for row in page.items],
            next_cursor=page.next_cursor,
            total=page.total,
            total_capped=page.is_capped,
            sort=page.sort,
            facets=[FacetOut.model_validate(facet) for facet in page.facets] if with_facets else None,
            facets_capped=any(facet.is_capped for facet in page.facets),
            meant=None if meant is None else [MeantOut.model_validate(one) for one in meant],
        )
