"""The audit log: events, one event with its proof, the signed head, and the bundle for the offline verifier."""

from typing import Annotated, Literal

from fastapi import Path, Query
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from modelkeep_server.db.work import Work
from modelkeep_server.features.audit import queries, service, verify
from modelkeep_server.features.audit.queries import EventFilter
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.api.face import Cursor, Limit, door, make_router
from modelkeep_server.interfaces.api.shapes.audit import CheckpointOut, EventDetailOut, EventOut, ProofOut, VerdictOut
from modelkeep_server.interfaces.api.shapes.base import PageOut
from modelkeep_server.interfaces.doorway import Desk
from modelkeep_server.interfaces.query_strings import read_moment

router = make_router("audit")

Word = Annotated[str, Query(max_length=400)]


@router.get("/audit/events", response_model=PageOut[EventOut])
@door.reads("audit.read")
def list_events(
    work: Work,
    actor: Actor,
    action: Word = "",
    person: Annotated[str, Query(max_length=400, description="An e-mail or a pseudonym.")] = "",
    object: Annotated[str, Query(max_length=400, description="An id, or an address as group/name:version.")] = "",
    outcome: Literal["", "ALLOWED", "REFUSED"] = "",
    requestId: Word = "",
    fromAt: Annotated[str, Query(alias="from", max_length=40)] = "",
    toAt: Annotated[str, Query(alias="to", max_length=40)] = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOut[EventOut]:
    """Events, newest first."""
    asked = EventFilter(
        action=action,
        person=person,
        object=object,
        outcome=outcome,
        request_id=requestId,
        from_at=read_moment("from", fromAt) if fromAt else None,
        to_at=read_moment("to", toAt, end=True) if toAt else None,
    )
    page = queries.list_events(work, actor, asked, limit=limit, cursor=cursor)
    items = [EventOut.model_validate(event) for event in page.items]
    return PageOut[EventOut](items=items, next_cursor=page.next_cursor, total=page.total)


@router.get("/audit/events/{sequence}", response_model=EventDetailOut)
@door.reads("audit.read")
def show_event(work: Work, actor: Actor, sequence: Annotated[int, Path(ge=0, lt=2**63)]) -> EventDetailOut:
    """One event: the body exactly as stored, and the proof of its place in the tree."""
    event = queries.get_event(work, actor, sequence)
    proof = queries.get_proof(work, actor, sequence)
    return EventDetailOut(
        **EventOut.model_validate(event).model_dump(), raw=event.raw, proof=ProofOut.model_validate(proof)
    )


@router.get("/audit/checkpoint", response_model=CheckpointOut)
@door.streams("audit.read")
async def show_checkpoint(desk: Desk) -> CheckpointOut:
    """The signed head of the log. Keep a copy: it proves later that nothing before it was rewritten."""
    checkpoint, vkey = await desk.write(service.get_checkpoint)
    return CheckpointOut(
        size=checkpoint.size, root=checkpoint.root, signed_at=checkpoint.signed_at, note=checkpoint.note, vkey=vkey
    )


@router.get(
    "/audit/bundle",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}, "description": "The bundle."}},
)
@door.streams("audit.export")
async def download_bundle(desk: Desk) -> Response:
    """The whole log as a ZIP for the stand-alone verifier: checkpoint, vkey, tiles (C2SP tlog-tiles), README."""
    checkpoint = await desk.write(service.begin_export)
    async with desk.door.whole_log:
        path = await desk.read(lambda work, _: service.write_bundle(work, checkpoint))
    return FileResponse(
        path,
        media_type="application/zip",
        filename="modelkeep-audit.zip",
        background=BackgroundTask(path.unlink, missing_ok=True),
    )


@router.get("/audit/verify", response_model=VerdictOut)
@door.streams("audit.read")
async def verify_log(desk: Desk) -> VerdictOut:
    """Verify the whole log against its tree, and every governed row against the log."""
    async with desk.door.whole_log:
        verdict = await desk.read(verify.verify_for)
    return VerdictOut(
        ok=verdict.ok,
        size=verdict.size,
        root=verdict.root,
        rows_checked=verdict.rows_checked,
        findings=[{"sequence": f.sequence, "message": f.message} for f in verdict.findings],
    )
