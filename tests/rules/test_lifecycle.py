"""The life of a version is the guide's diagram and nothing else."""

import re

import pytest

from modelkeep_server.rules.approvals import APPROVALS, TIERS, RiskTier
from modelkeep_server.rules.lifecycle import (
    EDITABLE,
    GUARDED,
    LINE,
    MOVES,
    STATES,
    State,
    find_move,
    moves_from,
)
from modelkeep_server.rules.links import terms_for
from modelkeep_server.rules.permissions import PERMISSIONS, Relation, Role

DIAGRAM = """
    DRAFT --> SUBMITTED
    SUBMITTED --> CHANGES_REQUESTED
    SUBMITTED --> APPROVED_STAGING
    CHANGES_REQUESTED --> SUBMITTED
    APPROVED_STAGING --> STAGING
    STAGING --> APPROVED_PROD
    APPROVED_PROD --> PRODUCTION
    PRODUCTION --> DEPRECATED
    DEPRECATED --> RETIRED
"""
TABLE = """
| **DRAFT** | Initial development state | Model Owner |
| **SUBMITTED** | Submitted for review | Model Owner |
| **CHANGES_REQUESTED** | Requires modifications | MRC, Security |
| **APPROVED_STAGING** | Approved for staging deployment | MRC, Security |
| **STAGING** | Deployed in staging environment | SRE |
| **APPROVED_PROD** | Approved for production | MRC, Security |
| **PRODUCTION** | Live in production | SRE |
| **DEPRECATED** | Marked for replacement | Model Owner, Admin |
| **RETIRED** | No longer in use | Admin |
"""
ARROWS = re.findall(r"(\w+) --> (\w+)", DIAGRAM)
ROWS = re.findall(r"\| \*\*(\w+)\*\* \| (.+?) \| (.+?) \|", TABLE)
GUIDE_ROLES = {
    "Model Owner": Role.MODEL_OWNER,
    "MRC": Role.MRC,
    "Security": Role.SECURITY_ARCHITECT,
    "SRE": Role.SRE,
    "Admin": Role.ADMIN,
}


def test_the_moves_are_the_guides_arrows() -> None:
    """Nine arrows, those of the diagram, each once."""
    moves = [(move.source, move.target) for move in MOVES]

    assert moves == ARROWS


def test_the_states_are_the_guides() -> None:
    """Nine states in the guide's order, with the guide's words."""
    states = [(state, info.meaning) for state, info in STATES.items()]

    assert states == [(name, meaning) for name, meaning, _ in ROWS]
    assert list(STATES) == list(State)


@pytest.mark.parametrize(("name", "who"), [(name, who) for name, _, who in ROWS])
def test_whose_move_it_is_is_shown_as_the_guide_has_it(name: str, who: str) -> None:
    """The words under a station name the guide's roles."""
    shown = set(re.split(r", | or ", STATES[State(name)].who))

    assert shown == set(who.split(", "))


@pytest.mark.parametrize(("name", "who"), [(name, who) for name, _, who in ROWS if name != "DRAFT"])
def test_who_can_transition_holds_in_the_permissions(name: str, who: str) -> None:
    """Column "Who Can Transition": the roles that may move into a state are the guide's."""
    acts = {move.act for move in MOVES if move.target is State(name)}

    grants = [grant for act in acts for grant in PERMISSIONS[act].grants]
    roles = {grant.role for grant in grants if grant.relation is not Relation.PROGRAM}

    assert roles == {GUIDE_ROLES[word] for word in who.split(", ")}


def test_model_owners_move_their_own_models_only() -> None:
    """Wherever the role Model Owner opens a move, it takes ownership of this very model too."""
    grants = [grant for move in MOVES for grant in PERMISSIONS[move.act].grants if grant.role is Role.MODEL_OWNER]

    assert grants
    assert {grant.relation for grant in grants} == {Relation.OWNER}


@pytest.mark.parametrize("state", State)
def test_only_arrows_of_the_diagram_are_found(state: State) -> None:
    """From every state exactly the diagram's targets are reachable in one move; nothing leaves RETIRED."""
    targets = [target for target in State if find_move(state, target) is not None]

    assert set(targets) == {target for source, target in ARROWS if source == state}
    assert {move.target for move in moves_from(state)} == set(targets)


def test_content_changes_before_submission_and_after_a_change_request_only() -> None:
    """What reviewers look at stands still."""
    assert {State.DRAFT, State.CHANGES_REQUESTED} == EDITABLE


@pytest.mark.parametrize("state", State)
def test_links_to_what_was_live_are_shorter_and_ask_why(state: State) -> None:
    """PRODUCTION, DEPRECATED and RETIRED: 5 minutes, a purpose, the minter's own session. Else 15 minutes, alone."""
    terms = terms_for(state)

    guarded = state in {State.PRODUCTION, State.DEPRECATED, State.RETIRED}
    assert (state in GUARDED) == guarded
    assert (terms.ttl_seconds, terms.alone, terms.needs_purpose) == (
        (300, False, True) if guarded else (900, True, False)
    )


def test_the_drawn_line_passes_every_station_but_the_siding() -> None:
    """The line on the version page holds all states in order; CHANGES_REQUESTED stands on a siding."""
    assert list(LINE) == [state for state in State if state is not State.CHANGES_REQUESTED]


@pytest.mark.parametrize(("tier", "people"), [(RiskTier.LOW, 2), (RiskTier.MEDIUM, 3), (RiskTier.HIGH, 4)])
def test_each_tier_takes_as_many_people_as_it_says(tier: RiskTier, people: int) -> None:
    """LOW takes one approver beside the owner, MEDIUM an MRC and a Security Architect, HIGH a third to deploy."""
    approvers = sum(need.count for need in APPROVALS[tier])

    assert TIERS[tier].people == people
    assert approvers == (1 if tier is RiskTier.LOW else 2)
    assert {role for need in APPROVALS[tier] for role in need.roles} == {Role.MRC, Role.SECURITY_ARCHITECT}
