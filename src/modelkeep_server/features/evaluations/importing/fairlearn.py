"""
fairlearn's MetricFrame as CSV, `frame.by_group.to_csv()`: first the columns of the groups, then one column a metric.

Each row of a group becomes a slice `sex=Female, age=old`. A row whose groups are blank or `overall` is of everything.
"""

from modelkeep_server.features.evaluations.importing.gathering import Gathering, Reading, Unreadable, number_of
from modelkeep_server.features.evaluations.importing.rows import rows_of

_OVERALL = ("", "overall", "all")


def read(content: bytes) -> Reading:
    """The metrics of a MetricFrame, by group. Raises Unreadable."""
    rows = rows_of(content)
    heading = [name.strip() for name in rows[0][1]]
    whole = [row for _, row in rows[1:] if len(row) == len(heading)]
    groups = 1
    while groups < len(heading) and any(_is_group(row[groups]) for row in whole):
        groups += 1
    if groups >= len(heading):
        raise Unreadable("line 1", "There is no column of numbers: first the groups, then one column a metric.")
    gathering = Gathering()
    for line, row in rows[1:]:
        if len(row) != len(heading):
            gathering.fault(f"line {line}", f"It has {len(row)} columns, the heading has {len(heading)}.")
            continue
        cells = [cell.strip() for cell in row]
        overall = all(cell.lower() in _OVERALL for cell in cells[:groups])
        pairs = zip(heading[:groups], cells[:groups], strict=True)
        slice_ = None if overall else ", ".join(f"{name or 'group'}={cell}" for name, cell in pairs)
        for name, cell in zip(heading[groups:], cells[groups:], strict=True):
            gathering.add(f"line {line}, {name[:80]}", name, number_of(cell), slice_=slice_)
    return gathering.done()


def _is_group(cell: str) -> bool:
    # What pandas writes for no number is a number that is missing, not the name of a group.
    return cell.strip() != "" and isinstance(number_of(cell), str)
