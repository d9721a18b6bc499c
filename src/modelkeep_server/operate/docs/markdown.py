"""What the pages of `docs/reference/` are put together from."""

from collections.abc import Iterable


def page(title: str, source: str, *parts: str) -> str:
    """A page that says where it comes from."""
    return "\n\n".join((f"# {title}", f"Generated from {source} by `make docs`. Do not edit.", *parts))


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table; a bar in a cell stays a bar, a line break becomes a blank."""
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    lines += [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")
