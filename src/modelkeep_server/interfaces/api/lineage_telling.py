"""Telling the owners of what a change reaches."""

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage.impact import telling
from modelkeep_server.interfaces.api.face import door, make_router
from modelkeep_server.interfaces.api.lineage_graph import NodeId
from modelkeep_server.interfaces.api.shapes.lineage_telling import TellIn, TellPreviewOut, ToldOut

router = make_router("lineage")


@router.get("/lineage/tell", response_model=TellPreviewOut)
@door.reads("lineage.tell")
def preview_lineage_tell(work: Work, actor: Actor, node: NodeId) -> TellPreviewOut:
    """
    Who would be told of a change, of which of their versions, and what would be written: nothing is sent. Also how many
    nodes you can still tell of today.
    """
    found = telling.preview(work, actor, node)
    return TellPreviewOut.of(found, telling.write_letter(work, actor, found, telling.YOUR_MESSAGE))


@router.post("/lineage/tell", response_model=ToldOut)
@door.writes("lineage.tell")
def tell_lineage_owners(work: Work, actor: Actor, body: TellIn) -> ToldOut:
    """
    Tell the owners of every version that a change reaches, in the app and by mail: each once a day of the same node by
    you, and of their own versions alone. You can tell of 20 nodes a day. For Model Owners, MRC, Security Architects,
    SREs and Admins.
    """
    return ToldOut(told=telling.tell_owners(work, actor, body.node, body.message))
