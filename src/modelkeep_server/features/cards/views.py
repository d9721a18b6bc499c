"""
A model card as a document: what pages, files and the API draw it from. features/cards/documents.py turns it into JSON
and back without loss. Plain text everywhere but in annotations, which are Markdown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from modelkeep_server.rules.card_sections import ItemKind


class CardStatus(StrEnum):
    """A draft follows the facts when it is generated anew; a published revision never changes."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"


class Origin(StrEnum):
    """What of the registry a value was taken from."""

    MODEL = "MODEL"
    VERSION = "VERSION"
    ARTIFACT = "ARTIFACT"
    EVALUATION = "EVALUATION"
    LINEAGE = "LINEAGE"
    POLICY = "POLICY"
    REVIEW = "REVIEW"
    BASE_MODEL = "BASE_MODEL"


@dataclass(frozen=True)
class Source:
    """Where a value is from: its kind, words for people, and a path of this registry's pages (or None)."""

    origin: Origin
    label: str
    href: str | None = None


@dataclass(frozen=True)
class Table:
    """Rows under columns. `numbers` are the places of columns that hold numbers. A cell may be empty text."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True)
class Measure:
    """
    One metric: its value, of which slice (None: all of the data), its confidence interval, and what its suite demands.
    `comparison` is one of `>= > <= <`; `passed` None where nothing demands.
    """

    name: str
    value: float
    slice: str | None = None
    low: float | None = None
    high: float | None = None
    comparison: str | None = None
    limit: float | None = None
    passed: bool | None = None
    dataset: str | None = None


Value = str | tuple[str, ...] | Table | tuple[Measure, ...]


@dataclass(frozen=True)
class CardItem:
    """
    One item of a section, by the id and label of rules/card_sections.py. `value` is None where it is not provided;
    its type follows `kind`: TEXT a text, LIST texts, TABLE a table, MEASURES metrics. `more` counts the entries, rows
    or measures that the card leaves out.
    """

    id: str
    label: str
    kind: ItemKind
    value: Value | None = None
    sources: tuple[Source, ...] = ()
    #: Where it can be provided, as a path of this registry's pages.
    provide_at: str | None = None
    counts: bool = True
    more: int = 0


@dataclass(frozen=True)
class Annotation:
    """
    What a person says of a section, in Markdown. `author` is an e-mail or `service:NAME`, `name` what they are called.
    """

    author: str
    name: str
    at: datetime
    markdown: str


@dataclass(frozen=True)
class CardSection:
    """A section of the card, by the id and title of rules/card_sections.py."""

    id: str
    title: str
    items: tuple[CardItem, ...]
    annotations: tuple[Annotation, ...] = ()

    @property
    def missing(self) -> tuple[CardItem, ...]:
        """What a complete card has and this one lacks."""
        return tuple(item for item in self.items if item.counts and item.value is None)


@dataclass(frozen=True)
class Checkpoint:
    """The head of the log right after a card was published: whose log, how many events, and the root over them."""

    origin: str
    size: int
    root: str


@dataclass(frozen=True)
class Card:
    """
    A revision of a version's card. `coverage` is from 0 to 1: how many of the items that count are provided.

    `digest` is `sha256:<hex>` over its canonical JSON, None of a draft; `checkpoint` is told of published ones alone
    and is no part of what is digested. `edition` changes with every change of a draft. `content_digest` is over what
    the version held when the card was generated, frozen or not; None of cards from before that was kept.
    """

    model: str
    version: str
    revision: int
    status: CardStatus
    coverage: float
    summary: str
    state: str
    risk_tier: str
    sections: tuple[CardSection, ...]
    generated_at: datetime
    generated_by: str
    published_at: datetime | None = None
    published_by: str | None = None
    digest: str | None = None
    checkpoint: Checkpoint | None = None
    edition: int = 1
    content_digest: str | None = None

    @property
    def missing(self) -> tuple[CardItem, ...]:
        """What a complete card has and this one lacks."""
        return tuple(item for section in self.sections for item in section.missing)


@dataclass(frozen=True)
class Revision:
    """A line of the list of a version's cards."""

    revision: int
    status: CardStatus
    coverage: float
    generated_at: datetime
    generated_by: str
    published_at: datetime | None
    published_by: str | None
    digest: str | None


@dataclass(frozen=True)
class ItemChange:
    """An item that differs between two cards; None: not provided there."""

    section: str
    id: str
    label: str
    before: CardItem | None
    now: CardItem | None


@dataclass(frozen=True)
class CardChanges:
    """
    What differs between two cards of a version: items, then annotations that came or went. `is_of_other_content`: the
    version held something else when one of them was generated, whether that shows in an item or not.
    """

    items: tuple[ItemChange, ...] = ()
    added: tuple[tuple[str, Annotation], ...] = ()
    removed: tuple[tuple[str, Annotation], ...] = ()
    is_of_other_content: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether both say the same."""
        return not (self.items or self.added or self.removed)

    @property
    def is_behind(self) -> bool:
        """Of a card and what generating it anew would bring: whether that is worth it."""
        return bool(self.items) or self.is_of_other_content


@dataclass(frozen=True)
class CardState:
    """
    What a page asks of a version's cards at once. `changes` is what generating anew would bring to `card`. `waiting`
    are annotations that no card says since a draft was discarded, by section: they stand in the next draft.
    """

    card: Card | None
    revisions: Sequence[Revision]
    changes: CardChanges
    waiting: Mapping[str, tuple[Annotation, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class NamedBy:
    """
    What names a model as its base and stays as it is once not everybody may see that, as far as one sees it oneself:
    published `cards` of other models, and `versions` of them, the `first` by address.
    """

    cards: int
    versions: int
    first: tuple[str, ...]
