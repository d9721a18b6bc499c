"""CSV that a spreadsheet shows as text."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelkeep_server.kit.sheets import csv_line

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


@given(st.lists(TEXTS, min_size=2))
def test_a_record_is_read_back_as_it_was_written(cells: list[str]) -> None:
    """The reader of the standard library gives every cell back, with at most one apostrophe in front."""
    (read,) = csv.reader(io.StringIO(csv_line(cells), newline=""))

    assert [cell.removeprefix("'") for cell in read] == [cell.removeprefix("'") for cell in cells]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_a_text_that_would_be_run_gets_an_apostrophe(sign: str) -> None:
    """Every sign that OWASP names, and its full-width form."""
    (read,) = csv.reader(io.StringIO(csv_line([f"{sign}1"]), newline=""))

    assert read == [f"'{sign}1"]


def test_numbers_and_nothing_stand_as_they_are() -> None:
    """A number is no text, also below zero; None is an empty cell; every line ends as RFC 4180 says."""
    assert csv_line([1, -2, None, "a,b", 'c"d', ""]) == '1,-2,,"a,b","c""d",\r\n'


@pytest.mark.parametrize("text", ["x;=1+1", "x; =1+1", "a\t@SUM(1)", "a;b;-2+3"])
def test_nothing_is_run_behind_what_other_programs_part_cells_at(text: str) -> None:
    """A semicolon or a tab is quoted, and a sign of a formula behind it gets an apostrophe."""
    line = csv_line([text])

    assert line.startswith('"')
    assert not re.search(r"[;\t]\s*[=+@-]", line)


def test_a_plain_semicolon_stays() -> None:
    """Text that no program would run is not changed."""
    assert csv_line(["a; b"]) == '"a; b"\r\n'
