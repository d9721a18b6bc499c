"""What the files say alike: numbers, moments and the table of measures."""

from collections.abc import Sequence
from dataclasses import dataclass

from modelkeep_server.features.cards.measure_words import say_interval, say_limit, say_outcome
from modelkeep_server.features.cards.views import Card, CardItem, CardStatus, Measure
from modelkeep_server.kit import clock
from modelkeep_server.rules import wording
from modelkeep_server.rules.metrics import format_number

NOT_PROVIDED = "Not provided"


@dataclass(frozen=True)
class MeasuresTable:
    """Measures as rows of words; columns that would be empty are left out. `failed` are the rows that do not pass."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...]
    failed: tuple[int, ...]


def tabulate(measures: Sequence[Measure]) -> MeasuresTable:
    """Their table: metric, group, dataset, value, interval, limit and result."""
    rows = [
        (
            one.name,
            one.slice or "",
            one.dataset or "",
            format_number(one.value),
            say_interval(one),
            say_limit(one),
            say_outcome(one),
        )
        for one in measures
    ]
    heads = ("Metric", "Group", "Dataset", "Value", "Interval", "Limit", "Result")
    kept = [place for place, head in enumerate(heads) if head in ("Metric", "Value") or any(row[place] for row in rows)]
    if "Group" in (heads[place] for place in kept):
        rows = [(row[0], row[1] or "All data", *row[2:]) for row in rows]
    return MeasuresTable(
        tuple(heads[place] for place in kept),
        tuple(tuple(row[place] for place in kept) for row in rows),
        tuple(at for at, place in enumerate(kept) if heads[place] in ("Value", "Interval", "Limit")),
        tuple(at for at, one in enumerate(measures) if one.passed is False),
    )


def say_revision(card: Card) -> str:
    """Which revision it is and when it was published, or that it was not."""
    if card.status is not CardStatus.PUBLISHED or card.published_at is None:
        return f"Revision {card.revision}, draft of {clock.say_moment(card.generated_at)}"
    return f"Revision {card.revision}, published {clock.say_moment(card.published_at)}"


def say_coverage(card: Card) -> str:
    """How much of a complete card is there."""
    count = len(card.missing)
    rest = "nothing is missing" if count == 0 else f"{count} item{'' if count == 1 else 's'} not provided"
    return f"{card.coverage:.0%}, {rest}"


def say_state(card: Card) -> str:
    """The state of the version when the card was generated."""
    return wording.say_code(card.state)


def say_tier(card: Card) -> str:
    """The risk tier of the model when the card was generated."""
    return f"{wording.say_code(card.risk_tier)} risk"


def say_sources(item: CardItem) -> str:
    """Where its value is from; nothing where that is not known."""
    return ", ".join(dict.fromkeys(source.label for source in item.sources))
