"""The pages for people who change this tree lead where they say, and leave no place out."""

import functools
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from modelkeep.cli.nouns import NOUNS
from modelkeep_server.interfaces.site import make_app
from modelkeep_server.settings import Settings
from modelkeep_server.settings.oidc import OIDC_PREFIX, OidcIssuer
from tests.docs.conftest import ROOT

SERVER = ROOT / "src" / "modelkeep_server"
WEB = SERVER / "interfaces" / "web"
#: Where a path on AGENTS.md may begin.
STARTS = (ROOT, SERVER, WEB, SERVER / "interfaces" / "api")
FLOORS = ("operate", "app", "interfaces", "features", "adapters", "db", "rules", "kit")
CLIENT_VARIABLES = {"MODELKEEP_URL", "MODELKEEP_TOKEN"}
#: Kept word for word as it was given: what it names need not be here.
CONTRACT = ROOT / "docs" / "brief" / "user-guide.md"
PAGES = [
    path
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
    if path.name != "template.md" and path != CONTRACT
]
DECISIONS = ROOT / "docs" / "decisions"

by_name = pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())


def code_of(page: Path) -> list[str]:
    """What a page sets as code inside its sentences."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL))


def paths_of_agents() -> Iterator[str]:
    """Every path on AGENTS.md, as a pattern: `<noun>` stands for any name, `<floor>` for each floor."""
    for code in code_of(ROOT / "AGENTS.md"):
        path = code.partition(":")[0]
        is_path = re.fullmatch(r"[\w.<>/-]+", path) and ("/" in path or re.search(r"\.(py|css|js|md|toml|txt)$", path))
        if not is_path:
            continue
        for floor in FLOORS if "<floor>" in path else ("",):
            yield re.sub(r"<\w+>", "*", path.replace("<floor>", floor))


def found(pattern: str) -> list[Path]:
    """Files and folders that a path of AGENTS.md means."""
    return [path for start in STARTS for path in start.glob(pattern.rstrip("/"))]


def packages(start: Path, depth: int) -> Iterator[Path]:
    """Folders with sources, down to a depth."""
    for path in sorted(start.iterdir()):
        if path.is_dir() and not path.name.startswith((".", "__")) and any(path.rglob("*.py")):
            yield path
            if depth > 1:
                yield from packages(path, depth - 1)


@functools.cache
def routes_of_the_api() -> list[str]:
    """Every address of the API as a pattern: drawing the description takes a second."""
    described = [re.sub(r"\{\w+\}", "*", path) for path in make_app().openapi()["paths"]]
    return [*described, "/api/v1/docs", "/api/v1/openapi.json"]


def test_every_path_of_agents_is_there() -> None:
    """Whoever follows a row finds the file, or others of its kind."""
    told = [path for path in paths_of_agents() if path != "tests/app/"]

    assert len(told) > 30
    assert [] == [path for path in told if not found(path)]


def test_agents_leaves_no_package_out() -> None:
    """Each package of the server down to two levels, and each folder of tests, is named or lies on a named path."""
    named = [path.relative_to(ROOT).as_posix() for pattern in paths_of_agents() for path in found(pattern)]
    folders = [*packages(SERVER, 2), *packages(ROOT / "tests", 1), *packages(ROOT / "src" / "modelkeep", 1)]
    rows = [folder.relative_to(ROOT).as_posix() for folder in folders]

    def is_covered(folder: str) -> bool:
        return any(f"{name}/".startswith(f"{folder}/") or fnmatch(folder, f"{name}/*") for name in named)

    assert len(rows) > 30
    assert [] == [folder for folder in rows if not is_covered(folder)]


def test_agents_names_every_folder_of_the_project() -> None:
    """What lies beside src and tests has a row too."""
    text = (ROOT / "AGENTS.md").read_text("utf-8")
    beside = [path.name for path in ROOT.iterdir() if path.is_dir() and any(path.glob("*.*"))]
    unknown = {"src", "node_modules", "data", "dist", "build"}

    ours = [name for name in beside if name == ".ci" or (name not in unknown and name[0] not in "._")]
    assert [] == [name for name in ours if f"{name}/" not in text]


@by_name
def test_make_targets_are_there(page: Path) -> None:
    """Every `make x` on a page is a target."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    code = re.findall(r"```modelkeep.*?```|```sh\n(.*?)```|`([^`]+)`", page.read_text("utf-8"), re.DOTALL)
    asked = set(re.findall(r"(?:^|[\s=])make ([a-z][a-z-]*)", "\n".join("\n".join(pair) for pair in code)))

    assert asked <= targets


@by_name
def test_links_lead_somewhere(page: Path) -> None:
    """Every link and picture of a page that is not of another site is a file of the tree."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    links = re.findall(r"\]\(([^)#\s]+)", text) + re.findall(r'(?:src|srcset)="([^"]+)"', text)
    # The guide leads to pages of the registry too; a test of the help follows those.
    links = [link for link in links if page.parent.name != "guide" or not link.startswith("/")]

    assert [] == [link for link in links if "://" not in link and not (page.parent / link).exists()]


@by_name
def test_variables_commands_and_routes_are_real(page: Path) -> None:
    """A MODELKEEP_ variable is a setting, `modelkeep x` a command, and an address of the API a route."""
    text = page.read_text("utf-8")
    settings = {f"MODELKEEP_{name.upper()}" for name in Settings.model_fields} | CLIENT_VARIABLES
    settings |= {f"{OIDC_PREFIX}{name.upper()}" for name in OidcIssuer.model_fields}
    routes = routes_of_the_api()

    variables = set(re.findall(r"MODELKEEP_[A-Z_]*[A-Z]", text))
    commands = set(re.findall(r"(?:^|[`(])modelkeep ([a-z]+(?:-[a-z]+)*)", text, re.MULTILINE))
    asked = set(re.findall(r"(/api/v1/[\w./{}-]+)", text))

    assert variables <= settings
    assert commands <= {noun.name for noun in NOUNS}
    assert [] == [path for path in asked if not any(fnmatch(path.rstrip("."), route) for route in routes)]


def test_pictures_of_the_readme_are_light_and_in_both_themes() -> None:
    """Each has a light and a dark form, each under 150 kB, and none lies about unused."""
    text = (ROOT / "README.md").read_text("utf-8")
    pictures = sorted((ROOT / "docs" / "images").iterdir())
    shown = set(re.findall(r"docs/images/([\w-]+)-(?:light|dark)\.webp", text))

    assert len(shown) > 2
    assert {path.name for path in pictures} == {f"{name}-{theme}.webp" for name in shown for theme in ("light", "dark")}
    assert [] == [path.name for path in pictures if path.stat().st_size > 150_000]


def test_the_index_of_decisions_is_complete() -> None:
    """Every decision has its line in the index, and the index names no other."""
    index = re.findall(
        r"^\| \[([\w-]+)\]\(([\w-]+)\.md\) \|", (DECISIONS / "README.md").read_text("utf-8"), re.MULTILINE
    )
    pages = {path.stem for path in DECISIONS.glob("*.md")} - {"README", "template"}

    assert [] == [pair for pair in index if pair[0] != pair[1]]
    assert sorted(name for name, _ in index) == sorted(pages)


@pytest.mark.parametrize("name", sorted({p.stem for p in DECISIONS.glob("*.md")} - {"README", "template"}))
def test_a_decision_has_the_form_of_the_template(name: str) -> None:
    """A sentence as its title, the question, the answer, and what it binds; short enough to be read."""
    text = (DECISIONS / f"{name}.md").read_text("utf-8")

    assert text.startswith("# ")
    assert re.findall(r"^\*\*(Question|Answer|It binds)\.\*\*", text, re.MULTILINE) == [
        "Question",
        "Answer",
        "It binds",
    ]
    assert len(text.splitlines()) <= 30
