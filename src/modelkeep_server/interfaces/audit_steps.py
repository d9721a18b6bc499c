"""
What takes the log several transactions, for the API and the pages alike: verifying it, taking events out, proving one.

What reads the whole log does so one at a time, so that none starves the registry.
"""

import time
from collections.abc import AsyncIterator
from functools import partial

from modelkeep_server.db.work import Work
from modelkeep_server.features.audit import export, proofs, verify
from modelkeep_server.features.audit.export import Export
from modelkeep_server.features.audit.filters import EventFilter
from modelkeep_server.features.audit.views import Event, ProvenEvent, Verdict, Verified
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.doorway import Desk
from modelkeep_server.kit import clock
from modelkeep_server.rules.errors import IntegrityBroken

#: What a common machine verifies, until this process has measured its own.
EVENTS_A_SECOND = 40_000


async def verify_whole_log(desk: Desk) -> Verified:
    """Verify the whole log, and remember the verdict for whoever looks at the log next."""
    verdict, seconds = await desk.read(_verify, among=desk.door.whole_log)
    desk.door.verified = verified = Verified(verdict, clock.utc_now(), seconds)
    return verified


def _verify(work: Work, actor: Actor) -> tuple[Verdict, float]:
    began = time.monotonic()
    return verify.verify_for(work, actor), time.monotonic() - began


def guess_seconds(size: int, last: Verified | None) -> float:
    """About how long verifying `size` events takes, by the last time."""
    if last is None or last.seconds <= 0 or last.verdict.size < 1000:
        return size / EVENTS_A_SECOND
    return size * last.seconds / last.verdict.size


async def begin_export(desk: Desk, asked: EventFilter, form: str) -> Export:
    """Count what an export holds, and put it on record. Raises Invalid, NotPermitted."""
    found = await desk.read(lambda work, actor: export.measure(work, actor, asked), among=desk.door.whole_log)
    await desk.write(lambda work, actor: export.begin(work, actor, found, format=form))
    return found


async def runs_of(desk: Desk, found: Export) -> AsyncIterator[tuple[Event, ...]]:
    """The events of an export in runs. Between them nothing is held: no transaction, and no place in the queue."""
    last: Event | None = None
    while True:
        events = await desk.read(partial(export.read_run, export=found, after=last), among=desk.door.whole_log)
        if not events:
            return
        yield events
        last = events[-1]


async def prove_event(desk: Desk, sequence: int) -> ProvenEvent:
    """An event and its proof under a signed head, which is signed where the log grew since. Raises NotFound."""
    proven = await desk.read(lambda work, actor: proofs.find_proven(work, actor, sequence))
    if proven is not None:
        return proven
    try:
        return await desk.write(partial(proofs.sign_and_prove, sequence=sequence))
    except IntegrityBroken as error:
        problem = error.detail
    return await desk.read(lambda work, actor: proofs.show_unproven(work, actor, sequence, problem))
