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
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from modelkeep.cli.plain import harmless
from modelkeep.errors import ApiError, ModelkeepError
from modelkeep.told import Told

DIGEST_DIGITS = 8


def print_json(told: Told | Sequence[Told | Mapping[str, Any]] | Mapping[str, Any]) -> None:
    """What the registry told, as it told it; a list becomes a JSON array."""
    document: Any = told
    if isinstance(told, Told):
        document = told.raw
    elif not isinstance(told, Mapping):
        document = [entry.raw if isinstance(entry, Told) else entry for entry in told]
    print(json.dumps(document, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows under column names. The last column takes the room that is left."""
    if not sys.stdout.isatty():
        for row in rows:
            print("\t".join(harmless(cell) for cell in row))
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="dim")
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(harmless(cell)) for cell in row))
    Console().print(table)


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


def note_rest(shown: int, total: int | None, more: bool) -> None:
    """Say that a list goes on."""
    if more or (total is not None and total > shown):
        of = f" of {total:,}" if total is not None else ""
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
