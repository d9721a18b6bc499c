"""Uploads that are gone on with after a break: tus 1.0.0, and the list of one's own."""

from typing import Annotated, Any

from fastapi import Header, Path, Query, Request
from starlette.responses import Response

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.uploading import upload_queries, uploads
from modelkeep_server.features.artifacts.uploading.upload_queries import Upload
from modelkeep_server.features.artifacts.uploading.uploads import Going
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces import arrivals, resuming
from modelkeep_server.interfaces.api import tus
from modelkeep_server.interfaces.api.face import Answer, Cursor, Limit, door, make_router
from modelkeep_server.interfaces.api.shapes.artifacts import ArtifactOut
from modelkeep_server.interfaces.api.shapes.base import PageOut
from modelkeep_server.interfaces.api.shapes.uploads import StretchOut, UploadDetailOut, UploadOut
from modelkeep_server.interfaces.doorway import Desk
from modelkeep_server.interfaces.resuming import Progress
from modelkeep_server.rules.errors import Malformed, RegistryError, TooLarge, Unavailable

router = make_router("uploads")

BASE = "/uploads"
ONE = BASE + "/{id}"
UploadId = Annotated[str, Path(max_length=100, description="The upload's id, the last name of its Location.")]
Resumable = Annotated[str | None, Header(alias="Tus-Resumable", description="1.0.0")]
UploadChecksum = Annotated[
    str | None,
    Header(
        alias="Upload-Checksum",
        description=f"`{tus.ALGORITHMS.replace(',', '` or `')}`, a blank, and the base64 of the body's checksum.",
    ),
]
_BYTES: dict[str, Any] = {"requestBody": {"content": {tus.BODY_TYPE: {}}}}


@router.options(BASE, status_code=204, response_class=Response)
@door.reads("artifact.upload")
def describe_uploads(work: Work, actor: Actor) -> Answer:
    """What resumable uploads can do here: version and extensions of tus, the largest file, checksum algorithms."""
    told = {
        "Tus-Version": tus.VERSION,
        "Tus-Extension": tus.EXTENSIONS,
        "Tus-Max-Size": str(work.parts.limits.upload_bytes),
        "Tus-Checksum-Algorithm": tus.ALGORITHMS,
    }
    return Answer(None, 204, {**tus.RESUMABLE, **told})


@router.post(BASE, status_code=201, response_class=Response, openapi_extra=_BYTES)
@door.streams("artifact.upload")
async def create_upload(
    desk: Desk,
    request: Request,
    tus_resumable: Resumable = None,
    upload_length: Annotated[
        str | None, Header(alias="Upload-Length", description="The size of the file, bytes.")
    ] = None,
    upload_metadata: Annotated[
        str | None,
        Header(
            alias="Upload-Metadata",
            description="`name <base64>` pairs with commas between: model (GROUP/NAME), version, type, path (or "
            "filename), and sha256 (hex) where it is known.",
        ),
    ] = None,
    upload_checksum: UploadChecksum = None,
) -> Answer:
    """
    Begin a resumable upload. Its address is in `Location`; the first bytes may come along.

    Any client of tus 1.0.0 does. A file of no bytes is published at once.
    """
    tus.demand_version(request.headers)
    new, sha256 = tus.read_file(tus.read_metadata(request.headers))
    size_bytes = tus.read_length(request.headers)
    brings = tus.has_body(request.headers)
    checksum = tus.read_checksum(request.headers) if brings else None
    if brings:
        tus.demand_body_type(request.headers)
        _demand_fits(request, size_bytes)
    going = await desk.write(
        lambda work, actor: uploads.open_upload(work, actor, new, size_bytes=size_bytes, sha256=sha256)
    )
    progress = Progress(0, going.upload.expires_at)
    if brings or size_bytes == 0:
        try:
            with arrivals.place_for(desk):
                progress = await resuming.take_more(desk, going, checksum)
        except RegistryError as error:
            # The client learns no address by a refusal; what a broken connection brought stands in the list. Of no
            # bytes nothing is to be gone on with, and clients take an upload that is at its end for a file.
            if size_bytes == 0 or not isinstance(error, (Malformed, Unavailable)):
                await resuming.drop(desk, going)
            raise
    return Answer(None, 201, {"Location": f"{tus.UPLOADS}/{going.upload.id}", **_headers_of(progress)})


@router.get(BASE, response_model=PageOut[UploadOut])
@door.reads("model.read")
def list_uploads(
    work: Work,
    actor: Actor,
    model: Annotated[str | None, Query(max_length=300, description="Only those to this model, GROUP/NAME.")] = None,
    version: Annotated[str | None, Query(max_length=100, description="Only those to this version.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOut[UploadOut]:
    """Your own uploads that are not finished, the oldest first."""
    page = upload_queries.list_uploads(work, actor, model=model, version=version, limit=limit, cursor=cursor)
    return PageOut[UploadOut].of(page, UploadOut.model_validate)


@router.get(ONE, response_model=UploadDetailOut)
@door.reads("model.read")
def get_upload(work: Work, actor: Actor, id: UploadId) -> UploadDetailOut:
    """
    One of your own uploads: how far it is, and the digests of what is stored, so that a client can check that the file
    it has still begins with the same bytes. Once the last byte was taken, it names the file.
    """
    upload = upload_queries.get_upload(work, actor, id)
    artifact = upload_queries.find_published(work, upload)
    shape = UploadOut.model_validate(upload)
    return UploadDetailOut(
        **shape.model_dump(),
        parts=[
            StretchOut(start=stretch.start, size_bytes=stretch.part.plain_size, sha256=stretch.sha256_hex)
            for stretch in upload_queries.list_stretches(work, upload)
        ],
        artifact=None if artifact is None else ArtifactOut.model_validate(artifact),
    )


@router.head(ONE, response_class=Response)
@door.streams("artifact.upload")
async def find_offset(desk: Desk, request: Request, id: UploadId, tus_resumable: Resumable = None) -> Answer:
    """
    How far an upload is: `Upload-Offset` of `Upload-Length`. Where both are equal, the file is published.

    While bytes of it are still being taken, as after a connection broke, the answer waits for them some seconds.
    """
    tus.demand_version(request.headers)
    upload = await resuming.read_settled(desk, id, lambda work, actor: uploads.get_open(work, actor, id))
    told = {"Upload-Length": str(upload.size_bytes), "Upload-Metadata": tus.write_metadata(upload)}
    return Answer(None, 200, {**_headers_of(_progress_of(upload)), **told})


@router.patch(ONE, status_code=204, response_class=Response, openapi_extra=_BYTES)
@door.streams("artifact.upload")
async def continue_upload(
    desk: Desk,
    request: Request,
    id: UploadId,
    tus_resumable: Resumable = None,
    upload_offset: Annotated[
        str | None, Header(alias="Upload-Offset", description="Where these bytes begin: how many there are already.")
    ] = None,
    upload_checksum: UploadChecksum = None,
) -> Answer:
    """
    Send the next bytes of an upload, any number. What arrived before a connection broke is kept.

    The answer to the last byte comes once the file was read back, looked through and published. With `Upload-Checksum`
    the bytes count all or not at all. A file that is refused at the end ends its upload.
    """
    tus.demand_version(request.headers)
    tus.demand_body_type(request.headers)
    offset_bytes = tus.read_offset(request.headers)
    checksum = tus.read_checksum(request.headers)

    def judge(work: Work, actor: Actor) -> Going:
        return uploads.allow_more(work, actor, id, offset_bytes=offset_bytes)

    # Browsers send a request whose connection broke again at once, while what had arrived of it is being stored.
    going = await resuming.read_settled(desk, id, judge, seconds=resuming.REPEAT_SECONDS)
    _demand_fits(request, going.upload.size_bytes - offset_bytes)
    with arrivals.place_for(desk):
        progress = await resuming.take_more(desk, going, checksum)
    return Answer(None, 204, _headers_of(progress))


@router.delete(ONE, status_code=204, response_class=Response)
@door.streams("artifact.upload")
async def end_upload(desk: Desk, request: Request, id: UploadId, tus_resumable: Resumable = None) -> Answer:
    """End an upload before its time; what came of it is removed. A file that it became stays."""
    tus.demand_version(request.headers)
    upload = await desk.write(lambda work, actor: uploads.end_upload(work, actor, id))
    if upload.artifact_key is None:
        await resuming.remove_bytes(desk, upload.blob_id)
    return Answer(None, 204, dict(tus.RESUMABLE))


def _progress_of(upload: Upload) -> Progress:
    return Progress(upload.offset_bytes, upload.expires_at)


def _headers_of(progress: Progress) -> dict[str, str]:
    return {
        **tus.RESUMABLE,
        "Upload-Offset": str(progress.offset_bytes),
        "Upload-Expires": tus.write_expiry(progress.expires_at),
    }


def _demand_fits(request: Request, room_bytes: int) -> None:
    announced = tus.read_body_size(request.headers)
    if announced is not None and announced > room_bytes:
        sentence = f"{announced:,} bytes, where the upload has {room_bytes:,} left."
        raise TooLarge(sentence, remedy="Send what Upload-Length declared.")
