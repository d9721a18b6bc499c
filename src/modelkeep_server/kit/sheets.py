"""
Tables as CSV that a spreadsheet shows as text: RFC 4180, and no cell that a program would run as a formula.

Source: RFC 4180, section 2; OWASP, "CSV Injection".
"""

import re
from collections.abc import Iterable

#: A cell that begins with one of these may be run: also their full-width forms, which some programs take for the same.
_RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_QUOTED = frozenset(',;"\t\r\n')
#: Programs of some languages part cells at these, whatever the quotes say, and would run what stands behind.
_RUN_WITHIN = re.compile(r"([;\t]\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")


def csv_line(cells: Iterable[object]) -> str:
    """One record with its line end. None is an empty cell; numbers stand as they are; texts are made harmless."""
    return ",".join(_cell(cell) for cell in cells) + "\r\n"


def _cell(cell: object) -> str:
    if cell is None:
        return ""
    text = str(cell)
    if isinstance(cell, str):
        text = _RUN_WITHIN.sub(r"\1'", f"'{text}" if text.startswith(_RUN) else text)
    return '"' + text.replace('"', '""') + '"' if _QUOTED & set(text) else text
