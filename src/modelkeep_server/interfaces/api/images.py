"""Container images that a version refers to by digest, in place of holding them."""

from modelkeep_server.features.artifacts import images
from modelkeep_server.interfaces import arrivals
from modelkeep_server.interfaces.api.artifacts import VERSION, answer_with
from modelkeep_server.interfaces.api.face import Answer, door, make_router
from modelkeep_server.interfaces.api.shapes.artifacts import ArtifactOut
from modelkeep_server.interfaces.api.shapes.images import ImageIn
from modelkeep_server.interfaces.doorway import Desk

router = make_router("artifacts")


@router.post(VERSION + "/images", status_code=201, response_model=ArtifactOut)
@door.streams("artifact.upload")
async def refer_to_image(desk: Desk, group: str, name: str, version: str, body: ImageIn) -> Answer:
    """
    Refer to a container image by its digest, in place of uploading it: a small JSON file of type CONTAINER.
    """
    new, content = images.describe(group, name, version, body.reference, body.path)
    return answer_with(new, await arrivals.take_in_text(desk, new, content), status=201)
