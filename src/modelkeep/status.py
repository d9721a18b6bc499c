"""How the registry stands, and the incidents that SREs write, from Python: a part of the client."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from modelkeep.asking import Asking
from modelkeep.listing import Listing
from modelkeep.reading import read
from modelkeep.told import Told


@dataclass(frozen=True, kw_only=True)
class Component(Told):
    """A part of the registry, and whether it answers: `status` UP or DOWN. `response_ms` is None where it does not."""

    id: str
    name: str
    status: str
    response_ms: float | None = None


@dataclass(frozen=True, kw_only=True)
class IncidentUpdate(Told):
    """How an incident went on. `text` and `by` are None for strangers."""

    status: str
    at: datetime
    text: str | None = None
    by: str | None = None


@dataclass(frozen=True, kw_only=True)
class Incident(Told):
    """
    Something that went wrong, or is planned: `impact` DEGRADED, OUTAGE or MAINTENANCE. `updates` are newest first.

    `status` is INVESTIGATING, IDENTIFIED, MONITORING or RESOLVED.
    """

    id: str
    title: str
    components: tuple[str, ...]
    impact: str
    status: str
    started_at: datetime
    resolved_at: datetime | None = None
    updates: tuple[IncidentUpdate, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Standing(Told):
    """How the registry stands: `state` OPERATIONAL, DEGRADED or DOWN. `incidents`: open ones, then those of 90 days."""

    state: str
    checked_at: datetime
    components: tuple[Component, ...]
    incidents: tuple[Incident, ...]


class Status(Asking):
    """Is the registry up, and what is known where it is not."""

    def get_status(self) -> Standing:
        """How the registry and its parts stand."""
        return read(Standing, self._transport.get("/status"))

    def list_incidents(self) -> Listing[Incident]:
        """Every incident there ever was, newest first."""
        return self._list("/incidents", Incident)

    def report_incident(
        self, title: str, components: Sequence[str], *, impact: str, text: str, status: str = "INVESTIGATING"
    ) -> Incident:
        """
        Report an incident, as an SRE. It stands on every page until it is resolved. Takes the scope `deploy`.

        Args:
            components: WEB, DATABASE, STORAGE, AUDIT, MAIL. `impact`: DEGRADED, OUTAGE or MAINTENANCE.
            text: What is known, and what people can do meanwhile.
        Raises:
            Forbidden, Invalid.
        """
        told = {"title": title, "components": [*components], "impact": impact, "text": text, "status": status}
        return read(Incident, self._transport.post("/incidents", told))

    def update_incident(self, incident_id: str, *, status: str, text: str) -> Incident:
        """Tell how an incident goes on; RESOLVED ends it. Raises Conflict, Forbidden, Invalid, NotFound."""
        route = f"/incidents/{quote(incident_id, safe='')}/updates"
        return read(Incident, self._transport.post(route, {"status": status, "text": text}))
