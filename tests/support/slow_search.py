"""
What a query finds, told slowly: loops over plain objects, with neither an index nor a database.

It answers the tree of `features/search/language/tree.py`. Whatever the catalogue says must be the same, in this order.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from modelkeep_server.features.search.language.tree import (
    And,
    During,
    Everything,
    Fit,
    Mine,
    Node,
    Not,
    Or,
    Pattern,
    Place,
    Text,
    Value,
    WithId,
    leaves,
)
from tests.support.slow_folding import bare, is_like, words_of

_ONE_VALUED = ("group", "riskTier", "newest")
_TIERS = ("LOW", "MEDIUM", "HIGH")


@dataclass(frozen=True)
class Release:
    """A version: what of it can be asked for."""

    version: str
    state: str = "DRAFT"
    framework: str = ""
    model_type: str = ""
    license: str = ""
    is_closed: bool = False
    has_card: bool = False
    has_files: bool = False


@dataclass(frozen=True)
class Book:
    """
    A model. `releases` are in the order in which they were made, times in microseconds; `place` is the order in which
    models were made.
    """

    group: str
    name: str
    description: str
    owners: tuple[str, ...] = ()
    registrar: str = ""
    tags: tuple[str, ...] = ()
    tier: str = "LOW"
    releases: tuple[Release, ...] = ()
    created: int = 0
    updated: int = 0
    origin: str = "INTERNAL"
    status: str = "ACTIVE"
    visibility: str = "INTERNAL"
    public_id: str = ""
    place: int = 0

    @property
    def address(self) -> str:
        """`group/name`."""
        return f"{self.group}/{self.name}"

    @property
    def is_live(self) -> bool:
        """A version is in production."""
        return any(one.state == "PRODUCTION" for one in self.releases)

    @property
    def open_releases(self) -> list[Release]:
        """Those that were not closed."""
        return [one for one in self.releases if not one.is_closed]

    def texts(self, place: Place) -> Iterator[str]:
        """Every text of a place; what is looked for stands within one of them."""
        if place is not Place.DESCRIPTION:
            yield self.name
        if place not in (Place.NAME, Place.DESCRIPTION):
            yield self.group
            yield from self.tags
        if place in (Place.ANYWHERE, Place.DESCRIPTION):
            yield self.description


@dataclass(frozen=True)
class Reader:
    """Who asks: their e-mails with those of their teams, whether they see everything, and what was shared with them."""

    emails: tuple[str, ...] = ()
    sees_all: bool = False
    shared: frozenset[str] = frozenset()

    def owns(self, book: Book) -> bool:
        """By an address, or as who registered it."""
        theirs = {bare(email) for email in (*book.owners, book.registrar)}
        return any(bare(email) in theirs for email in self.emails)

    def sees(self, book: Book) -> bool:
        """Whether the model exists for them at all."""
        return book.visibility != "RESTRICTED" or self.sees_all or self.owns(book) or book.address in self.shared


def values_of(book: Book, field: str) -> list[str]:
    """What a model has of a field, as it is spelled."""
    found: Mapping[str, Sequence[str]] = {
        "group": [book.group],
        "tag": book.tags,
        "owner": [*book.owners, *([book.registrar] if book.registrar else [])],
        "riskTier": [book.tier],
        "state": [one.state for one in book.open_releases],
        "newest": [one.state for one in book.open_releases[-1:]],
        "framework": [one.framework for one in book.releases if one.framework],
        "modelType": [one.model_type for one in book.releases if one.model_type],
        "license": [one.license for one in book.releases if one.license],
        "version": [one.version for one in book.releases],
        "is": [
            *(["live"] if book.is_live else []),
            book.status.lower(),
            *(["restricted"] if book.visibility == "RESTRICTED" else []),
            *(["external"] if book.origin == "VENDOR" else []),
        ],
        "has": [
            *(["card"] if any(one.has_card for one in book.releases) else []),
            *(["version"] if book.releases else []),
            *(["files"] if any(one.has_files for one in book.releases) else []),
        ],
    }
    return list(found[field])


def fits(node: Node, book: Book, reader: Reader) -> bool:
    """Whether the query holds for a model."""
    if isinstance(node, And):
        return all(fits(part, book, reader) for part in node.parts)
    if isinstance(node, Or):
        return any(fits(part, book, reader) for part in node.parts)
    if isinstance(node, Not):
        return not fits(node.part, book, reader)
    if isinstance(node, Text):
        return any(_holds(words_of(text), node.patterns) for text in book.texts(node.place))
    if isinstance(node, Value):
        return any(_is(bare(value), one) for value in values_of(book, node.field) for one in node.patterns)
    if isinstance(node, During):
        moment = book.created if node.field == "created" else book.updated
        return (node.start is None or moment >= node.start) and (node.end is None or moment < node.end)
    if isinstance(node, Mine):
        return reader.owns(book)
    if isinstance(node, WithId):
        return book.public_id == node.public_id
    assert isinstance(node, Everything)
    return True


def _holds(words: Sequence[str], patterns: Sequence[Pattern]) -> bool:
    """The patterns, one after the other, somewhere among the words."""
    starts = range(len(words) - len(patterns) + 1)
    return any(all(_is(words[start + n], one) for n, one in enumerate(patterns)) for start in starts)


def _is(word: str, pattern: Pattern) -> bool:
    text = bare(pattern.text)
    if pattern.fit is Fit.WILD:
        return is_like(word, text)
    return word.startswith(text) if pattern.fit is Fit.BEGINNING else word == text


def find(node: Node, books: Sequence[Book], reader: Reader, sort: str = "") -> list[Book]:
    """The models that the query finds for somebody, in order; without a sort as the catalogue chooses itself."""
    found = [book for book in books if reader.sees(book) and fits(node, book, reader)]
    is_text = any(isinstance(leaf, Text) and not negated for leaf, negated in leaves(node))
    chosen = sort or ("relevance" if is_text else "updated")
    # Later keys decide where earlier ones are the same: sorting keeps the order of what is equal.
    found.sort(key=lambda book: book.place, reverse=True)
    if chosen == "name":
        found.sort(key=lambda book: book.address.lower())
    elif chosen == "created":
        found.sort(key=lambda book: book.created, reverse=True)
    else:
        found.sort(key=lambda book: book.updated, reverse=True)
    if chosen == "relevance":
        found.sort(key=lambda book: not book.is_live)
        found.sort(key=lambda book: rank(node, book, reader))
    return found


def rank(node: Node, book: Book, reader: Reader) -> int:
    """How far down a model that fits stands: the first of the steps that it takes."""
    typed = tuple(
        one.text for leaf, negated in leaves(node) if isinstance(leaf, Text) and not negated for one in leaf.patterns
    )
    if typed and words_of(book.name) == typed:
        return 0
    places = ([book.name], [book.name, book.group, *book.tags])
    for step, (texts, whole) in enumerate([(places[0], True), (places[0], False), (places[1], False)], start=1):
        if _fits_in(node, book, reader, texts, whole=whole):
            return step
    return 4


def _fits_in(node: Node, book: Book, reader: Reader, texts: Sequence[str], *, whole: bool) -> bool:
    """The same query, where what it asks of texts anywhere is asked of these alone, of whole words where `whole`."""
    if isinstance(node, And | Or):
        parts = [_fits_in(part, book, reader, texts, whole=whole) for part in node.parts]
        return all(parts) if isinstance(node, And) else any(parts)
    if isinstance(node, Text) and node.place is not Place.DESCRIPTION:
        asked = [_made_whole(one) if whole else one for one in node.patterns]
        return any(_holds(words_of(text), asked) for text in (texts if node.place is Place.ANYWHERE else [book.name]))
    return fits(node, book, reader)


def _made_whole(pattern: Pattern) -> Pattern:
    return replace(pattern, fit=Fit.WHOLE) if pattern.fit is Fit.BEGINNING else pattern


def count_values(books: Sequence[Book], field: str) -> Counter[str]:
    """How many of these models have each value of a field."""
    return Counter(value for book in books for value in {bare(one) for one in values_of(book, field)})


def count_facet(node: Node, books: Sequence[Book], reader: Reader, field: str) -> Counter[str]:
    """
    How many of the models that a query finds have each value of a field. Of fields of which a model has one value, what
    the query says of that field at its top does not count, so that another can be chosen.
    """
    parts = [part for part in _parts(node) if field not in _ONE_VALUED or not _is_only_of(part, field)]
    found = [book for book in books if reader.sees(book) and all(fits(part, book, reader) for part in parts)]
    return count_values(found, field)


def _parts(node: Node) -> list[Node]:
    return [one for part in node.parts for one in _parts(part)] if isinstance(node, And) else [node]


def _is_only_of(node: Node, field: str) -> bool:
    if isinstance(node, Or):
        return all(_is_only_of(part, field) for part in node.parts)
    return isinstance(node, Value) and node.field == field


def tiers_from(tier: str) -> tuple[str, ...]:
    """The tiers from this one up."""
    return _TIERS[_TIERS.index(tier) :]
