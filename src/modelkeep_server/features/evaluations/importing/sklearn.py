"""
scikit-learn's `classification_report`, as it prints it or as JSON of `output_dict=True`.

Each class becomes a slice; the averages become metrics of everything, `macro_avg/precision`.
"""

from collections.abc import Iterator
from typing import Any

from modelkeep_server.features.evaluations.importing.gathering import (
    Gathering,
    Reading,
    Unreadable,
    json_of,
    number_of,
    text_of,
)

HEADING = ["precision", "recall", "f1-score", "support"]
_AVERAGES = ("macro avg", "micro avg", "weighted avg", "samples avg")


def read(content: bytes) -> Reading:
    """The metrics of a report, as text or JSON. Raises Unreadable."""
    gathering = Gathering()
    lines = _of_json(json_of(content)) if content.lstrip()[:1] == b"{" else _of_text(text_of(content), gathering)
    for place, label, numbers in lines:
        if label == "accuracy" and "value" in numbers:
            gathering.add(place, "accuracy", numbers["value"])
            continue
        average = label.replace(" ", "_") if label in _AVERAGES else None
        for name, value in numbers.items():
            named = f"{average}/{name}" if average else name
            gathering.add(f"{place}, {name}", named, value, slice_=None if average else label)
    return gathering.done()


def is_report(told: Any) -> bool:
    """Whether JSON looks like a report."""
    return isinstance(told, dict) and any(
        isinstance(row, dict) and {"precision", "recall"} <= row.keys() for row in told.values()
    )


def _of_json(told: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    if not isinstance(told, dict):
        raise Unreadable("content", "A report is an object: one member a class, as output_dict=True gives it.")
    for label, row in told.items():
        if label == "accuracy" and not isinstance(row, dict):
            yield label, label, {"value": row}
        elif isinstance(row, dict):
            yield label[:80], label, row
        else:
            yield label[:80], label, {"value": row}


def _of_text(text: str, gathering: Gathering) -> Iterator[tuple[str, str, dict[str, Any]]]:
    lines = [(number, line.split()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines or lines[0][1] != HEADING:
        raise Unreadable("line 1", f"A report begins with the heading {' '.join(HEADING)}.")
    for number, words in lines[1:]:
        if words[0] == "accuracy" and len(words) == 3:
            yield f"line {number}", "accuracy", {"value": number_of(words[1])}
        elif len(words) < 5:
            gathering.fault(
                f"line {number}", "A row is a class and four numbers: precision, recall, f1-score, support."
            )
        else:
            numbers = dict(zip(HEADING, map(number_of, words[-4:]), strict=True))
            yield f"line {number}", " ".join(words[:-4]), numbers
