"""
Printing in a process of its own, one for each document: what takes too long is ended, and what it took is given back.

The process is this interpreter with `setting.py`. It gets no environment, and the data through a pipe.
"""

import json
import math
import re
import subprocess
import sys
import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from modelkeep_server.ports import PrinterDown, PrintingTooLong

SECONDS = 30.0
AT_ONCE = 2
DATA_BYTES_MAX = 32 * 1024 * 1024
PIXELS_MAX = 40_000_000
_BOOT = "import sys; sys.path[:] = {path!r}; from modelkeep_server.adapters.pdf.setting import main; main()"
_SIZE = re.compile(r"<svg[^>]*?\bwidth=\"([0-9.]+)\"[^>]*?\bheight=\"([0-9.]+)\"", re.DOTALL)
_SAID_CHARS = 300
_DOTS_PER_INCH = 96.0


class Press:
    """A Printer. More than `AT_ONCE` documents wait for one another: each takes a processor and memory of its own."""

    def __init__(self, *, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._turns = threading.BoundedSemaphore(AT_ONCE)

    def print_card(self, document: Mapping[str, Any], *, made_at: datetime) -> bytes:
        """See Printer.print_card."""
        return self._make({"what": "card", "data": document, "at": int(made_at.timestamp())}, b"%PDF-")

    def draw_png(self, svg: str, *, scale: float = 2.0) -> bytes:
        """See Printer.draw_png."""
        found = _SIZE.search(svg)
        pixels = float(found[1]) * float(found[2]) * scale * scale if found else 0.0
        if pixels > PIXELS_MAX:
            scale *= math.sqrt(PIXELS_MAX / pixels)
        return self._make({"what": "drawing", "data": svg, "dots": _DOTS_PER_INCH * scale}, b"\x89PNG")

    def _make(self, order: Mapping[str, Any], begins: bytes) -> bytes:
        sent = json.dumps(order).encode()
        if len(sent) > DATA_BYTES_MAX:
            raise PrintingTooLong(f"It takes {len(sent)} bytes to say what to print.")
        if not self._turns.acquire(timeout=self._seconds):
            raise PrintingTooLong("Others were printed all the while.")
        try:
            made = self._run(sent)
        finally:
            self._turns.release()
        if made.returncode != 0 or not made.stdout.startswith(begins):
            said = made.stderr.decode(errors="replace").strip()[:_SAID_CHARS]
            raise PrinterDown(f"The process that prints ended with {made.returncode}. {said}".strip())
        return made.stdout

    def _run(self, sent: bytes) -> subprocess.CompletedProcess[bytes]:
        boot = _BOOT.format(path=[entry for entry in sys.path if entry])
        try:
            return subprocess.run(  # noqa: S603 - this very interpreter, with words of our own
                [sys.executable, "-I", "-c", boot],
                input=sent,
                capture_output=True,
                cwd="/",
                env={"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
                timeout=self._seconds,
                check=False,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired as error:
            raise PrintingTooLong(f"It was not done after {self._seconds:.0f} seconds.") from error
        except OSError as error:
            raise PrinterDown("The process that prints cannot be started.") from error
