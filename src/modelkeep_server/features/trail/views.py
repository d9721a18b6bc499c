"""What a compliance trail shows, and the kinds of event on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from modelkeep_server.features.audit.views import Checkpoint, ProvenEvent
from modelkeep_server.kit.paging import Page
from modelkeep_server.rules.events import ACTIONS


class TrailKind(StrEnum):
    """What an event on a trail is about, as its filter has it."""

    LIFE = "LIFE"
    REVIEW = "REVIEW"
    FILES = "FILES"
    ACCESS = "ACCESS"
    EVALUATION = "EVALUATION"
    CARD = "CARD"
    EXCEPTION = "EXCEPTION"
    DEPLOYMENT = "DEPLOYMENT"
    MODEL = "MODEL"


#: Each kind in words, in the order of the filter.
KIND_WORDS: Mapping[TrailKind, str] = {
    TrailKind.LIFE: "Life",
    TrailKind.REVIEW: "Review",
    TrailKind.FILES: "Files",
    TrailKind.ACCESS: "Access",
    TrailKind.EVALUATION: "Evaluations",
    TrailKind.CARD: "Model cards",
    TrailKind.EXCEPTION: "Exceptions",
    TrailKind.DEPLOYMENT: "Deployments",
    TrailKind.MODEL: "Model",
}

_BY_NOUN = {
    "finding": TrailKind.REVIEW,
    "comment": TrailKind.REVIEW,
    "review": TrailKind.REVIEW,
    "artifact": TrailKind.FILES,
    "bundle": TrailKind.ACCESS,
    "access": TrailKind.ACCESS,
    "download": TrailKind.ACCESS,
    "collaborator": TrailKind.MODEL,
    "evaluation": TrailKind.EVALUATION,
    "card": TrailKind.CARD,
    "exception": TrailKind.EXCEPTION,
    "deployment": TrailKind.DEPLOYMENT,
    "model": TrailKind.MODEL,
}
_BY_ACTION = {
    "promotion.approve": TrailKind.REVIEW,
    "promotion.request_changes": TrailKind.REVIEW,
    "version.attest": TrailKind.REVIEW,
    "trail.read": TrailKind.ACCESS,
    "artifact.link": TrailKind.ACCESS,
    "artifact.download": TrailKind.ACCESS,
    "artifact.download_end": TrailKind.ACCESS,
}


def kind_of(action: str) -> TrailKind:
    """What an event of this action is about."""
    return _BY_ACTION.get(action) or _BY_NOUN.get(action.partition(".")[0], TrailKind.LIFE)


def actions_of(kind: TrailKind) -> tuple[str, ...]:
    """Every action of a kind."""
    return tuple(name for name in ACTIONS if kind_of(name) is kind)


@dataclass(frozen=True)
class Trail:
    """
    One page of a version's compliance trail, oldest first, as the log stood under `checkpoint`.

    `vkey` verifies the checkpoint; `labels` are the addresses of objects that events name by their ids. Where the log
    cannot be signed any more, `problem` says why, and nothing is proven; where one event does not hold, its own
    `problem` does.
    """

    version: str
    events: Page[ProvenEvent]
    checkpoint: Checkpoint | None
    vkey: str
    labels: Mapping[str, str]
    problem: str | None = None

    @property
    def holds(self) -> bool:
        """True where every event of this page was proven."""
        return self.problem is None and all(one.holds for one in self.events.items)
