"""Acts on the keys: confirming that a copy is kept elsewhere, wrapping file keys anew, and letting old keys go."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import Table, select, update

from modelkeep_server.db import recording
from modelkeep_server.db.tables import blobs, key_escrows, uploads
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.sealing import wrap_context
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.keys import queries
from modelkeep_server.features.keys.views import Escrow, Rewrapped
from modelkeep_server.kit import clock, ids
from modelkeep_server.ports import KeyUnusable, WrapBroken, WrappedKey
from modelkeep_server.rules.errors import FieldError, Invalid, StateForbids

#: Rows that one event tells of: it names each with its digest, and holds 32 KiB.
BATCH = 200


class Wrapped(StrEnum):
    """What has a key of its own: stored files, and files on their way in."""

    FILES = "files"
    UPLOADS = "uploads"


def confirm_escrow(work: Work, actor: Actor, typed: str) -> Escrow:
    """
    Note that a copy of the keys is kept elsewhere, by the fingerprint that was typed off it.

    Raises:
        NotPermitted, ConfirmNeeded. Invalid: It is not the fingerprint of the keys in use.
    """
    access.require(work, actor, "key.confirm")
    fingerprint = _demand_same(work, typed)
    _insert_escrow(work, fingerprint, actor.user_id)
    registry_id = work.parts.keys.registry_id
    access.record(work, actor, "key.confirm", object_id=registry_id, after={"fingerprint": fingerprint})
    return Escrow(fingerprint, work.now, actor.email)


def confirm_by_operator(work: Work, typed: str, *, host: str) -> None:
    """The same by an operator. Raises Invalid."""
    fingerprint = _demand_same(work, typed)
    _insert_escrow(work, fingerprint, None)
    _record(work, "key.confirm", host, work.parts.keys.registry_id, {"fingerprint": fingerprint})


def note_copy(work: Work, *, host: str, shares: int, needed: int) -> None:
    """Note that an operator makes an escrow copy."""
    ring = work.parts.keys
    # Not the fingerprint, here or at a rotation: many read the log, and to know it proves that one has the copy.
    after = {"key": ring.key_ids[-1], "shares": shares, "needed": needed}
    _record(work, "key.escrow", host, ring.registry_id, after)


def note_rotation(work: Work, *, host: str) -> None:
    """Note that the newest key was made, once."""
    ring = work.parts.keys
    key_id = ring.key_ids[-1]
    if not queries.has_record(work, key_id):
        _record(work, "key.rotate", host, key_id, {"before": ring.key_ids[-2]})


def rewrap(work: Work, what: Wrapped, *, host: str, after_key: int) -> Rewrapped:
    """
    Wrap the keys of the next files anew, under the newest key. The stored bytes stay as they are.

    What does not open is left as it is: its key was changed, which `audit verify` names. Uploads go on meanwhile: one
    that changed or ended since it was read is left for the next pass.
    """
    table = blobs if what is Wrapped.FILES else uploads
    rows = _rows_under_older(work, table, after_key)
    done, broken = 0, 0
    for row in rows:
        values = _wrap_anew(work, row, row.public_id if what is Wrapped.FILES else row.blob_id)
        if values is None:
            broken += 1
        elif what is Wrapped.FILES:
            work.change(table, row.id, values, expect={"key_id": row.key_id, "wrapped_key": row.wrapped_key})
            done += 1
        else:
            same = (table.c.id == row.id, table.c.wrapped_key == row.wrapped_key)
            done += work.keep(table, update(table).where(*same).values(values))
    if done:
        _record(work, "key.rewrap", host, work.parts.keys.key_ids[-1], {what.value: done, "broken": broken})
    return Rewrapped(done, broken, rows[-1].id if rows else after_key, len(rows) < BATCH)


def list_retirable(work: Work) -> Sequence[str]:
    """
    The older keys, which may go since they wrap nothing.

    Raises:
        StateForbids: Older keys wrap still, or no copy of the present keys is confirmed: whoever lost the file now
        would have an older copy at best, which lacks the newest key.
    """
    ring = work.parts.keys
    old = ring.key_ids[:-1]
    idle = queries.list_idle(work)
    if set(old) - set(idle):
        raise StateForbids(
            f"Older keys wrap stored files still: {', '.join(sorted(set(old) - set(idle)))}. "
            "Run: modelkeep keys rotate --resume"
        )
    if old and queries.find_escrow(work, ring.fingerprint()) is None:
        raise StateForbids(
            "No copy of the present keys is confirmed. Run: modelkeep keys escrow, then, with the fingerprint at the "
            "top of the copy: modelkeep keys escrow --confirm FINGERPRINT"
        )
    return old


def retire_old_keys(work: Work, *, host: str) -> Sequence[str]:
    """Let the older keys go, and give their ids. Raises StateForbids, see `list_retirable`."""
    ring = work.parts.keys
    old = list_retirable(work)
    for key_id in old:
        _record(work, "key.retire", host, key_id, None)
    if old:
        # Within the transaction: on SQLite nothing is wrapped meanwhile.
        try:
            ring.drop_keys(old)
        except KeyUnusable as error:
            raise StateForbids(str(error), remedy="See: modelkeep keys retire-old --help") from error
    return old


def _rows_under_older(work: Work, table: Table, after_key: int) -> Sequence[Any]:
    older = work.parts.keys.key_ids[:-1]
    return work.all(
        select(table)
        .where(table.c.key_id.in_(older), table.c.id > after_key)
        .order_by(table.c.id)
        .limit(BATCH)
        .with_for_update()
    )


def _wrap_anew(work: Work, row: Any, blob_id: str) -> dict[str, Any] | None:
    context = wrap_context(blob_id)
    try:
        dek = work.parts.keys.unwrap(WrappedKey(row.key_id, row.wrapped_key), context)
    except WrapBroken:
        return None
    wrapped = work.parts.keys.wrap(dek, context)
    return {"key_id": wrapped.key_id, "wrapped_key": wrapped.blob}


def _demand_same(work: Work, typed: str) -> str:
    fingerprint = work.parts.keys.fingerprint()
    if "".join(c for c in typed.upper() if c.isalnum()) != fingerprint.replace("-", ""):
        raise Invalid.of(
            [
                FieldError(
                    "fingerprint",
                    "This is not the fingerprint of the keys in use, at the top of the copy. Is the copy an older one?",
                )
            ]
        )
    return fingerprint


def _insert_escrow(work: Work, fingerprint: str, person_id: int | None) -> None:
    row = {
        "public_id": ids.uuid7(clock.to_us(work.now)),
        "fingerprint": fingerprint,
        "confirmed_by": person_id,
        "confirmed_at": work.now,
    }
    work.insert(key_escrows, row)


def _record(work: Work, action: str, host: str, object_id: str, after: dict[str, Any] | None) -> None:
    recording.record_by_operator(work, action, host=host, object_id=object_id, after=after)
