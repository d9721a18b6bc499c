"""What the catalogue shows, and what of it can be browsed and taken out."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from modelkeep_server.features.models.views import Model
from modelkeep_server.kit.paging import Page
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.lifecycle import State

#: Of an export so many models are read at once.
RUN_MODELS = 500


@dataclass(frozen=True)
class VersionMark:
    """A version in a list: its number, its state, and whether it was closed or is on hold."""

    version: str
    state: State
    closed: bool = False
    held: bool = False


@dataclass(frozen=True)
class CatalogueRow:
    """One model in the catalogue with its newest versions, newest first (two at most)."""

    model: Model
    newest: tuple[VersionMark, ...]
    version_count: int


@dataclass(frozen=True)
class CatalogueFilter:
    """
    What a person asked the catalogue for. Empty values do not filter; all that are given must hold, as `text` must,
    which is in the query language. `owner` also finds registrars. No `sort` is the one that suits the query.
    """

    text: str = ""
    group: str = ""
    risk_tier: str = ""
    tag: str = ""
    owner: str = ""
    created_from: datetime | None = None
    created_to: datetime | None = None
    updated_from: datetime | None = None
    updated_to: datetime | None = None
    status: str = ""
    state: str = ""
    framework: str = ""
    sort: str = ""


@dataclass(frozen=True)
class FacetCount:
    """A value of a field, how it is shown, and how many of the models found have it. `key` is what a query asks for."""

    key: str
    shown: str
    count: int


@dataclass(frozen=True)
class Facet:
    """
    A field and its most frequent values among what was found, and how many other values there are.

    Where more models were found than are counted (`is_capped`), the newest of them were.
    """

    field: str
    counts: tuple[FacetCount, ...]
    others: int = 0
    is_capped: bool = False


@dataclass(frozen=True)
class CataloguePage(Page[CatalogueRow]):
    """A page of models. `total` is how many fit; more than that do where it `is_capped`. `sort` is how they stand."""

    is_capped: bool = False
    sort: str = ""
    facets: tuple[Facet, ...] = ()


@dataclass(frozen=True)
class Browsed:
    """
    A group or a tag: `query` finds its models, `count` says how many there are, to 10,000 (`is_capped`: there are
    more), `tiers` how many of those that changed last, 1,000 at most, have which risk tier. `newest` is the address of
    the one that changed last.
    """

    name: str
    query: str
    count: int
    is_capped: bool
    tiers: Mapping[RiskTier, int]
    newest: str
    updated_at: datetime


@dataclass(frozen=True)
class ModelExport:
    """A result to be taken out: the inside ids of its models, in order."""

    asked: CatalogueFilter
    keys: "array[int]"

    def runs(self) -> Iterator[Sequence[int]]:
        """The ids in runs of as many as are read at once."""
        return (self.keys[start : start + RUN_MODELS] for start in range(0, len(self.keys), RUN_MODELS))


@dataclass(frozen=True)
class ExportedModel:
    """A model as an export tells it. `newest` is its newest version, `live` those in PRODUCTION, newest first."""

    model: Model
    newest: VersionMark | None
    live: tuple[str, ...]
    frameworks: tuple[str, ...]
    version_count: int
