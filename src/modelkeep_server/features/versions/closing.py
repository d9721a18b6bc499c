"""
Closing a version that goes no further, and opening it again: by the model's owners, before it is in production.

A closed version takes no edit, no upload and no move, and
waits for nobody. Source: product R4.
"""

from dataclasses import replace

from sqlalchemy import select

from modelkeep_server.db.tables import promotions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.audiences import About, tell_about
from modelkeep_server.features.models.checks import find_reason_faults
from modelkeep_server.features.models.service import demand_active
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions import flags, queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.errors import Invalid, StateForbids
from modelkeep_server.rules.lifecycle import CLOSABLE, Flag
from modelkeep_server.rules.notices import QUOTED_CHARS


def close_version(work: Work, actor: Actor, group: str, name: str, version: str, *, reason: str) -> Version:
    """
    End a version that goes no further.

    Raises:
        NotFound, NotPermitted; Invalid: the reason is missing.
        StateForbids: It is closed already, in production or beyond, or the model is retired.
    """
    model, found = _begin(work, actor, group, name, version, "version.close")
    if found.closed is not None:
        raise StateForbids(queries.say_closed(found), remedy="Nothing is left to close.")
    _demand_closable(found)
    _demand_reason(reason)
    flags.set_flag(work, actor, found, Flag.CLOSED, reason=reason)
    _tell(work, actor, model, found, "CLOSED", reason)
    return queries.get_version(work, actor, group, name, version)


def reopen_version(work: Work, actor: Actor, group: str, name: str, version: str, *, reason: str) -> Version:
    """
    Let a closed version go on from the state in which it was closed.

    Raises:
        NotFound, NotPermitted; Invalid: the reason is missing. StateForbids: it is not closed, in production or
        beyond, or the model is retired.
    """
    model, found = _begin(work, actor, group, name, version, "version.reopen")
    if found.closed is None:
        raise StateForbids(f"{found.address} is not closed.", remedy="Nothing is left to reopen.")
    _demand_closable(found)
    _demand_reason(reason)
    flags.lift_flag(work, actor, found, Flag.CLOSED, reason=reason)
    _tell(work, actor, model, found, "REOPENED", reason)
    return queries.get_version(work, actor, group, name, version)


def _tell(work: Work, actor: Actor, model: Model, version: Version, status: str, reason: str) -> None:
    """Owners and whoever took part; those who may decide only where a request waits for them."""
    waiting = (promotions.c.version_id == version.key, promotions.c.status == "OPEN")
    about = About.of(model, version.key)
    if work.first(select(promotions.c.id).where(*waiting)) is None:
        about = replace(about, deciders=())
    facts = {"version": version.address, "status": status, "text": reason[:QUOTED_CHARS]}
    tell_about(work, actor, "version.closed", facts, about, href=f"/models/{model.address}/versions/{version.version}")


def _begin(work: Work, actor: Actor, group: str, name: str, version: str, act: str) -> tuple[Model, Version]:
    model = model_queries.lock_model(work, actor, group, name)
    found = queries.lock_version(work, actor, group, name, version)
    access.require(work, actor, act, model_queries.relations_of(actor, model), owners=model.owners)
    demand_active(model)
    return model, found


def _demand_closable(version: Version) -> None:
    if version.state not in CLOSABLE:
        raise StateForbids(
            f"{version.standing}; only a version that is not yet in production can be closed.",
            remedy="Deprecate it, then an Admin retires it.",
        )


def _demand_reason(reason: str) -> None:
    faults = find_reason_faults(reason, required=True)
    if faults:
        raise Invalid.of(faults)
