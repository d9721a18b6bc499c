"""What drafts of cards say of registered base models that not everybody who reads them may see any more."""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import select

from modelkeep_server.db.tables import models
from modelkeep_server.db.work import Work
from modelkeep_server.features.cards.gathering.details import HIDDEN
from modelkeep_server.features.cards.gathering.found import lineage_of
from modelkeep_server.features.cards.views import Card, CardItem, Origin
from modelkeep_server.features.models.visibility import seen_with
from modelkeep_server.features.versions.views import Version


def without_hidden(work: Work, version: Version, card: Card) -> Card:
    """
    A draft as one that was generated now would tell of base models: neither the name nor the words of those that were
    hidden since. One statement where it names a registered one, else none.
    """
    named = {
        source.label
        for section in card.sections
        for item in section.items
        for source in item.sources
        if source.origin is Origin.BASE_MODEL
    }
    hidden = _find_hidden(work, version, named)
    if not hidden:
        return card
    return replace(
        card,
        sections=tuple(
            replace(section, items=tuple(_hide_in(version, item, hidden) for item in section.items))
            for section in card.sections
        ),
    )


def _find_hidden(work: Work, version: Version, named: Collection[str]) -> frozenset[str]:
    """Those of these addresses that not everybody who reads this version's card may see."""
    paths = {address: address.partition(":")[0].lower() for address in named}
    if not paths:
        return frozenset()
    rows = work.all(
        select(models.c.path_key).where(
            models.c.path_key.in_(sorted(set(paths.values()))), ~seen_with(version.model.lower())
        )
    )
    hidden = {row.path_key for row in rows}
    return frozenset(address for address, path in paths.items() if path in hidden)


def _hide_in(version: Version, item: CardItem, hidden: Collection[str]) -> CardItem:
    """The items that are drawn from base models: what these are called, and what they say of their limits."""
    sources = tuple(one for one in item.sources if one.origin is not Origin.BASE_MODEL or one.label not in hidden)
    if sources == item.sources or not isinstance(item.value, tuple):
        return item
    told = map(str, item.value)
    if item.id == "base-models":
        value = tuple(dict.fromkeys(HIDDEN if line in hidden else line for line in told))
    else:
        value = tuple(line for line in told if not _is_of(line, hidden))
    if not value:
        return replace(item, value=None, sources=(), more=0)
    return replace(item, value=value, sources=sources or lineage_of(version))


def _is_of(line: str, hidden: Collection[str]) -> bool:
    return line.startswith(tuple(f"{address}{after}" for address in hidden for after in (", ", " says nothing")))
