"""Where OpenLineage's clients send their events."""

from functools import partial
from typing import Annotated, Any

from fastapi import Body
from pydantic import ValidationError, WithJsonSchema

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage.openlineage.reading import RunEvent, tells_of_version
from modelkeep_server.features.lineage.openlineage.receiving import Received, receive
from modelkeep_server.interfaces.api.face import Answer, door, make_router
from modelkeep_server.interfaces.api.packed import PackedRoute
from modelkeep_server.interfaces.api.shapes.openlineage import (
    BATCH_MAX,
    BatchOut,
    FailedEventOut,
    OpenLineageEventIn,
    ReceivedOut,
)
from modelkeep_server.interfaces.doorway import Desk
from modelkeep_server.rules.errors import NotSignedIn, RegistryError, TokenRefused, TooMany, Unavailable

router = make_router("lineage")
router.route_class = PackedRoute

EVENTS = "/lineage/openlineage"
#: An event that is judged by itself: one that is wrong is no reason to refuse the others.
AnyEvent = Annotated[
    dict[str, Any],
    WithJsonSchema({"anyOf": [{"$ref": "#/components/schemas/OpenLineageEventIn"}, {"type": "object"}]}),
]
Batch = Annotated[list[AnyEvent], Body(max_length=BATCH_MAX, description="Events, each as the route for one takes it.")]
#: Too many at a time, and not now.
_LATER = (TooMany.status, Unavailable.status)


@router.post(EVENTS, status_code=201, response_model=ReceivedOut)
@door.streams("lineage.add")
async def receive_event(desk: Desk, body: OpenLineageEventIn) -> Answer:
    """
    Take an event of OpenLineage. When a run is complete, what it read becomes the lineage of the version that it made:
    an output of the namespace `modelkeep`, named `GROUP/NAME:VERSION`. Inputs are datasets, or base models; the run and
    its commit are told too. An event that comes twice adds nothing the second time. The body may be packed by gzip.
    """
    event = body.to_event()
    return Answer(ReceivedOut.of(event, await _take(desk, event)), 201)


@router.post(EVENTS + "/batch", response_model=BatchOut)
@door.streams("lineage.add")
async def receive_events(desk: Desk, body: Batch) -> BatchOut:
    """
    Take up to 100 events of OpenLineage, each for itself: those that are refused are named with why, and the others
    are kept. The body may be packed by gzip.
    """
    # Also of what nothing is taken.
    await desk.read(_demand_known)
    failed = []
    for index, sent in enumerate(body):
        try:
            await _take(desk, OpenLineageEventIn.model_validate(sent).to_event())
        except ValidationError as error:
            failed.append(FailedEventOut(index=index, reason=_say_faults(error), retriable=False))
        except (NotSignedIn, TokenRefused):
            raise
        except RegistryError as error:
            said = [error.detail, *(f"{one.field}: {one.message}" for one in error.errors)]
            failed.append(FailedEventOut(index=index, reason=" ".join(said), retriable=error.status in _LATER))
    return BatchOut.of(len(body), failed)


async def _take(desk: Desk, event: RunEvent | None) -> tuple[Received, ...]:
    if event is None or not tells_of_version(event):
        # Clients send such by themselves. They have to be signed in for it, and nothing else is asked.
        return await desk.read(_demand_known)
    return await desk.write(partial(_receive, event))


def _demand_known(_: Work, __: Actor) -> tuple[Received, ...]:
    """Nothing, for whoever is signed in: strangers do not come so far."""
    return ()


def _receive(event: RunEvent, work: Work, actor: Actor) -> tuple[Received, ...]:
    return receive(work, actor, event)


def _say_faults(error: ValidationError) -> str:
    return " ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}." for one in error.errors()[:20])
