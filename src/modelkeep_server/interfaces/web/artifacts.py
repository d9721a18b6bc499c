"""The page of a file."""

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import digests, headers
from modelkeep_server.features.artifacts import queries as artifact_queries
from modelkeep_server.features.artifacts.downloading import fetched
from modelkeep_server.features.artifacts.judging import waivers
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.inspection.report import Header
from modelkeep_server.interfaces.web.contexts.artifacts import ArtifactContext
from modelkeep_server.interfaces.web.face import door, make_router
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.interfaces.web.versions import BASE, facts_of

router = make_router()


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
