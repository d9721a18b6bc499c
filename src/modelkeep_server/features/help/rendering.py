"""
A chapter's Markdown into parts: prose that is safe to show, examples to copy, and places where tables are drawn.

Links between chapters are written as GitHub follows them (`roles.md#the-six-roles`) and become addresses of the help.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from modelkeep_server.features.help import drawn
from modelkeep_server.features.help.views import Chapter, Code, Drawn, Part, Prose, Section

DRAWN_LANGUAGE = "modelkeep"
_TAGS = {
    "p", "h2", "h3", "h4", "a", "code", "pre", "em", "strong", "ul", "ol", "li", "blockquote", "hr", "br",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}, "h2": {"id"}, "h3": {"id"}, "h4": {"id"}}
_CHAPTER_LINK = re.compile(r"(?:\./)?([a-z-]+)\.md(#.+)?")


class GuideBroken(RuntimeError):
    """A chapter that cannot be shown as it is written: a fault of the guide, found when it is read."""


@dataclass(frozen=True)
class Passage:
    """Plain text of one paragraph, item or row, under the heading it stands below; what the search reads."""

    section: Section | None
    text: str


@dataclass(frozen=True)
class Rendered:
    """A chapter and its plain text."""

    chapter: Chapter
    passages: tuple[Passage, ...]


def slug_of(title: str) -> str:
    """The anchor of a heading, as GitHub makes it: lower case, blanks to hyphens, signs left out."""
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", title.strip().lower()))


def render_chapter(slug: str, summary: str, markdown: str) -> Rendered:
    """
    Read one chapter. Its first line is its title.

    Raises:
        GuideBroken: There is no title, two headings share an anchor, or a table is named that nobody draws.
    """
    parser = MarkdownIt("js-default", {"html": False})
    tokens = parser.parse(markdown)
    if len(tokens) < 3 or tokens[0].tag != "h1":
        raise GuideBroken(f"{slug}: a chapter begins with its title.")
    title, body = _plain(tokens[1]), tokens[3:]
    sections = _name_headings(slug, body)
    for token in body:
        _lead_links(token)
    chapter = Chapter(slug, title, summary, tuple(_split(parser, slug, body)), tuple(sections.values()))
    return Rendered(chapter, tuple(_read_passages(body, sections)))


def _name_headings(slug: str, tokens: Sequence[Token]) -> dict[int, Section]:
    """Give each heading its anchor; the sections by the place of their token."""
    sections: dict[int, Section] = {}
    for place, token in enumerate(tokens):
        if token.type != "heading_open":
            continue
        title = _plain(tokens[place + 1])
        anchor = slug_of(title)
        if any(known.anchor == anchor for known in sections.values()):
            raise GuideBroken(f"{slug}: two headings have the anchor {anchor}.")
        token.attrSet("id", anchor)
        sections[place] = Section(anchor, title, int(token.tag[1]))
        inline = tokens[place + 1]
        opened, closed = Token("link_open", "a", 1), Token("link_close", "a", -1)
        opened.attrSet("href", f"#{anchor}")
        inline.children = [opened, *(inline.children or []), closed]
    return sections


def _lead_links(token: Token) -> None:
    for inner in token.children or []:
        href = inner.attrGet("href")
        found = _CHAPTER_LINK.fullmatch(href) if isinstance(href, str) else None
        if found:
            inner.attrSet("href", f"/help/{found[1]}{found[2] or ''}")


def _split(parser: MarkdownIt, slug: str, tokens: Sequence[Token]) -> list[Part]:
    """Examples and drawn tables stand between stretches of prose; inside a list they stay part of it."""
    parts: list[Part] = []
    prose: list[Token] = []

    def close() -> None:
        if prose:
            html = parser.renderer.render(prose, parser.options, {})
            parts.append(Prose(nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, link_rel=None)))
            prose.clear()

    for token in tokens:
        if token.type != "fence" or token.level > 0:
            prose.append(token)
            continue
        close()
        if token.info.strip() != DRAWN_LANGUAGE:
            parts.append(Code(token.content.rstrip("\n"), token.info.strip()))
            continue
        name = token.content.strip()
        if name not in drawn.NAMES:
            raise GuideBroken(f"{slug}: nobody draws {name!r}; known are {', '.join(sorted(drawn.NAMES))}.")
        parts.append(Drawn(name))
    close()
    return parts


def _read_passages(tokens: Sequence[Token], sections: dict[int, Section]) -> list[Passage]:
    passages, section, cells = [], None, list[str]()
    for place, token in enumerate(tokens):
        if place in sections:
            section = sections[place]
        elif token.type == "tr_close":
            passages.append(Passage(section, ", ".join(cell for cell in cells if cell)))
            cells.clear()
        elif token.type == "inline" and place - 1 not in sections:
            inside_cell = tokens[place - 1].type in ("th_open", "td_open")
            if inside_cell:
                cells.append(_plain(token))
            else:
                passages.append(Passage(section, _plain(token)))
        elif token.type == "fence" and token.info.strip() == DRAWN_LANGUAGE:
            passages.extend(Passage(section, row) for row in _rows_of(token.content.strip()))
        elif token.type == "fence":
            passages.append(Passage(section, " ".join(token.content.split())))
    return passages


def _rows_of(name: str) -> list[str]:
    table = drawn.find_table(name)
    if table is None:
        return [drawn.WORDS_OF_PICTURES[name]] if name in drawn.WORDS_OF_PICTURES else []
    codes = table.codes or ("",) * len(table.rows)
    return [", ".join(filter(None, (*row, code))) for row, code in zip(table.rows, codes, strict=True)]


def _plain(inline: Token) -> str:
    words = (" " if inner.type in ("softbreak", "hardbreak") else inner.content for inner in inline.children or [])
    return " ".join("".join(words).split())
