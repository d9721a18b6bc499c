"""What the page of one's own account is drawn from."""

from dataclasses import dataclass
from typing import ClassVar

from modelkeep_server.features.identity.views import NewToken, Person, SessionRow, TokenRow, WaysIn
from modelkeep_server.features.models.views import AccessRequest, SharedModel
from modelkeep_server.interfaces.web.contexts.base import FormContext
from modelkeep_server.rules import permission_words, permissions
from modelkeep_server.rules.permissions import PERMISSIONS, Grant, Relation, Role, Scope


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
    GET /profile, and its forms. Controls: name, scopes (several), days of a token; present, passphrase.

    `new_token` is shown once, on the answer to the POST itself. `values` may hold `scopes` as a list.
    `has_passphrase`: they sign in with one, and may change it. `ways` are all their ways to sign in; `asked`
    their latest requests for access, `shared` the models that they were let into.
    """

    template: ClassVar[str] = "identity/profile.html"
    person: Person
    sessions: tuple[SessionRow, ...]
    tokens: tuple[TokenRow, ...]
    ways: WaysIn
    new_token: NewToken | None = None
    has_passphrase: bool = True
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
        because = ", ".join(self._say(grant) for grant in sorted(given, key=lambda grant: grant.relation is not None))
        needs = "" if given else permission_words.what_is_missing(act, self.held, tuple(Relation))
        return Right(act, row.says, bool(given), because, needs, row.scope)

    def _say(self, grant: Grant) -> str:
        """Why somebody holds a grant: the role with where it came from, and for which models."""
        models = {
            None: "",
            Relation.OWNER: "for your own models",
            Relation.WRITE: "for models shared with you to write",
            Relation.READ: "for models shared with you to read",
            Relation.GRANTED: "for versions you were let in for",
            Relation.PROGRAM: "for models that it works on",
        }[grant.relation]
        sources = dict.fromkeys(row.words for row in self.person.roles if row.role is grant.role)
        role = "" if grant.role is None else f"{permissions.ROLES[grant.role].label} ({', '.join(sources)})"
        return " ".join(part for part in (role, models) if part) or "everyone who is signed in"
