"""What the head of a model's and of a version's pages shows of how this person, and the model, stand."""

from collections.abc import Collection

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import request_queries
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.promotion.ending import retirements
from modelkeep_server.interfaces.web.contexts.models import Standing
from modelkeep_server.rules.permissions import Relation


def find_standing(
    work: Work, actor: Actor, model: Model, relations: Collection[Relation], *, may_download: bool | None = None
) -> Standing:
    """
    Costs a statement for who may not download, and two where the model is retired; none for anybody else.

    `may_download` is said by pages of one version; for None, it is about versions that are not yet in production.
    """
    if may_download is None:
        may_download = access.may_by_standing(actor, "artifact.link", relations)
    return Standing(
        retirement=retirements.find_retirement(work, model),
        asked=None if may_download else request_queries.find_open_request(work, actor, model),
    )
