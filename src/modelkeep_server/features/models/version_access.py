"""How somebody stands to one version of a model: as to the model, and whether they were let in for that version."""

from sqlalchemy import select

from modelkeep_server.db.tables import access_requests, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries
from modelkeep_server.features.models.views import Model, RequestStatus
from modelkeep_server.rules import links
from modelkeep_server.rules.errors import NotFound
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


def get_version_key(work: Work, model: Model, version: str) -> tuple[int, State]:
    """The inside id and the state of a version of a model that the actor sees. Raises NotFound. One statement."""
    row = work.first(
        select(versions.c.id, versions.c.state).where(versions.c.model_id == model.key, versions.c.version == version)
    )
    if row is None:
        raise NotFound(f"There is no version {version[:100]} of {model.address} that you can see.")
    return row.id, State(row.state)


def may_download(work: Work, actor: Actor, model: Model, at: tuple[int, State] | None) -> bool:
    """
    Whether somebody's roles and relations let them download from the version with this inside id and state, or, for
    None, from any that is not yet in production; whatever the token that they came with is limited to.
    """
    if at is None:
        return access.may_by_standing(actor, "artifact.link", queries.relations_of(actor, model))
    return links.find_right(at[1], actor.roles, relations_to(work, actor, model, *at)) is not None


def _is_let_in(work: Work, actor: Actor, version_key: int) -> bool:
    found = select(access_requests.c.id).where(
        access_requests.c.person_id == actor.user_id,
        access_requests.c.version_id == version_key,
        access_requests.c.status == RequestStatus.GRANTED.value,
        access_requests.c.until > work.now,
    )
    return work.first(found) is not None
