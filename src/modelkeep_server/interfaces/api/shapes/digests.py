"""The JSON of where a digest is found."""

from typing import Literal

from pydantic import Field

from modelkeep_server.interfaces.api.shapes.base import Moment, Shape, StateName, TierName


class DigestPlaceOut(Shape):
    """A file that a digest leads to, and how the version it belongs to stands."""

    model: str
    version: str
    path: str
    type: Literal["WEIGHTS", "CONTAINER", "TOKENIZER", "CONFIG"]
    state: StateName
    hold: bool = Field(description="The version is on hold: nothing of it goes out.")
    closed: bool = Field(description="The version goes no further.")
    status: Literal["AVAILABLE", "PENDING", "QUARANTINED"]
    verdict: Literal["CLEAN_DATA", "CODE_ALLOWLISTED", "UNKNOWN", "BLOCKED", "PENDING"] | None = Field(
        description="What looking through the file found; null until it was looked through."
    )
    risk_tier: TierName
    uploaded_at: Moment
    is_image: bool = Field(
        description="The digest is that of the container image which the file holds or refers to, not of its bytes."
    )
