"""
What binds the shape of an expression, judged on its text before CEL reads it.

CEL has a budget of its own for loops (10,000 steps) and for nesting (32); neither bounds what an expression builds:
chained `map` over ever longer texts, or comparing values that hold the same part over and over.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from modelkeep_server.rules import policy_facts as bounds

LOOPS = frozenset({"all", "exists", "exists_one", "map", "filter"})
_BUILDING = frozenset({"map", "filter"})
#: Where a raw string ends: no backslash in it means anything.
_TOKEN = re.compile(
    r"""
    (?P<blank>\s+|//[^\n]*)
    |(?P<text>[bB]?[rR](?:\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?'''|"[^"\n]*"|'[^'\n]*')
      |[bB]?(?:\"\"\"(?:\\[\s\S]|[^\\])*?\"\"\"|'''(?:\\[\s\S]|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    |(?P<number>\d[\w.]*)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """A piece of an expression. `kind` is text, number, name or sign; `at` counts characters from 0."""

    kind: str
    text: str
    at: int


@dataclass(frozen=True)
class ShapeFault:
    """Why an expression is not taken as it is written, and where: `at` counts characters from 0."""

    message: str
    at: int


def cut_tokens(expression: str) -> tuple[Token, ...]:
    """The pieces of an expression without blanks and comments."""
    return tuple(
        Token(found.lastgroup or "sign", found[0], found.start())
        for found in _TOKEN.finditer(expression)
        if found.lastgroup != "blank"
    )


def find_shape_fault(tokens: Sequence[Token]) -> ShapeFault | None:
    """The first of the limits that an expression breaks, or None."""
    return next(_faults(tokens), None)


def growth_of(tokens: Sequence[Token]) -> int:
    """How many times a list of facts may enter what `map` or `filter` build; 0 where neither is used."""
    if not any(name.text in _BUILDING for name in _loops(tokens)):
        return 0
    return 1 + sum(1 for token in tokens if token.text == "+")


def paths_of(tokens: Sequence[Token]) -> tuple[str, ...]:
    """
    The facts that an expression reads, by their paths, in its order: `version.metadata.card.license`; those of what a
    loop goes through as `artifacts[].type`.
    """
    named = {fact.name: fact.name for fact in bounds.FACTS}
    found: dict[str, None] = {}
    for at, token in enumerate(tokens):
        if token.kind != "name" or token.text not in named or (at and tokens[at - 1].text == "."):
            continue
        path, following = _follow(named[token.text], tokens, at + 1)
        texts = [one.text for one in tokens[following : following + 5]]
        if len(texts) == 5 and texts[1] in LOOPS and texts[::2] == [".", "(", ","]:
            named[texts[3]] = f"{path}[]"
        elif not path.endswith("[]"):
            found[path] = None
    return tuple(found)


def _follow(path: str, tokens: Sequence[Token], at: int) -> tuple[str, int]:
    """A path with the fields that follow it, as far as they are facts, and where that ends."""
    while at + 1 < len(tokens) and tokens[at].text == ".":
        longer = f"{path}.{tokens[at + 1].text}"
        if bounds.find_fact(longer) is None:
            break
        path, at = longer, at + 2
    return path, at


def _faults(tokens: Sequence[Token]) -> Iterator[ShapeFault]:
    yield from _nesting_faults(tokens)
    yield from _too_many([token for token in tokens if token.text == "+"], bounds.SUMS_MAX, "`+`")
    yield from _too_many([token for token in tokens if token.text == ","], bounds.COMMAS_MAX, "commas")
    yield from _too_many(list(_loops(tokens)), bounds.LOOPS_MAX, "loops (all, exists, map, filter)")
    for position, token in enumerate(tokens):
        if token.kind == "name" and token.text == "matches":
            yield from _pattern_faults(tokens, position)


def _loops(tokens: Sequence[Token]) -> Iterator[Token]:
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if before.text == "." and token.text in LOOPS and after.text == "(":
            yield token


def _too_many(found: Sequence[Token], most: int, what: str) -> Iterator[ShapeFault]:
    if len(found) > most:
        yield ShapeFault(
            f"At most {most} {what} in one expression; this has {len(found)}. Split it into several rules.",
            found[most].at,
        )


def _nesting_faults(tokens: Sequence[Token]) -> Iterator[ShapeFault]:
    loops = {token.at for token in _loops(tokens)}
    opened: list[bool] = []
    before: Token | None = None
    for token in tokens:
        if token.kind == "sign" and token.text in "([{":
            opened.append(before is not None and before.at in loops)
            if len(opened) > bounds.NESTING_MAX:
                yield ShapeFault(f"Brackets stand at most {bounds.NESTING_MAX} deep in each other.", token.at)
                return
            if sum(opened) > bounds.LOOPS_NESTED_MAX:
                yield ShapeFault(f"Loops stand at most {bounds.LOOPS_NESTED_MAX} deep in each other.", token.at)
                return
        elif token.kind == "sign" and token.text in ")]}" and opened:
            opened.pop()
        before = token


def _pattern_faults(tokens: Sequence[Token], position: int) -> Iterator[ShapeFault]:
    before = tokens[position - 1].text if position else ""
    following = tokens[position + 1 : position + 4]
    fits = before == "." and [token.text for token in following[::2]] == ["(", ")"] and following[1].kind == "text"
    if not fits:
        yield ShapeFault('Write a pattern as .matches("..."), with the pattern itself in it.', tokens[position].at)
    elif len(following[1].text) > bounds.PATTERN_CHARS:
        yield ShapeFault(f"A pattern has at most {bounds.PATTERN_CHARS} characters.", following[1].at)
