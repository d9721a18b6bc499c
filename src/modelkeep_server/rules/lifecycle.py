"""
The life of a version: the nine states and the nine moves of the guide's diagram, and no others.

The diagram on the version page and in the help, the API's `moves` and the tests are all drawn from `MOVES`.
Source: the guide, "Version States". Its column "Who Can Transition" names who may move a version INTO a state.
"""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a version stands."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    CHANGES_REQUESTED = "CHANGES_REQUESTED"
    APPROVED_STAGING = "APPROVED_STAGING"
    STAGING = "STAGING"
    APPROVED_PROD = "APPROVED_PROD"
    PRODUCTION = "PRODUCTION"
    DEPRECATED = "DEPRECATED"
    RETIRED = "RETIRED"


@dataclass(frozen=True)
class StateInfo:
    """
    How a state is named and explained to people. `who` is the guide's column, shown under a station not yet
    reached.
    """

    state: State
    label: str
    meaning: str
    who: str


STATES: dict[State, StateInfo] = {
    info.state: info
    for info in (
        StateInfo(State.DRAFT, "Draft", "Initial development state", "Model Owner"),
        StateInfo(State.SUBMITTED, "Submitted", "Submitted for review", "Model Owner"),
        StateInfo(State.CHANGES_REQUESTED, "Changes requested", "Requires modifications", "MRC or Security"),
        StateInfo(State.APPROVED_STAGING, "Approved for staging", "Approved for staging deployment", "MRC, Security"),
        StateInfo(State.STAGING, "Staging", "Deployed in staging environment", "SRE"),
        StateInfo(State.APPROVED_PROD, "Approved for production", "Approved for production", "MRC, Security"),
        StateInfo(State.PRODUCTION, "Production", "Live in production", "SRE"),
        StateInfo(State.DEPRECATED, "Deprecated", "Marked for replacement", "Model Owner or Admin"),
        StateInfo(State.RETIRED, "Retired", "No longer in use", "Admin"),
    )
}


@dataclass(frozen=True)
class Move:
    """One arrow of the diagram. `act` is the permission that the mover needs (rules/permissions.py)."""

    source: State
    target: State
    act: str
    label: str


MOVES: tuple[Move, ...] = (
    Move(State.DRAFT, State.SUBMITTED, "promotion.request", "Request Promotion"),
    Move(State.SUBMITTED, State.CHANGES_REQUESTED, "promotion.request_changes", "Request changes"),
    Move(State.SUBMITTED, State.APPROVED_STAGING, "promotion.approve", "Approve"),
    Move(State.CHANGES_REQUESTED, State.SUBMITTED, "promotion.request", "Request Promotion"),
    Move(State.APPROVED_STAGING, State.STAGING, "version.stage", "Move to staging"),
    Move(State.STAGING, State.APPROVED_PROD, "promotion.approve", "Approve"),
    Move(State.APPROVED_PROD, State.PRODUCTION, "version.release", "Move to production"),
    Move(State.PRODUCTION, State.DEPRECATED, "version.deprecate", "Deprecate"),
    Move(State.DEPRECATED, State.RETIRED, "version.retire", "Retire"),
)


class Flag(StrEnum):
    """A mark beside the state."""

    CLOSED = "CLOSED"
    HOLD = "HOLD"


@dataclass(frozen=True)
class FlagInfo:
    """
    A flag as it is named and explained to people. `who` sets it, as they are called under a station; then the
    permissions that setting and lifting it take.
    """

    flag: Flag
    label: str
    meaning: str
    who: str
    set_act: str
    lift_act: str


#: The state does not change by them, and every other move keeps to the diagram. Source: product R4.
FLAGS: dict[Flag, FlagInfo] = {
    info.flag: info
    for info in (
        FlagInfo(
            Flag.CLOSED,
            "Closed",
            "Goes no further until it is reopened; before production only",
            "Model Owner",
            "version.close",
            "version.reopen",
        ),
        FlagInfo(
            Flag.HOLD,
            "Hold",
            "Stops all moves and new download links until it is lifted",
            "MRC, Security or Admin",
            "version.hold",
            "version.lift",
        ),
    )
}

#: Metadata, artifacts and the version number can change in these states only.
EDITABLE: frozenset[State] = frozenset({State.DRAFT, State.CHANGES_REQUESTED})

#: A version that goes no further can be closed, and reopened, before it is in production.
CLOSABLE: frozenset[State] = frozenset(
    {
        State.DRAFT,
        State.SUBMITTED,
        State.CHANGES_REQUESTED,
        State.APPROVED_STAGING,
        State.STAGING,
        State.APPROVED_PROD,
    }
)

#: Downloads from these states take a purpose, a shorter link and the minter's own session.
GUARDED: frozenset[State] = frozenset({State.PRODUCTION, State.DEPRECATED, State.RETIRED})

#: The stations of the drawn line, in order; CHANGES_REQUESTED stands on a siding above SUBMITTED.
LINE: tuple[State, ...] = tuple(state for state in State if state is not State.CHANGES_REQUESTED)


def moves_from(state: State) -> tuple[Move, ...]:
    """The arrows that leave this state, in the order of the table."""
    return tuple(move for move in MOVES if move.source is state)


def find_move(source: State, target: State) -> Move | None:
    """The arrow from `source` to `target`, or None where the diagram has none."""
    return next((move for move in MOVES if (move.source, move.target) == (source, target)), None)
