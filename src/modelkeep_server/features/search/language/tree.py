"""
What a query means, as a tree: read from words by `reading`, compiled for a database by `compiling`, shown by the page.

Texts in it are folded already (`kit/words.py`), values are those of `fields.py`, and moments are microseconds.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

T = TypeVar("T")


def _hashed_once(kind: type[T]) -> type[T]:
    """Trees are keys wherever ways are compared, and each hash of one would go through all of it."""
    compute: Any = kind.__hash__

    def find(self: Any) -> int:
        known: int | None = self.__dict__.get("_hash")
        if known is None:
            known = self.__dict__["_hash"] = compute(self)
        return known

    kind.__hash__ = find  # type: ignore[method-assign]
    return kind


@dataclass(frozen=True)
class Span:
    """Where in the query something was said: characters from `start` up to, and not with, `end`."""

    start: int
    end: int


#: What nobody typed: a filter that the address named beside the query.
NOWHERE = Span(0, 0)


class Fit(Enum):
    """How much of a word, or of a value, a pattern must be."""

    #: All of it.
    WHOLE = "whole"
    #: Its beginning.
    BEGINNING = "beginning"
    #: All of it, where `*` in the pattern stands for any letters or none and `?` for one.
    WILD = "wild"


@_hashed_once
@dataclass(frozen=True)
class Pattern:
    """
    What a word or a value is compared with. `text` is folded, that of choices too; wildcards stand in it with
    `Fit.WILD` alone. `*` alone fits any value, or any word.
    """

    text: str
    fit: Fit = Fit.WHOLE


class Place(Enum):
    """
    Where a text is looked for. `ANYWHERE` is name, group, tags and description; never across two of them.

    `HEAD` is all of that but the description; nobody asks for it, but rank is told by it.
    """

    ANYWHERE = "anywhere"
    HEAD = "head"
    NAME = "name"
    DESCRIPTION = "description"


@_hashed_once
@dataclass(frozen=True)
class Text:
    """
    Words that follow each other in one name, one group, one tag or one description.

    `fraud` is one pattern that fits beginnings; `fraud-detection` is `fraud` whole and then the beginning `detection`;
    in quotes all are whole; with `*` or `?` that word is wild.
    """

    patterns: tuple[Pattern, ...]
    place: Place = Place.ANYWHERE
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@_hashed_once
@dataclass(frozen=True)
class Value:
    """A model that has a value of a field: one of `patterns` fits it whole. `field` is a name of `fields.py`."""

    field: str
    patterns: tuple[Pattern, ...]
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class During:
    """`created` or `updated` at or after `start`, before `end`; microseconds since 1970 UTC, None for unbounded."""

    field: str
    start: int | None
    end: int | None
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Mine:
    """A model that whoever asks owns: by a verified e-mail, by that of a team, or as its registrar."""

    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class WithId:
    """The model with this id (a UUID)."""

    public_id: str
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Everything:
    """Nothing was asked: every model fits."""


@_hashed_once
@dataclass(frozen=True)
class Not:
    """What does not fit `part`."""

    part: "Node"
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@_hashed_once
@dataclass(frozen=True)
class And:
    """What fits all of `parts`: two at least."""

    parts: tuple["Node", ...]
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


@_hashed_once
@dataclass(frozen=True)
class Or:
    """What fits one of `parts`: two at least."""

    parts: tuple["Node", ...]
    span: Span = dataclasses.field(default=NOWHERE, compare=False)


Leaf = Text | Value | During | Mine | WithId | Everything
Node = Leaf | Not | And | Or


def join(parts: tuple[Node, ...]) -> Node:
    """All of these: none is everything, one is itself, and a conjunction within is laid open."""
    flat = tuple(part for node in parts for part in parts_of(node))
    told = tuple(part for part in flat if not isinstance(part, Everything))
    if not told:
        return Everything()
    return told[0] if len(told) == 1 else And(told)


def parts_of(node: Node) -> tuple[Node, ...]:
    """What must all fit: the parts of a conjunction, or the node itself."""
    return node.parts if isinstance(node, And) else (node,)


def unnegated(node: Node) -> Node:
    """What a part says, whether it is wanted or must not be there."""
    return node.part if isinstance(node, Not) else node


def leaves(node: Node, *, negated: bool = False) -> Iterator[tuple[Leaf, bool]]:
    """Every leaf, and whether it stands under an odd number of `Not`."""
    if isinstance(node, Not):
        yield from leaves(node.part, negated=not negated)
    elif isinstance(node, And | Or):
        for part in node.parts:
            yield from leaves(part, negated=negated)
    else:
        yield node, negated
