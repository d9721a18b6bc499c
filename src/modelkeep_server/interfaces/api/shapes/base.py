"""What all shapes share: names, moments, problems and pages of a list."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

from modelkeep_server.kit import clock
from modelkeep_server.kit.paging import Page

S = TypeVar("S")
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
FileType = Literal["WEIGHTS", "CONTAINER", "TOKENIZER", "CONFIG"]
FileStatus = Literal["AVAILABLE", "PENDING", "QUARANTINED"]
VerdictName = Literal["CLEAN_DATA", "CODE_ALLOWLISTED", "UNKNOWN", "BLOCKED", "PENDING"]

REASON = "Why, for the record."
Reason = Annotated[str | None, Field(description=REASON)]


class Shape(BaseModel):
    """What the API gives out."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True)


class Input(Shape):
    """What the API takes in: a field that is not known is an error, never dropped."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=False, extra="forbid", strict=True, str_max_length=200_000
    )


class ReasonIn(Input):
    """Why something is done."""

    reason: str = Field(description=REASON)


class OptionalReasonIn(Input):
    """Why something is done, where it may be left unsaid."""

    reason: Reason = None


class ProblemField(Shape):
    """One field at fault; of a query that cannot be read also where, and which query may have been meant."""

    field: str
    message: str
    position: int | None = Field(default=None, description="Which of its characters is the first at fault.")
    length: int | None = Field(default=None, description="How many are; 0 where something is missing.")
    suggestion: str | None = Field(default=None, description="The whole text put right.")


class Problem(Shape):
    """Why a request was refused, what to do, and the id to name when asking for help (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    remedy: str
    help: str | None = Field(
        default=None, description="Where this registry's own help says more, as a path: `/help/roles#the-six-roles`."
    )
    request_id: str
    errors: list[ProblemField] = []


class PageOut(Shape, Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None = None
    total: int | None = None

    @classmethod
    def of(cls, page: Page[S], draw: Callable[[S], T]) -> Self:
        """A page that a query gave, each item drawn."""
        return cls(items=[draw(item) for item in page.items], next_cursor=page.next_cursor, total=page.total)


def etag_of(revision: int) -> str:
    """The ETag of a revision."""
    return f'"r{revision}"'
