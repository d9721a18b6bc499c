"""What the compliance trail of a version is drawn from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import ClassVar

from modelkeep_server.features.audit.views import Event, ProvenEvent
from modelkeep_server.features.trail.views import KIND_WORDS, Trail, TrailKind, kind_of
from modelkeep_server.interfaces.web.contexts.base import Walk, Walked
from modelkeep_server.interfaces.web.contexts.versions import VersionContext
from modelkeep_server.interfaces.web.forms import href_of
from modelkeep_server.interfaces.web.trail_words import Fact, list_facts
from modelkeep_server.rules import wording
from modelkeep_server.rules.events import ACTIONS, Outcome
from modelkeep_server.rules.permissions import PERMISSIONS

#: What is known by the version that it is of.
_OF_VERSION = frozenset({"version", "finding", "exception", "evaluation"})
_SIGNED_IN = {
    "session": "in the browser",
    "token": "by a token",
    "link": "by a one-time link",
    "passphrase": "by passphrase",
    "host": "on the server's host",
    "none": "not signed in",
}
_ICONS = {
    TrailKind.LIFE: "activity",
    TrailKind.REVIEW: "scan-eye",
    TrailKind.FILES: "package",
    TrailKind.ACCESS: "download",
    TrailKind.EVALUATION: "gauge",
    TrailKind.CARD: "file-text",
    TrailKind.EXCEPTION: "shield-check",
    TrailKind.DEPLOYMENT: "cloud-upload",
    TrailKind.MODEL: "box",
}


@dataclass(frozen=True)
class TrailRow:
    """
    An event as a line of the trail: who, in which role, what of it, and its proof. `refusal` says why it was refused.
    """

    proven: ProvenEvent
    who: str
    role: str | None
    says: str
    about: str
    signed_in: str
    icon: str
    facts: tuple[Fact, ...]
    refusal: str = ""

    @property
    def event(self) -> Event:
        """The event itself."""
        return self.proven.event


@dataclass(frozen=True, kw_only=True)
class TrailContext(VersionContext, Walked):
    """
    GET /models/{group}/{name}/versions/{version}/trail. `filters` are those of the address (kind, outcome); `is_sheet`:
    all rows, for paper; `drawn_at` is the moment that the page shows.
    """

    template: ClassVar[str] = "versions/trail.html"
    trail: Trail
    drawn_at: datetime
    filters: Mapping[str, str] = field(default_factory=dict)
    is_sheet: bool = False
    cursor: str | None = None

    @property
    def walk(self) -> Walk:
        """The list."""
        kept = {**self.filters, **({"rows": "all"} if self.is_sheet else {})}
        return Walk(f"{self.base}/trail", self.trail.events, kept)

    @cached_property
    def rows(self) -> tuple[TrailRow, ...]:
        """The events of this page, oldest first."""
        return tuple(_to_row(one, self.trail.labels, self.version.address) for one in self.trail.events.items)

    @property
    def days(self) -> Iterator[tuple[str, list[TrailRow]]]:
        """The same by UTC day."""
        for day, group in groupby(self.rows, key=lambda row: row.event.at.strftime("%-d %B %Y")):
            yield day, list(group)

    @property
    def kinds(self) -> Mapping[TrailKind, str]:
        """The kinds of event to choose from, in words."""
        return KIND_WORDS

    @property
    def sheet_href(self) -> str:
        """This trail with all rows, for paper."""
        return href_of(f"{self.base}/trail", {**self.filters, "rows": "all"})

    @property
    def json_href(self) -> str:
        """The same by the API."""
        return href_of(f"/api/v1{self.base}/trail", {**self.filters, "limit": "200"})

    def href_with(self, **changes: str) -> str:
        """This trail under other filters; an empty one is left out."""
        kept = {name: value for name, value in {**self.filters, **changes}.items() if value}
        return href_of(f"{self.base}/trail", kept)


def _to_row(proven: ProvenEvent, labels: Mapping[str, str], address: str) -> TrailRow:
    event = proven.event
    label = "" if event.object.kind in _OF_VERSION else event.object.label or ""
    # A file is told by its path, since the page names its version above.
    about = label.removeprefix(f"{address}/")
    return TrailRow(
        proven,
        event.actor.name or event.actor.email or event.actor.id,
        wording.say_standing(event.role),
        _say_try(event.action) if event.outcome is Outcome.REFUSED else _say_deed(event.action, about),
        about,
        _SIGNED_IN.get(event.auth, event.auth.replace("issuer:", "by single sign-on: ")),
        _ICONS[kind_of(event.action)],
        tuple(list_facts(event, labels, address)),
        wording.say_refusal(event.rule) if event.outcome is Outcome.REFUSED and event.rule else "",
    )


def _say_try(action: str) -> str:
    """What was refused, as "tried to approve a promotion"."""
    if action in PERMISSIONS:
        return f"tried to {PERMISSIONS[action].says}"
    return f"tried what was refused: {ACTIONS[action].says}" if action in ACTIONS else f"tried {action}"


def _say_deed(action: str, about: str) -> str:
    """What was done, as "approved"; with the version as its object where nothing else is."""
    if action not in ACTIONS:
        return action if about else f"{action} this version"
    says = ACTIONS[action].says
    if about:
        return says
    if says.startswith("put on "):
        return says.replace("put ", "put this version ")
    verb, _, place = says.partition(" to ")
    return f"moved this version to {place}" if verb == "moved" else f"{says.removesuffix(' version')} this version"
