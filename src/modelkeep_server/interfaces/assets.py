"""The built files of the pages, whose names hold the hash of what is in them."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "web" / "static" / "dist"
URL = "/static"


class AssetsNotBuilt(RuntimeError):
    """The stylesheet and scripts are not there, so no page can be drawn."""


def asset(name: str) -> str:
    """The address of a built file, for instance `app.css`, with its content hash in it."""
    return f"{URL}/{_find(name)}"


def read_asset(name: str) -> str:
    """The text of a built file."""
    return (FOLDER / _find(name)).read_text("utf-8")


def _find(name: str) -> str:
    manifest = _manifest()
    if name not in manifest:
        raise AssetsNotBuilt(f"The built assets lack {name}. Build them: make assets.")
    return manifest[name]


@cache
def _manifest() -> Mapping[str, str]:
    path = FOLDER / "manifest.json"
    if not path.exists():
        raise AssetsNotBuilt("The pages' stylesheet and scripts are not built yet. Build them: make assets.")
    built: dict[str, str] = json.loads(path.read_text("utf-8"))
    return built
