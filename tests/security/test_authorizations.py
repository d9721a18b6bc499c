"""
Who may do what, at every door: `authorizations.txt` says for each route, role and relation what the answer is.

The file is read by people and compared with what the registry answers; nobody's right changes without a line of it
changing. `AUTHORIZATIONS=write make test ARGS=tests/security/test_authorizations.py` writes it anew, to be read.
"""

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from anyio.from_thread import BlockingPortal

from modelkeep_server.interfaces.doorway import OPEN
from modelkeep_server.interfaces.gate import Gate
from tests.support.belongings import OWN
from tests.support.clients import Api, Browser
from tests.support.knocking import knock
from tests.support.knocks import knock_of
from tests.support.make import Make
from tests.support.registries import BASE_URL, Registry
from tests.support.routes import routes_of
from tests.support.standing import RELATIONS, ROLES, VISIBILITIES, Target, World, make_world, rehearsing

GOLDEN = Path(__file__).with_name("authorizations.txt")
SCOPE = "scope"
#: From this very machine `/metrics` is read without a credential.
ELSEWHERE = "192.0.2.7"
#: Who is asked for each time; `make endurance` asks for everybody. What is RESTRICTED tells most; of what everyone
#: sees, those who have no part in it are asked.
EVERYBODY = dict.fromkeys(VISIBILITIES, RELATIONS)
OF_THE_API = {"INTERNAL": ("stranger", "owner", "former"), "RESTRICTED": RELATIONS}
OF_PAGES = {"INTERNAL": ("stranger",), "RESTRICTED": ("stranger", "owner")}
#: By how somebody stands ("" where it does not matter): the statuses for nobody and for each role, apart by blanks.
Answers = dict[str, str]
#: By visibility: how those stand who are asked for.
Relations = Mapping[str, Sequence[str]]
HEADER = "nobody none OWNER MRC SEC SRE AUDIT ADMIN"


def is_about_a_model(path: str) -> bool:
    """Whether it matters how somebody stands to a model."""
    return (
        "{group}" in path
        or path.endswith("/openlineage")
        or any(f"/{noun}/{{id}}" in path for noun in ("access-requests", "deployments", "exceptions", "findings"))
    )


@dataclass(frozen=True)
class Asker:
    """Asks the routes of one registry, below any client: there are some ten thousand questions."""

    app: Gate
    portal: BlockingPortal
    world: World

    def ask(
        self, method: str, path: str, asked: Sequence[tuple[Browser | None, Target]], *, own: bool = False
    ) -> list[str]:
        """
        The status that each is answered with about their target, in the same order; None is nobody. With `own`, about
        what belongs to them alone.
        """

        async def ask_all() -> list[str]:
            return [str(await self._ask(method, path, browser, target, own=own)) for browser, target in asked]

        return self.portal.call(ask_all)

    async def _ask(self, method: str, path: str, browser: Browser | None, target: Target, *, own: bool) -> int:
        mine = self.world.own[browser.secret] if own and browser is not None else {}
        sent = knock_of(method, path, target, {**self.world.things, **mine})
        headers = {"accept": sent.accept, "user-agent": "tests"}
        body, kind = sent.content or b"", ""
        if browser is not None:
            own = {"cookie": f"mk-session={browser.secret}", "x-csrf-token": browser.csrf, "origin": BASE_URL}
            headers |= {**own, "sec-fetch-site": "same-origin", **sent.headers}
            if sent.json is not None:
                body, kind = json.dumps(sent.json).encode(), "application/json"
            elif sent.form is not None:
                form = {"csrf_token": browser.csrf, **sent.form}
                body, kind = urlencode(form, doseq=True).encode(), "application/x-www-form-urlencoded"
            headers |= {"content-length": str(len(body)), **({"content-type": kind} if kind else {})}
        address, _, query = sent.address.partition("?")
        told = await knock(
            self.app, method, address, headers.items(), [body] if body else [], query=query.encode(), client=ELSEWHERE
        )
        return told.status


def answers_of(asker: Asker, method: str, path: str, act: str, relations: Relations) -> Answers:
    """What one route answers: to nobody and to each role, by how they stand; and the scopes that it takes."""
    world = asker.world
    some = world.targets[None, "stranger", "INTERNAL"]
    (nobody,) = asker.ask(method, path, [(None, some)])
    if act == OPEN:
        (anybody,) = asker.ask(method, path, [(world.browsers[None, "stranger"], some)])
        return {"anybody": f"{nobody} {anybody}"}
    found: Answers = {}
    if any(f"/{noun}/{{id}}" in path for noun in OWN):
        asked = [(world.browsers[role, "stranger"], some) for role in ROLES]
        found = {
            stands: " ".join([nobody, *asker.ask(method, path, asked, own=own)])
            for stands, own in (("own", True), ("another's", False))
        }
        return {**found, SCOPE: say_scopes(world, method, path)} if "/api/" in path else found
    for visibility in VISIBILITIES if is_about_a_model(path) else VISIBILITIES[:1]:
        for relation in relations[visibility] if is_about_a_model(path) else RELATIONS[:1]:
            asked = [(world.browsers[role, relation], world.targets[role, relation, visibility]) for role in ROLES]
            stands = f"{relation}{'*' if visibility == 'RESTRICTED' else ''}" if is_about_a_model(path) else ""
            found[stands] = " ".join([nobody, *asker.ask(method, path, asked)])
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


@pytest.mark.parametrize(
    "kind", ["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.endurance])]
)
@pytest.mark.parametrize(
    "relations",
    [
        pytest.param({"api": OF_THE_API, "pages": OF_PAGES}, id="daily"),
        pytest.param({"api": EVERYBODY, "pages": EVERYBODY}, marks=pytest.mark.endurance, id="in-every-relation"),
    ],
)
def test_every_door_answers_as_the_golden_table_says(
    fresh_registry: Registry,
    fresh_make: Make,
    fresh_api: Api,
    portal: BlockingPortal,
    relations: Mapping[str, Relations],
) -> None:
    """Every route, asked by every role, however they stand to a model that is open and to one that is restricted."""
    golden = read_golden(GOLDEN.read_text()) if GOLDEN.exists() else {}
    writes = os.environ.get("AUTHORIZATIONS") == "write"
    asker = Asker(fresh_registry.app, portal, make_world(fresh_registry, fresh_make, fresh_api))
    answered: dict[str, Answers] = {}

    with rehearsing(fresh_registry):
        for method, path, act in routes_of(fresh_registry):
            if act:
                asked = EVERYBODY if writes else relations["api" if "/api/" in path else "pages"]
                answered[f"{method} {path}  ({act})"] = answers_of(asker, method, path, act, asked)

    if writes:
        write(answered)
        return
    known = {
        route: {stands: row for stands, row in rows.items() if stands in answered.get(route, rows)}
        for route, rows in golden.items()
    }
    assert answered == known


def write(answers: Mapping[str, Answers]) -> None:
    """The golden file anew, in the order of addresses; whoever is answered alike stands in one line."""
    lines = [
        "Who may do what, at every door. Read by people, compared by tests/security/test_authorizations.py.",
        "",
        "A line says what is answered to nobody (not signed in), to a person without a role and to one with each role,",
        "then how they stand to the model: * where it is RESTRICTED; former is whoever registered and owned it once;",
        "or whether a token, a notice or a session is their own.",
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
