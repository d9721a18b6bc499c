"""Signing the log's head."""

from functools import partial

from modelkeep_server.db.tables import audit_checkpoints
from modelkeep_server.db.work import Work
from modelkeep_server.features.audit import head
from modelkeep_server.features.audit.views import Checkpoint
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.kit.merkle import Frontier
from modelkeep_server.kit.signed_note import NoteRefused, TreeHead, checkpoint_text, sign_note
from modelkeep_server.rules.errors import IntegrityBroken

#: What to do where the log is not the one that was recorded.
ON_REWRITE = "Run `modelkeep audit verify` on the server's host, and compare with a checkpoint kept elsewhere."


def sign_head(work: Work) -> Checkpoint:
    """
    The signed checkpoint of the log as it is now; signs and keeps a new one where events came since the last.

    Raises:
        IntegrityBroken: The log does not continue the one that was seen and signed before. Nothing is signed.
    """
    frontier = head.lock_frontier(work)
    known = head.find_newest(work)
    _demand_continued(work, frontier, known)
    if known is not None and known.size == frontier.size:
        return known
    keys = work.parts.keys
    origin = head.origin_of(work, frontier.size)
    text = checkpoint_text(TreeHead(origin, frontier.size, frontier.root()))
    note = sign_note(text, origin, keys.public_key(), keys.sign)
    work.keep(
        audit_checkpoints,
        work.upsert(audit_checkpoints)
        .values(size=frontier.size, root=frontier.root(), signed_at=work.now, note=note)
        .on_conflict_do_nothing(),
    )
    return Checkpoint(frontier.size, frontier.root().hex(), work.now, note)


def _demand_continued(work: Work, frontier: Frontier, known: Checkpoint | None) -> None:
    try:
        signed = None if known is None else head.open_checkpoint(work, known)
    except NoteRefused as error:
        raise IntegrityBroken(f"The newest checkpoint is not this registry's: {error}", remedy=ON_REWRITE) from error
    size, root = (0, b"") if signed is None else (signed.size, signed.root)
    if not work.parts.witness.follows(frontier, partial(head.read_leaves, work), signed_size=size, signed_root=root):
        raise IntegrityBroken(
            "The log does not continue the one that was signed before, so nothing is signed.", remedy=ON_REWRITE
        )


def get_checkpoint(work: Work, actor: Actor) -> tuple[Checkpoint, str]:
    """The signed head of the log as it is now, and the key that verifies it. Raises NotPermitted."""
    access.require(work, actor, "audit.read")
    signed = sign_head(work)
    return signed, head.vkey_of(work, signed.size)
