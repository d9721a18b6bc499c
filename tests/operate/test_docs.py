"""The reference pages: written from the code, complete, and the same as those in the tree."""

from collections.abc import Callable
from pathlib import Path

import pytest

from modelkeep.cli.nouns import NOUNS
from modelkeep_server.interfaces.site import make_app
from modelkeep_server.operate.docs.__main__ import FOLDER, main
from modelkeep_server.rules.error_table import list_kinds
from modelkeep_server.rules.events import ACTIONS
from modelkeep_server.rules.fields import FIELDS
from modelkeep_server.rules.permissions import PERMISSIONS
from modelkeep_server.settings import Settings

ROOT = Path(__file__).parents[2]


def name_routes() -> list[str]:
    """Every route as its page names it. The description takes seconds to make: not while tests are collected."""
    paths = make_app().openapi()["paths"]
    return [f"`{method.upper()} {path}`" for path, methods in paths.items() for method in methods]


#: What each page must name, one row or heading each.
PROMISED: dict[str, Callable[[], list[str]]] = {
    "api.md": name_routes,
    "cli.md": lambda: [f"## modelkeep {noun.name}\n" for noun in NOUNS],
    "governance.md": lambda: [f"`{act}`" for act in PERMISSIONS],
    "fields.md": lambda: [f"`metadata.{field.path}`" for field in FIELDS],
    "events.md": lambda: [f"`{action}`" for action in ACTIONS],
    "errors.md": lambda: [f"`{kind.code}`" for kind in list_kinds()],
    "settings.md": lambda: [f"`MODELKEEP_{name.upper()}`" for name in Settings.model_fields],
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all pages, just written."""
    folder = tmp_path_factory.mktemp("reference")
    assert main(["--into", str(folder)]) == 0
    return folder


@pytest.mark.parametrize("name", PROMISED)
def test_a_page_names_all_there_is(written: Path, name: str) -> None:
    """No route, command, permission, field, event, error or setting is left out."""
    text = (written / name).read_text("utf-8")

    assert [] == [promised for promised in PROMISED[name]() if promised not in text]


def test_the_pages_of_the_tree_are_current(written: Path) -> None:
    """What is in docs/reference/ is what the code says, and the index leads to every page."""
    fresh = {path.name: path.read_text("utf-8") for path in written.iterdir()}
    there = {path.name: path.read_text("utf-8") for path in (ROOT / FOLDER).iterdir()}

    assert [] == sorted(name for name in fresh.keys() | there.keys() if fresh.get(name) != there.get(name))
    assert [] == [name for name in PROMISED if f"]({name})" not in fresh["README.md"]]


def test_a_stale_page_is_told(written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--check` writes nothing, names the page that differs, and ends with 1."""
    for path in written.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "events.md").write_text("# Events\n", "utf-8")

    assert main(["--check", "--into", str(tmp_path)]) == 1

    assert str(tmp_path / "events.md") in capsys.readouterr().out
    assert (tmp_path / "events.md").read_text("utf-8") == "# Events\n"
