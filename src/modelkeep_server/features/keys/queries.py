"""Which keys there are, what each wraps, and whether a copy of them is kept elsewhere."""

from collections.abc import Collection, Sequence
from itertools import pairwise

from sqlalchemy import ColumnElement, Table, and_, func, or_, select

from modelkeep_server.db.tables import audit_events, blobs, key_escrows, people, uploads
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.keys.views import Escrow, KeyStanding, KeyUse


def get_standing(work: Work, actor: Actor) -> KeyStanding:
    """
    How the keys stand, for SREs and Admins; where they lie, for Admins alone. Three statements.

    Raises NotPermitted.
    """
    access.require(work, actor, "key.read")
    return read_standing(work, shows_place=access.may_by_standing(actor, "key.confirm"))


def read_standing(work: Work, *, shows_place: bool = True) -> KeyStanding:
    """The same for an operator on the registry's host."""
    ring = work.parts.keys
    # A finished upload keeps its row for a day; its file is counted as such.
    files, open_uploads = _count(work, blobs), _count(work, uploads, uploads.c.artifact_id.is_(None))
    held = ring.keys
    escrow = find_escrow(work, ring.fingerprint())
    return KeyStanding(
        registry_id=ring.registry_id,
        fingerprint=None if escrow is None else escrow.fingerprint,
        is_in_file=ring.place is not None,
        place=str(ring.place) if shows_place and ring.place is not None else None,
        keys=tuple(
            KeyUse(key.id, key.created_at, files.get(key.id, 0), open_uploads.get(key.id, 0), key.id == held[-1].id)
            for key in reversed(held)
        ),
        lost=sum(count for key_id, count in files.items() if key_id not in ring.key_ids),
        escrow=escrow,
    )


def find_escrow(work: Work, fingerprint: str) -> Escrow | None:
    """The last word that a copy with this fingerprint is kept elsewhere. One statement."""
    row = work.first(
        select(key_escrows.c.fingerprint, key_escrows.c.confirmed_at, people.c.email)
        .outerjoin(people, people.c.id == key_escrows.c.confirmed_by)
        .where(key_escrows.c.fingerprint == fingerprint)
        .order_by(key_escrows.c.id.desc())
        .limit(1)
    )
    return None if row is None else Escrow(row.fingerprint, row.confirmed_at, row.email)


def find_foreign_key(work: Work) -> str | None:
    """A key that wraps files and is not in the ring: these files cannot be read. Looks at gaps of an index."""
    found: str | None = work.scalar(select(blobs.c.key_id).where(_other_than(blobs, work.parts.keys.key_ids)).limit(1))
    return found


def is_unfinished(work: Work) -> bool:
    """Whether a rotation was begun and did not end: the newest key is on no record, or older ones wrap still."""
    key_ids = work.parts.keys.key_ids
    if len(key_ids) == 1:
        return False
    return not has_record(work, key_ids[-1]) or any(
        work.first(select(table.c.id).where(table.c.key_id.in_(key_ids[:-1])).limit(1)) for table in (blobs, uploads)
    )


def has_record(work: Work, key_id: str) -> bool:
    """Whether the log tells of the making of this key."""
    told = select(audit_events.c.id).where(audit_events.c.action == "key.rotate", audit_events.c.object_id == key_id)
    return work.first(told.limit(1)) is not None


def list_idle(work: Work) -> Sequence[str]:
    """Older keys of the ring that wrap nothing."""
    used = {*_count(work, blobs), *_count(work, uploads)}
    return [key_id for key_id in work.parts.keys.key_ids[:-1] if key_id not in used]


def _count(work: Work, table: Table, *conditions: ColumnElement[bool]) -> dict[str, int]:
    counted = select(table.c.key_id, func.count().label("many")).where(*conditions).group_by(table.c.key_id)
    rows = work.all(counted)
    return {row.key_id: row.many for row in rows}


def _other_than(table: Table, key_ids: Collection[str]) -> ColumnElement[bool]:
    """Rows whose key is none of these, said as the gaps between them, so that an index finds one at once."""
    ordered = sorted(key_ids)
    column = table.c.key_id
    gaps = [and_(column > low, column < high) for low, high in pairwise(ordered)]
    return or_(column < ordered[0], *gaps, column > ordered[-1])
