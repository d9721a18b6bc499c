"""What the registry tells of files: those of versions, on their way in and out, and of who answers for one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from modelkeep.told import Told


@dataclass(frozen=True, kw_only=True)
class ScanFinding(Told):
    """One thing that was found in a file: a short stable name, and a sentence."""

    rule: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Scan(Told):
    """What looking through a file found: CLEAN_DATA, CODE_ALLOWLISTED, UNKNOWN, BLOCKED or PENDING."""

    verdict: str
    findings: tuple[ScanFinding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Artifact(Told):
    """
    A file of a version. `path` has its folders; `format` and `scan` are None until it was scanned. `status`: AVAILABLE,
    or PENDING or QUARANTINED, which cannot be downloaded; unless somebody answers for it: `waiver`, the API's JSON.
    """

    path: str
    type: str
    size_bytes: int
    sha256: str
    format: str | None = None
    status: str
    scan: Scan | None = None
    waiver: Mapping[str, Any] | None = None
    uploaded_by: str
    uploaded_at: datetime


@dataclass(frozen=True, kw_only=True)
class DigestPlace(Told):
    """
    A file that a digest leads to, and how its version stands. `is_image`: by the container image that it holds.
    """

    model: str
    version: str
    path: str
    type: str
    state: str
    hold: bool
    closed: bool
    status: str
    verdict: str | None
    risk_tier: str
    uploaded_at: datetime
    is_image: bool = False

    @property
    def address(self) -> str:
        """`GROUP/NAME:VERSION`."""
        return f"{self.model}:{self.version}"


@dataclass(frozen=True, kw_only=True)
class Link(Told):
    """A link that opens one file by itself until it expires."""

    url: str
    expires_at: datetime
    sha256: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class BundleLink(Told):
    """A link to all files of a version as one ZIP of `size_bytes`."""

    url: str = field(repr=False)
    expires_at: datetime
    files: int
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class Download(Told):
    """
    A download of a file. `by` is None where the log no longer says whose. `with_all`: in the ZIP of all files, of which
    `sent_bytes` are then; None until it is over, and of one that the registry did not see the end of.
    """

    by: str | None
    at: datetime
    ended_at: datetime | None = None
    sent_bytes: int | None = None
    whole: bool
    with_all: bool


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
