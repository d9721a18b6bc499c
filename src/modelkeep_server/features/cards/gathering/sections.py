"""The seven sections of a card, every item in its place: found, or not provided with where it can be."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote

from modelkeep_server.features.cards.gathering.data import answer_data
from modelkeep_server.features.cards.gathering.decided import answer_decided
from modelkeep_server.features.cards.gathering.details import answer_details
from modelkeep_server.features.cards.gathering.facts import Facts
from modelkeep_server.features.cards.gathering.found import NOTHING, Answers, Found, of_version, text, version_page
from modelkeep_server.features.cards.gathering.measured import answer_metrics
from modelkeep_server.features.cards.views import Card, CardItem, CardSection
from modelkeep_server.features.models.views import Model, ModelStatus
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.card_sections import SECTIONS, ItemRow, Provides
from modelkeep_server.rules.lineage import ItemKind

#: Which metadata field provides an item that is not drawn from one alone.
_FIELDS = {
    "framework": "framework",
    "inputs": "inputSchema",
    "outputs": "outputSchema",
    "hyperparameters": "hyperparameters",
}
#: Which kind of lineage item provides an item.
_KINDS = {
    "code": ItemKind.COMMIT,
    "training-runs": ItemKind.TRAINING_RUN,
    "base-models": ItemKind.BASE_MODEL,
    "preprocessing-code": ItemKind.PREPROCESSING,
    "inherited-limitations": ItemKind.BASE_MODEL,
}

_ROWS = {(section.id, row.id): row for section in SECTIONS for row in section.items}


def build_sections(facts: Facts) -> tuple[CardSection, ...]:
    """Every section and item of rules/card_sections.py, in order."""
    answers: Answers = {
        **answer_details(facts), **answer_metrics(facts), **answer_data(facts), **answer_decided(facts)
    }  # fmt: skip
    return tuple(
        CardSection(section.id, section.title, tuple(_to_item(facts, row, answers) for row in section.items))
        for section in SECTIONS
    )


def measure_coverage(sections: Sequence[CardSection]) -> float:
    """How many of the items that count are provided, from 0 to 1, in hundredths of a percent."""
    counting = [item for section in sections for item in section.items if item.counts]
    return round(sum(item.value is not None for item in counting) / len(counting), 4)


def _to_item(facts: Facts, row: ItemRow, answers: Answers) -> CardItem:
    found = answers.get(row.id) or _from_field(facts, row)
    place = find_place(facts.model, facts.version, row) if found.value is None else None
    return CardItem(row.id, row.label, row.kind, found.value, found.sources, place, row.counts, found.more)


def _from_field(facts: Facts, row: ItemRow) -> Found:
    return NOTHING if row.path is None else text(facts.value_of(row.path), of_version(facts))


def with_places(model: Model, version: Version, card: Card) -> Card:
    """The card with where its missing items can be provided now, whatever that was when it was generated."""
    return replace(
        card,
        sections=tuple(
            replace(
                section,
                items=tuple(
                    replace(item, provide_at=find_place(model, version, row)) if item.value is None and row else item
                    for item in section.items
                    for row in (_ROWS.get((section.id, item.id)),)
                ),
            )
            for section in card.sections
        ),
    )


def find_place(model: Model, version: Version, row: ItemRow) -> str | None:
    """
    Where an item can be provided, as a path of the pages: of frozen content the next version that begins from this one.
    None where nothing can be provided any more.
    """
    if model.status is ModelStatus.RETIRED:
        return None
    here, anchor = version_page(version.address), ""
    if row.provides is Provides.MODEL:
        return f"/models/{model.address}/settings"
    if row.provides is Provides.REVIEWS:
        return here
    if row.provides is Provides.EVALUATIONS:
        return None if version.closed is not None else f"{here}/evaluations/new"
    if row.provides is Provides.FIELD:
        anchor = f"#metadata.{row.path or _FIELDS[row.id]}"
    if not version.is_editable:
        return f"/models/{model.address}/versions/new?from={quote(version.version, safe='')}{anchor}"
    if row.provides is Provides.ARTIFACTS:
        return f"{here}/artifacts"
    if row.provides is Provides.LINEAGE:
        return f"{here}/lineage/new?kind={_KINDS.get(row.id, ItemKind.DATASET).value}"
    return f"{here}/edit{anchor}"
