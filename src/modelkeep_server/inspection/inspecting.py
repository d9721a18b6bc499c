"""One file, looked through from its first byte to its last."""

from modelkeep_server.inspection.readers.reading import read_header
from modelkeep_server.inspection.recognising import recognise
from modelkeep_server.inspection.report import HEAD_BYTES, Report
from modelkeep_server.inspection.scanning.judging import judge
from modelkeep_server.inspection.source import Source


def inspect(source: Source) -> Report:
    """What format a file has, whether it brings code, and what its header says."""
    known = recognise(source)
    verdict, findings = judge(known, source)
    header = read_header(known, source)
    return Report(known, verdict, findings, header, head=source.read(0, HEAD_BYTES))
