"""What the pages of a version's model card are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from modelkeep_server.features.cards.views import Annotation, Card, CardChanges, CardSection, CardState, Revision
from modelkeep_server.features.cards.views import CardStatus as Status
from modelkeep_server.interfaces.card_files import FORMATS, Format, FormatRow, name_file
from modelkeep_server.interfaces.web.contexts.versions import VersionContext
from modelkeep_server.rules.card_sections import ANNOTATION_CHARS, ROWS_SHOWN, SECTIONS, Provides

#: How many rows of a table and charts of an item stand on the page until all are asked for.
ROWS = 20
CHARTS = 6
#: A text longer than this folds.
TEXT_CHARS = 1600
#: The items that reviews and policies fill.
_DECIDED = frozenset(
    row.id
    for section in SECTIONS
    for bullet in section.bullets
    for row in bullet.items
    if row.provides is Provides.REVIEWS
)


@dataclass(frozen=True)
class Writing:
    """An annotation that is being written: of which section, what is typed, and whether it is shown as it will be."""

    section: str
    markdown: str
    is_preview: bool = False


@dataclass(frozen=True, kw_only=True)
class CardContext(VersionContext):
    """
    GET /models/{group}/{name}/versions/{version}/card. `whole` is the id of the item of which everything is shown;
    `writing` the annotation whose form is open.

    Its forms, by name: generate; annotate-SECTION (markdown; act: save, or remove); publish and discard (edition).
    """

    template: ClassVar[str] = "cards/show.html"
    card_state: CardState
    whole: str = ""
    writing: Writing | None = None
    formats: Mapping[Format, FormatRow] = field(default_factory=lambda: FORMATS)
    annotation_chars: int = ANNOTATION_CHARS

    @property
    def card(self) -> Card | None:
        """The card that is shown."""
        return self.card_state.card

    def name_file(self, format_: Format | str) -> str:
        """How the file of the shown card in a format is called."""
        return "" if self.card is None else name_file(self.card, Format(format_))

    @property
    def changes(self) -> CardChanges:
        """What generating anew would bring."""
        return self.card_state.changes

    @property
    def recorded_since(self) -> frozenset[str]:
        """The ids of the items that a card generated now would say something of."""
        return frozenset(change.id for change in self.changes.items if change.now is not None)

    @property
    def only_decided(self) -> bool:
        """Whether nothing but decisions came since, which every card that production asks for is followed by."""
        return not self.changes.is_of_other_content and all(change.id in _DECIDED for change in self.changes.items)

    @property
    def revisions(self) -> tuple[Revision, ...]:
        """All of them, newest first."""
        return tuple(self.card_state.revisions)

    @property
    def newest(self) -> Revision | None:
        """The last of them, draft or published."""
        return self.revisions[0] if self.revisions else None

    @property
    def draft(self) -> Revision | None:
        """The draft, if one stands."""
        return self.newest if self.newest is not None and self.newest.status is Status.DRAFT else None

    @property
    def published(self) -> Revision | None:
        """The newest that is published."""
        return next((one for one in self.revisions if one.status is Status.PUBLISHED), None)

    @property
    def is_newest(self) -> bool:
        """Whether the card that is shown is the last one, which acts are about."""
        return self.card is not None and self.newest is not None and self.card.revision == self.newest.revision

    @property
    def card_href(self) -> str:
        """The address of the tab."""
        return f"{self.base}/card"

    @property
    def api_href(self) -> str:
        """The address of the card in the API, where its files come from."""
        return f"/api/v1{self.base}/card"

    @property
    def which(self) -> str:
        """How an address names the revision that is shown."""
        if self.card is None:
            return ""
        return "draft" if self.card.status is Status.DRAFT else str(self.card.revision)

    def rows_of(self, item_id: str) -> int:
        """How many rows of an item are shown."""
        return ROWS_SHOWN if item_id == self.whole else ROWS

    def charts_shown(self, item_id: str) -> int:
        """How many charts of an item are shown."""
        return ROWS_SHOWN if item_id == self.whole else CHARTS

    def is_long(self, text: str) -> bool:
        """Whether a text folds."""
        return len(text) > TEXT_CHARS

    def waiting_of(self, section: CardSection) -> tuple[Annotation, ...]:
        """What stands of a section in no card: it comes with the next draft."""
        return self.card_state.waiting.get(section.id, ())

    @property
    def note_count(self) -> int:
        """How many annotations the shown card has."""
        return 0 if self.card is None else sum(len(section.annotations) for section in self.card.sections)

    @property
    def waiting_count(self) -> int:
        """How many annotations wait for the next draft."""
        return sum(map(len, self.card_state.waiting.values()))

    def own_note(self, section: CardSection, email: str) -> Annotation | None:
        """What this person says of a section now, or None."""
        notes = (*self.waiting_of(section), *section.annotations)
        return next((note for note in notes if note.author == email), None)


@dataclass(frozen=True, kw_only=True)
class CardCompareContext(VersionContext):
    """GET /models/{group}/{name}/versions/{version}/card/compare. `before` and `now` are what it compares."""

    template: ClassVar[str] = "cards/compare.html"
    before: Revision
    now: Revision
    found: CardChanges
    revisions: tuple[Revision, ...]
