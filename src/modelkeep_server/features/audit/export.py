"""Taking the events of a filter out: measured and put on record first, then read in runs, no transaction in between."""

from dataclasses import asdict, dataclass

from modelkeep_server.db.ledger import tell_filter
from modelkeep_server.db.work import Work
from modelkeep_server.features.audit import head, queries
from modelkeep_server.features.audit.filters import EventFilter, trimmed
from modelkeep_server.features.audit.narrowing import Narrowed, Position, narrow
from modelkeep_server.features.audit.views import Event
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor

RUN_EVENTS = 500
#: Filters that may hold an e-mail or a name.
_PERSONAL = frozenset({"text", "person", "object"})


@dataclass(frozen=True)
class Export:
    """
    Events to be taken out: those of the filter among the first `size` of the log, `count` in all. Both stand still, for
    the log only grows.
    """

    asked: EventFilter
    narrowed: Narrowed
    size: int
    count: int


def measure(work: Work, actor: Actor, asked: EventFilter) -> Export:
    """What an export of this filter will hold. Counts every event that fits. Raises Invalid, NotPermitted."""
    access.require(work, actor, "audit.export")
    asked = trimmed(asked)
    narrowed = narrow(work, asked)
    size = queries.read_size(work)
    count = size if narrowed.is_everything else int(work.scalar(narrowed.count(None)))
    return Export(asked, narrowed, size, count)


def begin(work: Work, actor: Actor, export: Export, *, format: str) -> None:  # noqa: A002 - the API's own word
    """Put on record what is about to be taken out, before its first byte. Raises NotPermitted."""
    access.require(work, actor, "audit.export")
    asked = tell_filter(asdict(export.asked), personal=_PERSONAL)
    access.record(
        work, actor, "audit.export", object_id=head.origin_of(work),
        after={"events": export.count, "size": export.size, "format": format, "filter": asked},
    )  # fmt: skip


def read_run(work: Work, actor: Actor, export: Export, after: Event | None) -> tuple[Event, ...]:
    """The next events of an export, those that come after the one named; none at the end. Raises NotPermitted."""
    access.require(work, actor, "audit.export")
    position = None if after is None else Position(after.at, after.sequence)
    found = work.all(export.narrowed.newest(RUN_EVENTS, after=position, size=export.size))
    return queries.read_events(work, [row.sequence for row in found])
