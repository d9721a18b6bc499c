"""The JSON of activity lists."""

from pydantic import Field

from modelkeep_server.interfaces.api.shapes.base import Moment, Shape


class ActivityObjectOut(Shape):
    """What was acted on: a model, a version or a file, and its address as it is today."""

    kind: str = Field(examples=["version"])
    id: str
    address: str = Field(examples=["customer-analytics/customer-churn-predictor:1.3.0"])


class ActivityOut(Shape):
    """One thing that somebody did. The event of the log with this `sequence` says it in full, to those who may read."""

    sequence: int
    id: str
    at: Moment
    action: str = Field(examples=["version.create"])
    says: str = Field(description="`<by> <says> <object>` is a sentence.", examples=["created version"])
    by: str = Field(description="An e-mail; `operator@HOST` or `modelkeep` for what no person did.")
    name: str | None
    object: ActivityObjectOut
    changed: list[str] = Field(description="The fields that an edit changed.", examples=[["description", "tags"]])
    was: list[str] = Field(
        default=[], description="Before: owners, the risk tier, what a collaborator may do, which lineage."
    )
    became: list[str] = Field(default=[], description="After, likewise.")
    reason: str | None
