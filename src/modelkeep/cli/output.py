"""
How commands show results: a table for a person, tab-separated lines without a header for a pipe, JSON for `--json`.

Whatever a registry says is shown as text: no markup in it is drawn and no control character reaches the terminal.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.filesize import decimal
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from modelkeep.cli.plain import harmless
from modelkeep.errors import ApiError, ModelkeepError
from modelkeep.told import Told

DIGEST_DIGITS = 8
#: Columns of a terminal: between cells, at the two edges of a table, before what stands under a row's first cell.
GUTTER, EDGES, INDENT = 3, 2, 2
#: Cells up to this width stay in one line.
UNBROKEN = 20


def print_json(told: Told | Sequence[Told | Mapping[str, Any]] | Mapping[str, Any]) -> None:
    """What the registry told, as it told it; a list becomes a JSON array."""
    document: Any = told
    if isinstance(told, Told):
        document = told.raw
    elif not isinstance(told, Mapping):
        document = [entry.raw if isinstance(entry, Told) else entry for entry in told]
    print(json.dumps(document, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """
    Rows under column names; where the terminal is too narrow for that, each row by itself with its names beside it.

    The last column takes the room that is left. In a pipe, fields between tabs.
    """
    cells = [[harmless(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in cells:
            print("\t".join(row))
        return
    console = Console()
    widths = [max(_least_width(row[place]) for row in [columns, *cells]) for place in range(len(columns))]
    if sum(widths) + GUTTER * (len(columns) - 1) + EDGES > console.width:
        _print_apart(console, columns, cells)
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="dim")
    for name, width in zip(columns, widths, strict=True):
        table.add_column(name, overflow="fold", min_width=width)
    for row in cells:
        table.add_row(*map(Text, row))
    console.print(table)


def _least_width(cell: str) -> int:
    """So wide that no word is cut, and no short cell, as a moment, is broken."""
    return cell_len(cell) if cell_len(cell) <= UNBROKEN else max(map(cell_len, cell.split()))


def _print_apart(console: Console, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Each row under its first cell: the others with their names, so many in a line as fit."""
    for row in rows:
        console.print(Text(row[0], style="bold"), soft_wrap=True)
        line = Text()
        for name, cell in zip(columns[1:], row[1:], strict=True):
            if not cell or cell == "-":
                continue
            fact = Text.assemble((f"{name} ", "dim"), cell)
            if line and line.cell_len + fact.cell_len + GUTTER + INDENT > console.width:
                console.print(Padding(line, (0, 0, 0, INDENT), expand=False))
                line = Text()
            line = Text.assemble(line, " " * GUTTER, fact) if line else fact
        if line:
            console.print(Padding(line, (0, 0, 0, INDENT), expand=False))


def print_facts(facts: Sequence[tuple[str, str | None]]) -> None:
    """One fact a line; those that are unknown are left out."""
    known = [(name, harmless(value)) for name, value in facts if value]
    if not sys.stdout.isatty():
        for name, value in known:
            print(f"{name}\t{value}")
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in known:
        table.add_row(name, Text(value))
    Console().print(table)


def note(sentence: str) -> None:
    """A sentence for the person at the terminal, on standard error."""
    print(harmless(sentence), file=sys.stderr)


def note_rest(shown: int, total: int | None, more: bool, *, is_capped: bool = False) -> None:
    """Say that a list goes on. `is_capped`: there are more than `total`."""
    if more or (total is not None and total > shown):
        of = f" of {total:,}{'+' if is_capped else ''}" if total is not None else ""
        note(f"{shown:,}{of} shown; --limit N shows more.")


def moment(at: datetime | None) -> str:
    """A moment to the minute, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%MZ") if at is not None else ""


def size(size_bytes: int) -> str:
    """A size for people."""
    return decimal(size_bytes)


def digest(sha256: str) -> str:
    """A SHA-256 as a table shows it: whole in a pipe, its first digits where a line has 80 columns."""
    return f"{sha256[:DIGEST_DIGITS]}…" if sys.stdout.isatty() else sha256


def failure_json(path: str, error: ModelkeepError) -> dict[str, Any]:
    """A file that failed, as it stands beside those that did not."""
    told: dict[str, Any] = {"detail": error.detail, "remedy": error.remedy}
    if isinstance(error, ApiError):
        told |= {"code": error.code, "status": error.status, "requestId": error.request_id}
    return {"path": path, "error": told}
