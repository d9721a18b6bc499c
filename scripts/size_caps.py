"""Checks the caps that keep the tree readable: a file 400 lines, a function 60, a template 150.

    python scripts/size_caps.py

Prints one line a place over its cap and exits 1 where there is any. Standard library only.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE_LINES = 400
FUNCTION_LINES = 60
TEMPLATE_LINES = 150
FOLDERS = ("src", "tests", "scripts", "bench")
BUILT = {"dist", "__pycache__", "node_modules"}
TEMPLATES = {".html", ".j2", ".xml"}
PROGRAMS = {".py", ".js", ".mjs", ".sh"}


def list_files() -> Iterator[Path]:
    """Every source file; what was built or installed is left out."""
    yield ROOT / "hatch_build.py"
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and not BUILT.intersection(path.parts):
                yield path


def find_long_functions(path: Path, text: str) -> Iterator[str]:
    """One line for each function over the cap, decorators not counted."""
    for node in ast.walk(ast.parse(text, str(path))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            length = node.end_lineno - node.lineno + 1
            if length > FUNCTION_LINES:
                place = f"{path.relative_to(ROOT)}:{node.lineno}"
                yield f"{place}: function {node.name} has {length} lines, the cap is {FUNCTION_LINES}"


def find_excess(path: Path) -> Iterator[str]:
    """One line for each cap this file breaks."""
    cap = TEMPLATE_LINES if path.suffix in TEMPLATES else FILE_LINES if path.suffix in PROGRAMS else None
    if cap is None:
        return
    text = path.read_text("utf-8")
    lines = len(text.splitlines())
    if lines > cap:
        yield f"{path.relative_to(ROOT)}: {lines} lines, the cap is {cap}"
    if path.suffix == ".py":
        yield from find_long_functions(path, text)


def main() -> int:
    """Returns the process's exit code."""
    excess = [line for path in list_files() for line in find_excess(path)]
    for line in excess:
        print(line)
    return 1 if excess else 0


if __name__ == "__main__":
    sys.exit(main())
