"""
What people write about a section, in Markdown: as HTML that is safe to show, and as blocks that files are drawn from.

HTML comes out as the characters it is written in. An image becomes a link to it: a card that is opened elsewhere asks
no machine for anything. Links lead to http, https and mailto; what looks like another stays the text it was.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

LINK_SCHEMES = ("http://", "https://", "mailto:")
LINK_RELATION = "nofollow noopener noreferrer"
_TAGS = {
    "p", "h4", "h5", "h6", "a", "code", "pre", "em", "strong", "s", "ul", "ol", "li", "blockquote", "hr", "br",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
#: A reader of Arabic or Hebrew gets each block in its own direction.
_TURNS = {"p", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "th", "td"}
_ATTRIBUTES = {"a": {"href"}, "ol": {"start", "dir"}, **{tag: {"dir"} for tag in _TURNS - {"ol"}}}
#: A card's title and its sections stand above whatever is written about them.
_HIGHEST_HEADING = 4
_LOWEST_HEADING = 6
#: How deep things may stand in one another. What the slowest text costs grows with it.
_DEPTH = 30
#: Pages show the same annotations again and again.
_KEPT = 200


@dataclass(frozen=True)
class Run:
    """A stretch of text in one manner. `breaks`: a new line begins after it."""

    text: str
    strong: bool = False
    emphasis: bool = False
    struck: bool = False
    code: bool = False
    href: str | None = None
    breaks: bool = False


@dataclass(frozen=True)
class Paragraph:
    """Text; `heading` is 1 to 3 where it is a heading, 0 where it is none."""

    runs: tuple[Run, ...]
    heading: int = 0


@dataclass(frozen=True)
class Listing:
    """Items of blocks; numbered from `start`, or with bullets where it is None."""

    items: tuple[tuple["Block", ...], ...]
    start: int | None = None


@dataclass(frozen=True)
class Quote:
    """Blocks said by somebody else."""

    blocks: tuple["Block", ...]


@dataclass(frozen=True)
class CodeBlock:
    """Text as it stands, line by line."""

    text: str


@dataclass(frozen=True)
class TableBlock:
    """A table; its first row are the heads."""

    rows: tuple[tuple[tuple[Run, ...], ...], ...]


@dataclass(frozen=True)
class Rule:
    """A line across."""


Block = Paragraph | Listing | Quote | CodeBlock | TableBlock | Rule


@lru_cache(_KEPT)
def render_markdown(text: str) -> Markup:
    """HTML of it, safe in a page. Headings begin at h4."""
    parser = _parser()
    html = parser.renderer.render(_parse(text), parser.options, {})
    return Markup(  # noqa: S704 - cleaned in the same breath
        nh3.clean(
            html,
            tags=_TAGS,
            attributes=_ATTRIBUTES,
            link_rel=LINK_RELATION,
            url_schemes={"http", "https", "mailto"},
        )
    )


@lru_cache(_KEPT)
def read_blocks(text: str) -> tuple[Block, ...]:
    """The same as blocks, for files that are not HTML."""
    return _read(iter(_parse(text)))


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("js-default", {"html": False, "maxNesting": _DEPTH})
    # Where an address is refused, its Markdown stays as it was typed.
    parser.validateLink = _is_allowed  # type: ignore[method-assign]
    return parser


def _is_allowed(url: str) -> bool:
    return url.strip().lower().startswith(LINK_SCHEMES)


def _parse(text: str) -> list[Token]:
    tokens = _parser().parse(text)
    for token in tokens:
        if token.tag[:1] == "h" and token.tag[1:].isdigit():
            token.tag = f"h{min(int(token.tag[1:]) + _HIGHEST_HEADING - 1, _LOWEST_HEADING)}"
        if token.nesting == 1 and token.tag in _TURNS:
            token.attrSet("dir", "auto")
        if token.children is not None:
            token.children = _without_images(token.children)
    return tokens


def _without_images(tokens: Sequence[Token]) -> list[Token]:
    """Each image as a link to it, or as its words where it stands inside a link."""
    kept, inside = [], 0
    for token in tokens:
        inside += token.nesting if token.type in ("link_open", "link_close") else 0
        if token.type != "image":
            kept.append(token)
            continue
        address = str(token.attrGet("src") or "")
        words = Token("text", "", 0, content=token.content or address)
        if inside:
            kept.append(words)
            continue
        kept.extend((Token("link_open", "a", 1, attrs={"href": address}), words, Token("link_close", "a", -1)))
    return kept


def _read(tokens: Iterator[Token]) -> tuple[Block, ...]:
    """The blocks up to the end of what is open, which is taken as well."""
    blocks: list[Block] = []
    for token in tokens:
        if token.nesting == -1:
            break
        if token.type in ("paragraph_open", "heading_open"):
            level = int(token.tag[1:]) - _HIGHEST_HEADING + 1 if token.type == "heading_open" else 0
            blocks.append(Paragraph(_runs(next(tokens)), level))
            next(tokens)
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            start = token.attrGet("start")
            number = int(start) if start is not None else 1
            items = tuple(_items(tokens))
            blocks.append(Listing(items, number if token.type == "ordered_list_open" else None))
        elif token.type == "blockquote_open":
            blocks.append(Quote(_read(tokens)))
        elif token.type in ("fence", "code_block"):
            blocks.append(CodeBlock(token.content.rstrip("\n")))
        elif token.type == "table_open":
            blocks.append(TableBlock(tuple(_rows(tokens))))
        elif token.type == "hr":
            blocks.append(Rule())
    return tuple(blocks)


def _items(tokens: Iterator[Token]) -> Iterator[tuple[Block, ...]]:
    for token in tokens:
        if token.type != "list_item_open":
            return
        yield _read(tokens)


def _rows(tokens: Iterator[Token]) -> Iterator[tuple[tuple[Run, ...], ...]]:
    cells: list[tuple[Run, ...]] = []
    for token in tokens:
        if token.type == "table_close":
            return
        if token.type == "inline":
            cells.append(_runs(token))
        elif token.type == "tr_close":
            yield tuple(cells)
            cells = []


def _runs(inline: Token) -> tuple[Run, ...]:
    runs: list[Run] = []
    strong = emphasis = struck = 0
    href: str | None = None
    for token in inline.children or []:
        if token.type in ("link_open", "link_close"):
            href = str(token.attrGet("href")) if token.nesting == 1 else None
        strong += token.nesting if token.tag == "strong" else 0
        emphasis += token.nesting if token.tag == "em" else 0
        struck += token.nesting if token.tag == "s" else 0
        text, breaks = token.content, token.type == "hardbreak"
        if token.type == "softbreak":
            text = " "
        if token.nesting == 0 and (text or breaks):
            is_code = token.type == "code_inline"
            runs.append(Run(text, strong > 0, emphasis > 0, struck > 0, is_code, href, breaks))
    return tuple(runs)
