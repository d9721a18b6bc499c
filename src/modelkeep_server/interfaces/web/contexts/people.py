"""What the pages of people and their roles are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from modelkeep_server.features.audit.views import Event
from modelkeep_server.features.identity.joining.one_time_links import ASK_OPERATOR, NOT_ALONE
from modelkeep_server.features.identity.people.views import OpenLink, PersonDetail, PersonRow, RoleRequest
from modelkeep_server.features.identity.roles.sources import ISSUER, SOURCES
from modelkeep_server.features.identity.views import NewInvitation
from modelkeep_server.interfaces.web.contexts.base import Context, FormContext, Walk, Walked
from modelkeep_server.kit.paging import Page as Rows
from modelkeep_server.rules.events import ACTIONS
from modelkeep_server.rules.permissions import GUARDED, ROLES, Role

#: The last words of sayings that end with the name of the person.
_ASKS_WHOM = frozenset({"for", "from", "of", "to"})


@dataclass(frozen=True, kw_only=True)
class PeopleContext(Context, Walked):
    """
    GET /admin/people. Controls: q, role, disabled (`yes` or `no`), source. `values` is the filter as typed.

    `requests` are grants that wait for a second Admin.
    """

    template: ClassVar[str] = "people/list.html"
    people: Rows[PersonRow]
    requests: tuple[RoleRequest, ...] = ()
    cursor: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def filters(self) -> dict[str, str]:
        """What really filters."""
        return {name: value for name, value in self.values.items() if value}

    @property
    def sources(self) -> dict[str, str]:
        """Where roles come from: the filter's values and their words."""
        return {**SOURCES, ISSUER: "claims of an issuer"}

    @property
    def count_words(self) -> str:
        """How many people fit, in words."""
        total = self.people.total or 0
        return f"{total:,} {'person' if total == 1 else 'people'}"

    @property
    def walk(self) -> Walk:
        """The list."""
        return Walk("/admin/people", self.people, self.filters)


@dataclass(frozen=True)
class Told:
    """An event of an account and the words that finish "<person> ..."."""

    event: Event
    words: str


@dataclass(frozen=True, kw_only=True)
class PersonContext(FormContext):
    """
    GET /admin/people/{id} and its forms. Controls: role, reason.

    `made` is a reset link, shown once. `is_self`: nobody changes their own account here. `models` counts what they own.
    """

    template: ClassVar[str] = "people/show.html"
    person: PersonDetail
    events: tuple[Event, ...]
    models: int | None
    is_self: bool
    dual_control: bool = False
    sends_mail: bool = False
    made: NewInvitation | None = None

    @property
    def history(self) -> tuple[Told, ...]:
        """What happened to the account, in words."""
        return tuple(Told(event, _tell(event, self.person.row.name)) for event in self.events)

    @property
    def grantable(self) -> tuple[Role, ...]:
        """The roles that were not given by hand yet."""
        by_hand = {grant.role for grant in self.person.grants if grant.by_hand}
        return tuple(role for role in Role if role not in by_hand)

    @property
    def no_reset(self) -> str | None:
        """Why no Admin alone makes a link into this account, or None where one may."""
        if self.guarded.isdisjoint(grant.role for grant in self.person.grants):
            return None
        return f"{self.person.row.name} {NOT_ALONE}. {ASK_OPERATOR}"

    @property
    def guarded(self) -> frozenset[Role]:
        """The roles for which a second Admin is asked."""
        return GUARDED if self.dual_control else frozenset()


@dataclass(frozen=True, kw_only=True)
class InvitationsContext(FormContext, Walked):
    """
    GET and POST /admin/invitations. Controls: emails (one a line), roles (several), resets (`yes`).

    `made` are links, shown once. `faults` says of each line at fault what is wrong. `accounts` are those of the lines
    who have an account: the form is sent again with `resets` to make links that renew their passphrases.
    """

    template: ClassVar[str] = "people/invitations.html"
    links: Rows[OpenLink]
    cursor: str | None = None
    made: tuple[NewInvitation, ...] = ()
    faults: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    dual_control: bool = False
    sends_mail: bool = False

    @property
    def guarded(self) -> frozenset[Role]:
        """The roles for which a second Admin is asked once the person has come."""
        return GUARDED if self.dual_control else frozenset()

    @property
    def walk(self) -> Walk:
        """The list."""
        return Walk("/admin/invitations", self.links)


def _tell(event: Event, name: str) -> str:
    action = ACTIONS.get(event.action)
    if action is None:
        return event.action
    after = event.after or {}
    words = "set a new passphrase by a link" if after.get("passphrase") == "renewed" else action.says
    role = (event.after or event.before or {}).get("role")
    if role in ROLES:
        words = words.replace("a role", f"the role {ROLES[role].label}")
    return f"{words} {name}" if words.split()[-1] in _ASKS_WHOM else words
