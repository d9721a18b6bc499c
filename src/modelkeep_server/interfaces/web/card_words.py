"""What the page of a model card says beside the card: where things are provided, and what differs between two cards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelkeep_server.features.cards.measure_words import say_interval
from modelkeep_server.features.cards.views import CardItem, ItemChange, Table
from modelkeep_server.rules.card_sections import SECTIONS
from modelkeep_server.rules.metrics import format_number

#: So many lines of a value are shown that came or went.
LINES_SHOWN = 12
_LONG_CHARS = 500
SECTION_TITLES = {section.id: section.title for section in SECTIONS}
_PLACES = (
    ("/versions/new?", "Add it to the next version"),
    ("/evaluations/new", "Record an evaluation"),
    ("/lineage", "Track it in the lineage"),
    ("/artifacts", "Upload its files"),
    ("/settings", "Add it to the model"),
    ("/edit", "Add it"),
)


@dataclass(frozen=True)
class Lines:
    """What a value says on one side that it does not on the other. `left` counts the lines there is no room for."""

    shown: tuple[str, ...]
    left: int = 0

    @property
    def is_long(self) -> bool:
        """Whether it may scroll in its place, which people with a keyboard have to come to."""
        return sum(map(len, self.shown)) > _LONG_CHARS


@dataclass(frozen=True)
class ChangedItem:
    """An item of two cards: what went and what came; None where it was not provided. `same` counts what both say."""

    section: str
    label: str
    before: Lines | None
    now: Lines | None
    same: int


def provide_words(place: str) -> str:
    """What a link to a page does where something can be provided."""
    return next((words for part, words in _PLACES if part in place), "It comes with a promotion")


def waiting_words(count: int) -> str:
    """What becomes of annotations that outlived the draft they were written on."""
    told = "1 annotation is" if count == 1 else f"{count} annotations are"
    return f"{told} kept from a draft that was discarded, and {'stands' if count == 1 else 'stand'} in the next one."


def changed_items(changes: Sequence[ItemChange]) -> tuple[ChangedItem, ...]:
    """The items that differ, line by line."""
    return tuple(_change(one) for one in changes)


def _change(change: ItemChange) -> ChangedItem:
    before, now = _lines_of(change.before), _lines_of(change.now)
    were, are = set(before), set(now)
    section = SECTION_TITLES.get(change.section, change.section)
    gone, new = [line for line in before if line not in are], [line for line in now if line not in were]
    if before and now and not gone and not new:
        # Only the order, or how many more there are, tells them apart.
        gone, new = before, now
    return ChangedItem(
        section, change.label, None if change.before is None else _cut(gone), None if change.now is None else _cut(new),
        sum(line in were for line in now) if new is not now else 0,
    )  # fmt: skip


def _cut(lines: Sequence[str]) -> Lines:
    return Lines(tuple(lines[:LINES_SHOWN]), max(0, len(lines) - LINES_SHOWN))


def _lines_of(item: CardItem | None) -> list[str]:
    """What a value says as lines of plain text."""
    if item is None or item.value is None:
        return []
    value = item.value
    more = [f"and {item.more:,} more"] if item.more else []
    if isinstance(value, str):
        return [line for line in value.splitlines() if line.strip()] + more
    if isinstance(value, Table):
        return [_say_row(value, row) for row in value.rows] + more
    lines = []
    for one in value:
        if isinstance(one, str):
            lines.append(one)
            continue
        of = " of ".join(filter(None, (one.name, one.slice)))
        on = f" on {one.dataset}" if one.dataset else ""
        interval = f" ({say_interval(one)})" if one.low is not None else ""
        outcome = {None: "", True: ", passes", False: ", does not pass"}[one.passed]
        lines.append(f"{of}{on}: {format_number(one.value)}{interval}{outcome}")
    return lines + more


def _say_row(table: Table, row: Sequence[str]) -> str:
    """A row by what its first cell calls it: `max_depth: 6`, or each cell under the name of its column."""
    name, *cells = row or ("",)
    if len(table.columns) == 2:
        return ": ".join(filter(None, (name, *cells)))
    told = " · ".join(f"{column} {cell}" for column, cell in zip(table.columns[1:], cells, strict=False) if cell)
    return ": ".join(filter(None, (name, told)))


#: For the environment of the pages.
WORDS: Mapping[str, Any] = {
    "provide_words": provide_words,
    "waiting_words": waiting_words,
    "changed_items": changed_items,
    "card_section_title": lambda section: SECTION_TITLES.get(section, section),
}
