"""Which files may leave, and why the others may not: bytes that broke, code that is blocked, a look not yet taken."""

from collections.abc import Sequence

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import waivers
from modelkeep_server.features.artifacts.views import Artifact, ArtifactStatus
from modelkeep_server.inspection.report import Verdict
from modelkeep_server.rules.errors import Conflict, FileBlocked, IntegrityBroken, StateForbids

FINDINGS_TOLD = 3


def demand_available(work: Work, artifact: Artifact) -> None:
    """
    Go on where the bytes of a file may leave. One statement where it is blocked, else none.

    Raises:
        IntegrityBroken: The stored bytes are not those that were uploaded.
        FileBlocked: It is blocked, and nobody released it. StateForbids: it is still being looked through.
    """
    reason = find_reasons(work, [artifact]).get(artifact.key)
    if reason is not None:
        raise reason


def find_reasons(work: Work, files: Sequence[Artifact]) -> dict[int, Conflict]:
    """Why the bytes of these files may not leave now, by the inside id of those that may not. One statement at most."""
    blocked = [file.key for file in files if _is_blocked(file) and not file.is_damaged]
    released = waivers.list_released(work, blocked)
    return {file.key: reason for file in files if (reason := _reason(file, is_released=file.key in released))}


def _is_blocked(file: Artifact) -> bool:
    return file.scan is not None and file.scan.verdict is Verdict.BLOCKED


def _reason(file: Artifact, *, is_released: bool) -> Conflict | None:
    if file.is_damaged:
        return IntegrityBroken(f"{file.path} is quarantined: its stored bytes are not those that were uploaded.")
    if _is_blocked(file):
        return None if is_released else FileBlocked(_say_blocked(file))
    if file.status is ArtifactStatus.PENDING:
        return StateForbids(f"{file.path} is still being looked through.", remedy="Try again in a moment.")
    if file.status is ArtifactStatus.QUARANTINED:
        return IntegrityBroken(f"{file.path} is quarantined and cannot be downloaded.")
    return None


def _say_blocked(file: Artifact) -> str:
    findings = file.scan.findings if file.scan is not None else ()
    told = "; ".join(f"{finding.rule}: {finding.detail}" for finding in findings[:FINDINGS_TOLD])
    more = f"; and {len(findings) - FINDINGS_TOLD} more" if len(findings) > FINDINGS_TOLD else ""
    return f"{file.path} is blocked: {told}{more}." if told else f"{file.path} is blocked."
