"""Which versions hold the file, or the container image, of a digest."""

from typing import Annotated

from fastapi import Path

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import digests
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.api.face import Cursor, Limit, door, make_router
from modelkeep_server.interfaces.api.shapes.base import PageOut
from modelkeep_server.interfaces.api.shapes.digests import DigestPlaceOut

router = make_router("artifacts")

Digest = Annotated[
    str, Path(max_length=200, description="A SHA-256 as 64 hexadecimal digits, alone or after `sha256:`.")
]


@router.get("/digests/{sha256}", response_model=PageOut[DigestPlaceOut])
@door.reads("digest.read")
def list_places_of_digest(
    work: Work, actor: Actor, sha256: Digest, limit: Limit = 50, cursor: Cursor = None
) -> PageOut[DigestPlaceOut]:
    """
    The files with this SHA-256, and those that hold or refer to the container image of it, the newest first.

    Only of versions that you can see: a digest that nobody knows is answered just as one that you may not see.
    """
    page = digests.list_places(work, actor, sha256, limit=limit, cursor=cursor)
    return PageOut[DigestPlaceOut].of(page, DigestPlaceOut.model_validate)
