"""How the registry stands, for the API and the pages alike: components, answer times, incidents. Open to everyone."""

from dataclasses import dataclass, replace

from fastapi import Request

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.status import queries
from modelkeep_server.features.status.views import Component, ComponentHealth, Health, Impact, Incident, Verdict
from modelkeep_server.interfaces.door import Door, asking_of
from modelkeep_server.interfaces.doorway import Desk
from modelkeep_server.kit import clock
from modelkeep_server.kit.timings import Minute
from modelkeep_server.rules.errors import Unavailable


@dataclass(frozen=True)
class Standing:
    """
    What is known now. `minutes` are those of this process, of the last hour.

    `knows_incidents` is False where the database does not answer: then `incidents` are those that were open before.
    """

    health: Health
    minutes: tuple[Minute, ...]
    incidents: tuple[Incident, ...]
    knows_incidents: bool
    actor: Actor

    @property
    def state(self) -> Verdict:
        """In one word: DOWN without a database, DEGRADED where something else is down or an incident is open."""
        if not self.health.is_up(Component.DATABASE):
            return Verdict.DOWN
        harms = any(one.is_open and one.impact is not Impact.MAINTENANCE for one in self.incidents)
        return Verdict.DEGRADED if self.health.down or harms else Verdict.OPERATIONAL


async def look(desk: Desk) -> Standing:
    """Ask the components, and read the incidents where the database answers."""
    door = desk.door
    health = await door.ask_components()
    if health.is_up(Component.DATABASE):
        try:
            return await desk.read(lambda work, actor: _put_together(door, health, queries.list_shown(work), actor))
        except Unavailable:
            pass
    standing = _put_together(door, health, door.board.incidents, asking_of(desk.request).actor)
    return replace(standing, knows_incidents=False)


def recall(request: Request, work: Work, actor: Actor) -> Standing:
    """The same with what the components last answered, for who is in a transaction and must not wait."""
    door: Door = request.app.state.door
    health = door.last_health or Health(clock.utc_now(), ())
    return _put_together(door, health, queries.list_shown(work), actor)


def _put_together(door: Door, measured: Health, incidents: tuple[Incident, ...], actor: Actor) -> Standing:
    minutes = door.timings.minutes(clock.to_us(clock.utc_now()) / 1_000_000)
    web = ComponentHealth(Component.WEB, is_up=True, seconds=minutes[-1].p50_seconds if minutes else None)
    return Standing(Health(measured.at, (web, *measured.components)), minutes, incidents, True, actor)
