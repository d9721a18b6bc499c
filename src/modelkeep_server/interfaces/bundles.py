"""Sending all files of a version as one ZIP through a link. It goes out whole: a part of it cannot be asked for."""

from collections.abc import AsyncIterator

from anyio import CancelScope
from starlette.responses import Response

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.downloading import bundles, downloads
from modelkeep_server.features.artifacts.downloading.bundles import BundleOpening, Outflow
from modelkeep_server.features.artifacts.opening import run_ahead
from modelkeep_server.features.artifacts.store_faults import storage_answers
from modelkeep_server.interfaces.doorway import Desk
from modelkeep_server.interfaces.sending import BREAKS, Transfer, headers_of_file, tell_cut
from modelkeep_server.rules.errors import IntegrityBroken

MEDIA_TYPE = "application/zip"


async def send_bundle(desk: Desk, opening: BundleOpening) -> Response:
    """The answer to a link that opens a bundle, once the download is on record."""
    outflow = Outflow(desk.door.parts.blobs, opening.bundle)
    return Transfer(_send(desk, opening, outflow), headers=headers_of(opening), media_type=MEDIA_TYPE)


def headers_of(opening: BundleOpening) -> dict[str, str]:
    """What is said of a ZIP before its bytes."""
    return headers_of_file(opening.file_name, opening.bundle.size_bytes) | {"Accept-Ranges": "none"}


async def _send(desk: Desk, opening: BundleOpening, outflow: Outflow) -> AsyncIterator[memoryview]:
    sent = 0
    is_broken = False
    desk.door.meters.downloads += 1
    try:
        with storage_answers():
            async for run in await run_ahead(outflow.read()):
                # Counted as it is handed over: whoever leaves meanwhile may have it.
                sent += len(run)
                yield run
    except BREAKS as error:
        read = outflow.current
        address = opening.version.address
        is_broken = isinstance(error, IntegrityBroken)
        raise tell_cut(desk.request, f"{address}/{read.artifact.path}" if read else address, error) from error
    finally:
        desk.door.meters.downloads -= 1

        def note(work: Work) -> None:
            if is_broken and outflow.current is not None:
                downloads.withhold(work, outflow.current)
            bundles.note_end(work, opening, sent_bytes=sent)

        # A visitor who leaves cancels the response; how the download ended is noted all the same.
        with CancelScope(shield=True):
            await desk.note(note)
