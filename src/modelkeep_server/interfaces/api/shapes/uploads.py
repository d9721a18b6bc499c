"""The JSON of uploads under way."""

from pydantic import Field

from modelkeep_server.interfaces.api.shapes.artifacts import ArtifactOut
from modelkeep_server.interfaces.api.shapes.base import FileType, Moment, Shape


class UploadOut(Shape):
    """An upload of one's own that is under way."""

    id: str = Field(description="It goes on at `/api/v1/uploads/{id}`.")
    model: str
    version: str
    path: str
    type: FileType
    size_bytes: int
    offset_bytes: int = Field(description="How many bytes are stored and read back: the next one goes on here.")
    sha256: str | None = Field(default=None, description="What was promised for the whole file, where it was.")
    created_at: Moment
    expires_at: Moment = Field(description="Until then it can go on; each progress moves it.")


class StretchOut(Shape):
    """A run of bytes that is stored."""

    start: int = Field(description="The offset of its first byte in the file.")
    size_bytes: int
    sha256: str = Field(description="Of these bytes: whoever goes on compares it with the file they have.")


class UploadDetailOut(UploadOut):
    """An upload of one's own, with what is stored of it, and the file once it is published."""

    parts: list[StretchOut]
    artifact: ArtifactOut | None = Field(default=None, description="The file, once the last byte was taken.")
