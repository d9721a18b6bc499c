"""Releases and waivers of files, and looking through a file again."""

from typing import Annotated
from urllib.parse import quote

from fastapi import Path

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.judging import rescanning, waivers
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.api.artifacts import BASE, FilePath
from modelkeep_server.interfaces.api.face import Answer, door, make_router
from modelkeep_server.interfaces.api.shapes.artifacts import ArtifactOut
from modelkeep_server.interfaces.api.shapes.base import PageOut
from modelkeep_server.interfaces.api.shapes.waivers import WaiverIn, WaiverOut
from modelkeep_server.interfaces.query_strings import read_moment
from modelkeep_server.kit.paging import Page

router = make_router("artifacts")

WaiverId = Annotated[str, Path(description="As the list of waivers has it.")]


@router.get(BASE + "/{path:path}/waivers", response_model=PageOut[WaiverOut])
@door.reads("model.read")
def list_waivers(work: Work, actor: Actor, group: str, name: str, version: str, path: FilePath) -> PageOut[WaiverOut]:
    """Who answered for a file in spite of its verdict, also in the past, the newest first."""
    found = waivers.list_waivers(work, actor, group, name, version, path)
    return PageOut[WaiverOut].of(Page(found, None), WaiverOut.model_validate)


@router.post(BASE + "/{path:path}/waivers", status_code=201, response_model=WaiverOut)
@door.writes("artifact.release", "artifact.waive")
def create_waiver(
    work: Work, actor: Actor, group: str, name: str, version: str, path: FilePath, body: WaiverIn
) -> Answer:
    """
    Answer for a file until a time, as a Security Architect who neither owned the model nor touched the version.

    A BLOCKED file may then be downloaded; an UNKNOWN one is accepted where its verdict is asked for.
    """
    until = read_moment("expiresAt", body.expires_at, end=True) if body.expires_at else None
    waiver = waivers.create_waiver(
        work, actor, group, name, version, path, kind=body.kind, reason=body.reason, expires_at=until, days=body.days
    )
    place = f"/api/v1/models/{group}/{name}/versions/{version}/artifacts/{path}/waivers/{waiver.id}"
    return Answer(WaiverOut.model_validate(waiver), 201, {"Location": quote(place)})


@router.delete(BASE + "/{path:path}/waivers/{id}", response_model=WaiverOut)
@door.writes("artifact.end_waiver")
def end_waiver(work: Work, actor: Actor, group: str, name: str, version: str, path: FilePath, id: WaiverId) -> Answer:
    """End a release or waiver before its time."""
    return Answer(WaiverOut.model_validate(waivers.end_waiver(work, actor, group, name, version, path, id)))


@router.post(BASE + "/{path:path}/scans", status_code=202, response_model=ArtifactOut)
@door.writes("artifact.rescan")
def rescan_artifact(work: Work, actor: Actor, group: str, name: str, version: str, path: FilePath) -> Answer:
    """Have a file looked through again, in the background. Its `scan` tells when that was done."""
    artifact = rescanning.ask_for_scan(work, actor, group, name, version, path)
    return Answer(ArtifactOut.model_validate(artifact), 202)
