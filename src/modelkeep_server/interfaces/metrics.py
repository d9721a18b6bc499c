"""
`/metrics`: what a monitor reads, in the text format of Prometheus.

From this machine itself it needs no credential; from elsewhere the token of somebody with `metrics.read`. A request
that a proxy passed on comes from elsewhere, whatever its address says.
"""

import importlib

from fastapi import APIRouter, Request
from starlette.responses import Response

from modelkeep_server.db.work import Work
from modelkeep_server.features.metrics import queries
from modelkeep_server.interfaces.door import Asking
from modelkeep_server.interfaces.doorway import Desk, Doorway
from modelkeep_server.interfaces.nearness import is_from_here

PATH = "/metrics"

router = APIRouter(include_in_schema=False)


class _Text:
    """A face that never draws: the handler makes the response."""

    def draw(self, result: Response, asking: Asking, work: Work | None) -> Response:
        """What the handler made."""
        return result


door = Doorway(_Text())


@router.get(PATH)
@door.streams("metrics.read")
async def show_metrics(desk: Desk, request: Request) -> Response:
    """The figures of this process and its database."""
    if is_from_here(request.scope, request.headers):
        figures = await desk.look(queries.read_figures)
    else:
        figures = await desk.read(queries.read_figures_for)
    # Loaded when it is first asked for: most registries start without a monitor.
    exposition = importlib.import_module("modelkeep_server.interfaces.exposition")
    text: bytes = await desk.door.hop(lambda: exposition.write(desk.door, figures))
    return Response(text, media_type=exposition.MEDIA_TYPE)
