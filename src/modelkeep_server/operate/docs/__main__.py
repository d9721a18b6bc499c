"""
`python -m modelkeep_server.operate.docs [--check] [--into FOLDER]`, from the project's root.

With `--check` nothing is written; the exit code is 1 where a page differs from what the code says.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from modelkeep_server.operate.docs import programs, tables

FOLDER = Path("docs/reference")

PAGES: dict[str, tuple[str, Callable[[], str]]] = {
    "api.md": ("every route, with the act and the token scope it needs", programs.write_api),
    "cli.md": ("every command, with its options", programs.write_cli),
    "governance.md": ("roles, permissions, states, moves, risk tiers", tables.write_governance),
    "fields.md": ("what is known of a version", tables.write_fields),
    "policy-facts.md": ("what policies may ask of", tables.write_policy_facts),
    "formats.md": ("which files are taken, by what they are", tables.write_formats),
    "events.md": ("what is audited", tables.write_events),
    "errors.md": ("every way the registry says no", tables.write_errors),
    "settings.md": ("every setting", tables.write_settings),
}


def write_index() -> str:
    """The page that leads to the others."""
    lines = [f"- [{name}]({name}): {says}" for name, (says, _) in PAGES.items()]
    return "\n\n".join(("# Reference", "Generated from the code by `make docs`. Do not edit.", "\n".join(lines)))


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` compare them. Gives the exit code."""
    parser = argparse.ArgumentParser(prog="modelkeep_server.operate.docs", description="Write docs/reference/.")
    parser.add_argument("--check", action="store_true", help="write nothing, fail where a page is not current")
    parser.add_argument("--into", type=Path, default=FOLDER, help="the folder of the pages")
    asked = parser.parse_args(arguments)
    texts = {"README.md": write_index(), **{name: write() for name, (_, write) in PAGES.items()}}
    stale = []
    for name, text in texts.items():
        path = asked.into / name
        if asked.check:
            if not path.exists() or path.read_text("utf-8") != text + "\n":
                stale.append(str(path))
            continue
        asked.into.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", "utf-8")
    for page in stale:
        print(f"{page} differs from the code. Run: make docs")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
