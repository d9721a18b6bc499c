"""The page that a sheet of keys is printed on, and finding it again in a text."""

import re
import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime

BEGIN, END = "----- BEGIN MODELKEEP KEYS -----", "----- END MODELKEEP KEYS -----"
WIDTH = 78

_WHAT = (
    "This page holds the keys of a Modelkeep registry. Whoever has it and a copy of the registry's data can read every "
    "file in it; without it, and without the key file, nobody can. Keep it in a safe, away from the data and its "
    "backups."
)
_WHAT_SHARE = (
    "This page is share {number} of {shares} of the keys of a Modelkeep registry. Any {needed} of the {shares} shares "
    "make the keys again; fewer tell nothing of them. Whoever has {needed} shares and a copy of the registry's data "
    "can read every file in it. Keep the shares with different people, away from the data and its backups."
)
_HOW = (
    "To restore: on the registry's host, before the server is started, run `modelkeep keys restore` and type the lines "
    "below, or name a file that this page was scanned into. Each line ends in four letters that check it, so that a "
    "slip is noticed at once. O, I, L and U are never used: what looks like one is zero, one, one or V. See also "
    "docs/operations/keys.md."
)


def draw_page(sheet_lines: Sequence[str], facts: Sequence[tuple[str, str]], share: tuple[int, int, int]) -> str:
    """
    A page of plain text, 78 columns wide.

    Args:
        sheet_lines: The key material.
        facts: Names and values for the top of the page.
        share: Which of how many it is, and how many are needed.
    """
    number, shares, needed = share
    title = "MODELKEEP KEYS" if shares == 1 else f"MODELKEEP KEYS, SHARE {number} OF {shares}, ANY {needed} NEEDED"
    what = _WHAT if shares == 1 else _WHAT_SHARE.format(number=number, shares=shares, needed=needed)
    rows = [*facts, ("printed", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"))]
    lines = [title, "=" * len(title), "", *(f"{name:<12} {value}" for name, value in rows), ""]
    lines += [*textwrap.wrap(what, WIDTH), "", *textwrap.wrap(_HOW, WIDTH), "", BEGIN, *sheet_lines, END, ""]
    return "\n".join(lines)


def split_text(text: str) -> list[list[str]]:
    """The lines of each sheet in a text: what stands between the marks; without any, all of it is one sheet."""
    lines = [line.strip() for line in text.splitlines()]
    if BEGIN not in lines:
        return [[line for line in lines if line]]
    sheets: list[list[str]] = []
    inside = False
    for line in lines:
        if line == BEGIN:
            sheets.append([])
        inside = line == BEGIN or (inside and line != END)
        if inside and line not in ("", BEGIN):
            sheets[-1].append(line)
    return sheets


def find_fingerprints(text: str) -> set[str]:
    """The fingerprints that are printed at the top of sheets."""
    return set(re.findall(r"^\s*fingerprint\s+([A-Z2-7]{4}(?:-[A-Z2-7]{4}){4})\s*$", text, re.MULTILINE))
