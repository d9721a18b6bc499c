"""The JSON of the audit log."""

from typing import Any, Literal

from pydantic import Field

from modelkeep_server.interfaces.api.shapes.base import Moment, Shape


class EventActorOut(Shape):
    """Who acted: the log's pseudonym, and the person behind it."""

    id: str
    name: str | None
    email: str | None


class EventObjectOut(Shape):
    """What was acted on. `label` is its address."""

    kind: str
    id: str
    label: str | None


class EventOut(Shape):
    """An event of the audit log."""

    sequence: int
    id: str
    at: Moment
    action: str
    actor: EventActorOut
    role: str | None
    object: EventObjectOut
    outcome: Literal["ALLOWED", "REFUSED"]
    rule: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str | None
    auth: str
    source: str | None = Field(serialization_alias="from", description="The address the request came from.")
    request_id: str


class ProofOut(Shape):
    """An inclusion proof (RFC 6962): hex hashes from the event's leaf to the signed root."""

    leaf: str
    index: int
    size: int
    path: list[str]
    root: str


class SignedProofOut(ProofOut):
    """A proof with the signed head that it leads to, and the key that verifies the head."""

    checkpoint: str
    vkey: str


class EventDetailOut(EventOut):
    """An event with the body exactly as stored and the proof of its place."""

    raw: str
    proof: ProofOut


class CheckpointOut(Shape):
    """The signed head of the log, as a C2SP signed note."""

    size: int
    root: str
    signed_at: Moment
    note: str
    vkey: str


class VerdictOut(Shape):
    """What verifying the log found."""

    ok: bool
    size: int
    root: str
    rows_checked: int
    findings: list[dict[str, Any]]
