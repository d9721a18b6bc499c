"""The JSON of files and their links."""

from typing import Any, Literal

from pydantic import Field

from modelkeep_server.interfaces.api.shapes.base import Input, Moment, Shape


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

    purpose: str | None = Field(default=None, description="What the file is fetched for; it stands in the audit log.")


class LinkOut(Shape):
    """A download link. The URL opens the file until it expires."""

    url: str
    expires_at: Moment
    sha256: str
    size_bytes: int
