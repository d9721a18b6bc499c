"""Files of versions: sent in one streamed body, listed, and fetched through links."""

from typing import Annotated
from urllib.parse import quote

from fastapi import Path, Query, Request
from starlette.responses import Response

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import queries, service
from modelkeep_server.features.artifacts.downloading import bundles, downloads, fetched
from modelkeep_server.features.artifacts.service import NewFile
from modelkeep_server.features.artifacts.views import Artifact
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.interfaces import arrivals
from modelkeep_server.interfaces.api.face import Answer, Cursor, Limit, door, make_router
from modelkeep_server.interfaces.api.shapes.artifacts import ArtifactOut, BundleLinkOut, DownloadOut, LinkIn, LinkOut
from modelkeep_server.interfaces.api.shapes.base import FileType, PageOut
from modelkeep_server.interfaces.doorway import Desk

router = make_router("artifacts")

VERSION = "/models/{group}/{name}/versions/{version}"
BASE = VERSION + "/artifacts"
Kind = Annotated[FileType, Query(description="What the file is.")]
FilePath = Annotated[str, Path(description="Folders allowed: tokenizer/vocab.json.")]


@router.get(BASE, response_model=PageOut[ArtifactOut])
@door.reads("model.read")
def list_artifacts(
    work: Work, actor: Actor, group: str, name: str, version: str, limit: Limit = 50, cursor: Cursor = None
) -> PageOut[ArtifactOut]:
    """The files of a version, in the order of upload."""
    found = version_queries.get_version(work, actor, group, name, version)
    page = queries.list_artifacts(work, actor, found, limit=limit, cursor=cursor)
    return PageOut[ArtifactOut].of(page, ArtifactOut.model_validate)


@router.put(
    BASE + "/{path:path}",
    status_code=201,
    response_model=ArtifactOut,
    responses={200: {"model": ArtifactOut, "description": "The very file is there already."}},
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {}}}},
)
@door.streams("artifact.upload")
async def upload_artifact(
    desk: Desk, request: Request, group: str, name: str, version: str, path: FilePath, type: Kind
) -> Answer:
    """
    Send one file as the body. It is hashed and sealed while it arrives, read back, and then visible at once.

    A `Digest: sha-256=...` or `Repr-Digest: sha-256=:...:` header that differs from what arrived refuses the file.
    """
    new = NewFile(group, name, version, path, type)
    promised = arrivals.read_digest(request)
    declared = request.headers.get("content-length", "")
    size_bytes = int(declared) if declared.isdigit() else None
    ticket = await desk.read(
        lambda work, actor: service.allow_upload(work, actor, new, sha256=promised, size_bytes=size_bytes)
    )
    if ticket.present is not None:
        return answer_with(new, ticket.present, status=200)
    with arrivals.place_for(desk):
        artifact = await arrivals.take_in(desk, ticket, promised)
    return answer_with(new, artifact, status=201)


def answer_with(new: NewFile, artifact: Artifact, *, status: int) -> Answer:
    """What a file that came in is answered with."""
    location = f"/api/v1/models/{new.group}/{new.name}/versions/{new.version}/artifacts/{artifact.path}"
    return Answer(ArtifactOut.model_validate(artifact), status, {"Location": quote(location)})


@router.delete(BASE + "/{path:path}", status_code=204, response_class=Response)
@door.writes("artifact.remove")
def remove_artifact(work: Work, actor: Actor, group: str, name: str, version: str, path: FilePath) -> Answer:
    """Take a file out of a version, in DRAFT or CHANGES_REQUESTED. Its links die at once; its path is free again."""
    service.remove_artifact(work, actor, group, name, version, path)
    return Answer(None, status=204)


@router.post(BASE + "/{path:path}/links", status_code=201, response_model=LinkOut)
@door.writes("artifact.link")
def create_link(
    work: Work,
    actor: Actor,
    group: str,
    name: str,
    version: str,
    path: FilePath,
    body: LinkIn | None = None,
) -> Answer:
    """Ask for a link that opens one file by itself for some minutes, so that `curl` on a training host works."""
    purpose = body.purpose if body is not None else None
    link = downloads.mint_link(work, actor, group, name, version, path, purpose=purpose)
    url = work.parts.public_url + link.path
    return Answer(
        LinkOut(url=url, expires_at=link.expires_at, sha256=link.sha256, size_bytes=link.size_bytes), status=201
    )


@router.post(VERSION + "/bundle-links", status_code=201, response_model=BundleLinkOut)
@door.writes("artifact.link")
def create_bundle_link(
    work: Work, actor: Actor, group: str, name: str, version: str, body: LinkIn | None = None
) -> Answer:
    """
    Ask for a link to all files of a version that may leave, as one ZIP with their folders and `SHA256SUMS`.

    Files that are withheld are named in `WITHHELD.txt`. The ZIP is sent whole: `Range` is not taken.
    """
    purpose = body.purpose if body is not None else None
    link = bundles.mint_link(work, actor, group, name, version, purpose=purpose)
    url = work.parts.public_url + link.path
    told = BundleLinkOut(url=url, expires_at=link.expires_at, files=link.files, size_bytes=link.size_bytes)
    return Answer(told, status=201)


@router.get(BASE + "/{path:path}/downloads", response_model=PageOut[DownloadOut])
@door.reads("download.read")
def list_downloads(
    work: Work, actor: Actor, group: str, name: str, version: str, path: FilePath
) -> PageOut[DownloadOut]:
    """Who downloaded a file lately, alone or with all files of its version: the last 20, the newest first."""
    found = fetched.list_downloads(work, actor, group, name, version, path)
    return PageOut[DownloadOut](items=[DownloadOut.model_validate(one) for one in found])
