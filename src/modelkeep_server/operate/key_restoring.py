"""Putting a key file back from sheets: files, standard input, or lines typed at a terminal."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from modelkeep_server.app import CannotStart, gather_sheets, put_keys
from modelkeep_server.kit.typed_lines import LineWrong, read_line
from modelkeep_server.operate.key_sheets import find_fingerprints, split_text
from modelkeep_server.operate.terminal import say_aside
from modelkeep_server.ports import KeyUnusable, SheetWrong
from modelkeep_server.rules.errors import Unavailable
from modelkeep_server.settings import Settings

REFUSALS = (SheetWrong, KeyUnusable, CannotStart, Unavailable, OSError, ValueError)

_MOST_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Done:
    """Whose keys were put where."""

    registry_id: str
    place: Path
    fingerprint: str


def restore(settings: Settings, sheets: Sequence[Path], fingerprint: str, to: Path | None) -> Done:
    """
    Gather the sheets, compare them with the fingerprint that is printed on them, and write the key file.

    Raises one of REFUSALS, whose sentence is for the terminal.
    """
    if settings.key is not None and to is None:
        raise SheetWrong(
            "MODELKEEP_KEY is set, so that a key file would not be read. Unset it, or name a file in --to."
        )
    gathering = gather_sheets()
    printed: set[str] = set()
    if not sheets and sys.stdin.isatty():
        _type_in(gathering)
        fingerprint = fingerprint or typer.prompt("Fingerprint, as printed at the top", err=True)
    else:
        texts = [_read(path) for path in sheets] or [sys.stdin.read(_MOST_BYTES)]
        for number, lines in enumerate([lines for text in texts for lines in split_text(text)], 1):
            _add(gathering, lines, number)
        printed = {found for text in texts for found in find_fingerprints(text)}
    wanted = {_plain(one) for one in printed | ({fingerprint} if fingerprint else set())}
    if not wanted:
        raise SheetWrong("No fingerprint is in what was given. Add --fingerprint, as printed at the top of the sheet.")
    found = gathering.fingerprint()
    if wanted != {_plain(found)}:
        raise SheetWrong(f"These keys have the fingerprint {found}, and another one was given.")
    keys = put_keys(settings, gathering, to)
    return Done(keys.registry_id, keys.place or Path(), found)


def _read(path: Path) -> str:
    if str(path) == "-":
        return sys.stdin.read(_MOST_BYTES)
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8")
    except OSError as error:
        raise SheetWrong(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SheetWrong(f"{path} is not text. Scan it as text, or type the lines.") from error


def _add(gathering: Any, lines: Sequence[str], number: int) -> None:
    try:
        gathering.add(lines)
    except SheetWrong as error:
        raise SheetWrong(f"Sheet {number}: {error}") from error


def _type_in(gathering: Any) -> None:
    say_aside(
        "Type the lines between BEGIN and END; the number and the spaces may be left out. Empty line: end of sheet."
    )
    while gathering.missing:
        lines: list[str] = []
        while True:
            number = len(lines) + 1
            typed = typer.prompt(f"line {number}", default="", show_default=False, err=True).strip()
            if not typed:
                break
            try:
                read_line(typed, number)
            except LineWrong as error:
                say_aside(str(error))
                continue
            bare = typed.split(maxsplit=1)
            has_number = len(bare) == 2 and bare[0].rstrip(".:)") == str(number)
            lines.append(typed if has_number else f"{number}  {typed}")
        if not lines:
            raise SheetWrong(f"{gathering.missing} more sheet{'s' if gathering.missing > 1 else ''} needed.")
        try:
            gathering.add(lines)
        except SheetWrong as error:
            say_aside(f"{error} Type this sheet again.")
            continue
        if gathering.missing:
            say_aside(f"Taken. {gathering.missing} more needed: type the next sheet.")


def _plain(fingerprint: str) -> str:
    return "".join(letter for letter in fingerprint.upper() if letter.isalnum())
