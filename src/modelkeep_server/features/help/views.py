"""What the guide is made of, as pages show it."""

from dataclasses import dataclass

#: Sections below this level of heading have no anchor in the list of contents.
LISTED_LEVEL = 2


@dataclass(frozen=True)
class Prose:
    """A stretch of a chapter as HTML that is safe to show."""

    html: str


@dataclass(frozen=True)
class Code:
    """An example, to be copied as it stands."""

    text: str
    language: str


@dataclass(frozen=True)
class Drawn:
    """A place where something is drawn from one of the registry's own tables (features/help/drawn.py)."""

    name: str


Part = Prose | Code | Drawn


@dataclass(frozen=True)
class Section:
    """A heading of a chapter, and the anchor it is reached by. `level` is 2 for the parts of a chapter."""

    anchor: str
    title: str
    level: int


@dataclass(frozen=True)
class Chapter:
    """One page of the guide. `slug` is its name in addresses, `summary` its line in the list of contents."""

    slug: str
    title: str
    summary: str
    parts: tuple[Part, ...]
    sections: tuple[Section, ...]

    @property
    def href(self) -> str:
        """The page of the chapter."""
        return f"/help/{self.slug}"

    @property
    def listed(self) -> tuple[Section, ...]:
        """The sections that the list of contents shows."""
        return tuple(section for section in self.sections if section.level == LISTED_LEVEL)


@dataclass(frozen=True)
class Piece:
    """A piece of text, and whether it is a word that was looked for."""

    text: str
    is_hit: bool = False


@dataclass(frozen=True)
class Found:
    """A section that answers a search: where it stands, and the sentence with the words in it."""

    href: str
    chapter: str
    title: tuple[Piece, ...]
    snippet: tuple[Piece, ...]


@dataclass(frozen=True)
class DrawnTable:
    """
    A table of the registry's own. `marks` says what each column holds: name, text, state or tier; `codes` are the names
    that programs use, one a row, shown below the first cell.
    """

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    marks: tuple[str, ...]
    codes: tuple[str, ...] = ()
