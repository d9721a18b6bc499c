"""The verdict on a file, by its format."""

from modelkeep_server.inspection.report import Finding, Verdict
from modelkeep_server.inspection.source import Source
from modelkeep_server.rules.formats import Format


def judge(known: Format | None, source: Source) -> tuple[Verdict, tuple[Finding, ...]]:
    """What the rules find in a file, and why."""
    if known is Format.SAFETENSORS and source.size_bytes:
        return Verdict.CLEAN_DATA, ()
    return Verdict.UNKNOWN, (Finding("format.unjudged", "No rule judges this format."),)
