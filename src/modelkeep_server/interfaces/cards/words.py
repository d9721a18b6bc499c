"""How the values of a card are drawn, alike on its page and in its HTML file."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from modelkeep_server.features.cards.charts import charts_of
from modelkeep_server.features.cards.grids import grid_of, measures_grid
from modelkeep_server.features.cards.markdown import render_markdown
from modelkeep_server.features.cards.passages import passages_of
from modelkeep_server.features.cards.views import CardItem, Source
from modelkeep_server.rules.card_sections import SECTIONS, ItemKind

#: Where a value came from, in a word.
ORIGINS: Mapping[str, str] = {
    "MODEL": "Model",
    "VERSION": "Version",
    "ARTIFACT": "File",
    "EVALUATION": "Evaluation",
    "LINEAGE": "Lineage",
    "POLICY": "Policy",
    "REVIEW": "Review",
    "BASE_MODEL": "Base model",
}
HINTS: Mapping[str, str] = {section.id: section.hint for section in SECTIONS}
_DIGEST = re.compile(r"(?:sha256:)?[0-9a-f]{40,64}")


@dataclass(frozen=True)
class Stretch:
    """Items that follow each other and are drawn alike: `kind` is facts, a row each, or whole, each under a heading."""

    kind: str
    items: tuple[CardItem, ...]


def stretches_of(items: Sequence[CardItem], *, in_rows: bool) -> tuple[Stretch, ...]:
    """The items of a section; `in_rows`: what is no table stands in rows, a name and a value each."""
    found: list[Stretch] = []
    for item in items:
        is_row = in_rows and item.kind in (ItemKind.TEXT, ItemKind.LIST)
        kind = "facts" if is_row else "whole"
        if found and found[-1].kind == kind:
            found[-1] = Stretch(kind, (*found[-1].items, item))
        else:
            found.append(Stretch(kind, (item,)))
    return tuple(found)


def origin_word(source: Source) -> str:
    """What of the registry it was taken from, in a word."""
    return ORIGINS[source.origin.value]


def is_digest(text: str) -> bool:
    """Whether a cell holds a commit or a hash, which is broken anywhere and set in equal letters."""
    return _DIGEST.fullmatch(text) is not None


def say_share(share: float) -> str:
    """A coverage in percent. Only a whole one is 100."""
    return f"{100 if share >= 1 else min(99, round(share * 100))}%"


def say_day(at: datetime) -> str:
    """9 January 2026."""
    return f"{at.day} {at:%B %Y}"


def say_moment(at: datetime) -> str:
    """9 January 2026, 09:12 UTC."""
    return f"{say_day(at)}, {at:%H:%M} UTC"


#: For the environments that draw templates/cards/.
WORDS: Mapping[str, Any] = {
    "charts_of": charts_of,
    "passages_of": passages_of,
    "stretches_of": stretches_of,
    "grid_of": grid_of,
    "measures_grid": measures_grid,
    "origin_word": origin_word,
    "is_digest": is_digest,
    "say_share": say_share,
    "card_markdown": render_markdown,
    "CARD_HINTS": HINTS,
}
