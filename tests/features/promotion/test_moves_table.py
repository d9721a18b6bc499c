"""Who may make which move: the guide's table, asked of the API and of the page, in every state."""

from typing import Any

from modelkeep_server.rules.lifecycle import STATES, State
from modelkeep_server.rules.permissions import ROLES, Role
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.promoting import Life, begin_life

OWNER, MRC, SECURITY, SRE, ADMIN = "owner", "mrc", "security", "sre", "admin"
#: The guide's arrows and its column "Who Can Transition", which names who moves a version INTO a state.
ARROWS = {
    "DRAFT": ("SUBMITTED",),
    "SUBMITTED": ("CHANGES_REQUESTED", "APPROVED_STAGING"),
    "CHANGES_REQUESTED": ("SUBMITTED",),
    "APPROVED_STAGING": ("STAGING",),
    "STAGING": ("APPROVED_PROD",),
    "APPROVED_PROD": ("PRODUCTION",),
    "PRODUCTION": ("DEPRECATED",),
    "DEPRECATED": ("RETIRED",),
    "RETIRED": (),
}
INTO = {
    "SUBMITTED": {OWNER},
    "CHANGES_REQUESTED": {MRC, SECURITY},
    "APPROVED_STAGING": {MRC, SECURITY},
    "STAGING": {SRE},
    "APPROVED_PROD": {MRC, SECURITY},
    "PRODUCTION": {SRE},
    "DEPRECATED": {OWNER, ADMIN},
    "RETIRED": {ADMIN},
}
DECIDED = {"CHANGES_REQUESTED", "APPROVED_STAGING", "APPROVED_PROD"}
#: What a refusal names: the roles of the guide's column.
NAMED = {
    OWNER: "an owner of th",
    MRC: ROLES[Role.MRC].label,
    SECURITY: ROLES[Role.SECURITY_ARCHITECT].label,
    SRE: ROLES[Role.SRE].label,
    ADMIN: ROLES[Role.ADMIN].label,
}


def people_of(life: Life, make: Make) -> dict[str, Person]:
    """One person for each role of the guide, and the owner of another model."""
    cast = life.cast
    rest = {"auditor": make.person(Role.AUDITOR), "other owner": make.owner()}
    return {OWNER: cast.owner, MRC: cast.mrc, SECURITY: cast.security, SRE: cast.sre, ADMIN: cast.admin, **rest}


def attempt(life: Life, target: str, person: Person) -> Any:
    """Try to bring the version to a state by the route that leads there."""
    if target == "SUBMITTED":
        return life.ask(person=person)
    if not life.get("/promotions").json()["items"] and target in DECIDED:
        told = {"decision": "APPROVE", "comment": "Looked at it.", "digest": "sha256:" + "0" * 64}
        return life.post("/reviews", person, **told)
    if target in DECIDED:
        return life.decide(person, "REQUEST_CHANGES" if target == "CHANGES_REQUESTED" else "APPROVE")
    return life.move(target, person)


def test_every_role_and_move_is_as_the_guides_table_says(make: Make, api: Api) -> None:
    """
    In each state the API lists the guide's arrows, allowed to its roles alone; whoever lacks the role is refused with
    403 and told which it takes; and nobody brings a version along an arrow that is not there.
    """
    life = begin_life(make, api)
    people = people_of(life, make)
    wrong = []

    for state in STATES:
        if state is not State.CHANGES_REQUESTED:
            carry(life, state)
            wrong += faults_in(life, people, str(state))
    returned = begin_life(make, api, cast=life.cast)
    returned.reach("CHANGES_REQUESTED")
    wrong += faults_in(returned, people, "CHANGES_REQUESTED")

    assert wrong == []


def carry(life: Life, state: State) -> None:
    """Bring the version on; for APPROVED_PROD the request is made while it stands in STAGING."""
    if state is State.APPROVED_PROD:
        assert life.decide(life.cast.mrc).status_code == 201
    elif state is not State.DRAFT:
        life.reach(state)
    if state is State.STAGING:
        assert life.ask("PRODUCTION").status_code == 201


def faults_in(life: Life, people: dict[str, Person], state: str) -> list[str]:
    """Where the API is of another opinion than the guide, in one state."""
    faults = []
    for name, person in people.items():
        moves = {move["to"]: move for move in life.get("/moves", person).json()["items"]}
        if tuple(moves) != ARROWS[state]:
            faults.append(f"{state}, {name}: moves {tuple(moves)}")
        for target in ARROWS[state]:
            may = name in INTO[target]
            if moves[target]["allowed"] is not may:
                faults.append(f"{state} to {target}, {name}: allowed {moves[target]['allowed']}")
            faults += [] if may else faults_of_refusal(attempt(life, target, person), f"{state} to {target}, {name}")
    # A decision leads where the round aims: while one is open, decisions are arrows themselves.
    beside = DECIDED if state in ("SUBMITTED", "STAGING") else set()
    for target in INTO.keys() - set(ARROWS[state]) - beside:
        answer = attempt(life, target, people[min(INTO[target])])
        if answer.status_code not in (403, 409):
            faults.append(f"{state} to {target}: {answer.status_code} where the guide has no arrow")
    if life.state != state:
        faults.append(f"{state} became {life.state}")
    return faults


def faults_of_refusal(answer: Any, where: str) -> list[str]:
    """Whether this is a 403 that names each role that may."""
    target = where.split(" to ")[1].split(",")[0]
    named = all(NAMED[role] in answer.text for role in INTO[target])
    return [] if answer.status_code == 403 and named else [f"{where}: {answer.status_code} {answer.text[:200]}"]
