"""
The process that sets one document: an order in on standard input, the file out on standard output, and the end.

Typst may read `templates/` and `fonts/` beside this file. What people wrote reaches it as data, never as its language.
"""

import json
import re
import resource
import sys
from pathlib import Path
from typing import Any

import typst

from modelkeep_server.adapters.pdf.lettering import Lettering

HERE = Path(__file__).resolve().parent
TEMPLATES = HERE / "templates"
FONTS = HERE / "fonts"
#: For readers of screens, ISO 14289-1, and to be read as it is in many years, ISO 19005-2 at its strictest level. Typst
#: refuses to write what does not keep to them.
_STANDARDS = ["ua-1", "a-2a"]
_QUOTED = re.compile(r"`.*`|\".*\"", re.DOTALL)
_MEMORY_BYTES = 3 * 1024 * 1024 * 1024
_CPU_SECONDS = 60


def main() -> None:
    """Print what standard input asks for."""
    order = json.load(sys.stdin.buffer)
    _bound()
    try:
        made = _set_card(order) if order["what"] == "card" else _draw(order)
    except typst.TypstError as error:
        # Words of the document stand in quotes, and belong in no log.
        sys.exit(_QUOTED.sub("…", error.message))
    sys.stdout.buffer.write(made)
    sys.stdout.buffer.flush()


def _bound() -> None:
    limits = (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_AS, _MEMORY_BYTES),
    )
    for which, limit in limits:
        try:
            resource.setrlimit(which, (limit, limit))
        except (ValueError, OSError):
            # The one who waits for the file ends this process in time, whatever the system bounds.
            continue


def _set_card(order: dict[str, Any]) -> bytes:
    document = Lettering(FONTS).fit(order["data"])
    return _compile(
        "card.typ", {"card": json.dumps(document)}, format="pdf", pdf_standards=_STANDARDS, timestamp=order["at"]
    )


def _draw(order: dict[str, Any]) -> bytes:
    return _compile("drawing.typ", {"svg": order["data"]}, format="png", ppi=order["dots"])


def _compile(template: str, inputs: dict[str, str], **how: Any) -> bytes:
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])
    # No package is ever asked for; a folder that is not there keeps any from being found.
    nowhere = str(TEMPLATES / "packages")
    compiler = typst.Compiler(
        str(TEMPLATES / template),
        root=str(TEMPLATES),
        font_paths=fonts,
        sys_inputs=inputs,
        package_path=nowhere,
        package_cache_path=nowhere,
    )
    made = compiler.compile(**how)
    return made if isinstance(made, bytes) else b""
