"""
The tables of a card as all that draws them lays them out, the page and each file: which columns, in which order, which
at the right, and what is red. Columns that no row fills are left out. Pure.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from modelkeep_server.features.cards.charts import EVERYTHING
from modelkeep_server.features.cards.measure_words import say_interval, say_limit, say_outcome
from modelkeep_server.features.cards.views import Measure, Table
from modelkeep_server.rules.metrics import format_number

#: Cells that people compare letter by letter.
_CODES = frozenset({"SHA-256", "Content digest"})
_RESULTS = frozenset({"Result", "Outcome"})
_BAD = frozenset({"Does not pass", "Fails", "Failed"})


@dataclass(frozen=True)
class Grid:
    """
    Rows of a table that are shown, each as long as its head. `numbers` are the places of columns that stand at the
    right, `codes` of those that hold digests. `left` counts the rows that are not shown.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int]
    codes: frozenset[int]
    left: int = 0

    def is_bad(self, place: int, cell: str) -> bool:
        """Whether a cell of this column says that something is not as it should be."""
        return cell in _BAD and self.columns[place] in _RESULTS


def grid_of(table: Table, most: int | None = None) -> Grid:
    """A table with at most so many rows."""
    rows = [tuple(row[place] if place < len(row) else "" for place in range(len(table.columns))) for row in table.rows]
    return _lay_out(table.columns, rows, frozenset(table.numbers), most)


#: The columns of measures, as told by one of them; numbers stand at the right.
_MEASURED: tuple[tuple[str, bool, Callable[[Measure], str]], ...] = (
    ("Metric", False, lambda one: one.name),
    ("Group", False, lambda one: one.slice or ""),
    ("Value", True, lambda one: format_number(one.value)),
    ("Interval", True, say_interval),
    ("Limit", True, say_limit),
    ("Result", False, say_outcome),
    ("Dataset", False, lambda one: one.dataset or ""),
)


def measures_grid(measures: Sequence[Measure], most: int | None = None) -> Grid:
    """Measures as a table with at most so many rows. Where some are of a group, the others are of all data."""
    by_group = any(one.slice for one in measures)
    rows = [
        tuple(say(one) or (EVERYTHING if by_group and name == "Group" else "") for name, _, say in _MEASURED)
        for one in measures
    ]
    numbers = frozenset(place for place, (_, is_number, _) in enumerate(_MEASURED) if is_number)
    return _lay_out(tuple(name for name, _, _ in _MEASURED), rows, numbers, most)


def _lay_out(
    columns: Sequence[str], rows: Sequence[tuple[str, ...]], numbers: frozenset[int], most: int | None
) -> Grid:  # fmt: skip
    kept = [place for place in range(len(columns)) if any(row[place].strip() for row in rows)] or [0]
    shown = tuple(tuple(row[place] for place in kept) for row in rows[:most])
    return Grid(
        tuple(columns[place] for place in kept),
        shown,
        frozenset(now for now, place in enumerate(kept) if place in numbers),
        frozenset(now for now, place in enumerate(kept) if columns[place] in _CODES),
        len(rows) - len(shown),
    )
