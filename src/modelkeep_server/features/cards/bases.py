"""Which registered base models cards name, and which of them not everybody who reads a card may see any more."""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import Text, distinct, func, select, type_coerce

from modelkeep_server.db.tables import card_revisions, lineage_edges, lineage_nodes, models, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.cards.gathering.details import HIDDEN
from modelkeep_server.features.cards.gathering.found import lineage_of
from modelkeep_server.features.cards.views import Card, CardItem, CardStatus, Origin
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.views import Model, Visibility
from modelkeep_server.features.models.visibility import visible_to
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import canonical
from modelkeep_server.rules.lineage import ItemKind


def published_cards_naming(work: Work, actor: Actor, model: Model) -> int:
    """
    How many published revisions of cards of other models name a version of this one as their base. One statement.

    They never change, so they go on naming it whoever may see it. Only those of models that the actor sees are counted,
    and of versions that name it as their base still.
    """
    base = versions.alias("base")
    return int(
        work.scalar(
            select(func.count(distinct(card_revisions.c.id)))
            .select_from(base)
            .join(lineage_nodes, lineage_nodes.c.version_id == base.c.id)
            .join(
                lineage_edges,
                (lineage_edges.c.from_id == lineage_nodes.c.id)
                & (lineage_edges.c.relation == ItemKind.BASE_MODEL.value),
            )
            .join(versions, versions.c.id == lineage_edges.c.version_id)
            .join(models, models.c.id == versions.c.model_id)
            .join(card_revisions, card_revisions.c.version_id == versions.c.id)
            .where(
                base.c.model_id == model.key,
                models.c.id != model.key,
                visible_to(actor),
                card_revisions.c.status == CardStatus.PUBLISHED.value,
                type_coerce(card_revisions.c.document, Text).contains(_label_of(model), autoescape=True),
            )
        )
    )


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
            models.c.path_key.in_(sorted(set(paths.values()))),
            models.c.visibility != Visibility.INTERNAL,
            models.c.id != version.model_key,
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


def _label_of(model: Model) -> str:
    """How the document of a card names any version of a model as a source, in its canonical spelling."""
    return f'"label":{canonical.dumps(f"{model.address}:")[:-1]}'
