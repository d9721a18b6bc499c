"""Reading the head of the log: its name and key, the tree so far, its leaves, and the newest checkpoint."""

from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import and_, or_, select

from modelkeep_server.db.tables import audit_checkpoints, audit_events, audit_head, audit_leaves
from modelkeep_server.db.work import Work
from modelkeep_server.features.audit.views import Checkpoint
from modelkeep_server.kit.merkle import Frontier
from modelkeep_server.kit.signed_note import TreeHead, make_vkey, open_note, parse_checkpoint
from modelkeep_server.ports import KeyRing

#: How many stretches of the log one statement asks for.
RUNS_A_STATEMENT = 200
#: The event that a restored log goes on with.
RESTORED = "registry.restore"


def origin_of(work: Work, size: int | None = None) -> str:
    """
    The name under which this log is signed when it has `size` events, or now. One statement.

    A log that was restored from a backup goes on under another name: what was signed between the backup and the loss
    is not in it, and one name never stands over two heads that contradict each other.
    """
    restores = select(audit_events.c.sequence, audit_events.c.id).where(audit_events.c.action == RESTORED)
    if size is not None:
        restores = restores.where(audit_events.c.sequence < size)
    last = work.first(restores.order_by(audit_events.c.sequence.desc()).limit(1))
    name = f"modelkeep/{work.parts.keys.registry_id}"
    if last is None:
        return name
    # A column that was edited by hand must not lead to a name that no checkpoint can have.
    mark = "".join(letter for letter in str(last.id)[-12:] if letter.isalnum())
    return f"{name}/restored-{last.sequence}-{mark}"


def vkey_of(work: Work, size: int | None = None) -> str:
    """
    The key that verifies checkpoints over `size` events, or new ones. Auditors keep a copy apart from the registry.
    """
    return make_vkey(origin_of(work, size), work.parts.keys.public_key())


def read_frontier(work: Work) -> Frontier:
    """The tree so far, in compact form. One statement."""
    return Frontier.from_bytes(work.scalar(select(audit_head.c.frontier).where(audit_head.c.id == 1)))


def lock_frontier(work: Work) -> Frontier:
    """The tree so far, which nobody adds to before this transaction ends. One statement."""
    locked = select(audit_head.c.frontier).where(audit_head.c.id == 1).with_for_update()
    return Frontier.from_bytes(work.scalar(locked))


def read_leaves(work: Work, start: int, end: int) -> tuple[bytes, ...]:
    """The leaf hashes from `start` up to, not including, `end`. One statement."""
    statement = (
        select(audit_leaves.c.hash)
        .where(audit_leaves.c.sequence >= start, audit_leaves.c.sequence < end)
        .order_by(audit_leaves.c.sequence)
    )
    return tuple(row.hash for row in work.stream(statement))


def read_leaf_map(work: Work, runs: Sequence[tuple[int, int]]) -> dict[int, bytes]:
    """
    The leaf hashes of these stretches of the log, each from its first to before its last, by sequence. One statement
    for each RUNS_A_STATEMENT stretches.
    """
    number = audit_leaves.c.sequence
    known: dict[int, bytes] = {}
    for at in range(0, len(runs), RUNS_A_STATEMENT):
        among = or_(*(and_(number >= start, number < end) for start, end in runs[at : at + RUNS_A_STATEMENT]))
        known |= {row.sequence: row.hash for row in work.stream(select(audit_leaves).where(among))}
    return known


def find_checkpoint(work: Work, size: int) -> Checkpoint | None:
    """The checkpoint over the first so many events, or None where none was signed. One statement."""
    row = work.first(select(audit_checkpoints).where(audit_checkpoints.c.size == size))
    return None if row is None else Checkpoint(row.size, row.root.hex(), row.signed_at, row.note)


def find_newest(work: Work) -> Checkpoint | None:
    """The newest checkpoint that was signed, or None. One statement."""
    row = work.first(select(audit_checkpoints).order_by(audit_checkpoints.c.size.desc()).limit(1))
    return None if row is None else Checkpoint(row.size, row.root.hex(), row.signed_at, row.note)


def open_checkpoint(work: Work, checkpoint: Checkpoint) -> TreeHead:
    """What a checkpoint really says, read from its signed note. Raises NoteRefused where this log did not sign it."""
    return parse_checkpoint(open_note(checkpoint.note, vkey_of(work, checkpoint.size), _holds))


def is_signed_by(keys: KeyRing, note: str) -> bool:
    """Whether a checkpoint was signed with these keys, under whichever name its log had."""
    origin = note.partition("\n")[0]
    try:
        open_note(note, make_vkey(origin, keys.public_key()), _holds)
    except ValueError:
        return False
    return True


def _holds(public_key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
