"""Which reader reads which format."""

from modelkeep_server.inspection.report import Header
from modelkeep_server.inspection.source import Source
from modelkeep_server.rules.formats import Format


def read_header(known: Format | None, source: Source) -> Header:
    """What the file says of itself; an empty header where its format tells nothing."""
    del known, source
    return Header()
