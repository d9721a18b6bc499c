"""The JSON of the API: camelCase outside, snake_case inside. Input refuses unknown fields."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, create_model
from pydantic.alias_generators import to_camel

from modelkeep_server.kit import clock
from modelkeep_server.rules import fields
from modelkeep_server.rules.fields import FIELDS, Kind
from modelkeep_server.rules.permissions import Role, Scope

T = TypeVar("T")

Moment = Annotated[
    datetime,
    PlainSerializer(clock.iso_seconds, return_type=str, when_used="json"),
    Field(examples=["2026-01-31T09:00:00Z"]),
]
StateName = Literal[
    "DRAFT",
    "SUBMITTED",
    "CHANGES_REQUESTED",
    "APPROVED_STAGING",
    "STAGING",
    "APPROVED_PROD",
    "PRODUCTION",
    "DEPRECATED",
    "RETIRED",
]
TierName = Literal["LOW", "MEDIUM", "HIGH"]


class Shape(BaseModel):
    """What the API gives out."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True)


class Input(Shape):
    """What the API takes in: a field that is not known is an error, never dropped."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=False, extra="forbid", strict=True, str_max_length=200_000
    )


class ProblemField(Shape):
    """One field at fault."""

    field: str
    message: str


class Problem(Shape):
    """Why a request was refused, what to do, and the id to name when asking for help (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    remedy: str
    request_id: str
    errors: list[ProblemField] = []


class PageOut(Shape, Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None = None
    total: int | None = None


class SourceOut(Shape):
    """A role and where it comes from."""

    role: Role
    source: str


class MeOut(Shape):
    """Who is asking, and what they may do: acts of the permissions table."""

    id: str
    email: str
    name: str
    roles: list[Role]
    sources: list[SourceOut]
    permissions: list[str]
    scopes: list[Scope] | None = None


class TokenIn(Input):
    """A personal token to make."""

    name: str
    scopes: list[Annotated[Scope, Field(strict=False)]] = [Scope.READ, Scope.WRITE, Scope.DOWNLOAD]
    days: int | None = None


class TokenOut(Shape):
    """A personal token. `token` is its secret, there only in the answer that made it."""

    id: str
    name: str
    scopes: list[Scope]
    expires_at: Moment
    last_used_at: Moment | None = None
    created_at: Moment
    token: str | None = None


class ModelIn(Input):
    """A model to register (the guide, "Model Information Fields")."""

    name: str = Field(description="Unique within the group, ignoring case.", examples=["customer-churn-predictor"])
    group: str = Field(examples=["customer-analytics"])
    description: str = Field(description=f"1 to {fields.DESCRIPTION_CHARS} characters.")
    owners: list[str] = Field(
        description=f"1 to {fields.OWNERS_MAX} e-mail addresses.", examples=[["data-team@company.com"]]
    )
    risk_tier: TierName
    tags: list[str] = Field(
        default=[], description=f"At most {fields.TAGS_MAX} of {fields.TAG_CHARS} characters, without blanks."
    )
    documentation_url: str | None = Field(default=None, examples=["https://wiki.company.com/churn"])
    repository_url: str | None = Field(default=None, examples=["https://git.company.com/churn"])
    risk_rationale: str | None = None
    origin: Literal["INTERNAL", "VENDOR"] = "INTERNAL"
    visibility: Literal["INTERNAL", "RESTRICTED"] = "INTERNAL"


class ModelOut(Shape):
    """A model."""

    id: str
    group: str
    name: str
    description: str
    owners: list[str]
    registrar: str | None
    risk_rationale: str | None
    origin: Literal["INTERNAL", "VENDOR"]
    risk_tier: TierName
    tags: list[str]
    documentation_url: str | None
    repository_url: str | None
    visibility: Literal["INTERNAL", "RESTRICTED"]
    status: Literal["ACTIVE", "RETIRED"]
    created_at: Moment
    created_by: str
    updated_at: Moment


class NewestOut(Shape):
    """A version in a list of models."""

    version: str
    state: StateName


class CatalogueOut(ModelOut):
    """A model in the catalogue, with its newest versions."""

    newest: list[NewestOut]
    version_count: int


_JSON_TYPES: Mapping[Kind, Any] = {
    Kind.LINE: str | None,
    Kind.TEXT: str | None,
    Kind.DATE: str | None,
    Kind.SCHEMA: dict[str, Any] | None,
    Kind.OBJECT: dict[str, Any] | None,
    Kind.DATASET: dict[str, Any] | None,
    Kind.BASE_MODEL: dict[str, Any] | None,
}


def _metadata_shape(name: str, of_card: bool, **more: Any) -> type[BaseModel]:
    """The shape of metadata, drawn from rules/fields.py. Unknown keys are kept, under `custom`."""
    rows: dict[str, Any] = {
        row.key: (_JSON_TYPES[row.kind], Field(default=None, title=row.label, description=row.hint))
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
    commit_sha: str | None = Field(default=None, description="7 to 64 hexadecimal digits.", examples=["7be41c9"])
    training_job_id: str | None = Field(default=None, examples=["mlflow/churn-2291"])
    description: str | None = Field(default=None, description="One sentence on what is new.")
    metadata: Metadata | None = None  # type: ignore[valid-type]


class PassageOut(Shape):
    """A state a version came into."""

    state: StateName
    at: Moment
    by: str


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
    commit_sha: str | None
    training_job_id: str | None
    metadata: dict[str, Any]
    content_digest: str | None = None
    completeness: CompletenessOut
    created_at: Moment
    created_by: str
    submitted_at: Moment | None
    submitted_by: str | None


class ReasonOut(Shape):
    """Why a move is not open, and what to do."""

    code: str
    message: str
    remedy: str


class MoveOut(Shape):
    """A move that the lifecycle has from here."""

    to: StateName
    allowed: bool
    reasons: list[ReasonOut]
    requirements: list[dict[str, Any]] = []


class ArtifactOut(Shape):
    """A file of a version. `format` and `scan` are null until the file was scanned."""

    path: str
    type: Literal["WEIGHTS", "CONTAINER", "TOKENIZER", "CONFIG"]
    size_bytes: int
    sha256: str
    format: str | None
    status: Literal["AVAILABLE", "PENDING", "QUARANTINED"]
    scan: dict[str, Any] | None = None
    uploaded_by: str
    uploaded_at: Moment


class LinkIn(Input):
    """What a download link is for. Asked where the version is in production or beyond."""

    purpose: str | None = None


class LinkOut(Shape):
    """A download link. The URL opens the file until it expires."""

    url: str
    expires_at: Moment
    sha256: str
    size_bytes: int


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
    request_id: str


class ProofOut(Shape):
    """An inclusion proof (RFC 6962): hex hashes from the event's leaf to the signed root."""

    leaf: str
    index: int
    size: int
    path: list[str]
    root: str


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
