"""
What was found in a file, sealed: its own words stand in the database as little in plain as its bytes on the disk.
"""

from typing import Any

from modelkeep_server.db import sealing
from modelkeep_server.db.work import Work
from modelkeep_server.kit import canonical

_PURPOSE = "scans"


def seal_words(work: Work, blob_key: int, words: Any) -> bytes:
    """JSON values, sealed for the report on one blob."""
    return sealing.seal(work, _PURPOSE, canonical.dumps(words).encode(), place=_place(blob_key))


def open_words(work: Work, blob_key: int, sealed: bytes) -> Any:
    """The JSON values again; None where they were changed, which verifying the log tells."""
    try:
        opened = sealing.unseal(work, _PURPOSE, sealed, place=_place(blob_key))
    except sealing.SealBroken:
        return None
    return canonical.loads(opened.decode())


def _place(blob_key: int) -> str:
    return f"mk1|scan|{blob_key}"
