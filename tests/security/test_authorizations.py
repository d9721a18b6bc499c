"""
Who may do what, at every door: `authorizations.txt` says for each route, role and relation what the answer is.

The file is read by people and compared with what the registry answers; nobody's right changes without a line of it
changing. `AUTHORIZATIONS=write make test ARGS=tests/security/test_authorizations.py` writes it anew, to be read.
"""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from modelkeep_server.interfaces.doorway import OPEN
from tests.support.clients import Api
from tests.support.knocks import knock_of
from tests.support.make import Make
from tests.support.registries import Registry
from tests.support.routes import routes_of
from tests.support.standing import RELATIONS, ROLES, VISIBILITIES, Target, World, make_world, rehearsing

GOLDEN = Path(__file__).with_name("authorizations.txt")
SCOPE = "scope"
#: Those between which a page's answers differ; the API is asked in every relation each time, pages by `make endurance`.
SOME_RELATIONS = ("stranger", "owner", "former")
#: By how somebody stands ("" where it does not matter): the statuses for nobody and for each role, apart by blanks.
Answers = dict[str, str]
HEADER = "nobody none OWNER MRC SEC SRE AUDIT ADMIN"


def is_about_a_model(path: str) -> bool:
    """Whether it matters how somebody stands to a model."""
    return "{group}" in path or "/access-requests/{id}" in path


def ask(world: World, api: Api, method: str, path: str, who: object, target: Target) -> str:
    """The status that somebody is answered with; `who` is None for nobody."""
    knock = knock_of(method, path, target, world.things)
    if who is None:
        return str(api.anonymous.request(method, knock.address, headers={"accept": knock.accept}).status_code)
    browser = world.browsers[who]
    headers = {"x-csrf-token": browser.csrf, "accept": knock.accept, **knock.headers}
    form = None if knock.form is None else {"csrf_token": browser.csrf, **knock.form}
    answer = browser.request(
        method, knock.address, headers=headers, json=knock.json, data=form, content=knock.content
    )  # fmt: skip
    return str(answer.status_code)


def answers_of(world: World, api: Api, method: str, path: str, act: str, relations: Sequence[str]) -> Answers:
    """What one route answers: to nobody and to each role, by how they stand; and the scopes that it takes."""
    some = world.targets[None, "stranger", "INTERNAL"]
    nobody = ask(world, api, method, path, None, some)
    if act == OPEN:
        return {"anybody": f"{nobody} {ask(world, api, method, path, (None, 'stranger'), some)}"}
    found: Answers = {}
    for visibility in VISIBILITIES if is_about_a_model(path) else VISIBILITIES[:1]:
        for relation in relations if is_about_a_model(path) else RELATIONS[:1]:
            statuses = [
                ask(world, api, method, path, (role, relation), world.targets[role, relation, visibility])
                for role in ROLES
            ]
            stands = f"{relation}{'*' if visibility == 'RESTRICTED' else ''}" if is_about_a_model(path) else ""
            found[stands] = " ".join([nobody, *statuses])
    return {**found, SCOPE: say_scopes(world, method, path)} if "/api/" in path else found


def say_scopes(world: World, method: str, path: str) -> str:
    """The scopes that suffice where role and relation are there: each is tried alone."""
    knock = knock_of(method, path, world.owned, world.things)
    fit = []
    for scope, program in world.programs.items():
        answer = program.request(
            method, knock.address, json=knock.json, content=knock.content, headers={**knock.headers}
        )  # fmt: skip
        if "this token needs the scope" not in answer.text and "a token is not enough" not in answer.text:
            fit.append(scope.value)
    return ", ".join(fit) or "none, a session only"


def read_golden(text: str) -> dict[str, Answers]:
    """The golden file: of each route, the answers by how one stands."""
    found: dict[str, Answers] = {}
    for block in re.split(r"(?m)^(?=[A-Z]+ /)", text)[1:]:
        route, *lines = block.strip().split("\n")
        answers = found[route] = {}
        for line in lines:
            scope = re.fullmatch(r"  scope: (.*)", line)
            if scope:
                answers[SCOPE] = scope[1]
                continue
            statuses, names = re.fullmatch(r"  ((?:\d{3} *)+)(.*)", line).groups()
            answers |= dict.fromkeys(names.split() or [""], " ".join(statuses.split()))
    return found


def is_of(route: str, kind: str) -> bool:
    """Whether a route is of the API or of the pages."""
    return ("/api/" in route) == (kind == "api")


@pytest.mark.parametrize(
    "kind", ["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.endurance])]
)
@pytest.mark.parametrize(
    ("door", "relations"),
    [
        pytest.param("api", RELATIONS, id="api"),
        pytest.param("pages", SOME_RELATIONS, id="pages"),
        pytest.param("pages", RELATIONS, marks=pytest.mark.endurance, id="pages-in-every-relation"),
    ],
)
def test_every_door_answers_as_the_golden_table_says(
    registry: Registry, make: Make, api: Api, door: str, relations: Sequence[str]
) -> None:
    """Every route, asked by every role, however they stand to a model that is open and to one that is restricted."""
    golden = read_golden(GOLDEN.read_text()) if GOLDEN.exists() else {}
    writes = os.environ.get("AUTHORIZATIONS") == "write"
    world = make_world(registry, make, api)
    answered: dict[str, Answers] = {}

    with rehearsing(registry):
        for method, path, act in routes_of(registry):
            if act and is_of(path, door):
                asked = RELATIONS if writes else relations
                answered[f"{method} {path}  ({act})"] = answers_of(world, api, method, path, act, asked)

    if writes:
        write({**{route: rows for route, rows in golden.items() if not is_of(route, door)}, **answered})
        return
    known = {
        route: {stands: row for stands, row in rows.items() if stands in answered.get(route, rows)}
        for route, rows in golden.items()
        if is_of(route, door)
    }
    assert answered == known


def write(answers: Mapping[str, Answers]) -> None:
    """The golden file anew, in the order of addresses; whoever is answered alike stands in one line."""
    lines = [
        "Who may do what, at every door. Read by people, compared by tests/security/test_authorizations.py.",
        "",
        "A line says what is answered to nobody (not signed in), to a person without a role and to one with each role,",
        "then how they stand to the model: * where it is RESTRICTED; former is whoever registered and owned it once.",
        "scope: what a token must be for, where all else is there.",
        "",
        "  " + " ".join(f"{word:<5}" for word in HEADER.split()),
    ]
    for route in sorted(answers, key=lambda route: route.split()[1::-1]):
        alike: dict[str, list[str]] = {}
        for stands, statuses in answers[route].items():
            if stands != SCOPE:
                alike.setdefault(statuses, []).append(stands)
        lines += ["", route]
        lines += [f"  {'   '.join(row.split())}  {' '.join(names)}".rstrip() for row, names in alike.items()]
        lines += [f"  scope: {answers[route][SCOPE]}"] if SCOPE in answers[route] else []
    GOLDEN.write_text("\n".join(lines) + "\n")
