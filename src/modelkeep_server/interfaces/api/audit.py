"""The audit log: events, one event with its proof, the signed head, and the bundle for the offline verifier."""

import json
import os
from collections.abc import AsyncIterator, Iterator
from typing import IO, Annotated, Literal

from fastapi import Depends, Path, Query
from starlette.responses import Response, StreamingResponse

from modelkeep_server.db.work import Work
from modelkeep_server.features.audit import bundle, proofs, queries, service
from modelkeep_server.features.audit.export import Export
from modelkeep_server.features.audit.views import Event
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.api.face import Cursor, Limit, door, make_router
from modelkeep_server.interfaces.api.shapes.audit import (
    CheckpointOut,
    EventDetailOut,
    EventOut,
    ProofOut,
    SignedProofOut,
    VerdictOut,
)
from modelkeep_server.interfaces.api.shapes.base import PageOut
from modelkeep_server.interfaces.audit_steps import begin_export, prove_event, runs_of, verify_whole_log
from modelkeep_server.interfaces.doorway import Desk
from modelkeep_server.interfaces.query_strings import read_event_filter
from modelkeep_server.kit import clock
from modelkeep_server.kit.sheets import csv_line
from modelkeep_server.rules.errors import IntegrityBroken

router = make_router("audit")

Sequence = Annotated[int, Path(ge=0, lt=2**63)]
_WORD_MAX = 400
_RUN_BYTES = 2**18
Text = Annotated[str, Query(max_length=_WORD_MAX, description="A person, an address, a request id or a number.")]
Who = Annotated[str, Query(max_length=_WORD_MAX, description="An e-mail or a pseudonym, or a part of a name.")]
Act = Annotated[str, Query(max_length=_WORD_MAX, description="An act as model.create, or a noun as artifact.*.")]
About = Annotated[str, Query(max_length=_WORD_MAX, description="An id, or an address as group/name:version.")]
Word = Annotated[str, Query(max_length=_WORD_MAX)]
Outcomes = Literal["", "ALLOWED", "REFUSED"]
From = Annotated[str, Query(alias="from", max_length=40, description="2026-01-31 or 2026-01-31T09:00:00Z.")]
To = Annotated[str, Query(alias="to", max_length=40, description="As from; a day is meant whole.")]


async def _asked(
    q: Text = "",
    person: Who = "",
    action: Act = "",
    object: About = "",
    kind: Word = "",
    role: Word = "",
    outcome: Outcomes = "",
    requestId: Word = "",
    fromAt: From = "",
    toAt: To = "",
) -> dict[str, str]:
    """What an address asks for. It is judged in the handler, after who is asking."""
    return {
        "q": q, "person": person, "action": action, "object": object, "kind": kind, "role": role,
        "outcome": outcome, "requestId": requestId, "from": fromAt, "to": toAt,
    }  # fmt: skip


Asked = Annotated[dict[str, str], Depends(_asked)]

COLUMNS = (
    "sequence", "at", "action", "outcome", "rule", "role", "actorId", "actorName", "actorEmail", "objectKind",
    "objectId", "objectLabel", "reason", "before", "after", "auth", "from", "requestId", "id",
)  # fmt: skip


@router.get("/audit/events", response_model=PageOut[EventOut])
@door.reads("audit.read")
def list_events(work: Work, actor: Actor, asked: Asked, limit: Limit = 50, cursor: Cursor = None) -> PageOut[EventOut]:
    """Events, newest first. `total` is null where more than 10,000 fit a filter."""
    page = queries.list_events(work, actor, read_event_filter(asked), limit=limit, cursor=cursor)
    return PageOut[EventOut].of(page, EventOut.model_validate)


@router.get(
    "/audit/events/export",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}, "application/x-ndjson": {}}, "description": "The events."}},
)
@door.streams("audit.export")
async def export_events(desk: Desk, asked: Asked, format: Literal["csv", "jsonl"] = "csv") -> Response:
    """The events of a filter, newest first, as CSV or JSON Lines. It is itself an event, recorded before."""
    found = await begin_export(desk, read_event_filter(asked), format)
    kind_of_text = "text/csv; charset=utf-8; header=present" if format == "csv" else "application/x-ndjson"
    return StreamingResponse(
        _write_csv(desk, found) if format == "csv" else _write_lines(desk, found),
        media_type=kind_of_text,
        headers={"Content-Disposition": f'attachment; filename="modelkeep-events.{format}"'},
    )


async def _write_csv(desk: Desk, found: Export) -> AsyncIterator[bytes]:
    yield csv_line(COLUMNS).encode()
    async for events in runs_of(desk, found):
        yield "".join(csv_line(_cells_of(event)) for event in events).encode("utf-8", "backslashreplace")


async def _write_lines(desk: Desk, found: Export) -> AsyncIterator[bytes]:
    async for events in runs_of(desk, found):
        lines = (EventOut.model_validate(event).model_dump_json(by_alias=True) for event in events)
        yield "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")


def _cells_of(event: Event) -> tuple[object, ...]:
    facts = (None if fact is None else json.dumps(fact, ensure_ascii=False) for fact in (event.before, event.after))
    return (
        event.sequence, clock.iso_seconds(event.at), event.action, event.outcome.value, event.rule, event.role,
        event.actor.id, event.actor.name, event.actor.email, event.object.kind, event.object.id, event.object.label,
        event.reason, *facts, event.auth, event.source, event.request_id, event.id,
    )  # fmt: skip


@router.get("/audit/events/{sequence}", response_model=EventDetailOut)
@door.reads("audit.read")
def show_event(work: Work, actor: Actor, sequence: Sequence) -> EventDetailOut:
    """One event: the body exactly as stored, and the proof of its place in the tree."""
    event = queries.get_event(work, actor, sequence)
    proof = proofs.get_proof(work, actor, sequence)
    return EventDetailOut(
        **EventOut.model_validate(event).model_dump(), raw=event.raw, proof=ProofOut.model_validate(proof)
    )


@router.get("/audit/events/{sequence}/proof", response_model=SignedProofOut)
@door.streams("audit.read")
async def show_proof(desk: Desk, sequence: Sequence) -> SignedProofOut:
    """The proof of an event's place under the signed head, with that head and the key that verifies it."""
    proven = await prove_event(desk, sequence)
    if proven.proof is None or proven.checkpoint is None or proven.problem is not None:
        raise IntegrityBroken(proven.problem or "No proof can be made.", remedy="Run `modelkeep audit verify`.")
    proof = ProofOut.model_validate(proven.proof).model_dump()
    return SignedProofOut(**proof, checkpoint=proven.checkpoint.note, vkey=proven.vkey)


@router.get("/audit/events/{sequence}/body", response_class=Response)
@door.reads("audit.read")
def show_body(work: Work, actor: Actor, sequence: Sequence) -> Response:
    """The very bytes of an event, as the tree covers them."""
    event = queries.get_event(work, actor, sequence)
    return Response(event.raw.encode("utf-8", "surrogatepass"), media_type="application/json")


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
    checkpoint = await desk.write(bundle.begin_bundle)
    written = await desk.read(lambda work, _: bundle.write_bundle(work, checkpoint), among=desk.door.whole_log)
    return StreamingResponse(
        _read_runs(written),
        media_type="application/zip",
        headers={
            "Content-Disposition": 'attachment; filename="modelkeep-audit.zip"',
            "Content-Length": str(os.fstat(written.fileno()).st_size),
        },
    )


def _read_runs(written: IO[bytes]) -> Iterator[bytes]:
    with written:
        while run := written.read(_RUN_BYTES):
            yield run


@router.get("/audit/verify", response_model=VerdictOut)
@door.streams("audit.read")
async def verify_log(desk: Desk) -> VerdictOut:
    """Verify the whole log against its tree, and every governed row against the log."""
    verdict = (await verify_whole_log(desk)).verdict
    return VerdictOut(
        ok=verdict.ok,
        size=verdict.size,
        root=verdict.root,
        rows_checked=verdict.rows_checked,
        findings=[{"sequence": f.sequence, "message": f.message} for f in verdict.findings],
    )
