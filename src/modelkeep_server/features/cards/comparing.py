"""What differs between two cards of a version. Pure."""

from modelkeep_server.features.cards.views import Annotation, Card, CardChanges, CardItem, ItemChange


def compare_cards(before: Card, now: Card) -> CardChanges:
    """
    The items whose values differ, in the order of the newer card, and the annotations that came or went.

    Where a value is from, and where one that is missing can be provided, is no fact about the version.
    """
    old, new = _items_of(before), _items_of(now)
    items = tuple(
        ItemChange(section, id_, (new.get(key) or old[key]).label, _provided(old.get(key)), _provided(new.get(key)))
        for key in dict.fromkeys([*new, *old])
        for section, id_ in (key,)
        if _says(old.get(key)) != _says(new.get(key))
    )
    were, are = _notes_of(before), _notes_of(now)
    return CardChanges(
        items,
        tuple(note for note in are if note not in were),
        tuple(note for note in were if note not in are),
        # Of a card from before that was kept nobody knows.
        None not in (before.content_digest, now.content_digest) and before.content_digest != now.content_digest,
    )


def _items_of(card: Card) -> dict[tuple[str, str], CardItem]:
    return {(section.id, item.id): item for section in card.sections for item in section.items}


def _says(item: CardItem | None) -> object:
    return None if item is None or item.value is None else (item.value, item.more)


def _provided(item: CardItem | None) -> CardItem | None:
    return None if item is None or item.value is None else item


def _notes_of(card: Card) -> list[tuple[str, Annotation]]:
    return [(section.id, note) for section in card.sections for note in section.annotations]
