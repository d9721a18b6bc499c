"""Signing the log's head, and handing the whole log out."""

import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import select

from modelkeep_server.db.tables import audit_checkpoints, audit_events
from modelkeep_server.db.work import Work
from modelkeep_server.features.audit import head
from modelkeep_server.features.audit.views import Checkpoint
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.kit import tiles
from modelkeep_server.kit.merkle import Frontier
from modelkeep_server.kit.signed_note import NoteRefused, TreeHead, checkpoint_text, sign_note
from modelkeep_server.rules.errors import IntegrityBroken

_README = """\
The audit log of {origin}, {size} events, as static files (C2SP tlog-tiles).

    checkpoint          the signed head of the log (C2SP signed note, Ed25519)
    vkey                the key that verifies it; compare it with a copy that you keep elsewhere
    tile/entries/...    the events, each behind its length in two bytes
    tile/<level>/...    the hashes of the tree (RFC 6962)

Verify it with Python 3 alone:  python3 verify_audit.py THIS.zip [VKEY] [OLD_CHECKPOINT]
The verifier is src/modelkeep/verify_audit.py of the project; it needs no other package and no network.
"""


_ON_REWRITE = "Run `modelkeep audit verify` on the server's host, and compare with a checkpoint kept elsewhere."


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
    origin = head.origin_of(keys)
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
        signed = None if known is None else head.open_checkpoint(work.parts.keys, known)
    except NoteRefused as error:
        raise IntegrityBroken(f"The newest checkpoint is not this registry's: {error}", remedy=_ON_REWRITE) from error
    size, root = (0, b"") if signed is None else (signed.size, signed.root)
    if not work.parts.witness.follows(frontier, partial(head.read_leaves, work), signed_size=size, signed_root=root):
        raise IntegrityBroken(
            "The log does not continue the one that was signed before, so nothing is signed.", remedy=_ON_REWRITE
        )


def is_head_signed(work: Work) -> bool:
    """Whether the newest checkpoint covers every event. Two statements."""
    newest = head.find_newest(work)
    return newest is not None and newest.size == head.read_frontier(work).size


def get_checkpoint(work: Work, actor: Actor) -> tuple[Checkpoint, str]:
    """The signed head of the log as it is now, and the key that verifies it. Raises NotPermitted."""
    access.require(work, actor, "audit.read")
    return sign_head(work), head.vkey_of(work.parts.keys)


def begin_export(work: Work, actor: Actor) -> Checkpoint:
    """
    Note that the whole log is about to be exported, and sign the head that the export will end at.

    The event stands behind that head. Raises NotPermitted.
    """
    access.require(work, actor, "audit.export")
    checkpoint = sign_head(work)
    access.record(
        work, actor, "audit.export", object_id=head.origin_of(work.parts.keys),
        after={"events": checkpoint.size, "root": checkpoint.root},
    )  # fmt: skip
    return checkpoint


def write_bundle(work: Work, checkpoint: Checkpoint) -> Path:
    """
    The log up to a checkpoint as a ZIP in the temporary folder; the caller removes it.

    Holds no names, e-mails or free texts. Reads the log in runs of 256, never all of it at once.
    """

    def entries(start: int, end: int) -> Iterable[bytes]:
        statement = (
            select(audit_events.c.body)
            .where(audit_events.c.sequence >= start, audit_events.c.sequence < end)
            .order_by(audit_events.c.sequence)
        )
        return (row.body.encode() for row in work.all(statement))

    keys = work.parts.keys
    with _temporary() as path, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README", _README.format(origin=head.origin_of(keys), size=checkpoint.size))
        archive.writestr("checkpoint", checkpoint.note)
        archive.writestr("vkey", head.vkey_of(keys) + "\n")
        for name, content in tiles.write_tiles(checkpoint.size, partial(head.read_leaves, work), entries):
            archive.writestr(name, content)
    return path


@contextmanager
def _temporary() -> Iterator[Path]:
    with tempfile.NamedTemporaryFile(prefix="modelkeep-audit-", suffix=".zip", delete=False) as made:
        path = Path(made.name)
    try:
        yield path
    except BaseException:
        path.unlink(missing_ok=True)
        raise
