"""The tables of a card, alike on the page and in HTML, PDF and Markdown: the same columns, in one order, none empty."""

import re

from modelkeep_server.adapters.pdf import open_printer
from modelkeep_server.features.cards.exports.markdown_file import to_markdown
from modelkeep_server.features.cards.exports.printed import print_card
from modelkeep_server.features.cards.grids import grid_of, measures_grid
from modelkeep_server.features.cards.views import Card, Measure, Table
from modelkeep_server.interfaces.cards.html import render_html
from tests.support import cards
from tests.support.pdfs import squeeze, text_of

URL = "https://models.example.com"
DATASETS = Table(
    ("Dataset", "Version", "Role", "Personal data", "Bytes", "SHA-256", "Location"),
    (("events", "", "Training", "", "12", "", "s3://lake/events"), ("profile", " ", "Test", "", "9", "", "")), (4,),
)  # fmt: skip
MEASURES = (
    Measure("auc", 0.871, None, 0.866, 0.876, ">=", 0.85, True, "holdout 1"),
    Measure("auc", 0.812, "age=18 to 24", dataset="holdout 1"),
)


def heads(card: Card) -> list[list[str]]:
    """The heads of the two tables, as each file has them."""
    html, markdown = render_html(card, base_url=URL), to_markdown(card)
    return [
        *(re.findall(r'scope="col"[^>]*>([^<]*)<', part) for part in re.findall("<thead>.*?</thead>", html)),
        *(line[2:-2].split(" | ") for line in re.findall(r"^.*(?=\n\| -)", markdown, re.MULTILINE)),
    ]


def test_columns_that_no_row_fills_are_left_out() -> None:
    """Blanks are nothing; the numbers stay at the right."""
    grid = grid_of(DATASETS)

    assert grid.columns == ("Dataset", "Role", "Bytes", "Location")
    assert grid.rows == (("events", "Training", "12", "s3://lake/events"), ("profile", "Test", "9", ""))
    assert (grid.numbers, grid.codes) == (frozenset({2}), frozenset())
    assert grid_of(Table(("A", "B"), (("", ""),))).columns == ("A",)
    assert grid_of(Table(("A", "B"), (("1",), ("1", "2"))), 1).rows == (("1", ""),)


def test_measures_have_one_order_of_columns() -> None:
    """What it is of, its number, what is asked of it, and on what it was measured; of all data where others are not."""
    grid = measures_grid(MEASURES)

    assert grid.columns == ("Metric", "Group", "Value", "Interval", "Limit", "Result", "Dataset")
    assert grid.rows[0] == ("auc", "All data", "0.871", "0.866 – 0.876", "≥ 0.85", "Passes", "holdout 1")
    assert measures_grid(MEASURES[:1]).columns == ("Metric", "Value", "Interval", "Limit", "Result", "Dataset")
    assert measures_grid((Measure("auc", 0.5),)).columns == ("Metric", "Value")
    assert (len(measures_grid(MEASURES, 1).rows), measures_grid(MEASURES, 1).left) == (1, 1)


def test_every_file_has_the_same_tables() -> None:
    """HTML, Markdown and PDF: the same heads in the same order."""
    card = cards.make_card({"datasets": DATASETS, "groups": MEASURES}, {})
    wanted = [list(grid_of(DATASETS).columns), list(measures_grid(MEASURES).columns)]

    assert heads(card) == [*wanted, *wanted]
    told = text_of(print_card(open_printer(), card))
    assert all(squeeze("".join(columns)) in told for columns in wanted)
    assert squeeze("Personal data") not in told


def test_a_bad_result_is_told_apart_in_its_own_column_alone() -> None:
    """A parameter that is called Failed is no failure."""
    results = grid_of(Table(("Suite", "Result"), (("Failed", "Failed"), ("Robustness", "Passed"))))

    assert [results.is_bad(place, cell) for row in results.rows for place, cell in enumerate(row)] == [
        False, True, False, False,
    ]  # fmt: skip
