"""What the rest of the house sees of people: who is asking, their sessions, tokens and invitations."""

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from modelkeep_server.rules.permissions import Role, Scope


@dataclass(frozen=True)
class Actor:
    """
    Who is asking, as found once a request.

    `user_id` is None where nobody is signed in. `scopes` is None for a session (not limited), else the token's scopes.
    `roles` are those in force now, already cut to the token's where it has some. `credential_id` is the row of the
    session or token. `method` is what an event's `auth` says: `session`, `token` or `none`. `as_of` is the moment they
    were found, against which what ends at a time is judged; `authenticated_at` is when a session's person last showed
    who they are. `emails_verified` are, in lower case, their own address and those of their teams. A program's
    `sponsor` is the e-mail of the person who answers for it. `unread` is how many notices wait, counted for sessions
    alone; so many of them, `unread_restricted`, are about RESTRICTED models: features/inbox says which still count.
    """

    user_id: int | None
    pseudonym: str
    email: str
    name: str
    roles: frozenset[Role] = frozenset()
    scopes: frozenset[Scope] | None = None
    method: str = "none"
    credential_id: int | None = None
    emails_verified: tuple[str, ...] = ()
    as_of: datetime | None = None
    authenticated_at: datetime | None = None
    sponsor: str | None = None
    unread: int = 0
    unread_restricted: int = 0

    @property
    def is_known(self) -> bool:
        """True for a person, false for a stranger."""
        return self.user_id is not None

    @property
    def is_service(self) -> bool:
        """True for a service account: a program that acts for itself, under the answer of its sponsor."""
        return self.sponsor is not None

    @property
    def answered_by(self) -> str:
        """Who answers for what is asked, by e-mail in lower case: the sponsor of a program, else the person."""
        return (self.sponsor or self.email).casefold()

    @property
    def kind(self) -> str:
        """What an event says of who acted: `person`, `service` or `stranger`."""
        if not self.is_known:
            return "stranger"
        return "service" if self.is_service else "person"


NOBODY = Actor(user_id=None, pseudonym="anonymous", email="", name="Nobody")


@dataclass(frozen=True)
class RoleSource:
    """
    A role someone holds and where it comes from, in words: "the first start", "an invitation". `by` is who gave it: an
    e-mail, `operator@HOST` or the registry itself.
    """

    role: Role
    source: str
    by: str = ""

    @property
    def words(self) -> str:
        """The source with who it was, where that is a person: "an invitation by ann@company.com"."""
        return f"{self.source} by {self.by}" if "@" in self.by and not self.by.startswith("operator@") else self.source


@dataclass(frozen=True)
class Person:
    """A person as pages and `/me` show them."""

    id: str
    email: str
    name: str
    roles: tuple[RoleSource, ...]
    disabled: bool
    created_at: datetime


@dataclass(frozen=True)
class SessionRow:
    """One of a person's own signed-in browsers. `device` says which in words, as `Firefox on Linux`, where known."""

    id: str
    started_at: datetime
    last_seen_at: datetime | None
    expires_at: datetime
    current: bool
    device: str | None = None


@dataclass(frozen=True)
class TokenRow:
    """A personal token, without its secret."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True)
class NewToken:
    """A token at the one moment when its secret can be shown."""

    row: TokenRow
    secret: str = field(repr=False)


@dataclass(frozen=True)
class NewSession:
    """A session just begun. `secret` goes into the cookie and is stored hashed only."""

    secret: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True)
class NewInvitation:
    """
    An invitation just made. `secret` is the tail of the one-time link, shown once.

    `kind` is INVITATION, or RESET for somebody who has an account, which then adds no role. `name` is what the inviter
    calls them: the form begins with it.
    """

    id: str
    email: str
    roles: tuple[Role, ...]
    expires_at: datetime
    secret: str = field(repr=False)
    kind: str = "INVITATION"
    name: str = ""

    @property
    def path(self) -> str:
        """The link without the address of the registry. It alone carries the name, which is stored once they come."""
        return f"/invitations/{self.secret}" + (f"?{urlencode({'name': self.name})}" if self.name else "")


@dataclass(frozen=True)
class OpenInvitation:
    """What the holder of a one-time link may know before accepting it. `is_reset`: they have an account already."""

    email: str
    roles: tuple[Role, ...]
    invited_by: str
    expires_at: datetime
    is_reset: bool = False


@dataclass(frozen=True)
class IssuerChoice:
    """An issuer that people may sign in by, as a button shows it."""

    slug: str
    name: str


@dataclass(frozen=True)
class Identity:
    """Who a person is to an issuer. Where that is no longer set up, `slug` is None and `name` its address."""

    id: str
    slug: str | None
    name: str
    linked_at: datetime


@dataclass(frozen=True)
class WaysIn:
    """How a person can sign in. `passphrase`: they have one, and it counts here. `offered` is not connected yet."""

    passphrase: bool
    identities: tuple[Identity, ...]
    offered: tuple[IssuerChoice, ...]

    def may_disconnect(self, identity: Identity) -> bool:
        """Whether another way that works would be left."""
        return self.passphrase or any(other.slug for other in self.identities if other != identity)
