"""How much memory a process takes while something is done, on Linux. Source: proc(5)."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
_EVERY_SECONDS = 0.1
#: Makes the kernel count the highest resident size of a process anew.
_RESET_HIGHEST = "5"


@dataclass
class Growth:
    """
    How far memory grew since the block began, at its highest, in MiB; known once the block has ended.

    `own` is the process itself, by its resident size. `helpers` are all processes below it together, by their
    proportional size, so that what they share counts once.
    """

    own: float = 0
    helpers: float = 0


def resident_bytes(pid: int) -> int:
    """What a process holds now."""
    return _status_bytes(pid, "VmRSS:")


@contextlib.contextmanager
def growth_of(pid: int) -> Iterator[Growth]:
    """
    Watch a process and those below it until the block ends.

    The kernel tells the highest size of the process, so that nothing falls between two looks; where it cannot be told
    to count anew, looks are all there is. Let the process do the same thing on a small scale before.
    """
    growth, ended = Growth(), threading.Event()
    counts_anew = _count_anew(pid)
    own_before, helpers_before = resident_bytes(pid), _helper_bytes(pid)
    own, helpers = [own_before], [helpers_before]

    def watch() -> None:
        while not ended.wait(_EVERY_SECONDS):
            own[0] = max(own[0], resident_bytes(pid))
            helpers[0] = max(helpers[0], _helper_bytes(pid))

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield growth
    finally:
        ended.set()
        watching.join()
    highest = max(own[0], _status_bytes(pid, "VmHWM:") if counts_anew else resident_bytes(pid))
    growth.own = (highest - own_before) / MIB
    growth.helpers = (helpers[0] - helpers_before) / MIB


def _status_bytes(pid: int, row: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(row):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"Process {pid} does not say what it holds.")


def _count_anew(pid: int) -> bool:
    try:
        Path(f"/proc/{pid}/clear_refs").write_text(_RESET_HIGHEST)
    except OSError:
        return False
    return True


def _helper_bytes(pid: int) -> int:
    return sum(_proportional_bytes(below) for below in _list_below(pid))


def _list_below(pid: int) -> Iterator[int]:
    """The processes that one started, and those that they did. Any may have ended meanwhile."""
    with contextlib.suppress(OSError):
        for told in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in told.read_text().split():
                yield int(child)
                yield from _list_below(int(child))


def _proportional_bytes(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
