"""What the registry says of a file."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ArtifactType(StrEnum):
    """What part of the model a file is (the guide, "Artifact Types")."""

    WEIGHTS = "WEIGHTS"
    CONTAINER = "CONTAINER"
    TOKENIZER = "TOKENIZER"
    CONFIG = "CONFIG"


class ArtifactStatus(StrEnum):
    """AVAILABLE, still being scanned (PENDING), or withheld (QUARANTINED)."""

    AVAILABLE = "AVAILABLE"
    PENDING = "PENDING"
    QUARANTINED = "QUARANTINED"


@dataclass(frozen=True)
class Artifact:
    """A file of a version. `sha256` is of the plain bytes, bare hex. `format` is None until scanned."""

    key: int
    id: str
    version_key: int
    path: str
    type: ArtifactType
    size_bytes: int
    sha256: str
    format: str | None
    status: ArtifactStatus
    uploaded_by: str
    uploaded_at: datetime

    @property
    def etag(self) -> str:
        """The entity tag of the bytes, as HTTP writes it."""
        return f'"{self.sha256}"'


@dataclass(frozen=True)
class NewLink:
    """A download link just made. `path` is the URL's path with the handle, shown once."""

    path: str = field(repr=False)
    expires_at: datetime
    sha256: str
    size_bytes: int
