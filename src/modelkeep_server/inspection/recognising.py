"""What format a file has, by its content alone."""

from modelkeep_server.inspection.source import Source
from modelkeep_server.rules.formats import Format


def recognise(source: Source) -> Format | None:
    """The format of the content, or None where no format of rules/formats.py fits."""
    head = source.read(0, 9)
    if len(head) == 9 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= source.size_bytes - 8:
        return Format.SAFETENSORS
    return None
