"""
The conditions that a filter comes down to, and the walk over the log that they make.

Each filter is answered from an index. Of several, the one that fits fewest events leads. Where it may have one of some
values (a noun's acts, the people of a name), each is walked by itself from its newest event, and only as far as the
page reaches. Events of a span of time come in the order of their moments, for those need not be in the order in which
they were recorded: requests last, and clocks are set.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    String,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
    union,
    union_all,
)

from modelkeep_server.db.tables import audit_events, audit_labels, audit_people
from modelkeep_server.db.tables.base import UtcMicros
from modelkeep_server.db.work import Work
from modelkeep_server.features.audit.filters import (
    OBJECT_ID,
    PSEUDONYM,
    EventFilter,
    actions_of,
    faults_of,
    find_number,
    fits_person,
    meaning_of,
)
from modelkeep_server.rules.errors import FieldError, Invalid
from modelkeep_server.rules.events import ACTIONS, Outcome

PEOPLE_MAX = 50
#: How many values are walked one by one; how many objects are named in a statement; how far a clue is weighed.
WALKS_MAX, IDS_MAX, WEIGHED_MAX = 50, 500, 20_000


@dataclass(frozen=True)
class _Clue:
    """A column that has an index with the sequence behind it, and what it is to be: texts, or a query for them."""

    column: Column[Any]
    among: Any

    @property
    def sharp(self) -> ColumnElement[bool]:
        """The condition, to be answered from the index."""
        if self.column is audit_events.c.outcome:
            # Written out, so that SQLite sees that the index of refused events will do.
            return self.column == literal_column(f"'{Outcome(self.among[0])}'", String)
        return self.column.in_(self.among)

    @property
    def blunt(self) -> ColumnElement[bool]:
        """The same condition, looked at in each row: without statistics SQLite takes any index, also a useless one."""
        return (self.column + "").in_(self.among)

    def walks(self) -> list[ColumnElement[bool]]:
        """The condition as ones of a single value each, where they are few."""
        if self.column is audit_events.c.outcome or not isinstance(self.among, tuple):
            return [self.sharp]
        single = [self.column == value for value in self.among]
        return single if len(single) <= WALKS_MAX else [self.sharp]


@dataclass(frozen=True)
class Position:
    """Where a page of events ends."""

    at: datetime
    sequence: int


@dataclass(frozen=True)
class Narrowed:
    """
    Conditions on the log, all of which hold. `lead` is the one whose index is walked: the one that fits least; where
    there is none the index of moments is, or the log itself. `by_time`: events come by their moments.
    """

    conditions: tuple[ColumnElement[bool], ...] = ()
    lead: _Clue | None = None
    by_time: bool = False

    @property
    def is_everything(self) -> bool:
        """True where nothing is asked."""
        return not self.conditions and self.lead is None

    def newest(self, limit: int, *, after: Position | None = None, size: int | None = None) -> Select[Any]:
        """
        The sequences of the newest events that fit, at most `limit`, those that come after a position only.

        Args:
            size: Only of the first so many events of the log.
        """
        number = audit_events.c.sequence
        bound = () if size is None else (number < size,)
        if self.by_time:
            return self._newest_by_time(limit, after, bound)
        if after is not None:
            bound = (number < after.sequence,)

        def walk(*more: ColumnElement[bool]) -> Select[Any]:
            return select(number).where(*more, *self.conditions, *bound).order_by(number.desc()).limit(limit)

        walks = [walk()] if self.lead is None else [walk(condition) for condition in self.lead.walks()]
        if len(walks) == 1:
            return walks[0]
        found = union_all(*(select(each.subquery().c.sequence) for each in walks)).subquery()
        return select(found.c.sequence).order_by(found.c.sequence.desc()).limit(limit)

    def _newest_by_time(
        self, limit: int, after: Position | None, bound: tuple[ColumnElement[bool], ...]
    ) -> Select[Any]:
        number, at = audit_events.c.sequence, _moment(is_walked=self.lead is None)
        if after is not None:
            bound = (*bound, at <= after.at, or_(at < after.at, number < after.sequence))
        lead = () if self.lead is None else (self.lead.sharp,)
        fitting = select(number).where(*lead, *self.conditions, *bound)
        return fitting.order_by(at.desc(), number.desc()).limit(limit)

    def count(self, cap: int | None) -> Select[Any]:
        """How many events fit; no further than `cap`."""
        lead = () if self.lead is None else (self.lead.sharp,)
        fitting = select(audit_events.c.sequence).where(*lead, *self.conditions)
        return select(func.count()).select_from(fitting.limit(cap).subquery())


def _moment(*, is_walked: bool) -> ColumnElement[Any]:
    """The moment of an event, to be found by its index or to be looked at in each row."""
    at = audit_events.c.at
    return at if is_walked else type_coerce(at + literal_column("0"), UtcMicros())


@dataclass
class _Narrowing:
    """Gathers what a filter, and what a pasted text means, demand together."""

    work: Work
    asked: EventFilter
    others: list[ColumnElement[bool]] = field(default_factory=list)
    clues: list[_Clue] = field(default_factory=list)

    def demand(self, asked: EventFilter) -> None:
        """Add what this filter asks, but for the span of time."""
        columns = audit_events.c
        if asked.request_id:
            self.clues.append(_Clue(columns.request_id, (asked.request_id.upper(),)))
        if asked.person:
            self.clues.append(_Clue(columns.actor, _find_people(self.work, asked.person)))
        if asked.object:
            self.clues.append(_Clue(columns.object_id, _ids_of(self.work, asked.object)))
        if asked.outcome == Outcome.REFUSED:
            self.clues.append(_Clue(columns.outcome, (asked.outcome,)))
        elif asked.outcome:
            self.others.append(columns.outcome == asked.outcome)
        if asked.role:
            self.clues.append(_Clue(columns.role, (asked.role,)))
        if asked.action:
            self.clues.append(_Clue(columns.action, actions_of(asked.action)))
        if asked.kind:
            named = (name for name, action in ACTIONS.items() if action.object_kind == asked.kind)
            self.clues.append(_Clue(columns.action, tuple(named)))

    def done(self) -> Narrowed:
        """Walk the index of what fits fewest events, look at the rest in each row. Several cost a statement each."""
        by_time = self.asked.from_at is not None or self.asked.to_at is not None
        lead = self.clues[0] if self.clues else None
        if len(self.clues) + by_time > 1:
            weights = [self._weight(clue) for clue in self.clues]
            lead = self.clues[weights.index(min(weights))]
            if by_time and min(weights) >= WEIGHED_MAX:
                lead = None
        at = _moment(is_walked=lead is None)
        since = () if self.asked.from_at is None else (at >= self.asked.from_at,)
        until = () if self.asked.to_at is None else (at <= self.asked.to_at,)
        blunt = (clue.blunt for clue in self.clues if clue is not lead)
        return Narrowed((*since, *until, *blunt, *self.others), lead, by_time)

    def _weight(self, clue: _Clue) -> int:
        fitting = select(audit_events.c.sequence).where(clue.sharp).limit(WEIGHED_MAX)
        return int(self.work.scalar(select(func.count()).select_from(fitting.subquery())))


def narrow(work: Work, asked: EventFilter) -> Narrowed:
    """
    The conditions that a filter comes down to. Two statements at most for a person and for an object, and one for each
    filter where there are several.

    Raises:
        Invalid: Names each field that cannot be understood, by its name in an address.
    """
    errors = faults_of(asked)
    if errors:
        raise Invalid.of(errors)
    narrowing = _Narrowing(work, asked)
    narrowing.demand(asked)
    number = find_number(asked.text)
    if number is not None:
        narrowing.others.append(audit_events.c.sequence == number)
    elif asked.text:
        narrowing.demand(meaning_of(work, asked.text))
    return narrowing.done()


def _find_people(work: Work, asked: str) -> tuple[str, ...]:
    """The pseudonyms meant; the words themselves where nobody fits, for `operator@host` is in no list of people."""
    exactly = or_(audit_people.c.pseudonym == asked, audit_people.c.email_key == asked.casefold())
    found = work.all(select(audit_people.c.pseudonym).where(exactly))
    if not found and not PSEUDONYM.fullmatch(asked):
        found = work.all(select(audit_people.c.pseudonym).where(fits_person(asked)).limit(PEOPLE_MAX + 1))
    if len(found) > PEOPLE_MAX:
        raise Invalid.of([FieldError("person", f"More than {PEOPLE_MAX} people fit. Write more of the name.")])
    return tuple(row.pseudonym for row in found) or (asked,)


def _ids_of(work: Work, asked: str) -> Any:
    """
    The ids of what stands at an address and below it. Attempts that were refused bear the address itself as their id.

    The address as it is spelled is found by an index; only where nothing has it, all are compared without their case.
    """
    if OBJECT_ID.fullmatch(asked):
        return (asked.lower(),)
    label = audit_labels.c.label
    for below in (_stands_below(work, asked), _is_spelled_below(asked)):
        some = work.all(select(audit_labels.c.object_id, label).where(below).limit(IDS_MAX + 1))
        if len(some) > IDS_MAX:
            return union(select(audit_labels.c.object_id).where(below), select(label).where(below))
        if some:
            return tuple({asked, *(row.object_id for row in some), *(row.label for row in some)})
    return (asked,)


def _stands_below(work: Work, asked: str) -> ColumnElement[bool]:
    """Whether a label is this address, or begins with it and a `:` or `/`."""
    label = audit_labels.c.label
    # PostgreSQL sorts by language; these two compare byte by byte, as the index of labels does.
    least, under = (">=", "<") if work.dialect == "sqlite" else ("~>=~", "~<~")
    begins = [
        label.bool_op(least)(f"{asked}{mark}") & label.bool_op(under)(f"{asked}{chr(ord(mark) + 1)}") for mark in ":/"
    ]
    return or_(label == asked, *begins)


def _is_spelled_below(asked: str) -> ColumnElement[bool]:
    """The same in any case. Looks at every label."""
    label = audit_labels.c.label
    return or_(
        func.lower(label) == asked.lower(), *(label.istartswith(f"{asked}{mark}", autoescape=True) for mark in ":/")
    )
