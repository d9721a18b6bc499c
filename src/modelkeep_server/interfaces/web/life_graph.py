"""
The diagram of a version's life: where its stations stand and where its arrows run, from `rules/lifecycle.py`.

The stations of `LINE` stand one below the other; a state off the line stands beside the one it leads back to. Lengths
are units of the SVG's own viewBox.
"""

from dataclasses import dataclass

from modelkeep_server.rules.lifecycle import LINE, MOVES, STATES, Move, State
from modelkeep_server.rules.permissions import PERMISSIONS, ROLES, Relation

BOX_WIDTH, BOX_HEIGHT = 168, 32
PITCH = 80
SIDING_X = 316
MARGIN = 2
WIDTH = SIDING_X + BOX_WIDTH + MARGIN
HEIGHT = (len(LINE) - 1) * PITCH + BOX_HEIGHT + 2 * MARGIN


@dataclass(frozen=True)
class Stop:
    """One state as a box; `x` and `y` are its upper left corner."""

    state: State
    label: str
    x: int
    y: int


@dataclass(frozen=True)
class Arrow:
    """One move as a straight line with a head at its end, and two lines of words that begin at `text_x`."""

    x1: int
    y1: int
    x2: int
    y2: int
    label: str
    who: str
    text_x: int
    text_y: int
    anchor: str


@dataclass(frozen=True)
class LifeGraph:
    """The whole diagram, in a viewBox of `width` and `height`. `words` says the same to who does not see it."""

    stops: tuple[Stop, ...]
    arrows: tuple[Arrow, ...]
    width: int
    height: int
    words: str


def draw_life() -> LifeGraph:
    """The diagram of all states and moves."""
    return LifeGraph(
        tuple(Stop(state, info.label, *_corner(state)) for state, info in STATES.items()),
        tuple(_arrow(move) for move in MOVES),
        WIDTH,
        HEIGHT,
        ". ".join(f"{STATES[m.source].label} to {STATES[m.target].label}: {m.label}, by {who_makes(m)}" for m in MOVES),
    )


def who_makes(move: Move) -> str:
    """Who may make a move, short enough to stand beside an arrow: "MRC or Security Architect", "Owner or Admin"."""
    names = []
    for grant in PERMISSIONS[move.act].grants:
        if grant.relation is Relation.OWNER:
            names.append("Owner")
        elif grant.role is not None:
            names.append(ROLES[grant.role].label)
    return " or ".join(names)


def _corner(state: State) -> tuple[int, int]:
    if state in LINE:
        return MARGIN, MARGIN + LINE.index(state) * PITCH
    home = next(move.target for move in MOVES if move.source is state)
    return SIDING_X, MARGIN + LINE.index(home) * PITCH


def _arrow(move: Move) -> Arrow:
    (x1, y1), (x2, y2) = _corner(move.source), _corner(move.target)
    who = who_makes(move)
    if x1 == x2:
        middle = x1 + 24
        return Arrow(middle, y1 + BOX_HEIGHT, middle, y2, move.label, who, middle + 12, y1 + BOX_HEIGHT + 20, "start")
    centre = MARGIN + BOX_WIDTH + (SIDING_X - MARGIN - BOX_WIDTH) // 2
    if x1 < x2:
        height = y1 + BOX_HEIGHT // 2 - 6
        return Arrow(x1 + BOX_WIDTH, height, x2, height, move.label, who, centre, height - 20, "middle")
    height = y1 + BOX_HEIGHT // 2 + 6
    return Arrow(x1, height, x2 + BOX_WIDTH, height, move.label, who, centre, height + 15, "middle")
