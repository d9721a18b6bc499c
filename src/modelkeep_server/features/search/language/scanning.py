"""
A query cut into tokens, each with its place in what was typed. It takes any text; what is wrong with
it is told by `checking` and `leaves`.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from modelkeep_server.features.search.language.fields import Field, find_field


class TokenKind(Enum):
    """What a token is."""

    #: A bare word, or the bare value of a field.
    WORD = "word"
    #: What stands in quotes, with them.
    PHRASE = "phrase"
    #: What stands between slashes, with them: a regular expression elsewhere.
    REGEX = "regex"
    #: `~2` or `^3` behind a word, phrase or parenthesis, as other languages have it.
    MODIFIER = "modifier"
    #: A name and its colon.
    FIELD = "field"
    #: `>`, `>=`, `<`, `<=` or `=` before a value.
    COMPARE = "compare"
    AND = "and"
    OR = "or"
    NOT = "not"
    MINUS = "minus"
    PLUS = "plus"
    OPEN = "open"
    CLOSE = "close"
    #: `[` or `{`.
    RANGE_OPEN = "range_open"
    #: `]` or `}`.
    RANGE_CLOSE = "range_close"
    #: `TO` within a range.
    TO = "to"


@dataclass(frozen=True)
class Token:
    """
    Characters from `start` up to, and not with, `end`; `text` is them. `field` is what a FIELD names; `is_open` is said
    of a phrase whose closing quote is missing.
    """

    kind: TokenKind
    start: int
    end: int
    text: str
    field: Field | None = None
    is_open: bool = False


OPERANDS = frozenset({TokenKind.WORD, TokenKind.PHRASE, TokenKind.REGEX})
JOINS = frozenset({TokenKind.AND, TokenKind.OR})
SIGNS = frozenset({TokenKind.NOT, TokenKind.MINUS, TokenKind.PLUS})
#: Tokens behind which an operand has ended, and those that begin one.
ENDS = OPERANDS | {TokenKind.CLOSE, TokenKind.RANGE_CLOSE, TokenKind.MODIFIER}
BEGINS = OPERANDS | SIGNS | {TokenKind.OPEN, TokenKind.RANGE_OPEN, TokenKind.FIELD, TokenKind.COMPARE}

#: What East Asian keyboards type for signs of the language.
_PLAIN = str.maketrans("：（）", ":()")
#: What phones type for quotes. A plain quote is closed by a plain one alone.
_CURLY = "“”„‟＂"
_QUOTES = '"' + _CURLY
_MINUSES = "-−–"
KEYWORDS = {"AND": TokenKind.AND, "OR": TokenKind.OR, "NOT": TokenKind.NOT}
_DOUBLES = {"&&": TokenKind.AND, "||": TokenKind.OR}
_PREFIXES = {**dict.fromkeys(_MINUSES, TokenKind.MINUS), "!": TokenKind.NOT, "+": TokenKind.PLUS}

_PHRASE = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_CURLY_PHRASE = re.compile(rf"[{_CURLY}](?:[^{_QUOTES}\\]|\\.)*[{_QUOTES}]", re.DOTALL)
_ESCAPED = re.compile(rf"\\([{_QUOTES}\\])")
_REGEX = re.compile(r"/(?:[^/\\\s]|\\\S)+/(?=[\s)~^]|$)")
_MODIFIER = re.compile(r"[~^][0-9.]*")
_NAMED = re.compile(rf"([^\s:{_QUOTES}()\[\]{{}}\\<>=/]+):")
_COMPARED = re.compile(r">=|<=|=>|=<|==|[><=≥≤]")
_BARE = re.compile(rf"(?:\\.|[^\s{_QUOTES}()\\&|]|&(?!&)|\|(?!\|)|\\\Z)+", re.DOTALL)
_BOUND = re.compile(rf"(?:\\.|[^\s{_QUOTES}()\[\]{{}}\\]|\\\Z)+", re.DOTALL)
_MODIFIED = re.compile(r"(?<=[^\\])[~^][0-9.]*$")
_RANGE = re.compile(r"[\[{][^\[\]{}]*\sTO\s")
_FENCE = r"[ \t]*`{3,}[\w+-]*[ \t]*"
#: A line that tells people of the query below it, as examples in guides have them, or fences them in: for browsers as
#: well.
REMARK = rf"^(?:[ \t]*#[ \t](.*)|{_FENCE})$"
_REMARK = re.compile(rf"^(?:[ \t]*#[ \t].*|{_FENCE}\r?)\n|(?<=\n){_FENCE}\Z", re.MULTILINE)
_BREAKS = re.compile(r"[\r\n]+")


@lru_cache(maxsize=64)
def scan(text: str) -> tuple[Token, ...]:
    """
    The tokens of a query, in order. Takes time in proportion to its length, whatever it holds. Kept for a while: a page
    asks for those of one query a hundred times, for each of its links.
    """
    return _Scanner(text).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        self._typed = text
        self._text = _REMARK.sub(lambda remark: " " * len(remark[0]), text.translate(_PLAIN))
        self._tokens: list[Token] = []
        #: For each parenthesis that is open, whether a field stands before it, or around that.
        self._within: list[bool] = []

    def scan(self) -> tuple[Token, ...]:
        at = self._skip(0)
        while at < len(self._text):
            at = self._skip(self._take(at))
        return tuple(self._tokens)

    def _skip(self, at: int) -> int:
        while at < len(self._text) and _is_blank(self._text[at]):
            at += 1
        return at

    def _take(self, at: int) -> int:
        text, char = self._text, self._text[at]
        follows_field = bool(self._tokens) and self._tokens[-1].kind is TokenKind.FIELD
        touches = bool(self._tokens) and self._tokens[-1].end == at
        if touches and self._tokens[-1].kind in ENDS and (modifier := _MODIFIER.match(text, at)):
            return self._add(TokenKind.MODIFIER, at, modifier.end())
        if char in _QUOTES:
            return self._take_phrase(at)
        if char in "()":
            return self._take_parenthesis(at, follows_field=follows_field)
        if self._tokens and self._tokens[-1].kind is TokenKind.COMPARE:
            return self._take_word(at)
        if double := _DOUBLES.get(text[at : at + 2]):
            return self._add(double, at, at + 2)
        if char in _PREFIXES and self._has_operand(at + 1):
            return self._add(_PREFIXES[char], at, at + 1)
        if regex := _REGEX.match(text, at):
            return self._add(TokenKind.REGEX, at, regex.end())
        takes_value = follows_field or bool(self._within and self._within[-1])
        if takes_value and (compared := _COMPARED.match(text, at)):
            return self._add(TokenKind.COMPARE, at, compared.end())
        if char in "[{" and (takes_value or _RANGE.match(text, at)):
            return self._take_range(at)
        if not (follows_field and touches) and (named := _NAMED.match(text, at)) and (field := _field_of(named)):
            return self._add(TokenKind.FIELD, at, named.end(), field)
        return self._take_word(at)

    def _add(self, kind: TokenKind, start: int, end: int, field: Field | None = None, *, is_open: bool = False) -> int:
        self._tokens.append(Token(kind, start, end, self._typed[start:end], field, is_open))
        return end

    def _has_operand(self, at: int) -> bool:
        return at < len(self._text) and not _is_blank(self._text[at]) and self._text[at] != ")"

    def _take_phrase(self, at: int) -> int:
        found = (_PHRASE if self._text[at] == '"' else _CURLY_PHRASE).match(self._text, at)
        return self._add(TokenKind.PHRASE, at, found.end() if found else len(self._text), is_open=found is None)

    def _take_parenthesis(self, at: int, *, follows_field: bool) -> int:
        if self._text[at] == "(":
            self._within.append(follows_field or bool(self._within and self._within[-1]))
            return self._add(TokenKind.OPEN, at, at + 1)
        if self._within:
            self._within.pop()
        return self._add(TokenKind.CLOSE, at, at + 1)

    def _take_word(self, at: int) -> int:
        found = _BARE.match(self._text, at)
        end = found.end() if found else at + 1
        while end > at + 1 and _is_control(self._text[end - 1]):
            end -= 1
        word = self._text[at:end]
        if modified := _MODIFIED.search(word):
            end = at + modified.start()
            word = self._text[at:end]
        return self._add(KEYWORDS.get(word, TokenKind.WORD), at, end)

    def _take_range(self, at: int) -> int:
        at = self._skip(self._add(TokenKind.RANGE_OPEN, at, at + 1))
        while at < len(self._text) and self._text[at] not in "()[{":
            if self._text[at] in "]}":
                return self._add(TokenKind.RANGE_CLOSE, at, at + 1)
            if self._text[at] in _QUOTES:
                at = self._take_phrase(at)
            else:
                found = _BOUND.match(self._text, at)
                end = found.end() if found else at + 1
                is_to = self._text[at:end].upper() == "TO"
                at = self._add(TokenKind.TO if is_to else TokenKind.WORD, at, end)
            at = self._skip(at)
        return at


def one_line(text: str) -> str:
    """The same query without remarks and breaks of lines, as a box of one line shows it."""
    return _BREAKS.sub(" ", _REMARK.sub("", text))


def _field_of(named: re.Match[str]) -> Field | None:
    return find_field("".join(char for char in named.group(1) if unicodedata.category(char) != "Cf"))


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cf"}


def _is_blank(char: str) -> bool:
    """Blanks, and what nobody sees, such as marks of direction and NUL."""
    return char.isspace() or _is_control(char)


def match_parentheses(tokens: Sequence[Token]) -> dict[int, int]:
    """The place of the token that closes each parenthesis, by that of the one that opens it, and the other way."""
    matches: dict[int, int] = {}
    opened: list[int] = []
    for place, token in enumerate(tokens):
        if token.kind is TokenKind.OPEN:
            opened.append(place)
        elif token.kind is TokenKind.CLOSE and opened:
            matches[place] = opened[-1]
            matches[opened.pop()] = place
    return matches


def quote(text: str) -> str:
    """A text in quotes, where its signs mean nothing."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unquote(text: str) -> str:
    """What stands in quotes, without them. A backslash makes a quote or a backslash plain; else it is one itself."""
    return _ESCAPED.sub(r"\1", text[1:-1])
