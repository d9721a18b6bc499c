"""Reading the guide we were given into units that may each be a promise: headings, items, rows, steps, sentences."""

import re
from collections.abc import Iterator
from pathlib import Path

CONTRACT = Path(__file__).parents[2] / "docs" / "brief" / "user-guide.md"
_MARKER = re.compile(r"^(#{1,6}|[-*]|\d+\.)\s+")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z*])")


def units_of(text: str) -> Iterator[str]:
    """Each unit as it is written, without its marker, in order; a block of code is one unit, by its lines."""
    lines = iter(text.splitlines())
    for line in lines:
        stripped = line.strip()
        if stripped.startswith("```"):
            code = []
            for inner in lines:
                if inner.strip() == "```":
                    break
                code.append(inner.strip())
            yield " ".join(part for part in code if part)
        elif stripped.startswith("|"):
            if not re.fullmatch(r"[|\s:-]+", stripped):
                yield " | ".join(cell.strip() for cell in stripped.strip("|").split("|"))
        elif stripped:
            unit = _MARKER.sub("", stripped)
            yield from _SENTENCE_END.split(unit) if unit == stripped else (unit,)


def read_contract() -> list[str]:
    """Every unit of the contract, in order."""
    return list(units_of(CONTRACT.read_text("utf-8")))
