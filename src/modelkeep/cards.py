"""Model cards of versions, from Python: a part of the client."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from modelkeep.addresses import Address, parse_version
from modelkeep.asking import Asking
from modelkeep.exports import save_answer
from modelkeep.listing import Listing
from modelkeep.reading import read
from modelkeep.told import Told


@dataclass(frozen=True, kw_only=True)
class CardItem(Told):
    """
    An item of a card. `value` is None where it is not provided, and `provide_at` then says where it can be, as a path
    of the registry's pages; otherwise a text, a list of texts, a table or a list of measures, as `kind` says.
    """

    id: str
    label: str
    kind: str
    counts: bool
    value: Any = None
    more: int = 0
    source: str | None = None
    provide_at: str | None = None


@dataclass(frozen=True, kw_only=True)
class CardAnnotation(Told):
    """What a person says of a section, in Markdown."""

    author: str
    name: str
    at: datetime
    markdown: str


@dataclass(frozen=True, kw_only=True)
class CardSection(Told):
    """A section of a card."""

    id: str
    title: str
    items: tuple[CardItem, ...]
    annotations: tuple[CardAnnotation, ...]


@dataclass(frozen=True, kw_only=True)
class CardCheckpoint(Told):
    """The head of the log right after a card was published: so many events, and the root over them in hex."""

    origin: str
    size: int
    root: str


@dataclass(frozen=True, kw_only=True)
class CardFact(Told):
    """An item of a card, by its section and id."""

    section: str
    id: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Card(Told):
    """
    A model card, DRAFT or PUBLISHED. `coverage` is from 0 to 1; `edition` is what an edit of it is made on. `raw` is
    the whole document.

    `content_digest` is over what the version held when it was generated. Of a card that was read, and not of one that
    was just written: `changed_facts` are the items that it would say otherwise if it were generated now, and
    `of_other_content`, whether the version was edited since.
    """

    model: str
    version: str
    revision: int
    status: str
    coverage: float
    summary: str
    state: str
    risk_tier: str
    generated_at: datetime
    generated_by: str
    published_at: datetime | None = None
    published_by: str | None = None
    digest: str | None = None
    checkpoint: CardCheckpoint | None = None
    edition: int
    content_digest: str | None = None
    changed_facts: tuple[CardFact, ...] = ()
    of_other_content: bool = False
    sections: tuple[CardSection, ...]

    @property
    def missing(self) -> tuple[CardItem, ...]:
        """What a complete card has and this one lacks."""
        items = (item for section in self.sections for item in section.items)
        return tuple(item for item in items if item.counts and item.value is None)


@dataclass(frozen=True, kw_only=True)
class CardRevision(Told):
    """A card in the list of a version's cards."""

    revision: int
    status: str
    coverage: float
    generated_at: datetime
    generated_by: str
    published_at: datetime | None = None
    published_by: str | None = None
    digest: str | None = None


@dataclass(frozen=True, kw_only=True)
class CardItemChange(Told):
    """An item that differs; None on the side where it is not provided."""

    section: str
    id: str
    label: str
    before: dict[str, Any] | None = None
    now: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class CardChanges(Told):
    """
    What differs between two cards: items, and the annotations that came or went. `of_other_content`: the version held
    something else when the one was generated than with the other.
    """

    items: tuple[CardItemChange, ...]
    added: tuple[dict[str, Any], ...]
    removed: tuple[dict[str, Any], ...]
    of_other_content: bool = False

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.items or self.added or self.removed or self.of_other_content)


class Cards(Asking):
    """What is done with cards, and files of them. `address` is `GROUP/NAME:VERSION` everywhere."""

    def generate_card(self, address: str | Address) -> Card:
        """
        Generate the card from what the registry holds, into the draft; annotations stay. Raises Forbidden, NotFound,
        Conflict.
        """
        return read(Card, self._transport.post(_route_of(address)))

    def get_card(self, address: str | Address, revision: int | str | None = None) -> Card:
        """
        A card, with what has changed since it was generated: the newest published, or else the draft, where `revision`
        is neither a number nor "draft". Raises NotFound.
        """
        return read(Card, self._transport.get(_route_of(address), _asked(revision)))

    def annotate_card(self, address: str | Address, section: str, markdown: str, *, edition: int | None = None) -> Card:
        """
        Say something of a section, in Markdown, in place of what you said before; empty text takes that back.

        Args:
            section: As `factors`; a card has the ids of its sections.
            edition: The `edition` of the card that it is written on; None for whatever is there.
        Raises:
            Forbidden, NotFound, Invalid; Stale: the card was changed since.
        """
        where = f"{_route_of(address)}/annotations/{quote(section, safe='')}"
        return read(Card, self._transport.put(where, {"markdown": markdown}, revision=edition))

    def publish_card(self, address: str | Address, *, edition: int | None = None) -> Card:
        """
        Publish the draft as a revision that never changes. Raises Forbidden, NotFound; Conflict: there is no draft.
        Stale: it was changed since `edition`.
        """
        return read(Card, self._transport.post(f"{_route_of(address)}/publish", revision=edition))

    def discard_card_draft(self, address: str | Address, *, edition: int | None = None) -> None:
        """
        Throw the draft away; annotations stay, and stand in the next. Raises Forbidden, NotFound; Conflict: there is no
        draft. Stale: it was changed since `edition`.
        """
        self._transport.delete(_route_of(address), revision=edition)

    def export_card(
        self, address: str | Address, file: str | Path, *, format: str = "json", revision: int | str | None = None  # noqa: A002
    ) -> int:  # fmt: skip
        """
        A card into a file, in one of the registry's formats, and the size of that in bytes. Raises Invalid, NotFound;
        BadFile: it cannot be written.
        """
        return save_answer(self._transport, _route_of(address), {"format": format, **_asked(revision)}, Path(file))

    def list_card_revisions(self, address: str | Address) -> Listing[CardRevision]:
        """The cards of a version, newest first, the draft among them. Walking it raises NotFound."""
        return self._list(f"{_route_of(address)}/revisions", CardRevision)

    def compare_cards(self, address: str | Address, before: int | str, now: int | str) -> CardChanges:
        """What differs between two revisions of a version's card. Raises NotFound."""
        asked = {"before": str(before), "now": str(now)}
        return read(CardChanges, self._transport.get(f"{_route_of(address)}/compare", asked))

    def get_card_changes(self, address: str | Address, revision: int | str | None = None) -> CardChanges:
        """What has changed of the facts since a card was generated. Raises NotFound."""
        return read(CardChanges, self._transport.get(f"{_route_of(address)}/changes", _asked(revision)))


def _route_of(address: str | Address) -> str:
    return f"{parse_version(address).version_route}/card"


def _asked(revision: int | str | None) -> Mapping[str, str]:
    return {} if revision is None else {"revision": str(revision)}
