"""Which registered base models cards name, and which of them not everybody who reads a card may see any more."""

from sqlalchemy import Text, distinct, func, select, type_coerce

from modelkeep_server.db.tables import card_revisions, lineage_edges, lineage_nodes, models, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.cards.views import CardStatus
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.models.visibility import visible_to
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


def _label_of(model: Model) -> str:
    """How the document of a card names any version of a model as a source, in its canonical spelling."""
    return f'"label":{canonical.dumps(f"{model.address}:")[:-1]}'
