"""What the catalogue shows."""

from dataclasses import dataclass
from datetime import datetime

from modelkeep_server.features.models.views import Model
from modelkeep_server.kit.paging import Page
from modelkeep_server.rules.lifecycle import State


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
class Found(Page[CatalogueRow]):
    """A page of models. `total` is how many fit; more than that do where it `is_capped`. `sort` is how they stand."""

    is_capped: bool = False
    sort: str = ""
    facets: tuple[Facet, ...] = ()
