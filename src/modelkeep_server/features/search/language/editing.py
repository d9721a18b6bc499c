"""
Queries changed by pressing something, where what was typed stays as it was typed, and taken apart for showing.

Nothing here raises. To a query that cannot be read a term is added behind AND, and what is taken out of it is cut out.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise

from modelkeep_server.features.search.language.checking import CHARS_MAX, NODES_MAX
from modelkeep_server.features.search.language.fields import FIELDS, Kind
from modelkeep_server.features.search.language.mistakes import QueryMistake
from modelkeep_server.features.search.language.reading import read_query
from modelkeep_server.features.search.language.scanning import (
    BEGINS,
    ENDS,
    JOINS,
    KEYWORDS,
    SIGNS,
    Token,
    TokenKind,
    quote,
    scan,
    unquote,
)
from modelkeep_server.features.search.language.tree import (
    During,
    Everything,
    Mine,
    Node,
    Not,
    Or,
    Place,
    Span,
    Text,
    Value,
    leaves,
    parts_of,
    unnegated,
)
from modelkeep_server.kit.words import fold_value

#: What needs no quotes as a value: it means itself, and nothing else.
_PLAIN_VALUE = re.compile(r"[^\W_][\w.@/+#:-]*")
_SOME_DAY = datetime(2024, 1, 1, tzinfo=UTC)
_NEVER_PLAIN = frozenset({*KEYWORDS, "TO"})
#: What stands before an operand and goes with it.
_BEFORE_OPERANDS = SIGNS | {TokenKind.FIELD, TokenKind.COMPARE}
#: The kinds of pieces; what is none of these is a value.
_KINDS = {
    TokenKind.FIELD: "name", TokenKind.COMPARE: "name", TokenKind.PHRASE: "phrase", TokenKind.AND: "operator",
    TokenKind.OR: "operator", TokenKind.NOT: "operator", TokenKind.OPEN: "operator", TokenKind.CLOSE: "operator",
    TokenKind.MINUS: "minus", TokenKind.PLUS: "minus",
}  # fmt: skip


@dataclass(frozen=True)
class Clause:
    """
    One of the terms that must all fit. `field` is empty for text in any place, and where several fields are asked;
    `words` is the rest as it was typed, without minus; `span` is all of it, minus included. What `node` says of `today`
    and `now` is of no certain day.
    """

    field: str
    words: str
    negated: bool
    span: Span
    node: Node


@dataclass(frozen=True)
class Piece:
    """A run of a query. `kind` is name, operator, minus, phrase, value or blank; all pieces together are the query."""

    kind: str
    text: str
    span: Span


def clauses(query: str) -> tuple[Clause, ...]:
    """The terms that must all fit, in order; none of a query that cannot be read."""
    return _clauses(query) if len(query) <= CHARS_MAX else ()


@lru_cache(maxsize=128)
def _clauses(query: str) -> tuple[Clause, ...]:
    node = _read(query)
    if node is None or isinstance(node, Everything):
        return ()
    return tuple(_clause(query, part) for part in parts_of(node))


def add_term(query: str, field: str, value: str) -> str:
    """
    The query and, besides, this value of a field. What it excludes is no longer excluded; what it asks for already is
    not asked for again.
    """
    return _add(query, write_term(field, value), negated=False)


def exclude_term(query: str, field: str, value: str) -> str:
    """The query without what has this value of a field. What asks for the value is replaced."""
    return _add(query, write_term(field, value), negated=True)


def add_words(query: str, words: str) -> str:
    """The query and, besides, all that these words ask for."""
    words = words.strip()
    if not words:
        return query
    return _append(query, f"({words})" if _is_open(scan(words[:CHARS_MAX])) else words)


def capitalise_operators(query: str) -> str:
    """The query with `and`, `or` and `not` as operators: in small letters they are words."""
    for one in clauses(query):
        word = query[one.span.start : one.span.end]
        if word.islower() and word.upper() in KEYWORDS:
            query = query[: one.span.start] + word.upper() + query[one.span.end :]
    return query


def remove_term(query: str, field: str, value: str) -> str:
    """The query where it neither asks for a value of a field nor excludes it, in terms of that field alone."""
    wanted = _read(write_term(field, value))
    for _ in range(NODES_MAX):
        found = next(_find(query, wanted), None)
        if found is None:
            break
        span, rest = found
        query = query[: span.start] + rest + query[span.end :] if rest else remove_span(query, span)
    return query


def remove_span(query: str, span: Span) -> str:
    """The query without what stands there, and without operators, parentheses and fields that then have no operand."""
    if _read(query) is None:
        return f"{query[: span.start].rstrip()} {query[span.end :].lstrip()}".strip()
    tokens = scan(query)
    return _write(query, tokens, _take_out(tokens, span))


def write_term(field: str, value: str) -> str:
    """A field and a value of it, as one may type it: in quotes where the value would mean something else."""
    told = " ".join(value.split())
    known = FIELDS.get(field)
    if known is not None and known.kind in {Kind.MOMENT, Kind.CHOICE}:
        return f"{field}:{told}"
    if not _PLAIN_VALUE.fullmatch(told) or told in _NEVER_PLAIN or (not field and ":" in told):
        told = quote(told)
    return f"{field}:{told}" if field else told


def pieces(text: str) -> tuple[Piece, ...]:
    """The query cut for colours, broken or not."""
    found: list[Piece] = []
    at = 0
    for token in scan(text[:CHARS_MAX]):
        found.extend(_blank(text, at, token.start))
        found.append(
            Piece(_KINDS.get(token.kind, "value"), text[token.start : token.end], Span(token.start, token.end))
        )
        at = token.end
    return (*found, *_blank(text, at, len(text)))


def _blank(text: str, start: int, end: int) -> tuple[Piece, ...]:
    return (Piece("blank", text[start:end], Span(start, end)),) if start < end else ()


def _read(query: str) -> Node | None:
    """What a query means; None where it cannot be read."""
    return _read_short(query) if len(query) <= CHARS_MAX else None


@lru_cache(maxsize=512)
def _read_short(query: str) -> Node | None:
    """
    A page asks of one query what becomes of it with each of many terms, hence the cache. On which day it is read is of
    no account here.
    """
    try:
        return read_query(query, now=_SOME_DAY)
    except QueryMistake:
        return None


def _clause(query: str, node: Node) -> Clause:
    inner = unnegated(node)
    span = getattr(node, "span", Span(0, 0))
    tokens = scan(query[span.start : span.end])
    while tokens and tokens[0].kind in SIGNS:
        tokens = tokens[1:]
    fields = {_field_of(leaf) for leaf, _ in leaves(inner)}
    field = fields.pop() if len(fields) == 1 else ""
    if field and tokens and tokens[0].kind is TokenKind.FIELD:
        tokens = tokens[1:]
    words = query[span.start + tokens[0].start : span.start + tokens[-1].end] if tokens else ""
    if field and len(tokens) == 1 and tokens[0].kind is TokenKind.PHRASE:
        words = unquote(words)
    if isinstance(inner, Mine):
        words = "mine"
    return Clause(field, words, isinstance(node, Not), span, node)


def _field_of(leaf: Node) -> str:
    if isinstance(leaf, Value | During):
        return leaf.field
    if isinstance(leaf, Text):
        return "" if leaf.place is Place.ANYWHERE else leaf.place.value
    return "is" if isinstance(leaf, Mine) else ""


def _add(query: str, term: str, *, negated: bool) -> str:
    wanted = _read(term)
    told = f"-{term}" if negated else term
    if wanted is None:
        return _append(query, told)
    for clause in clauses(query):
        inner = unnegated(clause.node)
        if inner == wanted:
            same = clause.negated == negated
            return query if same else query[: clause.span.start] + told + query[clause.span.end :]
    return _append(query, told)


def _append(query: str, term: str) -> str:
    return f"{_begin(query)}{term}"


@lru_cache(maxsize=128)
def _begin(query: str) -> str:
    """What a term is written behind: the query, in parentheses where OR would otherwise take the term in."""
    tokens = scan(query[:CHARS_MAX])
    if not tokens:
        return ""
    typed = query.strip()
    if _read(typed) is None:
        return f"{typed} AND "
    if (len(typed) - len(typed.rstrip("\\"))) % 2:
        typed += "\\"  # the last backslash is one itself, and takes no meaning from what follows
    if _is_open(tokens):
        return f"({typed}) AND "
    joined = any(token.kind is TokenKind.AND for token in tokens) or tokens[-1].text == "TO"
    return f"{typed} AND " if joined else f"{typed} "


def _is_open(tokens: Sequence[Token]) -> bool:
    """Whether OR stands outside all parentheses."""
    depth = 0
    for token in tokens:
        depth += (token.kind is TokenKind.OPEN) - (token.kind is TokenKind.CLOSE)
        if token.kind is TokenKind.OR and depth == 0:
            return True
    return False


def _find(query: str, wanted: Node | None) -> Iterator[tuple[Span, str]]:
    """Where a value stands in terms of its field, with what stays in its place."""
    for clause in clauses(query):
        inner = unnegated(clause.node)
        if inner == wanted:
            yield clause.span, ""
        elif isinstance(wanted, Value) and clause.field == wanted.field:
            for part in inner.parts if isinstance(inner, Or) else (inner,):
                if isinstance(part, Value) and set(wanted.patterns) <= set(part.patterns):
                    left = [one.text for one in part.patterns if one not in wanted.patterns]
                    yield part.span, _write_values(query, part, left)


def _write_values(query: str, part: Value, values: Sequence[str]) -> str:
    """The values that stay of one term, where it stands."""
    spelled = {fold_value(choice): choice for choice in FIELDS[part.field].choices}
    told = " OR ".join(spelled.get(value, value) for value in values)
    told = f"({told})" if len(values) > 1 else told
    names_field = scan(query[part.span.start : part.span.end])[0].kind is TokenKind.FIELD
    return f"{part.field}:{told}" if names_field and values else told


def _take_out(tokens: Sequence[Token], span: Span) -> list[Token]:
    """The tokens without those within, and without the sign or field that belongs to the first of these."""
    kept: list[Token] = []
    for token in tokens:
        if token.end <= span.start or token.start >= span.end:
            kept.append(token)
        else:
            while kept and kept[-1].kind in _BEFORE_OPERANDS:
                kept.pop()
    while idle := _find_idle(kept):
        del kept[idle]
    return kept


def _find_idle(tokens: Sequence[Token]) -> slice | None:
    """Parentheses with nothing in them, with what stands before them; an operator that joins nothing."""
    for place, token in enumerate(tokens):
        before = tokens[place - 1].kind if place else None
        after = tokens[place + 1].kind if place + 1 < len(tokens) else None
        if token.kind is TokenKind.OPEN and after is TokenKind.CLOSE:
            first = place
            while first and tokens[first - 1].kind in _BEFORE_OPERANDS:
                first -= 1
            return slice(first, place + 2)
        if token.kind is TokenKind.OR and after is TokenKind.AND:
            return slice(place + 1, place + 2)  # what was taken out belonged to AND, which binds tighter
        if token.kind in JOINS and (before not in ENDS or after not in BEGINS):
            return slice(place, place + 1)
    return None


def _write(query: str, tokens: Sequence[Token], kept: Sequence[Token]) -> str:
    """These of the tokens, with what was typed between those that stood side by side."""
    places = {token: place for place, token in enumerate(tokens)}
    written = query[kept[0].start : kept[0].end] if kept else ""
    for before, token in pairwise(kept):
        if places[token] == places[before] + 1:
            written += query[before.end : token.start]
        elif before.kind not in _BEFORE_OPERANDS | {TokenKind.OPEN} and token.kind is not TokenKind.CLOSE:
            written += " "
        written += query[token.start : token.end]
    return written
