"""Where tests keep their files: in memory where there is room, since a disk makes them wait for each commit."""

import os
import shutil
from pathlib import Path

_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 4 * 1024**3


def prefer_memory() -> Path | None:
    """
    Have pytest make its folders on a file system in memory, where there is one with 4 GiB free, and memory too.

    Returns:
        That file system, for what else works with many files; None where there is none.
    """
    if not os.access(_MEMORY, os.W_OK) or shutil.disk_usage(_MEMORY).free < _ROOM_BYTES:
        return None
    if os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") < _ROOM_BYTES:
        return None
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))
    return _MEMORY
