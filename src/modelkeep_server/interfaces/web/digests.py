"""The page of a digest: what is this file that I hold?"""

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import digests
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.web.contexts.artifacts import DigestContext
from modelkeep_server.interfaces.web.face import Cursor, door, make_router
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.digests import read_digest

router = make_router()

ROWS = 50


@router.get("/digests/{sha256}")
@door.reads("digest.read")
def show_digest(work: Work, actor: Actor, sha256: str, cursor: Cursor = "") -> Page:
    """Which versions hold this file, and how do they stand?"""
    places = digests.list_places(work, actor, sha256, limit=ROWS, cursor=cursor or None)
    return Page.of(DigestContext(digest=read_digest("sha256", sha256), places=places, cursor=cursor or None))
