"""
Who may do what, at every door: `authorizations.txt` says for each route, role and relation what the answer is.

The file is read by people and compared with what the registry answers; nobody's right changes without a line of it
changing. `AUTHORIZATIONS=write make test ARGS=tests/security/test_authorizations.py` writes it anew, to be read.
"""

import os
import re
from collections.abc import Iterable
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


def rows_of(world: World, api: Api, method: str, path: str, act: str) -> list[str]:
    """The lines of one route: how one stands, then the answer for nobody and for each role."""
    some = world.targets[None, "stranger", "INTERNAL"]
    nobody = ask(world, api, method, path, None, some)
    if act == OPEN:
        return [f"  {nobody} {ask(world, api, method, path, (None, 'stranger'), some)}  nobody, anybody"]
    found: dict[tuple[str, ...], list[str]] = {}
    for visibility in VISIBILITIES if is_about_a_model(path) else VISIBILITIES[:1]:
        for relation in RELATIONS if is_about_a_model(path) else RELATIONS[:1]:
            answers = tuple(
                ask(world, api, method, path, (role, relation), world.targets[role, relation, visibility])
                for role in ROLES
            )
            stands = f"{relation}{'*' if visibility == 'RESTRICTED' else ''}" if is_about_a_model(path) else ""
            found.setdefault(answers, []).append(stands)
    lines = [f"  {nobody}   {'   '.join(answers)}  {' '.join(stands)}".rstrip() for answers, stands in found.items()]
    return [*lines, *(say_scopes(world, method, path) if "/api/" in path else ())]


def say_scopes(world: World, method: str, path: str) -> list[str]:
    """The scopes that suffice where role and relation are there: each is tried alone."""
    knock = knock_of(method, path, world.owned, world.things)
    fit = []
    for scope, program in world.programs.items():
        answer = program.request(
            method, knock.address, json=knock.json, content=knock.content, headers={**knock.headers}
        )  # fmt: skip
        if "this token needs the scope" not in answer.text and "a token is not enough" not in answer.text:
            fit.append(scope.value)
    return [f"  scope: {', '.join(fit) or 'none, a session only'}"]


def sections_of(text: str) -> dict[str, str]:
    """The lines of the golden file by their route."""
    blocks = re.split(r"(?m)^(?=[A-Z]+ /)", text)[1:]
    return {block.split("\n", 1)[0].strip(): block.rstrip() for block in blocks}


def is_of(route: str, kind: str) -> bool:
    """Whether a route is of the API or of the pages."""
    return ("/api/" in route) == (kind == "api")


@pytest.mark.parametrize(
    "kind", ["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.endurance])]
)
@pytest.mark.parametrize("door", ["api", "pages"])
def test_every_door_answers_as_the_golden_table_says(registry: Registry, make: Make, api: Api, door: str) -> None:
    """Every route, asked by every role in every relation to a model that is open and to one that is restricted."""
    golden = sections_of(GOLDEN.read_text()) if GOLDEN.exists() else {}
    world = make_world(registry, make, api)
    answered = {}

    with rehearsing(registry):
        for method, path, act in routes_of(registry):
            route = f"{method} {path}"
            if act and is_of(route, door):
                answered[route] = "\n".join([f"{route}  ({act})", *rows_of(world, api, method, path, act)])

    if os.environ.get("AUTHORIZATIONS") == "write":
        kept = {key: block for key, block in golden.items() if not is_of(key, door)}
        write({**kept, **{block.split("\n", 1)[0].strip(): block for block in answered.values()}}.values())
        return
    expected = {key: block for key, block in golden.items() if is_of(key, door)}
    assert {block.split("\n", 1)[0].strip(): block for block in answered.values()} == expected


def write(blocks: Iterable[str]) -> None:
    """The golden file anew, in the order of addresses."""
    head = [
        "Who may do what, at every door. Read by people, compared by tests/security/test_authorizations.py.",
        "",
        "A line says what is answered to nobody (not signed in), to a person without a role and to one with each role,",
        "then how they stand to the model: * where it is RESTRICTED; former is whoever registered and owned it once.",
        "scope: what a token must be for, where all else is there.",
        "",
        "  " + " ".join(f"{word:<5}" for word in HEADER.split()),
        "",
    ]
    ordered = sorted(blocks, key=lambda block: (block.split()[1], block.split()[0]))
    GOLDEN.write_text("\n".join(head) + "\n" + "\n\n".join(ordered) + "\n")
