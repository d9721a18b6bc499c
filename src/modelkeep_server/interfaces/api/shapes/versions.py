"""The JSON of versions, drawn from rules/fields.py where metadata is concerned."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from modelkeep_server.interfaces.api.shapes.base import Input, Moment, Shape, StateName
from modelkeep_server.rules import fields
from modelkeep_server.rules.fields import FIELDS, LIMITS, Kind

_JSON_TYPES: Mapping[Kind, Any] = {
    Kind.LINE: str | None,
    Kind.TEXT: str | None,
    Kind.DATE: str | None,
    Kind.SCHEMA: dict[str, Any] | None,
    Kind.OBJECT: dict[str, Any] | None,
    Kind.DATASET: dict[str, Any] | None,
    Kind.BASE_MODEL: dict[str, Any] | None,
}


_COMMIT_SHA = "7 to 64 hexadecimal digits."
_TRAINING_JOB = f"At most {fields.LINE_CHARS} characters."
_DESCRIPTION = f"One sentence on what is new, at most {fields.VERSION_DESCRIPTION_CHARS:,} characters."


def _metadata_shape(name: str, of_card: bool, **more: Any) -> type[BaseModel]:
    """The shape of metadata, drawn from rules/fields.py. Unknown keys are kept, under `custom`."""
    rows: dict[str, Any] = {
        row.key: (
            _JSON_TYPES[row.kind],
            Field(default=None, title=row.label, description=f"{row.hint} {LIMITS[row.kind]}"),
        )
        for row in FIELDS
        if row.card is of_card
    }
    return create_model(
        name,
        __config__=ConfigDict(extra="allow", strict=True),
        __doc__='What is known of a version (the guide, "Version Metadata").',
        **rows,
        **more,
    )


CardFacts = _metadata_shape("CardFacts", True)


Metadata = _metadata_shape(
    "Metadata",
    False,
    card=(CardFacts | None, Field(default=None, description="Facts for the model card.")),
    custom=(dict[str, Any] | None, Field(default=None, description="Whatever else you keep; unknown keys land here.")),
)


class VersionIn(Input):
    """A version to create."""

    version: str = Field(description="Semantic Versioning 2.0.0.", examples=["1.2.0"])
    commit_sha: str | None = Field(default=None, description=_COMMIT_SHA, examples=["7be41c9"])
    training_job_id: str | None = Field(default=None, description=_TRAINING_JOB, examples=["mlflow/churn-2291"])
    description: str | None = Field(default=None, description=_DESCRIPTION)
    metadata: Metadata | None = None  # type: ignore[valid-type]
    from_: str | None = Field(
        default=None,
        alias="from",
        description="A version of this model to begin from: `metadata` is then a JSON Merge Patch of that version's.",
    )
    copy_artifacts: list[str] = Field(
        default=[],
        description="Paths of files to take along from that version. They are stored once and not sent again; files "
        "that are quarantined, damaged or still being looked through are refused.",
    )


class VersionPatch(Input):
    """
    What to change of a version, as a JSON Merge Patch: fields left out stay, null takes one away, also inside
    `metadata`.
    """

    version: str | None = Field(default=None, description="May be corrected until the version was first submitted.")
    commit_sha: str | None = Field(default=None, description=_COMMIT_SHA)
    training_job_id: str | None = Field(default=None, description=_TRAINING_JOB)
    description: str | None = Field(default=None, description=_DESCRIPTION)
    metadata: dict[str, Any] | None = Field(default=None, description="Merged key by key (RFC 7396).")
    reason: str | None = Field(default=None, description="Why, for the record; no field of the version itself.")


class PassageOut(Shape):
    """A state a version came into."""

    state: StateName
    at: Moment
    by: str


class FlagOut(Shape):
    """What stands beside the state of a version: who set it, when and why."""

    by: str
    at: Moment
    reason: str


class MissingOut(Shape):
    """A field that is missing, and why it matters."""

    field: str
    why: str


class CompletenessOut(Shape):
    """How complete the metadata is, from 0 to 1."""

    score: float
    missing: list[MissingOut]


class VersionOut(Shape):
    """A version."""

    id: str
    model: str
    version: str
    number: int
    description: str | None
    state: StateName
    history: list[PassageOut]
    closed: FlagOut | None = None
    hold: FlagOut | None = None
    commit_sha: str | None
    training_job_id: str | None
    metadata: dict[str, Any]
    content_digest: str | None = None
    next_review_at: Moment | None = Field(
        default=None, description="In PRODUCTION: until when an MRC is to look at it again."
    )
    completeness: CompletenessOut
    created_at: Moment
    created_by: str
    submitted_at: Moment | None
    submitted_by: str | None
    revision: int = Field(description="Counts the edits; `ETag` says the same.")


class ReasonOut(Shape):
    """Why a move is not open, and what to do."""

    code: str
    message: str
    remedy: str


class RequirementOut(Shape):
    """What a move demands, and whether it is there. One that does not block is advice."""

    id: str
    met: bool
    message: str
    remedy: str
    blocks: bool
    lifted_by: str | None = Field(default=None, description="The exception by which alone it counts as met.")


class MoveOut(Shape):
    """A move that the lifecycle has from here."""

    to: StateName
    allowed: bool
    reasons: list[ReasonOut]
    requirements: list[RequirementOut]
