"""Gathering metrics row by row: each judged as it comes, each fault told with its place."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from modelkeep_server.rules import metrics
from modelkeep_server.rules.errors import FieldError
from modelkeep_server.rules.metrics import METRICS_MAX, Metric

FAULTS_MAX = 100


@dataclass(frozen=True)
class Reading:
    """What was read of a file: its metrics, and what is wrong with it, by row or path."""

    metrics: tuple[Metric, ...]
    faults: tuple[FieldError, ...] = ()


class Unreadable(Exception):
    """A file cannot be read at all. Carries the place and what to do."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(message)
        self.fault = FieldError(place, message)


@dataclass
class Gathering:
    """Metrics so far. At most `METRICS_MAX` of them, and `FAULTS_MAX` faults."""

    found: dict[tuple[str, str | None], Metric] = field(default_factory=dict)
    places: dict[tuple[str, str | None], str] = field(default_factory=dict)
    faults: list[FieldError] = field(default_factory=list)
    is_over: bool = False

    def add(self, place: str, name: Any, value: Any, *, slice_: Any = None, low: Any = None, high: Any = None) -> None:
        """Take one metric, or note what is wrong with it. `place` is its row or path."""
        if self.is_over:
            return
        if len(self.found) >= METRICS_MAX:
            self.is_over = True
            self.faults.append(
                FieldError(place, f"A run holds at most {METRICS_MAX:,} metrics. Split it into several.")
            )
            return
        fault = metrics.find_name_fault(name) or metrics.find_slice_fault(slice_) or metrics.find_value_fault(value)
        fault = fault or metrics.find_interval_fault(float(value), low, high)
        if fault:
            self.fault(place, fault)
            return
        metric = Metric(
            name, float(value), slice_, None if low is None else float(low), None if high is None else float(high)
        )
        if metric.key in self.found:
            what = name if slice_ is None else f"{name} of {slice_}"
            self.fault(place, f"{what} is there already, at {self.places[metric.key]}. Keep one of them.")
            return
        self.found[metric.key], self.places[metric.key] = metric, place

    def fault(self, place: str, message: str) -> None:
        """Note what is wrong at a place."""
        if len(self.faults) < FAULTS_MAX:
            self.faults.append(FieldError(place, message))
        else:
            self.is_over = True

    def done(self) -> Reading:
        """What came together. Raises Unreadable where there is neither a metric nor a fault."""
        if not self.found and not self.faults:
            raise Unreadable("content", "There is no metric in it.")
        return Reading(tuple(self.found.values()), tuple(self.faults))


def gather(rows: Iterable[tuple[str, Any, Any]]) -> Reading:
    """The reading of plain rows: place, name, value."""
    gathering = Gathering()
    for place, name, value in rows:
        gathering.add(place, name, value)
    return gathering.done()


def text_of(content: bytes) -> str:
    """The text of a file. Raises Unreadable for what is no UTF-8, or holds NUL."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Unreadable(f"line {line}", "This is no UTF-8. Save the file as UTF-8.") from error
    if "\0" in text:
        raise Unreadable(f"line {text[: text.index(chr(0))].count(chr(10)) + 1}", "A text file holds no NUL.")
    return text


class _Twice(ValueError):
    pass


def json_of(content: bytes) -> Any:
    """The JSON of a file. Raises Unreadable: not well-formed, nested too deeply, or a key named twice."""
    text = text_of(content)
    try:
        return json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise Unreadable(f"line {error.lineno}", f"This is no JSON: {error.msg} at column {error.colno}.") from error
    except _Twice as error:
        line = next((n for n, row in enumerate(text.split("\n"), 1) if json.dumps(str(error)) in row), 1)
        raise Unreadable(f"line {line}", f"{str(error)[:80]!r} is named twice in one object. Keep one.") from error
    except (ValueError, RecursionError) as error:
        raise Unreadable("content", "This JSON nests too deeply, or a number in it has too many digits.") from error


def number_of(text: str) -> float | str:
    """The number that a text writes, or the text where it writes none: who judges it says so."""
    try:
        return float(text) if "_" not in text else text
    except ValueError:
        return text


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    told = dict(pairs)
    if len(told) != len(pairs):
        names = [name for name, _ in pairs]
        raise _Twice(next(name for place, name in enumerate(names) if name in names[:place]))
    return told
