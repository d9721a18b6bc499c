"""
Reading a query: its words become the tree that is compiled.

luqum's grammar says what belongs to what. It is given the tokens of `scanning` under names of our own (`w3`, `f0:`),
once they stand in an order that it reads, so that no text a person types can disturb it, and every place is known.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from luqum import tree as luqum_tree
from luqum.thread import parse

from modelkeep_server.features.search.language import leaves
from modelkeep_server.features.search.language.checking import CHARS_MAX, NODES_MAX, WORDS_MAX, check
from modelkeep_server.features.search.language.mistakes import Fault, QueryMistake
from modelkeep_server.features.search.language.scanning import (
    BEGINS,
    ENDS,
    Token,
    TokenKind,
    match_parentheses,
    scan,
)
from modelkeep_server.features.search.language.terms import Term
from modelkeep_server.features.search.language.tree import (
    And,
    Everything,
    Node,
    Not,
    Or,
    Span,
    Text,
    join,
)
from modelkeep_server.features.search.language.tree import leaves as list_leaves

#: So often a query is mended to find one that can be read; each time one fault is gone.
_MENDINGS_MAX = 12
_SIGNS = {"=>": ">=", "≥": ">=", "=<": "<=", "≤": "<=", "=": "", "==": ""}
_WRITTEN = {
    TokenKind.AND: "AND", TokenKind.OR: "OR", TokenKind.NOT: "NOT", TokenKind.MINUS: "NOT", TokenKind.PLUS: "",
    TokenKind.TO: "TO", TokenKind.OPEN: "(", TokenKind.CLOSE: ")",
}  # fmt: skip


def read_query(text: str, *, now: datetime) -> Node:
    """
    What a query means. Nothing typed means every model.

    Raises:
        QueryMistake: It cannot be read; the mistake says where, why, and what can be read in its place.
    """
    try:
        return _read(text, now)
    except Fault as fault:
        raise QueryMistake(fault, _mend(fault, text, now)) from None


def _mend(fault: Fault, text: str, now: datetime) -> str | None:
    """The nearest query that can be read: faults are mended one after the other. None where there is no way."""
    fixed, seen = fault.fixed, {text}
    for _ in range(_MENDINGS_MAX):
        if not fixed or fixed in seen:
            return None
        try:
            _read(fixed, now)
        except Fault as another:
            seen.add(fixed)
            fixed = another.fixed
        else:
            return fixed
    return None


def _read(text: str, now: datetime) -> Node:
    if len(text) > CHARS_MAX:
        told = f"A query has at most {CHARS_MAX:,} characters; this one has {len(text):,}."
        raise Fault(told, CHARS_MAX, len(text), expected=("a shorter query",))
    tokens = scan(text)
    check(text, tokens)
    if not tokens:
        return Everything()
    node = _Builder(text, tokens, now).build()
    _check_size(text, node)
    return node


def _check_size(text: str, node: Node) -> None:
    if _count_nodes(node) > NODES_MAX:
        told = f"A query has at most {NODES_MAX} terms and operators; use fewer."
        raise Fault(told, 0, len(text), expected=("fewer terms",))
    count = 0
    for leaf, _ in list_leaves(node):
        count += len(leaf.patterns) if isinstance(leaf, Text) else 0
        if count > WORDS_MAX and isinstance(leaf, Text):
            told = f"A query looks for at most {WORDS_MAX} words of text; use fewer."
            raise Fault(told, leaf.span.start, leaf.span.end, expected=("fewer words",))


class _Builder:
    """The tree of tokens that were checked."""

    def __init__(self, text: str, tokens: Sequence[Token], now: datetime) -> None:
        self._text = text
        self._tokens = tokens
        self._now = now
        self._closing = match_parentheses(tokens)
        #: The token that stands at a place of what luqum is given.
        self._placed: dict[int, int] = {}

    def build(self) -> Node:
        """The tree."""
        return self._build(parse(self._write()), None, is_grouped=False)[0]

    def _write(self) -> str:
        """What luqum is given. Terms side by side mean AND, which binds tighter than OR, so the word is written."""
        written = ""
        for place, token in enumerate(self._tokens):
            if place and self._tokens[place - 1].kind in ENDS and token.kind in BEGINS:
                written += " AND "
            self._placed[len(written)] = place
            written += self._name(place, token) + " "
        return written

    def _name(self, place: int, token: Token) -> str:
        if token.kind is TokenKind.FIELD:
            return f"f{place}:"
        if token.kind is TokenKind.COMPARE:
            return _SIGNS.get(token.text, token.text)
        if token.kind in {TokenKind.RANGE_OPEN, TokenKind.RANGE_CLOSE}:
            return token.text
        return _WRITTEN.get(token.kind, f"w{place}")

    def _build(self, item: Any, field: int | None, *, is_grouped: bool) -> tuple[Node, Span]:
        """The node of what luqum read, and where it stands. `field` is the place of the field around it."""
        match item:
            case luqum_tree.SearchField():
                field = int(item.name[1:])
                is_alone = isinstance(item.expr, luqum_tree.Word | luqum_tree.Range | luqum_tree.OpenRange)
                node, span = self._build(item.expr, field, is_grouped=not is_alone)
                return _widen(node, Span(self._tokens[field].start, span.end))
            case luqum_tree.BaseGroup():
                opening = self._placed[item.pos]
                node, _ = self._build(item.expr, field, is_grouped=is_grouped)
                return _widen(node, self._span(opening, self._closing[opening]))
            case luqum_tree.Not():
                part, span = self._build(item.a, field, is_grouped=is_grouped)
                span = Span(self._tokens[self._placed[item.pos]].start, span.end)
                return _widen(part.part if isinstance(part, Not) else Not(part), span)
            case luqum_tree.BaseOperation():
                parts = [self._build(operand, field, is_grouped=is_grouped) for operand in item.operands]
                nodes = tuple(node for node, _ in parts)
                joined = join(nodes) if isinstance(item, luqum_tree.AndOperation) else _one_of(nodes)
                return _widen(joined, Span(parts[0][1].start, parts[-1][1].end))
            case luqum_tree.Range():
                return self._build_range(item, field, is_grouped=is_grouped)
            case luqum_tree.OpenRange():
                return self._build(item.a, field, is_grouped=is_grouped)
        term = self._term(int(item.value[1:]), field, is_grouped=is_grouped)
        return leaves.read_term(term), term.span

    def _build_range(self, item: luqum_tree.Range, field: int | None, *, is_grouped: bool) -> tuple[Node, Span]:
        opening = self._placed[item.pos]
        span = self._span(opening if is_grouped or field is None else field, opening + 4)
        low, high = (
            replace(self._term(place, field, is_grouped=is_grouped), span=span) for place in (opening + 1, opening + 3)
        )
        return leaves.read_range(low, high, has_low=item.include_low, has_high=item.include_high), span

    def _term(self, place: int, field: int | None, *, is_grouped: bool) -> Term:
        token, first = self._tokens[place], place
        sign = ""
        if place and self._tokens[place - 1].kind is TokenKind.COMPARE:
            first = place - 1
            sign = _SIGNS.get(self._tokens[first].text, self._tokens[first].text)
        if field is not None and not is_grouped:
            first = field
        of = None if field is None else self._tokens[field].field
        return Term(self._text, self._now, token, of, self._span(first, place), sign, is_grouped)

    def _span(self, first: int, last: int) -> Span:
        return Span(self._tokens[first].start, self._tokens[last].end)


def _widen(node: Node, span: Span) -> tuple[Node, Span]:
    return (node if isinstance(node, Everything) else replace(node, span=span)), span


def _one_of(parts: Sequence[Node]) -> Node:
    flat = tuple(inner for part in parts for inner in (part.parts if isinstance(part, Or) else (part,)))
    return Everything() if Everything() in flat else Or(flat)


def _count_nodes(node: Node) -> int:
    if isinstance(node, Not):
        return 1 + _count_nodes(node.part)
    return 1 + (sum(_count_nodes(part) for part in node.parts) if isinstance(node, And | Or) else 0)
