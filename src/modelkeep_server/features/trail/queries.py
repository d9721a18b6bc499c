"""
Reading the compliance trail of a version: a page of it under a signed head of the log, each event with its proof.

A page is told under the newest signed head where that covers the whole trail; where it does not, the head is signed
first. The pages after it stay under the same head, so that together they are the trail as it stood then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select

from modelkeep_server.db.tables import audit_labels
from modelkeep_server.db.work import Work
from modelkeep_server.features.audit import head, proofs, service
from modelkeep_server.features.audit.filters import OBJECT_ID
from modelkeep_server.features.audit.queries import read_events
from modelkeep_server.features.audit.views import Checkpoint, Event, ProvenEvent
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.trail.gathering import list_addresses, select_events
from modelkeep_server.features.trail.veiling import veil_bases
from modelkeep_server.features.trail.views import Trail, TrailKind
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.rules.events import Outcome


@dataclass(frozen=True)
class TrailAsked:
    """Which page of whose trail, and what of it."""

    group: str
    name: str
    version: str
    kind: TrailKind | None = None
    outcome: Outcome | None = None
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None


@dataclass(frozen=True)
class _Found:
    """The sequences of one page; `newest` is the last of the whole trail, -1 for none, `size` the head it is under."""

    version: Version
    sequences: tuple[int, ...]
    more: bool
    total: int
    newest: int
    size: int | None


def find_trail(work: Work, actor: Actor, asked: TrailAsked) -> Trail | None:
    """
    A page of a trail, oldest first, or None where the head of the log is to be signed before it can be proven.

    Thirteen statements however long log and trail are; one where a base model is told of, and one where this process
    has not read all leaves before.

    Raises:
        NotFound: The actor cannot see such a version. NotPermitted: They may not see its trail. CursorRefused.
    """
    found = _find(work, actor, asked)
    checkpoint = _find_head(work, found)
    return None if checkpoint is None else _tell(work, actor, asked, found, checkpoint)


def sign_and_tell(work: Work, actor: Actor, asked: TrailAsked) -> Trail:
    """
    Sign the head of the log as it is now, and give a page of a trail under it. Raises as `find_trail`; IntegrityBroken:
    the log does not continue the one that was signed before.
    """
    found = _find(work, actor, asked)
    return _tell(work, actor, asked, found, service.sign_head(work))


def show_unproven(work: Work, actor: Actor, asked: TrailAsked, problem: str) -> Trail:
    """A page of the trail of a log that cannot be signed any more, and why. Raises as `find_trail`."""
    found = _find(work, actor, asked)
    vkey, checkpoint = head.vkey_of(work), head.find_newest(work)
    events = [ProvenEvent(one, None, checkpoint, vkey, problem) for one in _read(work, actor, found)]
    labels = _label(work, [one.event for one in events])
    return Trail(found.version.address, _page(work, asked, found, events, None), checkpoint, vkey, labels, problem)


def _find(work: Work, actor: Actor, asked: TrailAsked) -> _Found:
    model = model_queries.get_model(work, actor, asked.group, asked.name)
    access.require(work, actor, "trail.read", model_queries.relations_of(actor, model), owners=model.owners)
    version = version_queries.get_version(work, actor, asked.group, asked.name, asked.version)
    after, size = -1, None
    if asked.cursor:
        after, size = (int(part) for part in work.parts.cursors.read(asked.cursor, _filters(asked, version)))
    spans = list_addresses(work, version)
    every = select_events(model, version, spans, asked.kind, asked.outcome).cte("every")
    # What a refusal at the address and an act on the id have in common is told once.
    trail = select(every.c.sequence).distinct().where(*(() if not size else (every.c.sequence < size,))).cte("trail")
    total = select(func.count(trail.c.sequence)).scalar_subquery()
    newest = select(func.max(trail.c.sequence)).scalar_subquery()
    rows = work.all(
        select(trail.c.sequence, total.label("total"), newest.label("newest"))
        .where(trail.c.sequence > after)
        .order_by(trail.c.sequence)
        .limit(asked.limit + 1)
    )
    sequences = tuple(row.sequence for row in rows)
    total_found, newest_found = (rows[0].total, rows[0].newest) if rows else (0, -1)
    more = len(rows) > asked.limit
    return _Found(version, sequences[: asked.limit], more, total_found, newest_found, size or None)


def _find_head(work: Work, found: _Found) -> Checkpoint | None:
    """The signed head that a page is told under, None where one is to be signed. One statement."""
    if found.size is not None:
        return head.find_checkpoint(work, found.size)
    checkpoint, seen = head.find_newest(work), work.parts.witness.seen
    if checkpoint is None or checkpoint.size <= found.newest or checkpoint.size < seen.size:
        return None
    if checkpoint.size == seen.size and checkpoint.root != seen.root().hex():
        return None
    return checkpoint


def _tell(work: Work, actor: Actor, asked: TrailAsked, found: _Found, checkpoint: Checkpoint) -> Trail:
    proven = proofs.prove_all(work, _read(work, actor, found), checkpoint)
    page = _page(work, asked, found, proven, found.size or checkpoint.size)
    vkey = proven[0].vkey if proven else head.vkey_of(work, checkpoint.size)
    return Trail(found.version.address, page, checkpoint, vkey, _label(work, [one.event for one in proven]))


def _read(work: Work, actor: Actor, found: _Found) -> tuple[Event, ...]:
    """
    The events of a page. Where requests came from is told to those who may read the log itself, and what a version was
    made from to those who may know of it.
    """
    events = veil_bases(work, actor, read_events(work, found.sequences))
    if access.may(actor, "audit.read"):
        return events
    return tuple(replace(one, source=None) for one in events)


def _label(work: Work, events: Sequence[Event]) -> dict[str, str]:
    """What objects named in before and after are called, by their ids. One statement, none where none is named."""
    named = _ids_in([[one.before, one.after] for one in events])
    if not named:
        return {}
    rows = work.all(select(audit_labels).where(audit_labels.c.object_id.in_(sorted(named))))
    return {row.object_id: row.label for row in rows}


def _ids_in(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value} if OBJECT_ID.fullmatch(value) else set()
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    return set().union(*map(_ids_in, inner))


def _page(
    work: Work, asked: TrailAsked, found: _Found, events: Sequence[ProvenEvent], size: int | None
) -> Page[ProvenEvent]:
    following = None
    if found.more:
        position = [found.sequences[-1], size or 0]
        following = work.parts.cursors.make(position, _filters(asked, found.version))
    return Page(tuple(events), following, found.total)


def _filters(asked: TrailAsked, version: Version) -> dict[str, object]:
    return {
        "trail_of": version.id,
        "kind": asked.kind.value if asked.kind else None,
        "outcome": asked.outcome.value if asked.outcome else None,
    }
