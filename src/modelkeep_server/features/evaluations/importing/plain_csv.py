"""Plain CSV: a heading row that names `metric` and `value`, and `slice`, `low` and `high` where there are any."""

from modelkeep_server.features.evaluations.importing.gathering import Gathering, Reading, Unreadable, number_of
from modelkeep_server.features.evaluations.importing.rows import rows_of

_COLUMNS = ("metric", "value", "slice", "low", "high")


def read(content: bytes) -> Reading:
    """The metrics of a plain CSV. Raises Unreadable."""
    rows = rows_of(content)
    heading = [name.strip().lower() for name in rows[0][1]]
    if "metric" not in heading or "value" not in heading:
        raise Unreadable("line 1", "The first row names the columns: metric,value and, where wanted, slice,low,high.")
    strangers = [name for name in heading if name not in _COLUMNS]
    if strangers or len(set(heading)) != len(heading):
        wrong = strangers[0] if strangers else next(name for name in heading if heading.count(name) > 1)
        raise Unreadable("line 1", f"Column {wrong[:40]!r} is unknown or named twice. Known are {','.join(_COLUMNS)}.")
    gathering = Gathering()
    for line, row in rows[1:]:
        if len(row) != len(heading):
            gathering.fault(f"line {line}", f"It has {len(row)} columns, the heading has {len(heading)}.")
            continue
        told = {name: cell.strip() for name, cell in zip(heading, row, strict=True)}
        low, high = (number_of(told[end]) if told.get(end) else None for end in ("low", "high"))
        gathering.add(
            f"line {line}",
            told["metric"],
            number_of(told["value"]),
            slice_=told.get("slice") or None,
            low=low,
            high=high,
        )
    return gathering.done()
