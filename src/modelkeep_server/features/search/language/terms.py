"""The single terms of a query: how they are spelled, and how they are mended."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from modelkeep_server.features.search.language.fields import Field
from modelkeep_server.features.search.language.mistakes import Fault, mend
from modelkeep_server.features.search.language.scanning import Token, TokenKind, unquote
from modelkeep_server.features.search.language.tree import Span

WILD = "*?"


@dataclass(frozen=True)
class Term:
    """
    One term of a query `asked` at `now`: its token, the field that it is a value of, and where both stand. `sign`
    compares it: `>`, `>=`, `<` or `<=`. `is_grouped` says that the field stands before a parenthesis around it.
    """

    asked: str
    now: datetime
    token: Token
    field: Field | None
    span: Span
    sign: str = ""
    is_grouped: bool = False

    @property
    def typed(self) -> str:
        """What it says, without quotes and backslashes."""
        return unquote(self.token.text) if self.is_quoted else "".join(char for char, _ in _read(self.token.text))

    @property
    def is_quoted(self) -> bool:
        """Whether it stands in quotes, where no character has a meaning of its own."""
        return self.token.kind is TokenKind.PHRASE

    @property
    def is_wild(self) -> bool:
        """Whether it has wildcards."""
        return not self.is_quoted and any(is_wild for _, is_wild in _read(self.token.text))

    def write_pattern(self, instead: str) -> str:
        """What it says with its wildcards, and `instead` of what looks like one and is none."""
        return "".join(
            char if is_wild or not set(unicodedata.normalize("NFKC", char)) & set(WILD) else instead
            for char, is_wild in _read(self.token.text)
        )

    def write(self, value: str) -> str:
        """The term with another value, as it would be typed in its place."""
        return value if self.field is None or self.is_grouped else f"{self.field.name}:{value}"

    def fault(self, message: str, instead: str | None = None, expected: tuple[str, ...] = ()) -> Fault:
        """A fault of the value; the query would be right with `instead` of it and its field."""
        fixed = mend(self.asked, self.span.start, self.span.end, instead)
        return Fault(message, self.token.start, self.token.end, expected=expected, fixed=fixed)

    def fault_of_all(self, message: str, instead: str | None = None, expected: tuple[str, ...] = ()) -> Fault:
        """A fault of the field and its value; the query would be right with `instead` of both."""
        start, end = self.span.start, self.span.end
        return Fault(message, start, end, expected=expected, fixed=mend(self.asked, start, end, instead))


def _read(text: str) -> Iterator[tuple[str, bool]]:
    """Each character of a bare word, and whether it is a wildcard. A backslash takes the meaning from a sign."""
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\" and at + 1 < len(text) and text[at + 1].isascii() and not text[at + 1].isalnum():
            at += 1
            yield text[at], False
        else:
            yield char, char in WILD
        at += 1
