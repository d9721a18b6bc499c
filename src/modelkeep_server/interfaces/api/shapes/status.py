"""The JSON of the status page and of incidents."""

from typing import Annotated, Literal

from pydantic import Field

from modelkeep_server.features.status.views import Component, Impact, IncidentStatus, Verdict
from modelkeep_server.interfaces.api.shapes.base import Input, Moment, Shape


class ComponentOut(Shape):
    """A component when it was last asked, at most five seconds ago."""

    id: Component
    name: str
    status: Literal["UP", "DOWN"]
    response_ms: float | None = Field(
        default=None, description="How long it took to answer, in milliseconds; null where it gave no answer."
    )


class MinuteOut(Shape):
    """One minute of the last hour, of the process that answers."""

    at: Moment
    requests: int
    p50_ms: float = Field(description="Half of the answers took at most this long, in milliseconds.")
    p95_ms: float = Field(description="Of twenty answers nineteen took at most this long, in milliseconds.")


class IncidentUpdateOut(Shape):
    """How an incident went on. Text and author are for those who are signed in."""

    status: IncidentStatus
    at: Moment
    text: str | None = None
    by: str | None = None


class IncidentOut(Shape):
    """Something that went wrong, or is planned. Updates are newest first."""

    id: str
    title: str
    components: list[Component]
    impact: Impact
    status: IncidentStatus
    started_at: Moment
    resolved_at: Moment | None = None
    updates: list[IncidentUpdateOut]


class StatusOut(Shape):
    """How the registry stands."""

    state: Verdict
    checked_at: Moment
    components: list[ComponentOut]
    response_times: list[MinuteOut]
    incidents: list[IncidentOut] = Field(description="What is open, then what was resolved in the last 90 days.")


class IncidentIn(Input):
    """An incident to report."""

    title: str = Field(description="What happens, in a few words that anybody may read.")
    components: list[str] = Field(description="Which parts, in any case: WEB, DATABASE, STORAGE, AUDIT, MAIL.")
    impact: str = Field(description="DEGRADED, OUTAGE or MAINTENANCE.")
    text: str = Field(description="What is known, and what people can do meanwhile.")
    status: Annotated[str, Field(description="INVESTIGATING, IDENTIFIED or MONITORING.")] = "INVESTIGATING"


class IncidentUpdateIn(Input):
    """How an incident goes on."""

    status: str = Field(description="INVESTIGATING, IDENTIFIED, MONITORING, or RESOLVED, which ends it.")
    text: str = Field(description="What is known now.")
