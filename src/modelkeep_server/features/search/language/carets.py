"""
What somebody is typing at the caret, in a query that is half typed and may be broken. Never raises.

It reads as far as completion needs: which field's value the caret stands in, and what an offer would replace.
"""

import re
from dataclasses import dataclass, replace
from itertools import takewhile

from modelkeep_server.features.search.language.fields import Field, find_field
from modelkeep_server.features.search.language.tree import Span

_BEGINS = re.compile(r"[-+!]*")
_NAMED = re.compile(r"([^\W\d][\w-]*):")
_COMPARED = re.compile(r">=|<=|>|<|=")
_WORDS = re.compile(r"[^:\"()\[\]{}\\&|!<>=~^*?]*")
_JOINED = re.compile(r"(?:^|[\s(])(?:AND|OR|NOT|&&|\|\||!)$")
_NEGATED = re.compile(r"(?:^|[\s(])(?:NOT[\s(]+|[-!]\()$")
_ESCAPED = re.compile(r"\\(.?)")


@dataclass(frozen=True)
class Typed:
    """
    What stands at the caret: `text` is typed of it so far, without its quotes; `span` is what an offer takes the place
    of. `field` is set within a value of that field; `is_unknown` where what stands before the colon is no field.
    `compares` stands between colon and value (`>=`), or opens a range (`[`); `bounds` counts what is said of the range
    already, TO as well. `joins` says whether AND and OR make sense here, `is_quoted` whether it stands in quotes,
    `is_negated` whether it says what is not wanted.
    `words` is all that is typed up to the caret, where that is words alone.
    """

    text: str
    span: Span
    field: Field | None = None
    is_unknown: bool = False
    compares: str = ""
    bounds: int = 0
    joins: bool = False
    is_quoted: bool = False
    is_negated: bool = False
    words: str = ""


def read_caret(query: str, at: int) -> Typed:
    """What is typed at a caret, which stands before the character `at`; beyond an end it stands at the end."""
    at = max(0, min(at, len(query)))
    opened = _walk(query[:at])
    word, start = query[opened.start : at], opened.start
    joins = _can_join(query[:start])
    if opened.range_of is not None:
        return Typed(word, Span(start, _end_of(query, at)), opened.range_of, compares="[", bounds=opened.bounds)
    begins = _BEGINS.match(word)
    start += begins.end() if begins else 0
    joins = joins and start == opened.start
    is_negated = bool(begins and set(begins[0]) & set("-!")) or _NEGATED.search(query[: opened.start]) is not None
    named = _NAMED.match(query, start, at)
    if named is None:
        typed = replace(_value(query, start, at, opened.field, "", joins), is_negated=is_negated)
        return replace(typed, words=query[:at]) if _WORDS.fullmatch(query[:at]) else typed
    field = find_field(named.group(1))
    if field is None:
        return Typed(query[named.end() : at], Span(named.end(), _end_of(query, at)), is_unknown=True)
    compared = _COMPARED.match(query, named.end(), at)
    start = compared.end() if compared else named.end()
    return _value(query, start, at, field, compared.group() if compared else "", False)


@dataclass
class _Opened:
    """What is open where a text ends: its last word, the parentheses around it, a range or quotes."""

    start: int = 0
    fields: tuple[Field | None, ...] = ()
    range_of: Field | None = None
    bounds: int = 0
    is_quoted: bool = False

    @property
    def field(self) -> Field | None:
        """The field whose values the innermost parentheses hold."""
        return self.fields[-1] if self.fields else None


def _walk(text: str) -> _Opened:
    opened = _Opened()
    is_escaped = False
    for place, letter in enumerate(text):
        if opened.is_quoted:
            opened.is_quoted = is_escaped or letter != '"'
            is_escaped = letter == "\\" and not is_escaped
        elif letter == '"':
            opened.is_quoted = True
        elif letter in "([{" and not opened.range_of:
            _open(opened, text[opened.start : place], letter)
            opened.start = place + 1
        elif letter in ")]}" or letter.isspace():
            _end_word(opened, text[opened.start : place], letter)
            opened.start = place + 1
    return opened


def _open(opened: _Opened, word: str, letter: str) -> None:
    begins = _BEGINS.match(word)
    named = _NAMED.fullmatch(word, begins.end() if begins else 0)
    field = find_field(named.group(1)) if named else None
    if letter == "(":
        opened.fields = (*opened.fields, field or opened.field)
    else:
        opened.range_of, opened.bounds = field, 0


def _end_word(opened: _Opened, word: str, letter: str) -> None:
    if letter == ")":
        opened.fields = opened.fields[:-1]
    elif letter in "]}":
        opened.range_of = None
    elif word:
        opened.bounds += 1


def _value(query: str, start: int, at: int, field: Field | None, compares: str, joins: bool) -> Typed:
    if query[start : start + 1] == '"' and start < at:
        typed = _ESCAPED.sub(r"\1", query[start + 1 : at].removesuffix('"'))
        return Typed(typed, Span(start, _end_of_quoted(query, start, at)), field, compares=compares, is_quoted=True)
    return Typed(query[start:at], Span(start, _end_of(query, at)), field, compares=compares, joins=joins)


def _end_of(query: str, at: int) -> int:
    """The end of the word that goes on behind the caret. A colon ends a name."""
    return at + sum(1 for _ in takewhile(lambda letter: not letter.isspace() and letter not in '()[]{}":', query[at:]))


def _end_of_quoted(query: str, start: int, at: int) -> int:
    """Behind the quotes that close; where they may as well open the next phrase, the caret."""
    if at - start > 1 and query[at - 1] == '"':
        return at
    within, closed, _ = query[at:].partition('"')
    return at + len(within) + 1 if closed and ":" not in within else at


def _can_join(before: str) -> bool:
    """Whether something stands before that AND or OR could join."""
    said = before.rstrip()
    return bool(said) and not said.endswith("(") and _JOINED.search(said) is None
