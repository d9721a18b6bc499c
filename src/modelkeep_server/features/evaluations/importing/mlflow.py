"""
Metrics of MLflow: a JSON object of numbers (`metrics.json`), a run as its REST interface answers it, or the files of a
run's folder `metrics/` as `tail -n +1 metrics/*` prints them (lines of moment, value and step below each name).

Of several steps of a metric the last one counts.
"""

import re
from collections.abc import Iterator
from typing import Any

from modelkeep_server.features.evaluations.importing.gathering import (
    Gathering,
    Reading,
    Unreadable,
    gather,
    json_of,
    number_of,
    text_of,
)

_FILE = re.compile(r"==> (?:.*/)?metrics/(.+) <==|==> ([^/]+) <==")
_LINE = re.compile(r"\d+ \S+(?: -?\d+)?")


def read(content: bytes) -> Reading:
    """The metrics of a run. Raises Unreadable."""
    if content.lstrip()[:1] not in (b"{", b"["):
        return _read_files(text_of(content))
    told = json_of(content)
    for key in ("run", "data", "metrics"):
        if isinstance(told, dict) and isinstance(told.get(key), dict | list):
            told = told[key]
    if isinstance(told, list):
        return gather(_last_of_each(told))
    if not isinstance(told, dict):
        raise Unreadable("content", "Send an object of numbers, or the list `data.metrics` of a run.")
    return gather((name[:80], name, value) for name, value in told.items())


def is_file(line: str) -> bool:
    """Whether a line is one of a metric's file, or names such a file."""
    return _FILE.fullmatch(line) is not None or _LINE.fullmatch(line) is not None


def _last_of_each(rows: list[Any]) -> Iterator[tuple[str, Any, Any]]:
    last: dict[Any, tuple[tuple[float, float], str, Any]] = {}
    for place, row in enumerate(rows):
        path = f"metrics[{place}]"
        if not isinstance(row, dict) or not isinstance(row.get("key"), str):
            yield path, None, None
            continue
        order = (_whole(row.get("step")), _whole(row.get("timestamp")))
        if row["key"] not in last or order >= last[row["key"]][0]:
            last[row["key"]] = (order, path, row.get("value"))
    for name, (_, path, value) in last.items():
        yield path, name, value


def _whole(told: Any) -> float:
    # The REST interface of MLflow writes 64-bit numbers as text.
    number = number_of(told) if isinstance(told, str) else told
    return float(number) if isinstance(number, int | float) and abs(number) < 2**63 else 0.0


def _read_files(text: str) -> Reading:
    gathering = Gathering()
    name: str | None = None
    last: dict[str, tuple[float, str, Any]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        named = _FILE.fullmatch(line.strip())
        if named:
            name = named[1] or named[2]
        elif not words:
            continue
        elif name is None:
            gathering.fault(
                f"line {number}", "Which metric is this? Send what `tail -n +1 metrics/*` prints: it names each file."
            )
        elif len(words) not in (2, 3):
            gathering.fault(f"line {number}", "A line is moment, value and step, for instance 1700000000000 0.93 0.")
        else:
            step = _whole(words[2]) if len(words) == 3 else 0.0
            if name not in last or step >= last[name][0]:
                last[name] = (step, f"line {number}", number_of(words[1]))
    for key, (_, place, value) in last.items():
        gathering.add(place, key, value)
    return gathering.done()
