"""What was found in files, said to people: verdicts that ask for attention, and files that are held back."""

from modelkeep.cli.output import note
from modelkeep.stored import Artifact, is_held_back, is_released

QUARANTINED = "QUARANTINED"
FINDINGS_SHOWN = 5


def verdict_of(artifact: Artifact) -> str:
    """The verdict, in the API's word; PENDING until there is one."""
    return artifact.scan.verdict if artifact.scan is not None else "PENDING"


def tell_verdict(artifact: Artifact) -> None:
    """A note where a file is held back or could not be judged, with what was found; nothing else is worth one."""
    verdict = verdict_of(artifact)
    if is_released(artifact) and artifact.waiver is not None:
        note(f"{verdict}: {artifact.path}, released by {artifact.waiver.get('by')}: {artifact.waiver.get('reason')}")
    elif artifact.status == QUARANTINED:
        note(f"QUARANTINED: {artifact.path} cannot be downloaded.")
    elif is_held_back(artifact):
        note(f"{artifact.status}: {artifact.path} cannot be downloaded until it was looked through.")
    elif verdict == "UNKNOWN":
        note(f"UNKNOWN: not all of {artifact.path} could be judged.")
    elif verdict == "PENDING":
        note(f"PENDING: {artifact.path} is still being looked through.")
    else:
        return
    findings = artifact.scan.findings if artifact.scan is not None else ()
    for finding in findings[:FINDINGS_SHOWN]:
        note(f"  {finding.rule}: {finding.detail}")
    if len(findings) > FINDINGS_SHOWN:
        note(f"  and {len(findings) - FINDINGS_SHOWN} more, which --json shows.")
