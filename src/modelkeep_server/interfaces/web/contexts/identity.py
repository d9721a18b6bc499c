"""What the pages of signing in and of one's own account are drawn from."""

from dataclasses import dataclass, field
from typing import ClassVar

from modelkeep_server.features.identity.views import NewToken, OpenInvitation, Person, SessionRow, TokenRow
from modelkeep_server.features.models.views import AccessRequest, SharedModel
from modelkeep_server.interfaces.web.contexts.base import FormContext
from modelkeep_server.rules import permissions
from modelkeep_server.rules.permissions import PERMISSIONS, Grant, Relation, Role, Scope


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
    """
    One row of the permissions table as it stands for a person. `because` is what gives it to them, `needs` what they
    lack. `scope` is what a token needs for it, None where no token will do.
    """

    act: str
    says: str
    allowed: bool
    because: str
    needs: str
    scope: Scope | None

    @property
    def noun(self) -> str:
        """What the act is done to."""
        return self.act.partition(".")[0]


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
    asked: tuple[AccessRequest, ...] = ()
    shared: tuple[SharedModel, ...] = ()

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
        row = PERMISSIONS[act]
        given = [grant for grant in row.grants if grant.role is None or grant.role in self.held]
        # Roles that need nothing else are said first.
        because = ", ".join(_say(grant) for grant in sorted(given, key=lambda grant: grant.relation is not None))
        needs = "" if given else permissions.what_is_missing(act, self.held, tuple(Relation))
        return Right(act, row.says, bool(given), because, needs, row.scope)


def _say(grant: Grant) -> str:
    """Why somebody holds a grant, or for which models."""
    models = {
        None: "",
        Relation.OWNER: "for your own models",
        Relation.WRITE: "for models shared with you to write",
        Relation.READ: "for models shared with you to read",
    }[grant.relation]
    role = "" if grant.role is None else permissions.ROLES[grant.role].label
    return " ".join(part for part in (role, models) if part) or "everyone who is signed in"
