"""Writing incidents: reporting one, and telling how it goes on until it is resolved."""

from collections.abc import Sequence
from dataclasses import dataclass

from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.tables import incident_updates, incidents
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.status import queries
from modelkeep_server.features.status.views import Component, Impact, Incident, IncidentStatus
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules import texts
from modelkeep_server.rules.errors import FieldError, Invalid, StateForbids

TITLE_CHARS = 200
TEXT_CHARS = 4_000


@dataclass(frozen=True)
class NewIncident:
    """An incident as sent: plain texts, not judged yet."""

    title: str
    components: Sequence[str]
    impact: str
    text: str
    status: str = IncidentStatus.INVESTIGATING


def create_incident(work: Work, actor: Actor, new: NewIncident) -> Incident:
    """
    Report an incident, with the first that is known of it.

    Raises:
        NotPermitted: The role SRE is missing.
        Invalid: Fields at fault, all of them at once.
    """
    access.require(work, actor, "incident.create")
    faults = _find_faults(new)
    if faults:
        raise Invalid.of(faults)
    public_id = ids.uuid7(clock.to_us(work.now))
    named = {name.upper() for name in new.components}
    components = [component.value for component in Component if component.value in named]
    key = work.insert(
        incidents,
        {
            "public_id": public_id,
            "title": new.title.strip(),
            "components": components,
            "impact": Impact(new.impact).value,
            "status": IncidentStatus(new.status).value,
            "started_at": work.now,
            "resolved_at": None,
            "created_by": actor.user_id,
            "revision": 1,
        },
    )
    _insert_update(work, actor, key, new.status, new.text)
    access.record(
        work, actor, "incident.create", object_id=public_id,
        after={
            "title": Veiled(new.title.strip()), "components": components, "impact": Impact(new.impact).value,
            "status": IncidentStatus(new.status).value, "text": Veiled(new.text.strip()),
        },
    )  # fmt: skip
    return queries.get_incident(work, public_id)


def update_incident(work: Work, actor: Actor, public_id: str, *, status: str, text: str) -> Incident:
    """
    Tell how an incident goes on; RESOLVED ends it.

    Raises:
        NotFound: There is no such incident.
        NotPermitted: The role SRE is missing.
        Invalid: Fields at fault.
        StateForbids: It is resolved already.
    """
    access.require(work, actor, "incident.update")
    work.lock(incidents, queries.get_incident(work, public_id).key)
    incident = queries.get_incident(work, public_id)
    faults = [*_status_faults(status, IncidentStatus), *_text_faults(text)]
    if faults:
        raise Invalid.of(faults)
    if not incident.is_open:
        raise StateForbids("This incident is resolved.", remedy="Report a new one if it happens again.")
    ended = work.now if status == IncidentStatus.RESOLVED else None
    work.change(
        incidents, incident.key,
        {"status": status, "resolved_at": ended, "revision": incident.revision + 1},
        expect={"revision": incident.revision},
    )  # fmt: skip
    _insert_update(work, actor, incident.key, status, text)
    access.record(
        work, actor, "incident.update", object_id=public_id,
        before={"status": incident.status.value}, after={"status": status, "text": Veiled(text.strip())},
    )  # fmt: skip
    return queries.get_incident(work, public_id)


def _insert_update(work: Work, actor: Actor, incident_key: int, status: str, text: str) -> None:
    work.insert(
        incident_updates,
        {
            "incident_id": incident_key,
            "status": IncidentStatus(status).value,
            "text": text.strip(),
            "at": work.now,
            "person_id": actor.user_id,
        },
    )


def _find_faults(new: NewIncident) -> list[FieldError]:
    faults = []
    title = texts.find_text_fault(new.title, max_chars=TITLE_CHARS, required=True)
    if title:
        faults.append(FieldError("title", title))
    unknown = [name for name in new.components if name.upper() not in list(Component)]
    if unknown or not new.components:
        what = f"{unknown[0]!r} is none of them. " if unknown else ""
        faults.append(FieldError("components", f"{what}Name at least one of {', '.join(Component)}."))
    if new.impact not in list(Impact):
        faults.append(FieldError("impact", f"Choose one of {', '.join(Impact)}."))
    at_first = [status for status in IncidentStatus if status is not IncidentStatus.RESOLVED]
    return [*faults, *_status_faults(new.status, at_first), *_text_faults(new.text)]


def _status_faults(status: str, allowed: Sequence[IncidentStatus] | type[IncidentStatus]) -> list[FieldError]:
    if status in list(allowed):
        return []
    return [FieldError("status", f"Choose one of {', '.join(allowed)}.")]


def _text_faults(text: str) -> list[FieldError]:
    fault = texts.find_text_fault(text, max_chars=TEXT_CHARS, lines=True, required=True)
    return [FieldError("text", fault)] if fault else []
