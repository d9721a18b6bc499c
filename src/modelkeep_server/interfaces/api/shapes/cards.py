"""
The JSON of model cards. A card is answered as its document (features/cards/documents.py); the shapes here describe it.
"""

from typing import Any, Literal, Self

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from modelkeep_server.features.cards.documents import to_document, write_annotation, write_item
from modelkeep_server.features.cards.views import Annotation, Card, CardChanges, CardItem, Revision
from modelkeep_server.interfaces.api.shapes.base import Input, Moment, Shape, StateName, TierName

StatusName = Literal["DRAFT", "PUBLISHED"]
SectionName = Literal[
    "model-details",
    "intended-use",
    "factors",
    "metrics",
    "training-data",
    "quantitative-analyses",
    "ethical-considerations",
]


class CardSourceOut(Shape):
    """Where a value is from. `href` is a path of this registry's pages."""

    origin: Literal["MODEL", "VERSION", "ARTIFACT", "EVALUATION", "LINEAGE", "POLICY", "REVIEW", "BASE_MODEL"]
    label: str
    href: str | None = None


class CardItemOut(Shape):
    """
    An item. `value` is absent where it is not provided, and `provideAt` says where it can be. It is a text, a list of
    texts, `{columns, rows, numbers}`, or a list of `{name, value, slice?, confidenceInterval?, comparison?, limit?,
    passed?, dataset?}`, as `kind` says. `more` counts what the card leaves out of a long one.
    """

    id: str
    label: str
    kind: Literal["TEXT", "LIST", "TABLE", "MEASURES"]
    counts: bool = Field(description="A complete card has it, so coverage asks for it.")
    value: Any = None
    more: int = 0
    source: str | None = None
    sources: list[CardSourceOut] = Field(default=[])
    provide_at: str | None = None


class CardAnnotationOut(Shape):
    """What a person says of a section, in Markdown."""

    author: str
    name: str
    at: Moment
    markdown: str


class CardSectionOut(Shape):
    """A section, with every item in order."""

    id: SectionName
    title: str
    items: list[CardItemOut]
    annotations: list[CardAnnotationOut]


class CardCheckpointOut(Shape):
    """The head of the log right after the card was published."""

    origin: str
    size: int
    root: str = Field(description="The root over the first `size` events, in hex.")


class CardFactOut(Shape):
    """An item of a card."""

    section: SectionName
    id: str
    label: str


class CardOut(Shape):
    """A model card. What is not there is absent."""

    # Pydantic would read `schema` as a method of its own.
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True)

    schema_: str = Field(alias="$schema", description="Which schema the document follows.")
    model: str
    version: str
    revision: int
    status: StatusName
    coverage: float = Field(description="How many of the items that count are provided, from 0 to 1.")
    summary: str
    state: StateName
    risk_tier: TierName
    generated_at: Moment
    generated_by: str
    published_at: Moment | None = None
    published_by: str | None = None
    digest: str | None = Field(
        default=None,
        description="SHA-256 of the canonical JSON (RFC 8785) without `digest`, `checkpoint` and `edition`, which "
        "stand beside it, as `changedFacts` and `ofOtherContent` do.",
    )
    checkpoint: CardCheckpointOut | None = None
    edition: int = Field(description="Grows with everything that is done to the version's cards.")
    content_digest: str | None = Field(
        default=None, description="Over what the version held when the card was generated, frozen or not."
    )
    changed_facts: list[CardFactOut] | None = Field(
        default=None,
        description="The items that a card generated now would say otherwise; see `/card/changes`. Absent where there "
        "are none, and in what is no answer to a GET without `format`.",
    )
    of_other_content: Literal[True] | None = Field(
        default=None,
        description="The version was edited since the card was generated, so that a published one does not count where "
        "a policy asks for it. Absent as `changedFacts` is.",
    )
    sections: list[CardSectionOut]


class AnnotationIn(Input):
    """What you say of a section. One annotation a person and section: this one takes the place of the one before."""

    markdown: str = Field(description="Markdown, at most 10,000 characters; empty takes yours back.")


class CardRevisionOut(Shape):
    """A card in the list of a version's cards."""

    revision: int
    status: StatusName
    coverage: float
    generated_at: Moment
    generated_by: str
    published_at: Moment | None
    published_by: str | None
    digest: str | None

    @classmethod
    def of(cls, found: Revision) -> Self:
        """From the feature's view."""
        return cls(**{**vars(found), "status": found.status.value})


class ItemChangeOut(Shape):
    """An item that differs; null on the side where it is not provided."""

    section: SectionName
    id: str
    label: str
    before: dict[str, Any] | None
    now: dict[str, Any] | None


class NoteChangeOut(Shape):
    """An annotation that came or went."""

    section: SectionName
    annotation: dict[str, Any]


class CardChangesOut(Shape):
    """What differs between two cards, or between a card and the facts as they are now."""

    items: list[ItemChangeOut]
    added: list[NoteChangeOut]
    removed: list[NoteChangeOut]
    of_other_content: bool = Field(
        description="The version held something else when the one was generated than with the other, or holds it now."
    )

    @classmethod
    def of(cls, found: CardChanges) -> Self:
        """From the feature's view."""
        return cls(
            items=[
                ItemChangeOut.model_validate(
                    {"section": one.section, "id": one.id, "label": one.label, "before": _item(one.before),
                     "now": _item(one.now)}
                )
                for one in found.items
            ],
            added=_notes(found.added),
            removed=_notes(found.removed),
            of_other_content=found.is_of_other_content,
        )  # fmt: skip


def tell_card(card: Card, changes: CardChanges | None = None) -> dict[str, Any]:
    """The document of a card, with what has changed since it was generated where that is given."""
    told = to_document(card)
    if changes is not None and changes.items:
        told["changedFacts"] = [{"section": one.section, "id": one.id, "label": one.label} for one in changes.items]
    if changes is not None and changes.is_of_other_content:
        told["ofOtherContent"] = True
    return told


def _item(item: CardItem | None) -> dict[str, Any] | None:
    return None if item is None else write_item(item)


def _notes(notes: tuple[tuple[str, Annotation], ...]) -> list[NoteChangeOut]:
    return [
        NoteChangeOut.model_validate({"section": section, "annotation": write_annotation(note)})
        for section, note in notes
    ]
