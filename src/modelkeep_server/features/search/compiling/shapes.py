"""What a text looks for, as the shape of words with a blank at both ends; said as each database takes it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

from modelkeep_server.features.search.indexing.documents import BORDER
from modelkeep_server.features.search.language.tree import Fit, Pattern


class Gap(Enum):
    """What stands in a shape for letters that were not said."""

    #: Any letters of one word, or none.
    LETTERS = "*"
    #: One letter.
    LETTER = "?"


Atom = str | Gap


@dataclass(frozen=True)
class Shape:
    """Letters and what stands for letters, in order. It fits wherever it is found within ` words with blanks `."""

    atoms: tuple[Atom, ...]

    @property
    def literal(self) -> str | None:
        """The one text that is looked for, where that is all."""
        if not self.atoms:
            return ""
        return self.atoms[0] if len(self.atoms) == 1 and isinstance(self.atoms[0], str) else None

    @property
    def longest(self) -> str:
        """The longest text that must be there in any case."""
        return max((atom for atom in self.atoms if isinstance(atom, str)), key=len, default="")

    @property
    def holds_letters(self) -> bool:
        """Whether any number of letters may stand somewhere within."""
        return Gap.LETTERS in self.atoms

    def as_glob(self) -> str:
        """For SQLite's GLOB. Where `holds_letters`, it finds too much: its `*` reaches over blanks."""
        told = {Gap.LETTERS: "*", Gap.LETTER: f"[^ {BORDER}]"}
        return "*" + "".join(told[a] if isinstance(a, Gap) else escape_glob(a) for a in self.atoms) + "*"

    def as_regex(self) -> str:
        """For PostgreSQL."""
        told = {Gap.LETTERS: f"[^ {BORDER}]*", Gap.LETTER: f"[^ {BORDER}]"}
        return "".join(told[a] if isinstance(a, Gap) else _escape_regex(a) for a in self.atoms)

    def as_python(self) -> str:
        """
        For Python's `re`: the same, where what was passed over is never tried again, and a word is tried from its
        beginning alone, so that no word takes long.
        """
        begins = not self.atoms or str(self.atoms[0]).startswith(" ")
        found, held = "", "" if begins else f" [^ {BORDER}]*?"
        for atom in self.atoms:
            if atom is Gap.LETTERS:
                found += f"(?>{held})" if held else ""
                held = f"[^ {BORDER}]*?"
            else:
                held += f"[^ {BORDER}]" if isinstance(atom, Gap) else re.escape(atom)
        return found + (f"(?>{held})" if held else "")


def shape_of(patterns: Sequence[Pattern]) -> Shape:
    """The shape of words that follow each other."""
    atoms: list[Atom] = [" "]
    for pattern in patterns:
        atoms.extend(_atoms_of(pattern))
        atoms.append(" ")
    return Shape(tuple(_join(_trim(atoms))))


def _atoms_of(pattern: Pattern) -> Iterator[Atom]:
    if pattern.fit is not Fit.WILD:
        yield pattern.text
    else:
        for char in re.sub(r"\*+", "*", pattern.text):
            yield Gap(char) if char in "*?" else char
    if pattern.fit is Fit.BEGINNING:
        yield Gap.LETTERS


def _trim(atoms: list[Atom]) -> list[Atom]:
    """Where any letters may go before the first that count, or come after the last, no blank need stand there."""
    start, end = 0, len(atoms)
    if len(atoms) > 3 and atoms[1] is Gap.LETTERS and atoms[2] != " ":
        start = 2
    if end - start > 2 and atoms[-2] is Gap.LETTERS and atoms[-3] != " ":
        end -= 2
    return atoms[start:end]


def _join(atoms: Sequence[Atom]) -> Iterator[Atom]:
    """Texts side by side as one."""
    for is_text, run in groupby(atoms, key=lambda atom: isinstance(atom, str)):
        if is_text:
            yield "".join(str(atom) for atom in run)
        else:
            yield from run


def escape_glob(text: str) -> str:
    """A text as itself in a GLOB."""
    return re.sub(r"([*?\[])", r"[\1]", text)


def glob_of(pattern: Pattern) -> str:
    """A whole word or value, for SQLite's GLOB."""
    if pattern.fit is Fit.WILD:
        return pattern.text.replace("[", "[[]")
    return escape_glob(pattern.text) + ("*" if pattern.fit is Fit.BEGINNING else "")


def like_of(pattern: Pattern) -> str:
    """A whole word or value, for PostgreSQL's LIKE, where a backslash escapes."""
    text = re.sub(r"([%_\\])", r"\\\1", pattern.text)
    if pattern.fit is Fit.WILD:
        return text.replace("*", "%").replace("?", "_")
    return text + ("%" if pattern.fit is Fit.BEGINNING else "")


def begin_of(pattern: Pattern) -> str:
    """The letters with which all that fits begins; empty where any may."""
    return re.split(r"[*?]", pattern.text, maxsplit=1)[0] if pattern.fit is Fit.WILD else pattern.text


def end_of(pattern: Pattern) -> str:
    """The letters with which all that fits ends, where it does not go on; empty where any may."""
    return re.split(r"[*?]", pattern.text)[-1] if pattern.fit is Fit.WILD else pattern.text


def _escape_regex(text: str) -> str:
    return re.sub(r"([^\w\s])", r"\\\1", text)
