"""What the registry tells of files on their way in, and of who answers for one. See also `modelkeep.models`."""

from dataclasses import dataclass
from datetime import datetime

from modelkeep.models import Artifact, Told


@dataclass(frozen=True, kw_only=True)
class UploadPart(Told):
    """Bytes of an upload that are stored, from `start` on. `sha256` is of them alone."""

    start: int
    size_bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Upload(Told):
    """
    A file on its way in. `model` is `GROUP/NAME`; `sha256` is what was promised, where it was. `parts` and, once it is
    finished, `artifact` are told of one upload alone, not in lists.
    """

    id: str
    model: str
    version: str
    path: str
    type: str
    size_bytes: int
    offset_bytes: int
    sha256: str | None = None
    created_at: datetime
    expires_at: datetime
    parts: tuple[UploadPart, ...] = ()
    artifact: Artifact | None = None

    @property
    def address(self) -> str:
        """`GROUP/NAME:VERSION/PATH`."""
        return f"{self.model}:{self.version}/{self.path}"


@dataclass(frozen=True, kw_only=True)
class Waiver(Told):
    """
    Somebody answers for a file: `kind` RELEASE, a BLOCKED one may be downloaded, or WAIVE, an UNKNOWN one is accepted;
    until `expires_at`, or `ended_at` where it was ended before that.
    """

    id: str
    kind: str
    by: str
    reason: str
    created_at: datetime
    expires_at: datetime
    ended_by: str | None = None
    ended_at: datetime | None = None


def is_released(artifact: Artifact) -> bool:
    """Whether somebody answers for a file that would be held back else."""
    return artifact.waiver is not None and artifact.waiver.get("kind") == "RELEASE"


def is_held_back(artifact: Artifact) -> bool:
    """Whether the file cannot be downloaded, now or at all. A quarantined one can where somebody released it."""
    return artifact.status != "AVAILABLE" and not (artifact.status == "QUARANTINED" and is_released(artifact))
