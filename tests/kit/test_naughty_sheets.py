"""Strings that break programs, as cells of a CSV: read back by any reader, and run by no spreadsheet."""

import csv
import io

from modelkeep_server.kit.sheets import csv_line
from tests.support.naughty import STRINGS


def test_each_naughty_string_is_one_cell_again() -> None:
    """What stands between its neighbours after reading is the string, but for the apostrophes that make it harmless."""
    lines = "".join(csv_line(["before", text, 7]) for text in STRINGS)

    rows = list(csv.reader(io.StringIO(lines, newline="")))

    assert [row[1].replace("'", "") for row in rows] == [text.replace("'", "") for text in STRINGS]
    assert {(row[0], row[2], len(row)) for row in rows} == {("before", "7", 3)}


def test_no_naughty_string_is_run_by_a_spreadsheet() -> None:
    """No cell begins as a formula does."""
    cells = [next(csv.reader(io.StringIO(csv_line([text]), newline="")), [""])[0] for text in STRINGS]

    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))] == []
