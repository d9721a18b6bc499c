"""Figures with the aim beside each, as a table for people and as JSON."""

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from bench.calls import BARE, Measured
from bench.desk import Timed
from bench.files import AT_ONCE, Speed
from bench.peers import PeerFigures
from bench.ranges import RangeTimes
from bench.stores import FOLDER, StoreFigures

#: The least speed of each kind at 16 clients, over that of the bare route.
OF_BARE = {"GET model": 0.35}
START_SECONDS, IDLE_MIB = 1.5, 200.0
#: Of one file with the folder store; a server of S3 takes its own part of the machine, so there only figures are told.
#: An act with the least speed over that of openssl, and the one that would be better still.
OF_OPENSSL: dict[str, tuple[float, float | None]] = {"upload": (0.33, 0.5), "download": (0.75, None)}
RANGE_P50_MS = 2.0


@dataclass(frozen=True)
class Figures:
    """All that was measured. `peak_mib`: the most memory while requests were answered; each store tells its own."""

    start_seconds: float
    idle_mib: float
    peak_mib: float
    calls: Sequence[Measured]
    steps: Sequence[Timed]
    stores: Sequence[StoreFigures]
    peers: PeerFigures | None


@dataclass(frozen=True)
class Aimed:
    """A figure and what it should be; `at_least` says on which side of the aim it should lie."""

    name: str
    value: float
    aim: float
    at_least: bool
    stretch: float | None = None

    @property
    def is_reached(self) -> bool:
        """Whether the figure is as good as it should be."""
        return self.value >= self.aim if self.at_least else self.value < self.aim


def aims_of(figures: Figures) -> list[Aimed]:
    """The figures that have an aim."""
    aims = [
        Aimed("start, seconds", figures.start_seconds, START_SECONDS, at_least=False),
        Aimed("idle memory, MiB", figures.idle_mib, IDLE_MIB, at_least=False),
    ]
    aims += [
        Aimed(f"{call.name} at 16 clients, of bare", call.of_bare, OF_BARE[call.name], at_least=True)
        for call in figures.calls
        if call.clients == 16 and call.name in OF_BARE
    ]
    aims += [Aimed(f"{step.name}, ms", step.p50_ms, step.aim_ms, at_least=False) for step in figures.steps]
    for stored in figures.stores:
        if stored.store != FOLDER:
            continue
        for speed in stored.speeds:
            if speed.at_once == 1:
                aim, stretch = OF_OPENSSL[speed.act]
                aims.append(Aimed(f"{speed.act}, of openssl", speed.of_openssl, aim, at_least=True, stretch=stretch))
        aims.append(Aimed("64 KiB range p50, ms", stored.ranges.p50_ms, RANGE_P50_MS, at_least=False))
    return aims


def draw(figures: Figures, search: Sequence[str], aims: Sequence[Aimed]) -> str:
    """The tables. `search` are the lines of what is drawn elsewhere."""
    lines = [*_draw_calls(figures.calls), ""]
    if figures.steps:
        lines += [*_draw_steps(figures.steps), ""]
    if search:
        lines += [*search, ""]
    if figures.peers is not None:
        lines += [*_draw_files(figures.peers, figures.stores), ""]
        lines += [*_draw_ranges(figures.peers, figures.stores), ""]
    lines += [f"{'peak memory':34}{'MiB':>9}", f"{'requests':34}{figures.peak_mib:9.0f}"]
    lines += [f"{'files, ' + stored.store:34}{stored.peak_mib:9.0f}" for stored in figures.stores]
    return "\n".join([*lines, "", *draw_aims(aims)])


def draw_aims(aims: Sequence[Aimed]) -> list[str]:
    """Each aim with its figure."""
    lines = [f"{'aim':34}{'is':>9}{'should be':>13}"]
    for aimed in aims:
        should = f"{'>=' if aimed.at_least else '<'} {aimed.aim:g}"
        verdict = "" if aimed.is_reached else "   missed"
        stretch = f"   (better: {aimed.stretch:g})" if aimed.stretch else ""
        lines.append(f"{aimed.name:34}{aimed.value:9.2f}{should:>13}{verdict}{stretch}")
    return lines


def _draw_calls(calls: Sequence[Measured]) -> list[str]:
    lines = [f"{'request':12}{'clients':>8}{'per second':>12}{'p50 ms':>9}{'p95 ms':>9}{'of bare':>9}"]
    for call in calls:
        of_bare = "" if call.name == BARE else f"{call.of_bare:.2f}"
        lines.append(
            f"{call.name:12}{call.clients:8}{call.per_second:12.0f}{call.p50_ms:9.2f}{call.p95_ms:9.2f}{of_bare:>9}"
        )
    return [*lines, "bare: a FastAPI `def` route with the same response model; no database, no sign-in, same uvicorn"]


def _draw_steps(steps: Sequence[Timed]) -> list[str]:
    lines = [f"{'governance, cards and lineage':36}{'count':>7}{'p50 ms':>9}{'p95 ms':>9}"]
    return [*lines, *(f"{step.name:36}{step.count:7}{step.p50_ms:9.2f}{step.p95_ms:9.2f}" for step in steps)]


def _draw_files(peers: PeerFigures, stores: Sequence[StoreFigures]) -> list[str]:
    """A row for each act of each, with one file and four at once beside each other."""
    speeds = [*peers.speeds, *(speed for stored in stores for speed in stored.speeds)]
    lines = [
        f"{'files':22}" + "".join(f"{f'MiB/s, {at_once} at once':>20}{'of openssl':>12}" for at_once in AT_ONCE),
        f"{'openssl':22}"
        + "".join(
            f"{statistics.median(speed.openssl for speed in speeds if speed.at_once == at_once):20.0f}{'':12}"
            for at_once in AT_ONCE
        ),
    ]
    rows: dict[str, list[Speed]] = {}
    for speed in speeds:
        rows.setdefault(f"{speed.who} {speed.act}", []).append(speed)
    for name, found in rows.items():
        lines.append(f"{name:22}" + "".join(f"{one.mib_per_second:20.0f}{one.of_openssl:12.2f}" for one in found))
    lines += peers.notes
    lines.append(
        "of openssl: over as many `openssl dgst -sha256` of the same files, run just before; cp ends with a sync,"
    )
    return [*lines, "nginx writes without one; folder and s3: the registry with that store"]


def _draw_ranges(peers: PeerFigures, stores: Sequence[StoreFigures]) -> list[str]:
    found: list[RangeTimes] = [stored.ranges for stored in stores]
    if peers.ranges is not None:
        found.insert(0, peers.ranges)
    lines = [f"{'64 KiB ranges':22}{'p50 ms':>20}{'p95 ms':>12}"]
    return [*lines, *(f"{times.who:22}{times.p50_ms:20.2f}{times.p95_ms:12.2f}" for times in found)]


def machine() -> dict[str, object]:
    """What the figures were measured on, and how busy it was."""
    return {"python": platform.python_version(), "cores": os.cpu_count(), "load": os.getloadavg()}
