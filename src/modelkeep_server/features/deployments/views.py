"""What the registry says of where models run."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from modelkeep_server.rules.lifecycle import State

#: A share of 100 percent, in the hundredths of a percent in which shares are kept.
WHOLE = 10_000


class Kind(StrEnum):
    """What an environment is for. It never changes."""

    STAGING = "STAGING"
    PRODUCTION = "PRODUCTION"


#: Versions in which states may be live in an environment of a kind.
STATES: dict[Kind, tuple[State, ...]] = {
    Kind.PRODUCTION: (State.PRODUCTION,),
    Kind.STAGING: (State.STAGING, State.APPROVED_PROD, State.PRODUCTION),
}


class Cause(StrEnum):
    """How a deployment came: told by itself, with a move of a version, or by rolling back."""

    RECORD = "RECORD"
    MOVE = "MOVE"
    ROLLBACK = "ROLLBACK"


@dataclass(frozen=True)
class Environment:
    """A place where models run. `key` is the row's inside id; `ended_at` is None while it stands."""

    key: int
    id: str
    name: str
    kind: Kind
    region: str | None
    created_by: str
    created_at: datetime
    ended_at: datetime | None
    revision: int


@dataclass(frozen=True)
class NewPart:
    """A version to be live: its address or its number, and its share in percent."""

    version: str
    share: float
    endpoint_url: str | None = None
    region: str | None = None


@dataclass(frozen=True)
class Part:
    """
    A version's part of a live set. `version` is its address; `share` is in hundredths of a percent; `state` and
    `on_hold` say how it stands now, whenever it was live.
    """

    version_key: int
    version: str
    state: State
    share: int
    endpoint_url: str | None
    region: str | None
    on_hold: bool = False

    @property
    def number(self) -> str:
        """The version without its model."""
        return self.version.rpartition(":")[2]

    @property
    def percent(self) -> float:
        """The share in percent."""
        return self.share / 100


#: The parts of a live set, as far as they tell it from another: version's inside id, share, endpoint, region.
LiveSet = frozenset[tuple[int, int, str | None, str | None]]


def set_of(parts: Iterable[Part]) -> LiveSet:
    """What tells a live set from another."""
    return frozenset((part.version_key, part.share, part.endpoint_url, part.region) for part in parts)


@dataclass(frozen=True)
class Deployment:
    """
    What was live of one model in one environment from `at` to `superseded_at`; no parts: nothing was. `restores_key` is
    the inside id of the deployment that a rollback brought again.
    """

    key: int
    id: str
    environment_key: int
    environment_id: str
    environment: str
    kind: Kind
    model_key: int
    model: str
    cause: Cause
    at: datetime
    superseded_at: datetime | None
    by: str
    reason: str | None
    live: tuple[Part, ...]
    restores_key: int | None = None

    @property
    def label(self) -> str:
        """`group/name in environment`."""
        return f"{self.model} in {self.environment}"

    @property
    def live_set(self) -> LiveSet:
        """What tells its live set from another."""
        return set_of(self.live)


@dataclass(frozen=True)
class Past:
    """As much of an earlier deployment as finding the way back takes."""

    key: int
    restores_key: int | None
    live_set: LiveSet


@dataclass(frozen=True)
class Recorded:
    """What stands once a deployment was recorded; `is_new` is false where the very same stood before, and stays."""

    deployment: Deployment
    is_new: bool


@dataclass(frozen=True)
class Asked:
    """What is to be live of a model in an environment, which is named by its id or name."""

    environment: str
    live: Sequence[NewPart]
    model: str | None = None
    reason: str | None = None
    #: The id of the deployment that it is meant to follow, `none` for the first; None follows whatever is there.
    replaces: str | None = None


@dataclass(frozen=True)
class Place:
    """An environment, and of how many models that somebody sees something is live in it."""

    environment: Environment
    models: int


@dataclass(frozen=True)
class LiveAt:
    """Where one version is live: the environment, its kind, and the share in hundredths of a percent."""

    version_key: int
    environment: str
    kind: Kind
    share: int
    since: datetime
    endpoint_url: str | None


@dataclass(frozen=True)
class Spot:
    """A standing environment, and where one version is live in it, how."""

    environment: Environment
    live: LiveAt | None


@dataclass(frozen=True)
class Candidate:
    """A version that may be named as live in an environment; `refusal` says why it may not after all."""

    version: str
    state: State
    refusal: str | None


@dataclass(frozen=True)
class Plan:
    """What recording would change: what stands now, if anything does, and each part of what is live then."""

    environment: Environment
    model: str
    present: Deployment | None
    live: tuple[Part, ...]

    @property
    def changes_nothing(self) -> bool:
        """Whether the very same is live already."""
        return self.present is not None and self.present.live_set == set_of(self.live)
