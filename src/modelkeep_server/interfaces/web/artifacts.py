"""The files of a version and the page of each: listed, fetched, taken out."""

from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import digests, headers
from modelkeep_server.features.artifacts import queries as artifact_queries
from modelkeep_server.features.artifacts import service as artifact_service
from modelkeep_server.features.artifacts.downloading import bundles, downloads, fetched
from modelkeep_server.features.artifacts.judging import waivers
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.inspection.report import Header
from modelkeep_server.interfaces.web.contexts.artifacts import ArtifactContext, ArtifactsContext
from modelkeep_server.interfaces.web.face import Cursor, Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import href_of_version, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.interfaces.web.versions import BASE, count_fillable_fields, facts_of

router = make_router()


@router.get(BASE + "/{version}/artifacts")
@door.reads("model.read")
def show_artifacts(work: Work, actor: Actor, group: str, name: str, version: str, cursor: Cursor = "") -> Page:
    """The files of a version: send more, fetch one, check its digest."""
    facts = facts_of(work, actor, group, name, version, cursor=cursor)
    limit = work.parts.limits.upload_bytes
    context = ArtifactsContext(
        **facts | {"tab": "artifacts"},
        fillable=count_fillable_fields(work, actor, facts),
        upload_limit_bytes=limit,
        cursor=cursor or None,
    )
    return Page.of(context)


@router.get(BASE + "/{version}/artifacts/{path:path}")
@door.reads("model.read")
def show_artifact(work: Work, actor: Actor, group: str, name: str, version: str, path: str) -> Page:
    """What is this file, what was found in it, and how do I get it?"""
    facts = facts_of(work, actor, group, name, version)
    artifact = artifact_queries.get_artifact(work, facts["version"], path)
    refusal = waivers.why_not_answer(work, actor, facts["model"], facts["version"])
    sees_downloads = access.why_not(actor, "download.read", facts["relations"]) is None
    context = ArtifactContext(
        **facts | {"tab": "artifacts"},
        artifact=artifact,
        header=headers.find_header(work, artifact) or Header(),
        places=digests.list_same_bytes(work, actor, artifact),
        waivers=waivers.list_waivers(work, actor, group, name, version, path),
        answer_refusal=refusal,
        downloads=fetched.list_downloads(work, actor, group, name, version, path) if sees_downloads else (),
    )
    return Page.of(context)


@router.post(BASE + "/{version}/artifacts/{path:path}/links")
@door.posts("artifact.link")
def download(work: Work, actor: Actor, group: str, name: str, version: str, path: str, form: FormData) -> Redirect:
    """Make a link and follow it at once."""
    link = downloads.mint_link(work, actor, group, name, version, path, purpose=text_of(form, "purpose"))
    return Redirect(link.path)


@router.post(BASE + "/{version}/bundle-links")
@door.posts("artifact.link")
def download_all(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Redirect:
    """Make a link to all files as one ZIP, and follow it at once."""
    return Redirect(bundles.mint_link(work, actor, group, name, version, purpose=text_of(form, "purpose")).path)


@router.post(BASE + "/{version}/artifacts/{path:path}/remove")
@door.posts("artifact.remove")
def remove_artifact(
    work: Work, actor: Actor, group: str, name: str, version: str, path: str, form: FormData
) -> Redirect:
    """Take a file out of a draft."""
    artifact_service.remove_artifact(work, actor, group, name, version, path)
    return Redirect(href_of_version(f"{group}/{name}", version) + "/artifacts?done=removed")
