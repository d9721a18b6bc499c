"""A card as what a Printer takes (`ports.py`): plain data that its template draws, line by line."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import structlog

from modelkeep_server.features.cards.charts import Chart, Limit, charts_of
from modelkeep_server.features.cards.exports import wording
from modelkeep_server.features.cards.grids import Grid, grid_of, measures_grid
from modelkeep_server.features.cards.markdown import (
    Block,
    CodeBlock,
    Listing,
    Paragraph,
    Quote,
    Run,
    TableBlock,
    read_blocks,
)
from modelkeep_server.features.cards.passages import passages_of
from modelkeep_server.features.cards.views import (
    Annotation,
    Card,
    CardItem,
    CardSection,
    CardStatus,
    Measure,
    Origin,
    Table,
)
from modelkeep_server.kit import clock
from modelkeep_server.ports import Printer, PrinterDown, PrintingTooLong
from modelkeep_server.rules.card_sections import ROWS_SHOWN, ItemKind
from modelkeep_server.rules.errors import Unavailable

log = structlog.get_logger()

CHARTS_MAX = 24
SOURCES_MAX = 3
#: What there is room for on the cover, and at the head of each page in two lines.
_LEAD_CHARS, _HEAD_CHARS = 400, 100
_REMEDY = "Try again in a moment, or export the card as HTML or JSON."
_CODE_CHARS = 88
#: What is shorter than so many characters or rows stays on one page.
_WHOLE_CHARS = 1200
_WHOLE_ROWS, _WHOLE_LINES = 14, 8
#: What a section of a third of a page has at most.
_SECTION_LINES = 24
#: Values that people compare letter by letter.
_CODES = frozenset({"content-digest"})
#: Values from here need no word of it: the cover says so.
_OWN = frozenset({Origin.MODEL, Origin.VERSION})


def print_card(printer: Printer, card: Card) -> bytes:
    """The card as PDF: the same bytes for the same revision. Raises Unavailable."""
    try:
        return printer.print_card(to_print(card), made_at=made_at(card))
    except (PrinterDown, PrintingTooLong) as error:
        log.warning("card not printed", card=f"{card.model}:{card.version}", revision=card.revision, reason=str(error))
        raise Unavailable("The PDF could not be made.", remedy=_REMEDY) from error


def to_print(card: Card) -> dict[str, Any]:
    """The card as data for a Printer."""
    group, _, name = card.model.rpartition("/")
    is_draft = card.status is not CardStatus.PUBLISHED
    return {
        "title": f"Model card of {card.model} {card.version}, revision {card.revision}",
        "author": card.published_by or card.generated_by,
        "summary": card.summary,
        "lead": _shorten(card.summary, _LEAD_CHARS),
        "keywords": ["model card", card.model, card.version],
        "date": list(made_at(card).astimezone(UTC).timetuple()[:6]),
        "group": group,
        "name": name,
        "version": card.version,
        "state": wording.say_state(card),
        "tier": wording.say_tier(card),
        "draft": is_draft,
        "revision": f"Revision {card.revision}, published",
        "head": _shorten(f"{card.model} {card.version}", _HEAD_CHARS),
        "standing": f"Model card. {wording.say_revision(card)}",
        "foot": card.digest or "Draft, not published",
        "facts": _facts(card),
        "missing": [
            f"{section.title}: {', '.join(item.label for item in section.missing)}"
            for section in card.sections
            if section.missing
        ],
        "sections": [_section(section) for section in card.sections],
    }


def made_at(card: Card) -> datetime:
    """The moment a file of it was made at: that of the revision, so that it is always the same file."""
    return card.published_at or card.generated_at


def _facts(card: Card) -> list[dict[str, Any]]:
    facts = [
        ("Model", card.model, False),
        ("Version", card.version, False),
        ("State when generated", wording.say_state(card), False),
        ("Risk tier", wording.say_tier(card), False),
        ("Revision", str(card.revision), False),
        ("Coverage", wording.say_coverage(card), False),
        ("Generated", f"{clock.say_moment(card.generated_at)} by {card.generated_by}", False),
    ]
    if card.published_at is not None:
        facts.append(("Published", f"{clock.say_moment(card.published_at)} by {card.published_by or ''}", False))
    if card.digest is not None:
        facts.append(("Digest of the card", card.digest, True))
    if card.checkpoint is not None:
        point = card.checkpoint
        facts.append(("Checkpoint of the log", f"{point.origin}\n{point.size} events\n{point.root}", True))
    return [{"label": label, "value": value, "code": code} for label, value, code in facts]


def _shorten(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _section(section: CardSection) -> dict[str, Any]:
    shown = [item for item in section.items if item.counts or item.value is not None]
    return {
        "title": section.title,
        "items": [_item(item) for item in shown],
        "annotations": [_annotation(one) for one in section.annotations],
        "whole": _is_short_section(section, shown),
    }


def _is_short_section(section: CardSection, shown: Sequence[CardItem]) -> bool:
    """Whether it takes less than a third of a page, so that it need not be parted: a few short texts."""
    if any(isinstance(item.value, Table) or item.kind is ItemKind.MEASURES for item in shown if item.value is not None):
        return False
    texts = [text for item in shown for text in _texts_of(item)] + [note.markdown for note in section.annotations]
    lines = len(shown) + len(section.annotations) * 2 + sum(text.count("\n") + 1 for text in texts)
    return lines <= _SECTION_LINES and sum(map(len, texts)) <= _WHOLE_CHARS


def _texts_of(item: CardItem) -> Sequence[str]:
    if isinstance(item.value, str):
        return (item.value,)
    return [one for one in item.value if isinstance(one, str)] if isinstance(item.value, tuple) else ()


def _item(item: CardItem) -> dict[str, Any]:
    said: dict[str, Any] = {"label": item.label, "from": _sources(item), "whole": _is_short(item)}
    if item.value is None:
        return said | {"kind": "missing"}
    if isinstance(item.value, str):
        if item.id in _CODES:
            return said | {"kind": "code", "text": item.value}
        return said | {"kind": "text", "paragraphs": _paragraphs(item.value)}
    if isinstance(item.value, Table):
        return said | {"kind": "table", "table": _rows(grid_of(item.value, ROWS_SHOWN), item.more)}
    if item.kind is ItemKind.MEASURES:
        measures = [one for one in item.value if isinstance(one, Measure)]
        return said | {"kind": "measures"} | _measures(measures, item.more)
    texts = _texts_of(item)
    more = _more(max(0, len(texts) - ROWS_SHOWN), item.more)
    return said | {"kind": "list", "items": [*texts[:ROWS_SHOWN], *([more] if more else [])]}


def _is_short(item: CardItem) -> bool:
    if isinstance(item.value, Table):
        return len(item.value.rows) <= _WHOLE_ROWS
    if item.kind is ItemKind.MEASURES:
        return len(item.value or ()) <= _WHOLE_ROWS
    texts = _texts_of(item)
    return len(texts) <= _WHOLE_LINES and sum(map(len, texts)) <= _WHOLE_CHARS


def _sources(item: CardItem) -> str | None:
    labels = list(dict.fromkeys(source.label for source in item.sources if source.origin not in _OWN))
    if len(labels) > SOURCES_MAX:
        labels = [*labels[:SOURCES_MAX], f"{len(labels) - SOURCES_MAX} more"]
    return f"From: {', '.join(labels)}" if labels else None


def _paragraphs(text: str) -> list[str | list[str]]:
    """Its paragraphs, and its lists as lists."""
    passages = passages_of(text)
    return [list(passage.lines) if passage.is_list else "\n".join(passage.lines) for passage in passages] or [text]


def _measures(measures: Sequence[Measure], more: int) -> dict[str, Any]:
    charts = [_chart(chart) for chart in charts_of(measures)[:CHARTS_MAX]]
    return {"charts": charts, "table": _rows(measures_grid(measures, ROWS_SHOWN), more)}


def _rows(grid: Grid, more: int) -> dict[str, Any]:
    red = {
        str(place): columns
        for place, row in enumerate(grid.rows)
        if (columns := [column for column, cell in enumerate(row) if grid.is_bad(column, cell)])
    }
    return {
        "columns": list(grid.columns),
        "rows": [list(row) for row in grid.rows],
        "numbers": sorted(grid.numbers),
        "code": sorted(grid.codes),
        "red": red,
        "more": _more(grid.left, more),
    }


def _more(hidden: int, left_out: int) -> str | None:
    """That there are more: those the card has as JSON, and those it leaves out itself."""
    if not left_out:
        return f"{hidden:,} more, which the card has as JSON." if hidden else None
    if not hidden:
        return f"{left_out:,} more, which the registry holds."
    return f"{hidden + left_out:,} more, of which the card has {hidden:,} as JSON."


def _chart(chart: Chart) -> dict[str, Any]:
    return {
        "kind": chart.kind.value,
        "name": chart.name,
        "tail": chart.tail,
        "dataset": chart.dataset,
        "words": chart.words,
        "ticks": [{"at": tick.at, "label": tick.label} for tick in chart.ticks],
        "limit": _limit(chart.limit),
        "left-out": chart.left_out,
        "marks": [
            {
                "label": mark.label,
                "value": mark.value,
                "at": mark.at,
                "start": mark.start,
                "low": mark.low,
                "high": mark.high,
                "word": mark.word,
                "limit": _limit(mark.limit),
            }
            for mark in chart.marks
        ],
    }


def _limit(limit: Limit | None) -> dict[str, Any] | None:
    return None if limit is None else {"at": limit.at, "label": limit.label}


def _annotation(one: Annotation) -> dict[str, Any]:
    name = one.name if one.name == one.author else f"{one.name} ({one.author})"
    return {
        "name": name,
        "at": clock.say_moment(one.at),
        "whole": len(one.markdown) <= _WHOLE_CHARS and one.markdown.count("\n") <= 2 * _WHOLE_LINES,
        "blocks": [_block(block) for block in read_blocks(one.markdown)],
    }


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Paragraph():
            return {"kind": "paragraph", "heading": block.heading, "runs": _runs(block.runs)}
        case Listing():
            return {
                "kind": "list",
                "start": block.start,
                "items": [[_block(inner) for inner in item] for item in block.items],
            }
        case Quote():
            return {"kind": "quote", "blocks": [_block(inner) for inner in block.blocks]}
        case CodeBlock():
            return {"kind": "code", "text": "\n".join(_fold(line) for line in block.text.split("\n"))}
        case TableBlock():
            return {"kind": "table", "rows": [[{"runs": _runs(cell)} for cell in row] for row in block.rows]}
        case _:
            return {"kind": "rule"}


def _runs(runs: Sequence[Run]) -> list[str | dict[str, Any]]:
    """Plain text as texts, all else with what it is: long annotations have thousands of both."""
    told: list[str | dict[str, Any]] = []
    for run in runs:
        manner = {name: value for name, value in vars(run).items() if value and name != "text"}
        if manner:
            told.append({"text": run.text, **manner})
        elif told and isinstance(told[-1], str):
            told[-1] += run.text
        else:
            told.append(run.text)
    return told


def _fold(line: str) -> str:
    """A line of code in as many lines as the page needs."""
    return "\n".join(line[at : at + _CODE_CHARS] for at in range(0, max(len(line), 1), _CODE_CHARS))
