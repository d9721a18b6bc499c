"""The compliance trail of a version, for the API and the pages alike: read, and proven under a signed head."""

from functools import partial

from modelkeep_server.features.trail import queries
from modelkeep_server.features.trail.queries import TrailAsked
from modelkeep_server.features.trail.views import Trail
from modelkeep_server.interfaces.doorway import Desk
from modelkeep_server.rules.errors import IntegrityBroken


async def read_trail(desk: Desk, asked: TrailAsked) -> Trail:
    """A page of a trail, under a head that is signed first where the trail grew. Raises NotFound, NotPermitted."""
    trail = await desk.read(partial(queries.find_trail, asked=asked))
    if trail is not None:
        return trail
    try:
        return await desk.write(partial(queries.sign_and_tell, asked=asked))
    except IntegrityBroken as error:
        problem = error.detail
    return await desk.read(partial(queries.show_unproven, asked=asked, problem=problem))
