"""What of the guide is kept where: the page that says so leaves nothing of the contract out, and names only what is."""

import ast
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from starlette.routing import Mount, Route

from modelkeep_server.interfaces.site import make_app
from tests.docs.conftest import ROOT
from tests.support.contract import read_contract

PAGE = ROOT / "docs" / "guide-coverage.md"
#: The parts that bring what is not there yet.
LATER = {"with audit and reports"}


@dataclass(frozen=True)
class Row:
    """One promise: where it is kept and what proves it, or which part brings it."""

    says: str
    page: str
    api: str
    kept_by: str


def read_rows() -> list[Row]:
    """The rows of the table, a bar in a cell given back as a bar."""
    cells = re.findall(r"^\| (.+) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    split = [
        re.split(r"(?<!\\) \| ", f"{line} ".replace(" |  | ", " | \u00a0 | ").replace("|  |", "| \u00a0 |"))
        for line in cells
    ]
    rows = [[cell.replace("\\|", "|").strip(" \u00a0") for cell in line] for line in split]
    return [Row(line[0], *(cell.strip("`") for cell in line[1:])) for line in rows[1:]]


def read_no_promises() -> list[str]:
    """What the page lists as no promise."""
    blocks = re.findall(r"^```text\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


@cache
def pages_of_the_site() -> set[str]:
    """The path of every page, as its route is written, a path in a path as a name."""

    def walk(routes: Any) -> Any:
        for route in routes:
            inner = getattr(route, "original_router", route)
            if isinstance(route, Route):
                yield re.sub(r"\{(\w+):path\}", r"{\1}", route.path)
            elif not isinstance(inner, Mount):
                yield from walk(inner.routes)

    return set(walk(make_app().routes))


@cache
def functions_of(path: str) -> set[str]:
    """The functions of a test file."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_sentence_of_the_contract_has_its_place() -> None:
    """Each unit is a row or is listed as no promise, as often as it stands in the contract, and nothing is made up."""
    units, rows, others = Counter(read_contract()), [row.says for row in read_rows()], read_no_promises()

    assert len(units) > 290
    assert units - Counter([*rows, *others]) == Counter()
    assert Counter([*rows, *others]) - units == Counter()


def test_rows_stand_in_the_order_of_the_contract() -> None:
    """Whoever reads both side by side never has to look back."""
    units = iter(read_contract())

    assert all(row.says in units for row in read_rows())


def test_every_row_names_what_is_there() -> None:
    """Pages are routes of the site, API routes stand in its description, tests can be collected; parts are known."""
    described = {f"{method.upper()} {path}" for path, told in make_app().openapi()["paths"].items() for method in told}
    faults = []
    for row in read_rows():
        path, _, name = row.kept_by.partition("::")
        if not name:
            faults += [] if row.kept_by in LATER and not (row.page or row.api) else [f"unknown part: {row}"]
            continue
        faults += [f"no such page: {row.page}"] if row.page and row.page not in pages_of_the_site() else []
        faults += [f"no such route: {row.api}"] if row.api and row.api not in described else []
        faults += (
            [f"no such test: {row.kept_by}"] if not (ROOT / path).is_file() or name not in functions_of(path) else []
        )
        faults += [f"kept nowhere: {row}"] if not row.page and not row.api else []

    assert faults == []


@pytest.mark.parametrize("part", sorted(LATER))
def test_a_part_that_brings_nothing_is_not_listed(part: str) -> None:
    """Once a part has kept its promises, it leaves this list."""
    assert part in {row.kept_by for row in read_rows()}
