"""
Closing a version that goes no further, and opening it again: by the model's owners, before it is in production.

The flag stands beside the state, which does not change. A closed version takes no edit, no upload and no move, and
waits for nobody. Source: product R4.
"""

from modelkeep_server.db.edits import REVISION
from modelkeep_server.db.tables import models, version_flags, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.checks import find_reason_faults
from modelkeep_server.features.models.service import demand_active
from modelkeep_server.features.versions import queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules.errors import Invalid, StateForbids
from modelkeep_server.rules.lifecycle import CLOSABLE

CLOSED = "CLOSED"


def close_version(work: Work, actor: Actor, group: str, name: str, version: str, *, reason: str) -> Version:
    """
    End a version that goes no further.

    Raises:
        NotFound, NotPermitted; Invalid: the reason is missing.
        StateForbids: It is closed already, in production or beyond, or the model is retired.
    """
    found = _begin(work, actor, group, name, version, "version.close")
    if found.closed is not None:
        raise StateForbids(queries.say_closed(found), remedy="Nothing is left to close.")
    _demand_closable(found)
    _demand_reason(reason)
    work.insert(
        version_flags,
        {
            "public_id": ids.uuid7(clock.to_us(work.now)),
            "version_id": found.key,
            "kind": CLOSED,
            "set_by": actor.user_id,
            "set_at": work.now,
            "reason": reason,
        },
    )
    _finish(work, actor, found, "version.close", closed=True, reason=reason)
    return queries.get_version(work, actor, group, name, version)


def reopen_version(work: Work, actor: Actor, group: str, name: str, version: str, *, reason: str) -> Version:
    """
    Let a closed version go on from the state in which it was closed.

    Raises:
        NotFound, NotPermitted; Invalid: the reason is missing. StateForbids: it is not closed, in production or
        beyond, or the model is retired.
    """
    found = _begin(work, actor, group, name, version, "version.reopen")
    if found.closed is None:
        raise StateForbids(f"{found.address} is not closed.", remedy="Nothing is left to reopen.")
    _demand_closable(found)
    _demand_reason(reason)
    flag = queries.get_flag_key(work, found, CLOSED)
    work.change(
        version_flags, flag, {"lifted_by": actor.user_id, "lifted_at": work.now, "lift_reason": reason},
        expect={"lifted_at": None},
    )  # fmt: skip
    _finish(work, actor, found, "version.reopen", closed=False, reason=reason)
    return queries.get_version(work, actor, group, name, version)


def _begin(work: Work, actor: Actor, group: str, name: str, version: str, act: str) -> Version:
    model = model_queries.lock_model(work, actor, group, name)
    found = queries.lock_version(work, actor, group, name, version)
    access.require(work, actor, act, model_queries.relations_of(actor, model), owners=model.owners)
    demand_active(model)
    return found


def _demand_closable(version: Version) -> None:
    if version.state not in CLOSABLE:
        raise StateForbids(
            f"{version.address} is {version.state}; only a version that is not yet in production can be closed.",
            remedy="Deprecate it, then an Admin retires it.",
        )


def _demand_reason(reason: str) -> None:
    faults = find_reason_faults(reason, required=True)
    if faults:
        raise Invalid.of(faults)


def _finish(work: Work, actor: Actor, found: Version, act: str, *, closed: bool, reason: str) -> None:
    work.change(
        versions, found.key, {"updated_at": work.now, "revision": found.revision + 1},
        expect={"revision": found.revision},
    )  # fmt: skip
    work.change(models, found.model_key, {"updated_at": work.now})
    access.record(
        work, actor, act, object_id=found.id, object_label=found.address,
        before={REVISION: found.revision, "closed": not closed},
        after={REVISION: found.revision + 1, "closed": closed},
        reason=reason,
    )  # fmt: skip
