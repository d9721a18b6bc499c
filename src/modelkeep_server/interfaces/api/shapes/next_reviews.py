"""The JSON of looking at versions in production again."""

from pydantic import Field

from modelkeep_server.interfaces.api.shapes.base import Input, Moment, Shape, TierName


class AttestationIn(Input):
    """That a version in production was looked at again, and may stay."""

    comment: str = Field(description="What was looked at, and what came of it. At most 4,000 characters.")
    digest: str | None = Field(
        default=None, description="`contentDigest` of what was looked at; refused where the version holds another."
    )


class AttestationOut(Shape):
    """That an MRC looked at a version in production again."""

    id: str
    by: str
    comment: str
    digest: str
    risk_tier: TierName = Field(description="The model's risk tier at that time.")
    at: Moment
    next_review_at: Moment = Field(description="Until when it held, by that risk tier.")


class NextReviewOut(Shape):
    """A version in production, and until when it is to be looked at again."""

    model: str
    version: str
    risk_tier: TierName
    next_review_at: Moment
    overdue: bool
