"""Who may see what is decided in features, never at a door."""

import ast
from pathlib import Path

import modelkeep_server

ROOT = Path(modelkeep_server.__file__).parent
RULE = {"visible_to", "visible_by", "owned_by", "SEES_RESTRICTED"}


def names_in(path: Path) -> set[str]:
    """Every name that a module imports, reads or calls, dotted ones by their last part."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            found.update(alias.name for alias in node.names)
            found.update((node.module or "").split("."))
        elif isinstance(node, ast.Import):
            found.update(part for alias in node.names for part in alias.name.split("."))
        elif isinstance(node, ast.Name):
            found.add(node.id)
    return found


def test_no_interface_knows_the_rule_of_visibility() -> None:
    """Pages and API ask queries and get what the actor may see; none of them imports or applies the rule itself."""
    modules = sorted((ROOT / "interfaces").rglob("*.py"))

    knowing = {str(path.relative_to(ROOT)): names_in(path) & RULE for path in modules}

    assert len(modules) > 20
    assert {path: names for path, names in knowing.items() if names} == {}


def test_every_query_over_models_carries_the_rule() -> None:
    """A feature that reads models, versions or files names the rule; there is one place that says what it is."""
    defining = [
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        if any(
            isinstance(node, ast.FunctionDef) and node.name == "visible_to"
            for node in ast.walk(ast.parse(path.read_text()))
        )
    ]

    assert len(defining) == 1
    assert defining[0].startswith("features/models/")
    for feature in ("models", "versions", "artifacts", "search"):
        assert names_in(ROOT / "features" / feature / "queries.py") & {"visible_to", "visible_by"}, feature


def test_no_interface_shows_what_a_version_hides() -> None:
    """Versions come to the doors as their readers may see them; none of these, and no template, asks for the whole."""
    files = [path for kind in ("*.py", "*.html") for path in (ROOT / "interfaces").rglob(kind)]

    assert len(files) > 200
    assert [path.name for path in files if "whole_metadata" in path.read_text()] == []
