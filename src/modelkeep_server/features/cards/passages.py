"""Plain texts as all that draws a card shows them: in paragraphs, and lists where lines begin with a hyphen. Pure."""

import re
from dataclasses import dataclass

_BULLET = re.compile(r"\s*[-*•]\s+(\S.*)")


@dataclass(frozen=True)
class Passage:
    """A paragraph of a text, or its lines that begin with a hyphen as items."""

    lines: tuple[str, ...]
    is_list: bool = False


def passages_of(text: str) -> tuple[Passage, ...]:
    """A plain text in paragraphs and lists, as it was typed."""
    found: list[Passage] = []
    lines: list[str] = []
    is_list = False

    def close() -> None:
        if lines:
            found.append(Passage(tuple(lines), is_list))
            lines.clear()

    for line in text.splitlines():
        bullet = _BULLET.fullmatch(line)
        if not line.strip() or (bullet is not None) is not is_list:
            close()
        is_list = bullet is not None
        if line.strip():
            lines.append(bullet[1] if bullet else line.strip())
    close()
    return tuple(found)
