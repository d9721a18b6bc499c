"""What the status page shows: components, and incidents with what was written about them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Component(StrEnum):
    """A part of the registry that can be up or down by itself."""

    WEB = "WEB"
    DATABASE = "DATABASE"
    STORAGE = "STORAGE"
    AUDIT = "AUDIT"
    MAIL = "MAIL"


#: How people call them.
COMPONENTS: dict[Component, str] = {
    Component.WEB: "Web and API",
    Component.DATABASE: "Database",
    Component.STORAGE: "File storage",
    Component.AUDIT: "Audit log",
    Component.MAIL: "E-mail",
}


class Impact(StrEnum):
    """What an incident means for people."""

    DEGRADED = "DEGRADED"
    OUTAGE = "OUTAGE"
    MAINTENANCE = "MAINTENANCE"


IMPACTS: dict[Impact, str] = {
    Impact.DEGRADED: "Degraded",
    Impact.OUTAGE: "Outage",
    Impact.MAINTENANCE: "Maintenance",
}


class IncidentStatus(StrEnum):
    """How far those who work on an incident are."""

    INVESTIGATING = "INVESTIGATING"
    IDENTIFIED = "IDENTIFIED"
    MONITORING = "MONITORING"
    RESOLVED = "RESOLVED"


class Verdict(StrEnum):
    """How the registry stands, in one word."""

    OPERATIONAL = "OPERATIONAL"
    DEGRADED = "DEGRADED"
    DOWN = "DOWN"


@dataclass(frozen=True)
class ComponentHealth:
    """A component when it was last asked. `seconds` is how long it took; None where it gave no answer in time."""

    component: Component
    is_up: bool
    seconds: float | None

    @property
    def name(self) -> str:
        """What people call it."""
        return COMPONENTS[self.component]


@dataclass(frozen=True)
class Health:
    """All components of one moment."""

    at: datetime
    components: tuple[ComponentHealth, ...]

    @property
    def down(self) -> tuple[ComponentHealth, ...]:
        """Those that gave no answer."""
        return tuple(one for one in self.components if not one.is_up)

    def is_up(self, component: Component) -> bool:
        """Whether this component answered; True for one that this installation does not have."""
        return all(one.is_up for one in self.components if one.component is component)


@dataclass(frozen=True)
class IncidentUpdate:
    """What was written about an incident at one moment. `by` is an e-mail."""

    status: IncidentStatus
    text: str
    at: datetime
    by: str


@dataclass(frozen=True)
class Incident:
    """Something that went wrong, or is planned. `updates` are newest first; `resolved_at` None while it is open."""

    key: int
    id: str
    title: str
    components: tuple[Component, ...]
    impact: Impact
    status: IncidentStatus
    started_at: datetime
    resolved_at: datetime | None
    revision: int
    updates: tuple[IncidentUpdate, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it still goes on."""
        return self.resolved_at is None
