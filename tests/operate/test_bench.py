"""`make bench`: that it measures what it says, on either database. What it measures is judged by nobody here."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import postgres

ROOT = Path(__file__).parents[2]


def bench(folder: Path, *arguments: str) -> tuple[str, dict[str, object]]:
    """What a very short run prints, and its figures."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MODELKEEP_")}
    small = ("--models", "6", "--mib", "1", "--seconds", "0.1", "--rounds", "1", "--json", str(folder / "figures.json"))
    done = subprocess.run(
        [sys.executable, "-m", "bench", *small, *arguments],
        cwd=ROOT,
        env=inherited,
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.stdout, json.loads((folder / "figures.json").read_text())


def assert_complete(table: str, figures: dict[str, object]) -> None:
    """Every kind of request at one and at sixteen clients, files, and each aim beside its figure."""
    calls, aims = figures["calls"], figures["aims"]
    assert isinstance(calls, list)
    assert isinstance(aims, list)
    kinds = ("bare route", "GET model", "POST model", "list 50", "text query")
    assert [(call["name"], call["clients"]) for call in calls] == [(kind, n) for n in (1, 16) for kind in kinds]
    assert all(call["per_second"] > 0 for call in calls)
    assert [aim["name"] for aim in aims] == [
        "start, seconds",
        "idle memory, MiB",
        "GET model at 16 clients, of bare",
        "upload, of openssl",
        "download, of openssl",
    ]
    assert all(aim["name"] in table for aim in aims)


def test_a_short_run_measures_everything(tmp_path: Path) -> None:
    """A table for people and JSON for programs, each with every figure, in seconds."""
    table, figures = bench(tmp_path)

    assert_complete(table, figures)
    assert figures["database"] == "sqlite"


@pytest.mark.postgres
@pytest.mark.endurance
def test_a_postgresql_database_can_be_measured(tmp_path: Path) -> None:
    """`--database` names an empty one."""
    name = f"bench_{secrets.token_hex(6)}"
    url = postgres.create_database(name)

    table, figures = bench(tmp_path, "--database", url)

    assert_complete(table, figures)
    assert figures["database"] == "postgresql"
    postgres.drop_database(name)
