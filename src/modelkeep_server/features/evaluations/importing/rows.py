"""The rows of a CSV file."""

import csv
import io

from modelkeep_server.features.evaluations.importing.gathering import Unreadable, text_of


def rows_of(content: bytes) -> list[tuple[int, list[str]]]:
    """Every row that is not blank, with the line it ends on, counted from 1. Raises Unreadable for fewer than two."""
    reader = csv.reader(io.StringIO(text_of(content), newline=""), strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise Unreadable(f"line {reader.line_num}", f"This is no CSV: {error}.") from error
    if len(rows) < 2:
        raise Unreadable("line 1", "A CSV file has a heading row and at least one row below it.")
    return rows
