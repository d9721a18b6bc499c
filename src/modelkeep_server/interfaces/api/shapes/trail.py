"""The JSON of a version's compliance trail."""

from typing import Self

from pydantic import Field

from modelkeep_server.features.audit.views import ProvenEvent
from modelkeep_server.features.trail.views import Trail, kind_of
from modelkeep_server.interfaces.api.shapes.audit import CheckpointOut, EventOut, ProofOut
from modelkeep_server.interfaces.api.shapes.base import PageOut
from modelkeep_server.rules.events import ACTIONS


class TrailEventOut(EventOut):
    """An event on the trail of a version, with the body exactly as stored and the proof of its place in the log."""

    source: str | None = Field(
        serialization_alias="from",
        description="The address the request came from, for those who may read the audit log.",
    )
    kind: str = Field(
        description="LIFE, REVIEW, FILES, ACCESS, EVALUATION, CARD, EXCEPTION, DEPLOYMENT or MODEL: that of the filter."
    )
    says: str = Field(description="The act in words; it finishes the sentence that the actor begins.")
    raw: str = Field(description="The body as stored: the leaf is SHA-256 of a zero byte and these bytes.")
    proof: ProofOut | None = Field(description="Null only where `problem` says why.")
    problem: str | None = Field(description="Null where the proof was checked and holds; else what is wrong.")

    @classmethod
    def of_proven(cls, proven: ProvenEvent) -> Self:
        """An event with what was proven of it."""
        event = proven.event
        return cls(
            **EventOut.model_validate(event).model_dump(),
            kind=kind_of(event.action).value,
            says=ACTIONS[event.action].says if event.action in ACTIONS else event.action,
            raw=event.raw,
            proof=None if proven.proof is None else ProofOut.model_validate(proven.proof),
            problem=proven.problem,
        )


class TrailOut(PageOut[TrailEventOut]):
    """A page of the trail, oldest first. All its pages stand under the one signed head."""

    version: str
    checkpoint: CheckpointOut | None = Field(description="The signed head that every proof leads to, and its key.")
    problem: str | None = Field(description="Null, or why the log cannot be signed any more.")

    @classmethod
    def of_trail(cls, trail: Trail) -> Self:
        """The page, and the head it stands under."""
        head = trail.checkpoint
        return cls(
            items=[TrailEventOut.of_proven(one) for one in trail.events.items],
            next_cursor=trail.events.next_cursor,
            total=trail.events.total,
            version=trail.version,
            checkpoint=None
            if head is None
            else CheckpointOut(
                size=head.size, root=head.root, signed_at=head.signed_at, note=head.note, vkey=trail.vkey
            ),
            problem=trail.problem,
        )
