"""How somebody stands to one version of a model: as to the model, and whether they were let in for that version."""

from sqlalchemy import select

from modelkeep_server.db.tables import access_requests
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries
from modelkeep_server.features.models.views import Model, RequestStatus
from modelkeep_server.rules.lifecycle import GUARDED, State
from modelkeep_server.rules.permissions import Relation


def relations_to(work: Work, actor: Actor, model: Model, version_key: int, state: State) -> frozenset[Relation]:
    """
    As `model_queries.relations_of`, with GRANTED where an owner granted a request that names the version.

    It counts while the person is a collaborator at all. One statement for collaborators of a guarded version.
    """
    relations = queries.relations_of(actor, model)
    if state in GUARDED and Relation.READ in relations and _is_let_in(work, actor, version_key):
        return relations | {Relation.GRANTED}
    return relations


def _is_let_in(work: Work, actor: Actor, version_key: int) -> bool:
    found = select(access_requests.c.id).where(
        access_requests.c.person_id == actor.user_id,
        access_requests.c.version_id == version_key,
        access_requests.c.status == RequestStatus.GRANTED.value,
        access_requests.c.until > work.now,
    )
    return work.first(found) is not None
