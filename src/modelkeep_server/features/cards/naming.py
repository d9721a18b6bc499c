"""Cards and versions that name a model as their base, and go on doing so once it is hidden."""

from typing import Any

from sqlalchemy import Select, Text, distinct, func, select, type_coerce

from modelkeep_server.db.tables import card_revisions, lineage_edges, lineage_nodes, models, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.cards.views import CardStatus, NamedBy
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.models.visibility import visible_to
from modelkeep_server.kit import canonical
from modelkeep_server.rules.lineage import ItemKind

#: So many of the versions that name a model are told one by one.
TOLD_MAX = 20


def find_named_by(work: Work, actor: Actor, model: Model) -> NamedBy:
    """What goes on naming a model as its base. Two statements."""
    derived = _name_versions(actor, model).with_only_columns(models.c.group_name, models.c.name, versions.c.version)
    named = derived.distinct().subquery()
    address = named.c.group_name + "/" + named.c.name + ":" + named.c.version
    rows = work.all(
        select(address.label("address"), func.count().over().label("total")).order_by(address).limit(TOLD_MAX)
    )
    cards = published_cards_naming(work, actor, model) if rows else 0
    return NamedBy(cards, rows[0].total if rows else 0, tuple(row.address for row in rows))


def published_cards_naming(work: Work, actor: Actor, model: Model) -> int:
    """
    How many published revisions of cards of other models name a version of this one as their base. One statement.

    They never change, so they go on naming it whoever may see it. Only those of models that the actor sees are counted,
    and of versions that name it as their base still.
    """
    cards = (
        _name_versions(actor, model)
        .with_only_columns(func.count(distinct(card_revisions.c.id)))
        .join(card_revisions, card_revisions.c.version_id == versions.c.id)
        .where(
            card_revisions.c.status == CardStatus.PUBLISHED.value,
            type_coerce(card_revisions.c.document, Text).contains(_label_of(model), autoescape=True),
        )
    )
    return int(work.scalar(cards))


def _name_versions(actor: Actor, model: Model) -> Select[Any]:
    """Versions of other models that the actor sees and that name one of this as their base, once for each name."""
    base = versions.alias("base")
    is_base = lineage_edges.c.relation == ItemKind.BASE_MODEL.value
    return (
        select(versions.c.id)
        .select_from(base)
        .join(lineage_nodes, lineage_nodes.c.version_id == base.c.id)
        .join(lineage_edges, (lineage_edges.c.from_id == lineage_nodes.c.id) & is_base)
        .join(versions, versions.c.id == lineage_edges.c.version_id)
        .join(models, models.c.id == versions.c.model_id)
        .where(base.c.model_id == model.key, models.c.id != model.key, visible_to(actor))
    )


def _label_of(model: Model) -> str:
    """How the document of a card names any version of a model as a source, in its canonical spelling."""
    return f'"label":{canonical.dumps(f"{model.address}:")[:-1]}'
