"""The document of a card: what it says, and that nothing is lost in it."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from modelkeep_server.features.cards.documents import SCHEMA, digest_of, from_document, to_body, to_document
from modelkeep_server.features.cards.views import (
    Annotation,
    Card,
    CardItem,
    CardSection,
    CardStatus,
    Checkpoint,
    Measure,
    Origin,
    Source,
    Table,
)
from modelkeep_server.kit import canonical, clock
from modelkeep_server.rules.card_sections import ItemKind

_TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
_NUMBER = st.floats(allow_nan=False, allow_infinity=False)
_MOMENT = st.integers(0, 4 * 10**15).map(clock.from_us)
_MAYBE = st.none() | _TEXT


@st.composite
def _measures(draw: st.DrawFn) -> Measure:
    low, high = draw(st.just((None, None)) | st.tuples(_NUMBER, _NUMBER))
    comparison, limit, passed = draw(
        st.just((None, None, None)) | st.tuples(st.sampled_from([">=", "<"]), _NUMBER, st.booleans())
    )
    return Measure(draw(_TEXT), draw(_NUMBER), draw(_MAYBE), low, high, comparison, limit, passed, draw(_MAYBE))


@st.composite
def _tables(draw: st.DrawFn) -> Table:
    width = draw(st.integers(1, 3))
    row = st.tuples(*[_TEXT] * width)
    numbers = draw(st.sets(st.integers(0, width - 1)))
    return Table(draw(row), tuple(draw(st.lists(row, max_size=3))), tuple(sorted(numbers)))


_VALUES = {
    ItemKind.TEXT: _TEXT,
    ItemKind.LIST: st.lists(_TEXT, max_size=3).map(tuple),
    ItemKind.TABLE: _tables(),
    ItemKind.MEASURES: st.lists(_measures(), max_size=3).map(tuple),
}
_SOURCES = st.lists(st.builds(Source, st.sampled_from(Origin), _TEXT, _MAYBE), max_size=2).map(tuple)
_ITEMS = st.sampled_from(ItemKind).flatmap(
    lambda kind: st.builds(
        CardItem, _TEXT, _TEXT, st.just(kind), st.none() | _VALUES[kind], _SOURCES, _MAYBE, st.booleans(),
        st.integers(0, 2000),
    )
)  # fmt: skip
_SECTIONS = st.builds(
    CardSection, _TEXT, _TEXT, st.lists(_ITEMS, max_size=4).map(tuple),
    st.lists(st.builds(Annotation, _TEXT, _TEXT, _MOMENT, _TEXT), max_size=2).map(tuple),
)  # fmt: skip
_CARDS = st.builds(
    Card, _TEXT, _TEXT, st.integers(1, 99), st.sampled_from(CardStatus), st.floats(0, 1), _TEXT, _TEXT, _TEXT,
    st.lists(_SECTIONS, max_size=3).map(tuple), _MOMENT, _TEXT, st.none() | _MOMENT, _MAYBE, _MAYBE,
    st.none() | st.builds(Checkpoint, _TEXT, st.integers(0, 10**9), _TEXT), st.integers(1, 99),
)  # fmt: skip


@given(_CARDS)
def test_nothing_of_a_card_is_lost_in_its_document(card: Card) -> None:
    """To JSON text and back, in its canonical spelling, it is the same card; what is not there is absent."""
    text = canonical.dumps(to_document(card))
    assert from_document(canonical.loads(text)) == card
    assert "null" not in _values_of(canonical.loads(text))


def _values_of(value: object) -> set[str]:
    """Every value that is no text, as JSON writes it."""
    if isinstance(value, dict):
        return set().union(*map(_values_of, value.values()))
    if isinstance(value, list):
        return set().union(*map(_values_of, value))
    return set() if isinstance(value, str) else {canonical.dumps(value)}


def test_the_digest_is_over_what_the_card_says_and_not_what_is_told_beside_it() -> None:
    """Checkpoint, edition and the digest itself stand outside; a word said otherwise is another digest."""
    at = datetime(2026, 1, 9, tzinfo=UTC)
    item = CardItem("name", "Name", ItemKind.TEXT, "a/b")
    card = Card(
        "a/b", "1.0.0", 1, CardStatus.PUBLISHED, 1.0, "What it does.", "DRAFT", "LOW",
        (CardSection("model-details", "Model Details", (item,)),), at, "a@example.com", at, "a@example.com",
    )  # fmt: skip
    dressed = from_document({**to_document(card), "digest": "x", "edition": 7,
                             "checkpoint": {"origin": "o", "size": 1, "root": "r"}})  # fmt: skip
    other = from_document({**to_document(card), "summary": "What it does!"})
    assert digest_of(to_body(card)) == digest_of(to_body(dressed)) != digest_of(to_body(other))
    assert to_document(card)["$schema"] == SCHEMA
