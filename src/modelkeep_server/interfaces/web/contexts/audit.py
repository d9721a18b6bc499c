"""What the pages of the audit log are drawn from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from modelkeep_server.features.audit.filters import KINDS
from modelkeep_server.features.audit.views import (
    Checkpoint,
    Event,
    EventActor,
    LogExtent,
    Proof,
    ProvenEvent,
    Verified,
)
from modelkeep_server.interfaces.web.contexts.base import Chip, Context, Walk, Walked
from modelkeep_server.interfaces.web.forms import href_of
from modelkeep_server.interfaces.web.proof_tree import ProofTree, draw_proof_tree, list_hashes
from modelkeep_server.kit.paging import Page as Rows
from modelkeep_server.rules import wording
from modelkeep_server.rules.events import ACTIONS, Action
from modelkeep_server.rules.permissions import PERMISSIONS, ROLES, Role

EXPORT_HREF = "/api/v1/audit/events/export"
_DAY_CHARS = 10


@dataclass(frozen=True)
class Pick:
    """One of the buttons over the list: the filters behind it, and what is chosen in them."""

    id: str
    label: str
    chosen: str
    at_fault: bool


@dataclass(frozen=True, kw_only=True)
class AuditListContext(Context, Walked):
    """
    GET /audit. Controls, as in the API: q, person, action, object, kind, role, outcome, requestId, from, to.

    `values` is the filter as typed, `errors` one sentence for each control at fault, which then filters nothing.
    `checkpoint` is the newest signed head, `verified` the last verdict of this process, `seconds` about how long
    another takes; `people` are suggestions; `cursor` is the one this page came by.
    """

    template: ClassVar[str] = "audit/list.html"
    events: Rows[Event]
    extent: LogExtent
    checkpoint: Checkpoint | None = None
    verified: Verified | None = None
    seconds: float = 0.0
    people: tuple[EventActor, ...] = ()
    cursor: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def filters(self) -> dict[str, str]:
        """What really filters: neither what is empty nor what is at fault."""
        return {name: value for name, value in self.values.items() if value and name not in self.errors}

    @property
    def chips(self) -> tuple[Chip, ...]:
        """The active filters, each with the address that drops it."""
        words = {"q": "text", "action": "act", "requestId": "request"}
        return tuple(
            Chip(words.get(name, name), self._say(name, value), self.href_without(name))
            for name, value in self.filters.items()
        )

    @property
    def picks(self) -> tuple[Pick, ...]:
        """The buttons of the filter bar."""
        return (
            self._pick("who", "Person", "person", "role"),
            self._pick("act", "Act", "action", "outcome"),
            self._pick("what", "Object", "object", "kind"),
            self._pick("when", "When", "from", "to"),
        )

    def _pick(self, key: str, label: str, *names: str) -> Pick:
        chosen = [self._say(name, self.filters[name]) for name in names if name in self.filters]
        if key == "when" and len(chosen) == 1:
            chosen = [f"{'from' if 'from' in self.filters else 'to'} {chosen[0]}"]
        joined = (" to " if key == "when" else ", ").join(chosen)
        return Pick(key, label, joined, any(name in self.errors for name in names))

    def _say(self, name: str, value: str) -> str:
        if name == "role" and value in list(Role):
            return ROLES[Role(value)].label
        return value.capitalize() if name == "outcome" else value

    @property
    def nouns(self) -> dict[str, tuple[Action, ...]]:
        """Every act by its noun, in the order of the table."""
        by_noun: dict[str, list[Action]] = {}
        for action in ACTIONS.values():
            by_noun.setdefault(action.name.partition(".")[0], []).append(action)
        return {noun: tuple(actions) for noun, actions in by_noun.items()}

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of object that events are about."""
        return KINDS

    @property
    def spans(self) -> tuple[tuple[str, str, bool], ...]:
        """Quick choices of time: words, address, and whether it is the one chosen."""
        today = datetime.now(UTC).date()
        found = []
        for words, days in (("Today", 0), ("7 days", 6), ("30 days", 29)):
            first = (today - timedelta(days=days)).isoformat()
            others = {name: value for name, value in self.filters.items() if name not in ("from", "to")}
            chosen = self.values.get("from") == first and not self.values.get("to")
            found.append((words, href_of("/audit", others | {"from": first}), chosen))
        return tuple(found)

    def is_day(self, name: str) -> bool:
        """Whether a date control can show what was typed; a moment or a wrong day stands in a plain one."""
        value = self.values.get(name, "")
        return not value or (len(value) == _DAY_CHARS and name not in self.errors)

    @property
    def days(self) -> Iterator[tuple[str, list[Event]]]:
        """The events of this page by UTC day, in their order."""
        by_day: dict[str, list[Event]] = {}
        for event in self.events.items:
            by_day.setdefault(event.at.strftime("%-d %B %Y"), []).append(event)
        yield from by_day.items()

    @property
    def count_words(self) -> str:
        """How many events there are of this filter, in words."""
        total = self.events.total
        if total is None:
            return "more than 10,000 events"
        return f"{total:,} {'event' if total == 1 else 'events'}"

    def href_without(self, name: str) -> str:
        """This list without one of its filters, from its first page."""
        return href_of("/audit", {key: value for key, value in self.filters.items() if key != name})

    def export_href(self, form: str) -> str:
        """Where the events of this filter are taken out, as csv or jsonl."""
        return href_of(EXPORT_HREF, {"format": form, **self.filters})

    @property
    def walk(self) -> Walk:
        """The list."""
        return Walk("/audit", self.events, self.filters)


@dataclass(frozen=True, kw_only=True)
class EventContext(Context):
    """GET /audit/{sequence}. `last` is the number of the newest event. The list unfolds a part of this page."""

    template: ClassVar[str] = "audit/event.html"
    proven: ProvenEvent
    last: int

    @property
    def event(self) -> Event:
        """The event itself."""
        return self.proven.event

    @property
    def proof(self) -> Proof | None:
        """The proof of its place, where one could be made."""
        return self.proven.proof

    @property
    def checkpoint(self) -> Checkpoint | None:
        """The signed head that the proof leads to."""
        return self.proven.checkpoint

    @property
    def tree(self) -> ProofTree | None:
        """The picture of the proof, where it holds: of one that does not, no picture is true."""
        return draw_proof_tree(self.proven.proof) if self.proven.proof is not None and self.proven.holds else None

    @property
    def hashes(self) -> tuple[tuple[str, str], ...]:
        """Every hash of the proof, from the event up."""
        return tuple(list_hashes(self.proven.proof)) if self.proven.proof is not None else ()

    @property
    def role_words(self) -> tuple[str, str] | None:
        """The role used and what it may do here, or None where none was needed."""
        role, act = wording.say_standing(self.event.role), self.event.action
        if role is None:
            return None
        return role, PERMISSIONS[act].says if act in PERMISSIONS else ""


@dataclass(frozen=True, kw_only=True)
class VerdictContext(Context):
    """GET /audit/verify: what verifying the whole log found."""

    template: ClassVar[str] = "audit/verify.html"
    verified: Verified
