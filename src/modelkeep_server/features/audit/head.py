"""Reading the head of the log: its name and key, the tree so far, its leaves, and the newest checkpoint."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select

from modelkeep_server.db.tables import audit_checkpoints, audit_head, audit_leaves
from modelkeep_server.db.work import Work
from modelkeep_server.features.audit.views import Checkpoint
from modelkeep_server.kit.merkle import Frontier
from modelkeep_server.kit.signed_note import TreeHead, make_vkey, open_note, parse_checkpoint
from modelkeep_server.ports import KeyRing


def origin_of(keys: KeyRing) -> str:
    """The name of this log, as it stands in checkpoints."""
    return f"modelkeep/{keys.registry_id}"


def vkey_of(keys: KeyRing) -> str:
    """The key that verifies this log's checkpoints. Auditors keep a copy apart from the registry."""
    return make_vkey(origin_of(keys), keys.public_key())


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


def find_newest(work: Work) -> Checkpoint | None:
    """The newest checkpoint that was signed, or None. One statement."""
    row = work.first(select(audit_checkpoints).order_by(audit_checkpoints.c.size.desc()).limit(1))
    return None if row is None else Checkpoint(row.size, row.root.hex(), row.signed_at, row.note)


def open_checkpoint(keys: KeyRing, checkpoint: Checkpoint) -> TreeHead:
    """What a checkpoint really says, read from its signed note. Raises NoteRefused where this log did not sign it."""
    return parse_checkpoint(open_note(checkpoint.note, vkey_of(keys), _holds))


def _holds(public_key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
