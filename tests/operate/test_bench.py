"""`make bench`: that it measures what it says, on either database. What it measures is judged by nobody here."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.asking import list_kinds
from bench.search_figures import aims_of_search, draw_search
from bench.searching import Effort, measure_search, plant
from bench.server import lay_out
from modelkeep_server.features.search import queries
from tests.support import postgres

ROOT = Path(__file__).parents[2]
#: In a registry as small as this one there is no page far down.
SEARCHES = tuple(kind.name for kind in list_kinds() if not kind.goes_deep)


def bench(folder: Path, *arguments: str) -> tuple[str, dict[str, Any]]:
    """What a very short run prints, and its figures."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MODELKEEP_")}
    sizes = {
        "models": 6, "mib": 1, "seconds": 0.1, "rounds": 1, "ranges": 20, "promotions": 2, "reviews": 2, "edges": 60,
        "search": 60, "searches": 2,
    }  # fmt: skip
    small = [word for name, value in sizes.items() for word in (f"--{name}", str(value))]
    done = subprocess.run(
        [sys.executable, "-m", "bench", *small, "--json", folder / "figures.json", *arguments],
        cwd=ROOT,
        env=inherited,
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.stdout, json.loads((folder / "figures.json").read_text())


def assert_complete(table: str, figures: dict[str, Any]) -> None:
    """Every kind of request at one and at sixteen clients, files in each store, and each aim beside its figure."""
    calls, aims, steps = figures["calls"], figures["aims"], figures["steps"]
    kinds = ("bare route", "GET model", "POST model", "list 50", "text query")
    assert [(call["name"], call["clients"]) for call in calls] == [(kind, n) for n in (1, 16) for kind in kinds]
    assert all(call["per_second"] > 0 for call in calls)
    assert [aim["name"] for aim in aims] == [
        "start, seconds",
        "idle memory, MiB",
        "GET model at 16 clients, of bare",
        *(f"{step['name']}, ms" for step in steps),
        "upload, of openssl",
        "download, of openssl",
        "64 KiB range p50, ms",
        *(f"{kind}, p95 ms" for kind in SEARCHES),
    ]
    assert all(aim["name"] in table for aim in aims)
    assert {step["name"]: step["count"] for step in steps} == {
        "request": 4,
        "page of the version, under review": 4,
        "first approval": 4,
        "last approval": 4,
        "move to STAGING": 2,
        "generate the card": 2,
        "publish the card": 2,
        "move to PRODUCTION": 2,
        "page of open reviews": 30,
        "page of mine, due first": 30,
        "dashboard of an MRC": 30,
        "generate a full card": 20,
        "page of the card": 20,
        **{f"card as {form}": 20 for form in ("JSON", "HTML", "Markdown", "PDF")},
        "impact of a dataset": 30,
        "impact, for an MRC": 30,
        "graph of a dataset, two steps": 30,
        "graph of a version": 30,
    }


def assert_searches_measured(table: str, figures: dict[str, Any]) -> None:
    """Every kind of search by both readers in process, and over HTTP; what is not installed is said."""
    search = figures["search"]
    assert [(row["who"], row["kind"]) for row in search["asked"]] == [
        (who, kind) for who in ("reader", "mrc") for kind in SEARCHES
    ]
    assert [row["kind"] for row in search["served"]] == list(SEARCHES)
    assert all(row["count"] >= 2 and row["p50_ms"] > 0 for row in (*search["asked"], *search["served"]))
    assert search["built"]["models"] == 60
    assert search["mixed"]["clients"] == 16
    assert search["beside"] is None
    assert "mlflow: " in table


def assert_files_measured(table: str, figures: dict[str, Any], stores: list[str]) -> None:
    """Up, down and in ranges, one and four at once, with each store, beside what else is on the machine."""
    peers = figures["peers"]
    nginx = [("nginx", "upload"), ("nginx", "download")] if peers["ranges"] else []
    assert [(speed["who"], speed["act"], speed["at_once"]) for speed in peers["speeds"]] == [
        (*kind, at_once) for at_once in (1, 4) for kind in [("cp", "copy"), *nginx]
    ]
    assert peers["ranges"] or "nginx: not installed" in table
    assert [stored["store"] for stored in figures["stores"]] == stores
    for stored in figures["stores"]:
        name = stored["store"]
        assert [(speed["act"], speed["at_once"]) for speed in stored["speeds"]] == [
            (act, at_once) for at_once in (1, 4) for act in ("upload", "download")
        ]
        assert all(speed["of_openssl"] > 0 for speed in stored["speeds"])
        assert stored["ranges"]["answered"] >= 20
        assert stored["ranges"]["p50_ms"] <= stored["ranges"]["p95_ms"]
        assert stored["peak_mib"] > 0
        assert all(row in table for row in (f"{name} upload", f"{name} download", f"files, {name}"))


def test_a_short_run_measures_everything(tmp_path: Path) -> None:
    """A table for people and JSON for programs, each with every figure, in seconds."""
    table, figures = bench(tmp_path, "--store", "folder")

    assert_complete(table, figures)
    assert_searches_measured(table, figures)
    assert_files_measured(table, figures, ["folder"])
    assert figures["database"] == "sqlite"


@pytest.mark.postgres
@pytest.mark.endurance
def test_a_postgresql_database_can_be_measured(tmp_path: Path) -> None:
    """`--database` names an empty one; files are measured with both stores."""
    name = f"bench_{secrets.token_hex(6)}"
    url = postgres.create_database(name)

    table, figures = bench(tmp_path, "--database", url)

    assert_complete(table, figures)
    assert_searches_measured(table, figures)
    assert_files_measured(table, figures, ["folder", "s3"])
    assert figures["database"] == "postgresql"
    postgres.drop_database(name)


def test_a_kind_that_takes_too_long_is_noted_and_the_rest_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What took longer than a search may stands in the table and misses its aim; it is not asked over HTTP."""
    place = lay_out(tmp_path, None)
    plant(place, 60)
    monkeypatch.setattr(queries, "SECONDS_MAX", 0.0)

    figures = measure_search(place, Effort(60, times=2, seconds=0.1, only="mine"))

    assert [(row.who, row.late) for row in figures.asked] == [("reader", 4), ("mrc", 4)]
    assert (figures.served, figures.mixed) == ([], None)
    assert "4 took longer than a search may" in "\n".join(draw_search(figures))
    assert [aim.is_reached for aim in aims_of_search(figures)] == [False]
