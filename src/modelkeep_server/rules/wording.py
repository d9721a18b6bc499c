"""
How codes are said to people: states, roles, tiers and decisions by the names that pages use, never as JSON has them.

Sentences of refusals and notices, and facts of events on a compliance trail, are worded by these; fields of the API
stay codes.
"""

import re
from collections.abc import Collection
from datetime import datetime

from modelkeep_server.kit import clock
from modelkeep_server.rules.approvals import TIERS
from modelkeep_server.rules.error_table import list_kinds
from modelkeep_server.rules.lifecycle import STATES, State
from modelkeep_server.rules.permission_words import join
from modelkeep_server.rules.permissions import ROLES

#: What is a word of its own in capitals.
_KEPT = frozenset({"MRC", "SRE", "API", "READ", "WRITE"})
_OWN_LABELS = {
    **{str(info.role): info.label for info in ROLES.values()},
    **{str(info.state): info.label for info in STATES.values()},
    **{str(info.tier): info.label for info in TIERS.values()},
    "CLEAN_DATA": "Clean",
    "CODE_ALLOWLISTED": "Clean, with known code",
    "OPENLINEAGE": "OpenLineage",
}
#: Every other code that events may tell, each said as its own word.
CODES = frozenset(
    """
    ACCEPTED ACCESS ACCESS_ENDS ACTIVE ADDED ALLOWED APPROVE APPROVED ARTIFACT ARTIFACTS ASK AUDIT AVAILABLE BARS
    BASE_MODEL BLOCK BLOCKED BLOCKING BREAKING CARD CARRIED CHANGED CHANGES CHECK CLOSED CODE COLLABORATOR COMMIT
    COMPATIBLE CONFIG CONSUMER CONSUMERS CONTAINER DATA DATABASE DATASET DECIDED DECLINED DEGRADED DELIVERED DENIED
    DEPLOYMENT DEPLOYMENTS DISCARDED DONE DOWN DOWNLOAD DROPPED ENDED EVALUATION EVALUATIONS EXCEPTION
    EXCEPTION_ASKED EXCEPTION_ENDS EXPIRED FAILED FAILING FEATURE_PIPELINE FIELD FILES FILES_TO_JUDGE FINDING
    FIRST_START FORM GIVEN GONE GRANTED HOLD IDENTIFIED IMPORT INPUT INTERNAL INTERVALS INVESTIGATING INVESTIGATION
    INVITATION IN_FORCE LIFE LINEAGE LIST MAIL MAINTENANCE MAY_BREAK MEASURES MISSING MODEL MODELS MONITORING MOVE
    NEAR NO NOTHING OPEN OPENLINEAGE OPERATIONAL OPERATOR OUTAGE OUTPUT OVER OWNED OWNER PASS PENDING POLICY
    PREPROCESSING PRIVATE PROGRAM PROPOSED PUBLISHED PURPOSE QUARANTINED RECORD REFUSED RELEASE REMOVED REOPENED
    REQUEST REQUEST_CHANGES RESET RESOLVED RESTORE RESTRICTED RETIRE REVIEW REVIEWS ROLE ROLLBACK RUNNING SAME
    SETTLE SHARED STORAGE SUPERSEDED TABLE TAKE_OFF TEST TEXT TOKENIZER TOKEN_ENDS TOO_FAST TOUCHED TRAINING
    TRAINING_RUN TRAINING_SCRIPT UNKNOWN VALIDATION VENDOR VERSION WAITING WAIVE WARN WEB WEIGHTS WITHDRAWN YES
    """.split()  # noqa: SIM905 (as a list it takes a page)
)
_STANDINGS = frozenset({*ROLES, "OWNER", "COLLABORATOR"})
_RULES = {
    **{kind.code: kind.title for kind in reversed(tuple(list_kinds()))},
    "not_permitted": "They lack what it takes",
    "not_signed_in": "Nobody was signed in",
    "confirm_needed": "They had to confirm first that it is them",
    "hold": "It was on hold",
    "blocked": "The file is blocked",
    "integrity": "What is stored is not what was recorded",
    "own_account": "It was their own account",
    "own_roles": "Nobody changes their own roles",
    "own_request": "They had asked for it themselves",
    "last_admin": "There would be no Admin left",
    "issuer_role": "The role comes from single sign-on",
    "decided": "It was decided already",
}
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")

_STANDS: dict[State, str] = {
    State.DRAFT: "is a draft",
    State.SUBMITTED: "is submitted for review",
    State.CHANGES_REQUESTED: "was sent back with changes requested",
    State.APPROVED_STAGING: "is approved for staging",
    State.STAGING: "is in staging",
    State.APPROVED_PROD: "is approved for production",
    State.PRODUCTION: "is in production",
    State.DEPRECATED: "is deprecated",
    State.RETIRED: "is retired",
}


def say_stands(state: str) -> str:
    """Where a version stands, as the end of a sentence about it: "is in production"."""
    return _STANDS[State(state)]


def say_state(state: str) -> str:
    """A state, or what a promotion aims at, within a sentence: "approved for staging"."""
    return STATES[State(state)].label.lower()


def say_no_move(address: str, state: str, target: str) -> str:
    """That the diagram has no such arrow."""
    return f"{address} {say_stands(state)}: no move leads from there to {say_state(target)}."


def say_states(states: Collection[str], last: str = "or") -> str:
    """Several, in the order of the table: "draft or changes requested"."""
    return join([say_state(state) for state in State if state in states], last)


def say_tier(tier: str) -> str:
    """A risk tier within a sentence: "high"."""
    return next(info.label for info in TIERS.values() if info.tier == tier).lower()


def say_standing(role: str | None) -> str | None:
    """As what somebody acted, by what an event names: "Model Owner", "Collaborator"; None where it names nothing."""
    return say_code(role) if role in _STANDINGS else None


def say_refusal(rule: str) -> str:
    """Why something was refused to somebody, by the rule that an event names: "somebody else has to decide this"."""
    words = _RULES.get(rule) or rule.replace("_", " ")
    return words[0].lower() + words[1:]


def say_code(value: str) -> str:
    """A code of the registry as its name, a moment as "26 Nov 2026, 14:05 UTC"; any other text as it is."""
    if value in _KEPT:
        return value
    if value in _OWN_LABELS:
        return _OWN_LABELS[value]
    if value in CODES:
        return value.replace("_", " ").capitalize()
    if _STAMP.fullmatch(value):
        return clock.say_moment(datetime.fromisoformat(value))
    return value
