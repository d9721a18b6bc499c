"""Handing the whole log out, as a bundle that the stand-alone verifier reads."""

import tempfile
import zipfile
from collections.abc import Iterable
from functools import partial
from typing import IO

from sqlalchemy import select

from modelkeep_server.db.tables import audit_events
from modelkeep_server.db.work import Work
from modelkeep_server.features.audit import head, service
from modelkeep_server.features.audit.views import Checkpoint
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.kit import tiles

_README = """\
The audit log of {origin}, {size} events, as static files (C2SP tlog-tiles).

    checkpoint          the signed head of the log (C2SP signed note, Ed25519)
    vkey                the key that verifies it; compare it with a copy that you keep elsewhere
    tile/entries/...    the events, each behind its length in two bytes
    tile/<level>/...    the hashes of the tree (RFC 6962)

Verify it with Python 3 alone:  python3 verify_audit.py THIS.zip [VKEY] [OLD_CHECKPOINT]
The verifier is src/modelkeep/verify_audit.py of the project; it needs no other package and no network.
"""


def begin_bundle(work: Work, actor: Actor) -> Checkpoint:
    """
    Note that the whole log is about to be taken out, and sign the head that the bundle will end at.

    The event stands behind that head. Raises NotPermitted.
    """
    access.require(work, actor, "audit.export")
    checkpoint = service.sign_head(work)
    access.record(
        work, actor, "audit.export", object_id=head.origin_of(work),
        after={"events": checkpoint.size, "root": checkpoint.root},
    )  # fmt: skip
    return checkpoint


def write_bundle(work: Work, checkpoint: Checkpoint) -> IO[bytes]:
    """
    The log up to a checkpoint as a ZIP in a file without a name, at its beginning, which is gone when it is closed.

    Holds no names, e-mails or free texts. Reads the log in runs of 256, never all of it at once.
    """

    def entries(start: int, end: int) -> Iterable[bytes]:
        statement = (
            select(audit_events.c.body)
            .where(audit_events.c.sequence >= start, audit_events.c.sequence < end)
            .order_by(audit_events.c.sequence)
        )
        return (row.body.encode() for row in work.all(statement))

    origin, vkey = head.origin_of(work, checkpoint.size), head.vkey_of(work, checkpoint.size)
    written = tempfile.TemporaryFile()  # noqa: SIM115 - whoever asked reads it, and closes it.
    try:
        with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("README", _README.format(origin=origin, size=checkpoint.size))
            archive.writestr("checkpoint", checkpoint.note)
            archive.writestr("vkey", vkey + "\n")
            for name, content in tiles.write_tiles(checkpoint.size, partial(head.read_leaves, work), entries):
                archive.writestr(name, content)
        written.seek(0)
    except BaseException:
        written.close()
        raise
    return written
