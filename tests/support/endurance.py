"""
Promises that hold for long: one test body each, small in `make test`, at full size in `make endurance`.

A new promise is a test that asks for its size, and tells its figures once it holds:

    @pytest.mark.parametrize("kills", sizes(small=40, full=200))
    def test_kills_lose_nothing(kills: int, figures: Figures) -> None:
        lost = survive(kills)

        figures.tell("kills", kills)
        figures.tell("acknowledged writes lost", len(lost), at_most=0)
        assert lost == []

`make endurance` ends with one table of them all: what was measured, what was aimed at, whether it is met. An aim is
told and judged there; what must hold on every machine is asserted in the test. `FIGURES_FILE` names a file that takes
the same as JSON.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

_KEY = "figure"


def sizes(*, small: int | None = None, full: int) -> list[Any]:
    """The sizes of a promise, for `parametrize`. Without `small` it is kept by `make endurance` alone."""
    long = pytest.param(full, marks=pytest.mark.endurance, id=f"full-{full}")
    return [long] if small is None else [pytest.param(small, id=f"small-{small}"), long]


@dataclass(frozen=True)
class Figure:
    """Something that was measured. The aim is that it is `at_most` or `at_least` so much; a figure may have none."""

    name: str
    value: float
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None

    @property
    def is_met(self) -> bool:
        """The aim is met, or there is none."""
        above = self.at_most is not None and self.value > self.at_most
        below = self.at_least is not None and self.value < self.at_least
        return not above and not below

    @property
    def aim(self) -> str:
        """The aim in words; empty where there is none."""
        if self.at_most is not None:
            return f"≤ {_number(self.at_most)} {self.unit}".rstrip()
        return "" if self.at_least is None else f"≥ {_number(self.at_least)} {self.unit}".rstrip()


class Figures:
    """Takes the figures of one test, so that they reach the table from whichever worker it ran in."""

    def __init__(self, node: pytest.Item) -> None:
        self._node = node

    def tell(
        self, name: str, value: float, unit: str = "", *, at_most: float | None = None, at_least: float | None = None
    ) -> None:
        """Say what was measured, and the aim where there is one."""
        self._node.user_properties.append((_KEY, asdict(Figure(name, value, unit, at_most, at_least))))


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    """Where a long test tells what it measured."""
    return Figures(request.node)


@dataclass(frozen=True)
class Row:
    """A figure in the table, with the test that told it."""

    test: str
    passed: bool
    seconds: float
    figure: Figure


def summarise(reporter: pytest.TerminalReporter) -> None:
    """Print the table of the long tests that ran, and write it where `FIGURES_FILE` says."""
    reports = [report for kind in ("passed", "failed") for report in reporter.stats.get(kind, [])]
    rows = list(_rows_of(reports))
    if not rows:
        return
    reporter.section("figures of the long tests")
    for line in _draw(rows):
        reporter.write_line(line)
    wanted = os.environ.get("FIGURES_FILE")
    if wanted:
        Path(wanted).write_text(json.dumps([_as_json(row) for row in rows], indent=2, ensure_ascii=False) + "\n")


def _rows_of(reports: Sequence[Any]) -> Iterator[Row]:
    for report in reports:
        if report.when != "call" or "endurance" not in report.keywords:
            continue
        told = [Figure(**value) for name, value in report.user_properties if name == _KEY]
        name = report.nodeid.rpartition("::")[2].removeprefix("test_")
        for figure in told or [Figure("no figure was told", 0)]:
            yield Row(name, report.passed, report.duration, figure)


def _as_json(row: Row) -> dict[str, Any]:
    told = {"test": row.test, "passed": row.passed, "seconds": round(row.seconds, 1)}
    return {**told, **asdict(row.figure), "met": row.figure.is_met}


def _draw(rows: Sequence[Row]) -> Iterator[str]:
    cells = [("figure", "measured", "aim", "met")]
    cells += [
        (row.figure.name, f"{_number(row.figure.value)} {row.figure.unit}".rstrip(), row.figure.aim, _verdict(row))
        for row in rows
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(4)]
    head = ""
    yield "  ".join(cell.ljust(width) for cell, width in zip(cells[0], widths, strict=True)).rstrip()
    for row, line in zip(rows, cells[1:], strict=True):
        if row.test != head:
            head = row.test
            yield f"{row.test}: {'passed' if row.passed else 'FAILED'} in {row.seconds:,.0f} s"
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def _verdict(row: Row) -> str:
    if not row.figure.aim:
        return ""
    return "yes" if row.figure.is_met else "NO"


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"
