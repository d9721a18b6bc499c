"""A card as what a Printer takes (`ports.py`): plain data that its template draws, line by line."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog

from modelkeep_server.features.cards.charts import Chart, Limit, charts_of
from modelkeep_server.features.cards.exports import wording
from modelkeep_server.features.cards.markdown import (
    Block,
    CodeBlock,
    Grid,
    Listing,
    Paragraph,
    Quote,
    Run,
    read_blocks,
)
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
_REMEDY = "Try again in a moment, or export the card as HTML or JSON."
_CODE_CHARS = 88
#: What is shorter than so many characters or rows stays on one page.
_WHOLE_CHARS = 1200
_WHOLE_ROWS = 8
#: Values and columns that people compare letter by letter.
_CODES = frozenset({"content-digest"})
_CODE_COLUMNS = frozenset({"SHA-256", "Content digest"})
#: Values from here need no word of it: the cover says so.
_OWN = frozenset({Origin.MODEL, Origin.VERSION})
#: How many letters stand beside one another in a table of up to so many columns, and in one of more, set smaller.
_ROOM, _FEW, _ROOM_OF_MANY = 104, 6, 122
_GAP = 2.5


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
        "keywords": ["model card", card.model, card.version],
        "group": group,
        "name": name,
        "version": card.version,
        "state": wording.say_state(card),
        "tier": wording.say_tier(card),
        "draft": is_draft,
        "revision": f"Revision {card.revision}, published",
        "head": f"{card.model} {card.version}",
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


def _section(section: CardSection) -> dict[str, Any]:
    return {
        "title": section.title,
        "items": [_item(item) for item in section.items if item.counts or item.value is not None],
        "annotations": [_annotation(one) for one in section.annotations],
    }


def _item(item: CardItem) -> dict[str, Any]:
    said: dict[str, Any] = {"label": item.label, "from": _sources(item), "whole": _is_short(item)}
    if item.value is None:
        return said | {"kind": "missing"}
    if isinstance(item.value, str):
        if item.id in _CODES:
            return said | {"kind": "code", "text": item.value}
        return said | {"kind": "text", "paragraphs": _paragraphs(item.value)}
    if isinstance(item.value, Table):
        return said | {"kind": "table", "table": _table(item.value, item.more)}
    if item.kind is ItemKind.MEASURES:
        measures = [one for one in item.value if isinstance(one, Measure)]
        return said | {"kind": "measures"} | _measures(measures, item.more)
    texts = [one for one in item.value if isinstance(one, str)]
    more = _more(len(texts), item.more)
    return said | {"kind": "list", "items": [*texts[:ROWS_SHOWN], *([more] if more else [])]}


def _is_short(item: CardItem) -> bool:
    if isinstance(item.value, Table):
        return len(item.value.rows) <= _WHOLE_ROWS
    texts = [item.value] if isinstance(item.value, str) else item.value or ()
    return len(texts) <= _WHOLE_ROWS and sum(len(text) for text in texts if isinstance(text, str)) <= _WHOLE_CHARS


def _sources(item: CardItem) -> str | None:
    labels = list(dict.fromkeys(source.label for source in item.sources if source.origin not in _OWN))
    if len(labels) > SOURCES_MAX:
        labels = [*labels[:SOURCES_MAX], f"{len(labels) - SOURCES_MAX} more"]
    return f"From: {', '.join(labels)}" if labels else None


def _paragraphs(text: str) -> list[str]:
    """Its paragraphs, which blank lines part."""
    told = text.replace("\r\n", "\n").split("\n\n")
    return [part.strip("\n") for part in told if part.strip()] or [text]


def _table(table: Table, more: int) -> dict[str, Any]:
    code = [place for place, name in enumerate(table.columns) if name in _CODE_COLUMNS]
    return _rows(table.columns, table.rows, table.numbers, more, code=code)


def _measures(measures: Sequence[Measure], more: int) -> dict[str, Any]:
    table = wording.tabulate(measures)
    drawn = charts_of(measures)[:CHARTS_MAX]
    rows = _rows(table.columns, table.rows, table.numbers, more, red=table.failed)
    return {"charts": [_chart(chart) for chart in drawn], "table": rows}


def _rows(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    numbers: Sequence[int],
    more: int,
    *,
    code: Sequence[int] = (),
    red: Sequence[int] = (),
) -> dict[str, Any]:
    shown = [[*row[: len(columns)], *[""] * (len(columns) - len(row))] for row in rows[:ROWS_SHOWN]]
    return {
        "columns": list(columns),
        "widths": _share_out([columns, *shown]),
        "rows": shown,
        "numbers": list(numbers),
        "code": list(code),
        "red": list(red),
        "red-at": len(columns) - 1,
        "more": _more(len(rows), more),
    }


def _share_out(rows: Sequence[Sequence[str]]) -> list[float] | None:
    """
    The widths of columns, as shares, where not all of them have the room they want: the narrow ones keep theirs, the
    wide ones share what is left. None where there is room for all.
    """
    wanted = [max(map(_width, column)) + _GAP for column in zip(*rows, strict=True)]
    room: float = _ROOM if len(wanted) <= _FEW else _ROOM_OF_MANY
    if sum(wanted) <= room:
        return None
    limit, left = 0.0, sorted(wanted)
    while left and room / len(left) > left[0]:
        room -= left.pop(0)
    limit = room / len(left) if left else max(wanted)
    return [round(min(one, limit), 2) for one in wanted]


def _width(cell: str) -> int:
    return max(map(len, cell.split("\n")))


def _more(count: int, left_out: int) -> str | None:
    """That there are more: those the card has as JSON, and those it leaves out itself."""
    hidden = max(0, count - ROWS_SHOWN)
    if hidden and not left_out:
        return f"{hidden:,} more, which the card has as JSON."
    return f"{hidden + left_out:,} more, of which the card has {hidden:,} as JSON." if left_out else None


def _chart(chart: Chart) -> dict[str, Any]:
    return {
        "kind": chart.kind.value,
        "title": chart.title,
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
        "whole": len(one.markdown) <= _WHOLE_CHARS and one.markdown.count("\n") <= 2 * _WHOLE_ROWS,
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
        case Grid():
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
