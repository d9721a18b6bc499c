"""The JSON of where a digest is found."""

from pydantic import Field

from modelkeep_server.interfaces.api.shapes.base import (
    FileStatus,
    FileType,
    Moment,
    Shape,
    StateName,
    TierName,
    VerdictName,
)


class DigestPlaceOut(Shape):
    """A file that a digest leads to, and how the version it belongs to stands."""

    model: str
    version: str
    path: str
    type: FileType
    state: StateName
    hold: bool = Field(description="The version is on hold: nothing of it goes out.")
    closed: bool = Field(description="The version goes no further.")
    status: FileStatus
    verdict: VerdictName | None = Field(
        description="What looking through the file found; null until it was looked through."
    )
    risk_tier: TierName
    uploaded_at: Moment
    is_image: bool = Field(
        description="The digest is that of the container image which the file holds or refers to, not of its bytes."
    )
