"""
What each page is drawn from: one frozen dataclass a page. A handler makes one; the template receives its fields and
properties under their own names, beside `page`, the shell (render.py).

In forms, `values` holds what was typed and `errors` one sentence a field, both under the control's name. That name is
the JSON name of the API, dotted for inner keys: `riskTier`, `metadata.framework`, `metadata.card.license`,
`metadata.trainingDataset.name`. `owners` and `tags` are one text each, their entries apart by commas or blanks.
`relations` is how the person stands to the model; the template asks the permissions table with it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import quote

from modelkeep_server.features.artifacts.views import Artifact
from modelkeep_server.features.audit.views import Checkpoint, Event, Proof
from modelkeep_server.features.identity.views import NewToken, OpenInvitation, Person, SessionRow, TokenRow
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.search.views import CatalogueFilter, CatalogueRow
from modelkeep_server.features.versions.views import MoveView, Version
from modelkeep_server.interfaces.web.forms import href_of, model_as_json, query_of
from modelkeep_server.kit.paging import Page as Rows
from modelkeep_server.rules import links, permissions
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.errors import FieldError, RegistryError
from modelkeep_server.rules.lifecycle import EDITABLE, State
from modelkeep_server.rules.permissions import PERMISSIONS, Relation, Role, Scope


@dataclass(frozen=True)
class Context:
    """The root of all page contexts. `template` is the file under templates/."""

    template: ClassVar[str]


@dataclass(frozen=True, kw_only=True)
class FormContext(Context):
    """A page with a form: what was typed, and one sentence for each control at fault."""

    values: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class LoginContext(FormContext):
    """GET and POST /login. `problem` says why a sign-in failed; `unclaimed`: nobody has an account yet."""

    template: ClassVar[str] = "identity/login.html"
    next: str = "/"
    problem: str | None = None
    remedy: str | None = None
    unclaimed: bool = False


@dataclass(frozen=True, kw_only=True)
class SetupContext(FormContext):
    """
    GET and POST /setup: the first start. Controls: secret (hidden), email, name, passphrase, modelOwner (`yes`).

    `secret` is the tail of the one-time link; `problem` replaces the form where the link is used, wrong or expired;
    `unclaimed`: nobody has an account yet.
    """

    template: ClassVar[str] = "identity/setup.html"
    secret: str = field(repr=False)
    problem: str | None = None
    unclaimed: bool = True


@dataclass(frozen=True, kw_only=True)
class InvitationContext(FormContext):
    """GET and POST /invitations/{secret}. Controls: name, passphrase."""

    template: ClassVar[str] = "identity/invitation.html"
    secret: str = field(repr=False)
    invitation: OpenInvitation


@dataclass(frozen=True)
class Right:
    """One row of the permissions table as it stands for a person. `own_only`: holds for models they own or share."""

    act: str
    says: str
    allowed: bool
    own_only: bool
    needs: str


@dataclass(frozen=True, kw_only=True)
class ProfileContext(FormContext):
    """
    GET /profile, and POST /profile/tokens. Controls of the token form: name, scopes (several), days.

    `new_token` is shown once, on the answer to the POST itself. `values` may hold `scopes` as a list.
    """

    template: ClassVar[str] = "identity/profile.html"
    person: Person
    sessions: tuple[SessionRow, ...]
    tokens: tuple[TokenRow, ...]
    new_token: NewToken | None = None

    @property
    def held(self) -> frozenset[Role]:
        """The person's roles without their sources."""
        return frozenset(row.role for row in self.person.roles)

    @property
    def scopes_offered(self) -> tuple[Scope, ...]:
        """The token scopes that these roles can make use of."""
        return permissions.scopes_of(self.held)

    @property
    def scopes_ticked(self) -> tuple[str, ...]:
        """What the form has ticked: what was typed, else the default scopes."""
        return tuple(self.values.get("scopes", permissions.DEFAULT_SCOPES))

    @property
    def rights(self) -> tuple[Right, ...]:
        """Every act of the permissions table: whether this person may, on what, and what is missing otherwise."""
        return tuple(self._right(act) for act in PERMISSIONS)

    def _right(self, act: str) -> Right:
        anywhere = permissions.find_grant(act, self.held) is not None
        on_own = permissions.find_grant(act, self.held, tuple(Relation)) is not None
        needs = "" if on_own else permissions.what_is_missing(act, self.held, tuple(Relation))
        return Right(act, PERMISSIONS[act].says, on_own, on_own and not anywhere, needs)


@dataclass(frozen=True, kw_only=True)
class DashboardContext(Context):
    """
    GET /. `my_models` are those the person owns or registered, last updated first.

    `registry_total` counts the models they may see. `states` counts their versions by state, `tiers` visible models by
    tier; each is left out of the page while it is empty.
    """

    template: ClassVar[str] = "home/dashboard.html"
    my_models: tuple[CatalogueRow, ...]
    my_total: int
    registry_total: int
    states: Mapping[State, int] = field(default_factory=dict)
    tiers: Mapping[RiskTier, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Chip:
    """One active filter: its name, its value, and the address of the same list without it."""

    name: str
    value: str
    href: str


@dataclass(frozen=True, kw_only=True)
class CatalogueContext(Context):
    """
    GET /models. `groups`, `tags`, `owners` are suggestions for the filters; `cursor` is the one this page came by.

    Controls, as in the API: q, group, riskTier, tag, owner, updatedFrom, updatedTo (2026-01-31) and sort: updated, name
    or created.
    """

    template: ClassVar[str] = "models/catalogue.html"
    rows: Rows[CatalogueRow]
    filter: CatalogueFilter
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
    visibility, origin. `taken` is the address of the model that has the name already.
    """

    template: ClassVar[str] = "models/create.html"
    groups: tuple[str, ...] = ()
    taken: str | None = None

    @property
    def as_json(self) -> str:
        """The form as the API takes it: the guide's fields always, the others once they are filled."""
        return model_as_json(self.values)


@dataclass(frozen=True, kw_only=True)
class ModelContext(Context):
    """
    GET /models/{group}/{name} (`tab` overview) and GET …/versions (`tab` versions).

    `versions` is newest first: on overview the first five are drawn, on versions the whole page of rows.
    """

    template: ClassVar[str] = "models/show.html"
    model: Model
    versions: Rows[Version]
    version_count: int
    relations: frozenset[Relation] = frozenset()
    tab: str = "overview"
    cursor: str | None = None

    @property
    def newest(self) -> Version | None:
        """The newest version of this page of rows."""
        return self.versions.items[0] if self.versions.items else None

    @property
    def next_href(self) -> str | None:
        """The next page of versions, or None on the last one."""
        cursor = self.versions.next_cursor
        return href_of(f"/models/{self.model.address}/versions", {"cursor": cursor}) if cursor else None

    @property
    def first_href(self) -> str | None:
        """The first page of versions, or None where this is it."""
        return f"/models/{self.model.address}/versions" if self.cursor else None


@dataclass(frozen=True, kw_only=True)
class CreateVersionContext(FormContext):
    """
    GET and POST /models/{group}/{name}/versions/new. `newest` is the newest version there is, for the number.

    Controls: version, commitSha, trainingJobId, description, and `metadata.<path>` for each row of rules/fields.py.
    Schemas and objects are JSON text. trainingDataset is three controls: .name, .version, .uri; baseModel also: .model,
    .version, .uri.
    """

    template: ClassVar[str] = "versions/create.html"
    model: Model
    relations: frozenset[Relation] = frozenset()
    newest: Version | None = None


@dataclass(frozen=True, kw_only=True)
class VersionContext(Context):
    """GET /models/{group}/{name}/versions/{version}. `moves` is what the diagram has from here, for this person."""

    template: ClassVar[str] = "versions/show.html"
    model: Model
    version: Version
    artifacts: tuple[Artifact, ...]
    moves: tuple[MoveView, ...] = ()
    relations: frozenset[Relation] = frozenset()
    tab: str = "overview"

    @property
    def editable(self) -> bool:
        """Whether content can change in this state."""
        return self.version.state in EDITABLE

    @property
    def base(self) -> str:
        """The address of this version's page; `+` of build metadata is escaped."""
        return f"/models/{self.model.address}/versions/{quote(self.version.version, safe='')}"

    @property
    def stored_bytes(self) -> int:
        """The size of all files together, in bytes."""
        return sum(artifact.size_bytes for artifact in self.artifacts)


@dataclass(frozen=True, kw_only=True)
class ArtifactsContext(VersionContext):
    """GET /models/{group}/{name}/versions/{version}/artifacts. `upload_limit_bytes` is for one file."""

    template: ClassVar[str] = "versions/artifacts.html"
    tab: str = "artifacts"
    upload_limit_bytes: int = 5 * 1024**3

    @property
    def terms(self) -> links.LinkTerms:
        """What a download link demands in this state."""
        return links.terms_for(self.version.state)

    @property
    def sums(self) -> str:
        """A SHA256SUMS file of this version, for `sha256sum -c`."""
        return "".join(f"{artifact.sha256}  {artifact.path}\n" for artifact in self.artifacts)


@dataclass(frozen=True, kw_only=True)
class AuditListContext(Context):
    """
    GET /audit. `values` is the filter as typed. Controls: action, person, object, outcome, request.

    `checkpoint` is the newest signed head; `cursor` is the one this page came by.
    """

    template: ClassVar[str] = "audit/list.html"
    events: Rows[Event]
    checkpoint: Checkpoint | None = None
    cursor: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def filters(self) -> dict[str, str]:
        """The filter without what is empty."""
        return {name: value for name, value in self.values.items() if value and name != "cursor"}

    @property
    def days(self) -> Iterator[tuple[str, list[Event]]]:
        """The events of this page by UTC day, in their order."""
        by_day: dict[str, list[Event]] = {}
        for event in self.events.items:
            by_day.setdefault(event.at.strftime("%-d %B %Y"), []).append(event)
        yield from by_day.items()

    @property
    def first_href(self) -> str | None:
        """The first page of this list, or None where this is it."""
        return href_of("/audit", self.filters) if self.cursor else None

    @property
    def next_href(self) -> str | None:
        """The next page, or None on the last one."""
        cursor = self.events.next_cursor
        return href_of("/audit", self.filters | {"cursor": cursor}) if cursor else None


@dataclass(frozen=True, kw_only=True)
class EventContext(Context):
    """GET /audit/{sequence}. `proof` leads from the event to the root of `checkpoint`."""

    template: ClassVar[str] = "audit/event.html"
    event: Event
    proof: Proof
    checkpoint: Checkpoint | None = None


@dataclass(frozen=True, kw_only=True)
class ErrorContext(Context):
    """Any refusal or failure as a page: what happened, why, what to do. The request id comes from the shell."""

    template: ClassVar[str] = "errors/error.html"
    status: int
    title: str
    detail: str
    remedy: str
    code: str = "internal_error"
    field_errors: tuple[FieldError, ...] = ()

    @classmethod
    def of(cls, error: RegistryError) -> "ErrorContext":
        """The page for one of the registry's own errors."""
        return cls(
            status=error.status,
            title=error.title,
            detail=error.detail,
            remedy=error.remedy,
            code=error.code,
            field_errors=error.errors,
        )
