"""How every act on a promotion begins: the model and the version, locked, and what stands against any act at all."""

from collections.abc import Mapping

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.downloading.rights import demand_not_held
from modelkeep_server.features.deployments.live import find_live_of
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.service import demand_active
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules import texts
from modelkeep_server.rules.errors import FieldError, Invalid, StateForbids

TEXT_CHARS = 4_000
#: So many places are named in one sentence.
NAMED = 10


def begin(work: Work, actor: Actor, group: str, name: str, version: str, act: str) -> tuple[Model, Version]:
    """
    Lock a model and its version for an act that this person may do.

    Raises:
        NotFound, NotPermitted, ConfirmNeeded; StateForbids: the model is retired.
    """
    model = model_queries.lock_model(work, actor, group, name)
    found = version_queries.lock_version(work, actor, group, name, version)
    access.require(work, actor, act, model_queries.relations_of(actor, model), owners=model.owners)
    demand_active(model)
    return model, found


def demand_going(version: Version) -> None:
    """Raises StateForbids where a version is closed or on hold."""
    if version.closed is not None:
        raise StateForbids(version_queries.say_closed(version), remedy="Reopen it first; an owner of the model can.")
    demand_not_held(version)


def demand_none_live(work: Work, versions: Mapping[int, str]) -> None:
    """Raises StateForbids where one of these versions, by inside id and name, is live somewhere. One statement."""
    live = find_live_of(work, list(versions))
    if live:
        places = list(dict.fromkeys(f"{versions[at.version_key]} in {at.environment}" for at in live))
        more = f", and {len(places) - NAMED} more" if len(places) > NAMED else ""
        raise StateForbids(
            f"This is live still: {', '.join(places[:NAMED])}{more}.",
            remedy="An SRE takes it out of the live set, or rolls back, first.",
        )


def find_text_faults(field: str, text: str | None, *, required: bool) -> list[FieldError]:
    """What is wrong with a text of at most 4,000 characters."""
    if not text and not required:
        return []
    fault = texts.find_text_fault(text or "", max_chars=TEXT_CHARS, lines=True, required=required)
    return [FieldError(field, fault)] if fault else []


def demand_text(field: str, text: str | None, *, required: bool) -> None:
    """Raises Invalid where `find_text_faults` finds any."""
    faults = find_text_faults(field, text, required=required)
    if faults:
        raise Invalid.of(faults)
