"""What the pages of a model are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from modelkeep_server.features.cards.views import NamedBy
from modelkeep_server.features.identity.teams.views import Team
from modelkeep_server.features.models.ownership import TransferPlan
from modelkeep_server.features.models.views import AccessRequest, Model, Sharing
from modelkeep_server.features.promotion.ending.views import Retirement
from modelkeep_server.features.versions.views import Version
from modelkeep_server.interfaces.hiding import say_naming
from modelkeep_server.interfaces.web.contexts.activity import Timeline
from modelkeep_server.interfaces.web.contexts.base import Context, EditContext, FormContext, Walk, Walked
from modelkeep_server.interfaces.web.editing import Base
from modelkeep_server.interfaces.web.forms import model_as_json
from modelkeep_server.kit.paging import Page as Rows
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.permissions import Relation


@dataclass(frozen=True)
class Standing:
    """
    What the head of every page of a model shows beside it: how it was retired, and what this person asked for.

    Both are None for most: an active model, and somebody who may download or has asked for nothing.
    """

    retirement: Retirement | None = None
    asked: AccessRequest | None = None


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
