"""Figures with the aim beside each, as a table for people and as JSON."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass

from bench.calls import BARE, Measured
from bench.files import FileSpeed

#: The least speed of each kind at 16 clients, over that of the bare route.
OF_BARE = {"GET model": 0.35}
START_SECONDS, IDLE_MIB = 1.5, 200.0
UPLOAD_OF_OPENSSL, DOWNLOAD_OF_OPENSSL = 0.25, 0.7


@dataclass(frozen=True)
class Aimed:
    """A figure and what it should be; `at_least` says on which side of the aim it should lie."""

    name: str
    value: float
    aim: float
    at_least: bool

    @property
    def is_reached(self) -> bool:
        """Whether the figure is as good as it should be."""
        return self.value >= self.aim if self.at_least else self.value < self.aim


def aims_of(start_seconds: float, idle_mib: float, calls: Sequence[Measured], files: FileSpeed | None) -> list[Aimed]:
    """The figures that have an aim."""
    aims = [
        Aimed("start, seconds", start_seconds, START_SECONDS, at_least=False),
        Aimed("idle memory, MiB", idle_mib, IDLE_MIB, at_least=False),
    ]
    aims += [
        Aimed(f"{call.name} at 16 clients, of bare", call.of_bare, OF_BARE[call.name], at_least=True)
        for call in calls
        if call.clients == 16 and call.name in OF_BARE
    ]
    if files is not None:
        aims.append(Aimed("upload, of openssl", files.upload_of_openssl, UPLOAD_OF_OPENSSL, at_least=True))
        aims.append(Aimed("download, of openssl", files.download_of_openssl, DOWNLOAD_OF_OPENSSL, at_least=True))
    return aims


def draw(calls: Sequence[Measured], files: FileSpeed | None, aims: Sequence[Aimed]) -> str:
    """The tables."""
    lines = [f"{'request':12}{'clients':>8}{'per second':>12}{'p50 ms':>9}{'p95 ms':>9}{'of bare':>9}"]
    for call in calls:
        of_bare = "" if call.name == BARE else f"{call.of_bare:.2f}"
        lines.append(
            f"{call.name:12}{call.clients:8}{call.per_second:12.0f}{call.p50_ms:9.2f}{call.p95_ms:9.2f}{of_bare:>9}"
        )
    lines.append("bare: a FastAPI `def` route with the same response model; no database, no sign-in, same uvicorn\n")
    if files is not None:
        lines.append(f"{'file':12}{'MiB/s':>8}{'of openssl':>12}")
        lines.append(f"{'openssl':12}{files.openssl:8.0f}")
        lines.append(f"{'upload':12}{files.upload:8.0f}{files.upload_of_openssl:12.2f}")
        lines.append(f"{'download':12}{files.download:8.0f}{files.download_of_openssl:12.2f}\n")
    lines.append(f"{'aim':34}{'is':>9}{'should be':>13}")
    for aimed in aims:
        should = f"{'>=' if aimed.at_least else '<'} {aimed.aim:g}"
        verdict = "" if aimed.is_reached else "   missed"
        lines.append(f"{aimed.name:34}{aimed.value:9.2f}{should:>13}{verdict}")
    return "\n".join(lines)


def machine() -> dict[str, object]:
    """What the figures were measured on, and how busy it was."""
    return {"python": platform.python_version(), "cores": os.cpu_count(), "load": os.getloadavg()}
