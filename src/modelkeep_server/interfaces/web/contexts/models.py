"""What the catalogue and the pages of a model are drawn from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from modelkeep_server.features.cards.views import NamedBy
from modelkeep_server.features.identity.teams.views import Team
from modelkeep_server.features.models.ownership import TransferPlan
from modelkeep_server.features.models.views import AccessRequest, Model, Sharing
from modelkeep_server.features.promotion.ending.views import Retirement
from modelkeep_server.features.search.views import CatalogueFilter, CatalogueRow
from modelkeep_server.features.versions.views import Version
from modelkeep_server.interfaces.hiding import say_naming
from modelkeep_server.interfaces.web.contexts.activity import Timeline
from modelkeep_server.interfaces.web.contexts.base import Context, EditContext, FormContext, Walk, Walked
from modelkeep_server.interfaces.web.editing import Base
from modelkeep_server.interfaces.web.forms import href_of, model_as_json, query_of
from modelkeep_server.kit.paging import Page as Rows
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.permissions import Relation

_OPERATORS = re.compile(r"""(?<!\S)(-\w|(AND|OR|NOT)(?!\w))|\w:\S|[()"*]""")


@dataclass(frozen=True)
class Chip:
    """One active filter: its name, its value, and the address of the same list without it."""

    name: str
    value: str
    href: str


@dataclass(frozen=True)
class Standing:
    """
    What the head of every page of a model shows beside it: how it was retired, and what this person asked for.

    Both are None for most: an active model, and somebody who may download or has asked for nothing.
    """

    retirement: Retirement | None = None
    asked: AccessRequest | None = None


@dataclass(frozen=True, kw_only=True)
class CatalogueContext(Context):
    """
    GET /models. `groups`, `tags`, `owners` are suggestions for the filters; `cursor` is the one this page came by.

    Controls, as in the API: q, group, riskTier, tag, owner, status, updatedFrom, updatedTo (2026-01-31) and sort:
    updated, name or created. `values` is the filter as typed, `errors` one sentence for each control at fault, which
    then filters nothing.
    """

    template: ClassVar[str] = "models/catalogue.html"
    rows: Rows[CatalogueRow]
    filter: CatalogueFilter
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    cursor: str | None = None
    registry_empty: bool = False
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()

    @property
    def query(self) -> dict[str, str]:
        """The filter as an address says it, without what is empty."""
        return query_of(self.filter)

    @property
    def holds_operators(self) -> bool:
        """Whether what was typed looks like more than words, which is all that the box takes."""
        return _OPERATORS.search(self.filter.text) is not None

    @property
    def chips(self) -> tuple[Chip, ...]:
        """The active filters, each with the address that drops it."""
        words = {"q": "text", "riskTier": "risk tier", "updatedFrom": "updated from", "updatedTo": "updated to"}
        words |= {"createdFrom": "created from", "createdTo": "created to"}
        return tuple(
            Chip(words.get(name, name), value, self.href_without(name))
            for name, value in self.query.items()
            if name != "sort"
        )

    def href_without(self, name: str) -> str:
        """This list without one of its filters, from its first page."""
        return href_of("/models", {key: value for key, value in self.query.items() if key != name})

    def href_with(self, **changes: str) -> str:
        """This list with some filters set, from its first page."""
        return href_of("/models", self.query | changes)

    @property
    def first_href(self) -> str | None:
        """The first page of this list, or None where this is it."""
        return href_of("/models", self.query) if self.cursor else None

    @property
    def next_href(self) -> str | None:
        """The next page, or None on the last one."""
        return self.href_with(cursor=self.rows.next_cursor) if self.rows.next_cursor else None


@dataclass(frozen=True, kw_only=True)
class CreateModelContext(FormContext):
    """
    GET and POST /models/new. `groups` are those in use, offered while one types.

    Controls: group, name, description, riskTier, riskRationale, owners, tags, documentationUrl, repositoryUrl,
    visibility, origin. `taken` is the address of the model that has the name already. `refusal` is said to those who
    may not create one, with whom to ask by name.
    """

    template: ClassVar[str] = "models/create.html"
    groups: tuple[str, ...] = ()
    taken: str | None = None
    refusal: str | None = None

    @property
    def as_json(self) -> str:
        """The form as the API takes it: the guide's fields always, the others once they are filled."""
        return model_as_json(self.values)


@dataclass(frozen=True, kw_only=True)
class ModelContext(Context, Walked):
    """
    GET /models/{group}/{name} (`tab` overview), GET …/versions (`tab` versions) and GET …/activity (`tab` activity).

    `versions` is newest first: on overview the first five are drawn, on versions the whole page of rows. `values` and
    `shown` are of the small forms that edit in place. `teams` are those among the owners, by address in lower case.
    """

    template: ClassVar[str] = "models/show.html"
    model: Model
    version_count: int
    versions: Rows[Version] = field(default_factory=lambda: Rows[Version](()))
    relations: frozenset[Relation] = frozenset()
    tab: str = "overview"
    cursor: str | None = None
    shown: Base
    values: Mapping[str, str] = field(default_factory=dict)
    timeline: Timeline | None = None
    standing: Standing = field(default_factory=Standing)
    teams: Mapping[str, Team] = field(default_factory=dict)

    @property
    def walk(self) -> Walk:
        """The list."""
        return Walk(f"/models/{self.model.address}/versions", self.versions)


@dataclass(frozen=True, kw_only=True)
class EditModelContext(EditContext):
    """
    GET and POST /models/{group}/{name}/settings.

    Controls: description, riskTier, riskRationale, tags, documentationUrl, repositoryUrl, visibility, origin, reason.
    `own_form` says which of the tab's forms `values` and `errors` are of: empty for the first, else `sharing` (email,
    access, until), `tier` (riskTier, reason), `transfer` (owners, reason) or `retire` (reason, confirm).
    `named_by` is what goes on naming the model once it is restricted, None where nothing does or it is not theirs.
    """

    template: ClassVar[str] = "models/settings.html"
    model: Model
    version_count: int
    relations: frozenset[Relation] = frozenset()
    standing: Standing = field(default_factory=Standing)
    sharing: Sharing
    may_lower: bool = False
    own_form: str = ""
    named_by: NamedBy | None = None

    @property
    def hiding_words(self) -> str | None:
        """What stays as it is where this model is restricted, in sentences."""
        return None if self.named_by is None else say_naming(self.named_by)

    @property
    def lower_tiers(self) -> tuple[RiskTier, ...]:
        """The tiers below the model's."""
        return tuple(RiskTier)[: tuple(RiskTier).index(self.model.risk_tier)]


@dataclass(frozen=True, kw_only=True)
class TransferContext(FormContext):
    """POST /models/{group}/{name}/transfer, before it is confirmed. Controls: owners, reason (both hidden), confirm."""

    template: ClassVar[str] = "models/transfer.html"
    model: Model
    plan: TransferPlan
