"""A card as a README with the metadata that model hubs read (`hub_metadata.py`)."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from modelkeep_server.features.cards.exports import wording
from modelkeep_server.features.cards.exports.hub_metadata import draw_metadata
from modelkeep_server.features.cards.exports.markdown_text import (
    escape,
    escape_entry,
    escape_lines,
    quote,
    write_blocks,
    write_code,
    write_passages,
    write_table,
)
from modelkeep_server.features.cards.grids import Grid, grid_of, measures_grid
from modelkeep_server.features.cards.markdown import read_blocks
from modelkeep_server.features.cards.views import Annotation, Card, CardItem, CardSection, Measure, Table
from modelkeep_server.kit import clock

_WORDS = re.compile("[A-Za-z][A-Za-z0-9 ./_-]*")


class _Quoting(yaml.SafeDumper):  # type: ignore[misc]  # it comes without types
    """
    Writes texts in quotes unless they are plain words: hubs read the head by other rules of YAML than this library's,
    by which `1e3` and `0o7` are numbers.
    """


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if _WORDS.fullmatch(text) else '"')


_Quoting.add_representer(str, _write_text)


def to_markdown(card: Card) -> str:
    """The card as Markdown with a head of YAML."""
    head = yaml.dump(
        _in_lines(draw_metadata(card)), Dumper=_Quoting, sort_keys=False, allow_unicode=True, default_flow_style=False,
        width=10**9,
    )  # fmt: skip
    return f"---\n{head}---\n\n" + "\n\n".join(_draw(card)) + "\n"


def _in_lines(value: Any) -> Any:
    """Every text in one line, so that none can end the head."""
    if isinstance(value, dict):
        return {key: _in_lines(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_in_lines(inner) for inner in value]
    return " ".join(value.split()) if isinstance(value, str) else value


def _draw(card: Card) -> Iterator[str]:
    yield f"# {escape(f'{card.model} {card.version}')}"
    if card.summary:
        yield escape_lines(card.summary)
    facts = [
        ("State when generated", wording.say_state(card)),
        ("Risk tier", wording.say_tier(card)),
        ("Revision", wording.say_revision(card).removeprefix("Revision ")),
        ("Coverage", wording.say_coverage(card)),
    ]
    if card.published_by:
        facts.append(("Published by", card.published_by))
    lines = [f"- **{label}:** {escape(value)}" for label, value in facts]
    if card.digest:
        lines.append(f"- **Digest:** {write_code(card.digest)}")
    if card.checkpoint:
        point = card.checkpoint
        lines.append(f"- **Checkpoint:** {escape(f'{point.origin}, {point.size} events,')} {write_code(point.root)}")
    yield "\n".join(lines)
    for section in card.sections:
        yield from _draw_section(section)


def _draw_section(section: CardSection) -> Iterator[str]:
    yield f"## {escape(section.title)}"
    for item in section.items:
        if item.counts or item.value is not None:
            yield _draw_item(item)
    for note in section.annotations:
        yield _draw_annotation(note)


def _draw_item(item: CardItem) -> str:
    label = escape(item.label)
    if item.value is None:
        return f"**{label}:** *{wording.NOT_PROVIDED}*"
    if isinstance(item.value, str):
        said = write_passages(item.value)
        return f"**{label}:**\n\n{said}" if "\n" in said or said.startswith("- ") else f"**{label}:** {said}"
    if isinstance(item.value, Table):
        return _draw_grid(item, grid_of(item.value))
    measures = [one for one in item.value if isinstance(one, Measure)]
    if measures:
        return _draw_grid(item, measures_grid(measures))
    entries = "\n".join(f"- {escape_entry(one)}" for one in item.value if isinstance(one, str))
    return f"**{label}:**\n\n{entries}{_more(item)}"


def _draw_grid(item: CardItem, grid: Grid) -> str:
    return f"**{escape(item.label)}:**\n\n{write_table(grid.columns, grid.rows, grid.numbers)}{_more(item)}"


def _more(item: CardItem) -> str:
    return f"\n\n*{item.more:,} more*" if item.more else ""


def _draw_annotation(note: Annotation) -> str:
    name = note.name if note.name == note.author else f"{note.name} ({note.author})"
    said = write_blocks(read_blocks(note.markdown))
    return quote(f"**{escape(name)}**, {clock.say_moment(note.at)}:\n\n{said}")
