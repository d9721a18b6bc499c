"""What the files say alike of a card: its revision, its state and how complete it is."""

from modelkeep_server.features.cards.views import Card, CardStatus
from modelkeep_server.kit import clock
from modelkeep_server.rules import wording

NOT_PROVIDED = "Not provided"


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
