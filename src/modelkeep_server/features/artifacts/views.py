"""What the registry says of a file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from modelkeep_server.inspection.report import RULE_VERSION, Finding, Verdict
from modelkeep_server.rules.formats import ArtifactType


class ArtifactStatus(StrEnum):
    """AVAILABLE, still being scanned (PENDING), or withheld (QUARANTINED)."""

    AVAILABLE = "AVAILABLE"
    PENDING = "PENDING"
    QUARANTINED = "QUARANTINED"


def status_of(verdict: Verdict) -> ArtifactStatus:
    """Whether a file with this verdict may leave, where its bytes are whole and nobody released it."""
    if verdict is Verdict.PENDING:
        return ArtifactStatus.PENDING
    return ArtifactStatus.QUARANTINED if verdict is Verdict.BLOCKED else ArtifactStatus.AVAILABLE


@dataclass(frozen=True)
class Scan:
    """What looking through a file found. `is_stale`: the rules have changed since, and it is looked through anew."""

    verdict: Verdict
    rule_version: int
    findings: tuple[Finding, ...]
    scanned_at: datetime

    @property
    def is_stale(self) -> bool:
        """Whether rules of an earlier version judged it."""
        return self.rule_version < RULE_VERSION


class WaiverKind(StrEnum):
    """RELEASE opens a BLOCKED file, WAIVE accepts an UNKNOWN one."""

    RELEASE = "RELEASE"
    WAIVE = "WAIVE"


#: What a verdict asks of a Security Architect; the others ask for nothing.
ANSWERS_FOR: Mapping[Verdict, WaiverKind] = {Verdict.BLOCKED: WaiverKind.RELEASE, Verdict.UNKNOWN: WaiverKind.WAIVE}


@dataclass(frozen=True)
class Waiver:
    """Somebody answers for a file until a time. People by e-mail. `ended_at` is set where it was ended before that."""

    key: int
    id: str
    kind: WaiverKind
    by: str
    reason: str
    created_at: datetime
    expires_at: datetime
    ended_by: str | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True)
class Artifact:
    """
    A file of a version. `sha256` is of the plain bytes, bare hex. `format` and `scan` are None until it was looked
    through. `waiver` is the one that holds now; `is_damaged`: its stored bytes are not those that were uploaded.
    """

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
    scan: Scan | None = None
    waiver: Waiver | None = None
    is_damaged: bool = False

    @property
    def is_released(self) -> bool:
        """Whether it may be downloaded although it is BLOCKED, since somebody answers for it."""
        return (
            self.waiver is not None
            and self.waiver.kind is WaiverKind.RELEASE
            and self.scan is not None
            and self.scan.verdict is Verdict.BLOCKED
            and not self.is_damaged
        )

    @property
    def is_unfit(self) -> bool:
        """Whether it is withheld since it is not of the format that its type or name promises."""
        is_judged = self.scan is not None and self.scan.verdict is not Verdict.BLOCKED
        return self.status is ArtifactStatus.QUARANTINED and is_judged and not self.is_damaged

    @property
    def is_answered(self) -> bool:
        """Whether the waiver that holds is one that the verdict asks for; a later look may have changed the verdict."""
        if self.waiver is None or self.scan is None:
            return False
        return ANSWERS_FOR.get(self.scan.verdict) is self.waiver.kind

    @property
    def may_leave(self) -> bool:
        """Whether it may be downloaded, by whoever may download from its version."""
        return self.status is ArtifactStatus.AVAILABLE or self.is_released

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
