"""The doorway: who is asking, one transaction for them, committed before they hear of it."""

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest
from anyio.from_thread import BlockingPortal
from fastapi import APIRouter, Request

from modelkeep_server.app import build_app
from modelkeep_server.db.work import Circumstances, Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces import door as door_module
from modelkeep_server.interfaces import site
from modelkeep_server.interfaces.api.face import door, make_router
from modelkeep_server.interfaces.api.shapes.base import Shape
from modelkeep_server.interfaces.door import Asking
from modelkeep_server.interfaces.doorway import find_undeclared
from modelkeep_server.interfaces.site import UndeclaredRoutes
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules.errors import NotPermitted
from modelkeep_server.rules.events import Outcome
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api, Client
from tests.support.knocking import endless, knock
from tests.support.make import Make
from tests.support.registries import BASE_URL, Registries, Registry


def new_model(make: Make, owner: str) -> dict[str, Any]:
    """A model as the API takes it."""
    return {
        "group": make.group(), "name": "churn", "description": "Predicts churn.", "owners": [owner], "riskTier": "LOW",
    }  # fmt: skip


def with_route(registry: Registry, portal: BlockingPortal, router: APIRouter, token: str) -> Client:
    """A program at a second door of the registry, which has one more route."""
    app = build_app(registry.house)
    app._app.include_router(router)
    return Client(
        Registry(registry.kind, registry.house, app, registry.settings), portal, {"authorization": f"Bearer {token}"}
    )


class Nothing(Shape):
    """An empty answer."""


def test_two_hundred_clients_at_two_connections_are_all_answered(
    kind: str, registries: Registries, tmp_path: Path
) -> None:
    """Threads never outnumber connections, so nobody waits for ever: reads and writes, all at once."""

    async def crowd(registry: Registry) -> list[int]:
        make = Make(registry)
        owner = make.owner()
        transport = httpx2.ASGITransport(app=registry.app)
        headers = {"authorization": f"Bearer {owner.token}"}
        async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL, headers=headers) as client:
            async with asyncio.timeout(60):
                answers = await asyncio.gather(
                    *(
                        client.post("/api/v1/models", json=new_model(make, owner.email))
                        if number % 4 == 0
                        else client.get("/api/v1/me" if number % 2 else "/api/v1/models?limit=5")
                        for number in range(200)
                    )
                )
        return [answer.status_code for answer in answers]

    with registries.template(kind).copied(tmp_path / "crowded", {"connections": 2}) as registry:
        statuses = asyncio.run(crowd(registry))

    assert statuses == [201 if number % 4 == 0 else 200 for number in range(200)]


def test_a_route_without_a_declared_act_keeps_the_registry_from_starting(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forgetting to say which permission a route needs is found at start, by name."""
    router = APIRouter()

    @router.get("/api/v1/forgotten")
    def forgotten() -> None:
        """No act is declared."""

    @router.get("/api/v1/unknown")
    @door.reads("model.devour")
    def unknown(work: Work, actor: Actor) -> None:
        """The act declared has no row in the table."""

    monkeypatch.setattr(site, "ROUTERS", (*site.ROUTERS, router))

    with pytest.raises(UndeclaredRoutes, match=r"/api/v1/forgotten.*/api/v1/unknown"):
        build_app(registry.house)


def test_every_route_of_the_registry_declares_its_act(registry: Registry) -> None:
    """The one route without is the API's own description."""
    assert find_undeclared(registry.app._app.routes) == ["/api/v1/openapi.json"]


def test_a_handler_that_forgets_to_ask_commits_nothing(registry: Registry, make: Make, portal: BlockingPortal) -> None:
    """A write under a declared act that was never asked for is a fault of the program, and is rolled back."""
    router = make_router("test")

    @router.post("/forgetful", response_model=Nothing)
    @door.writes("model.create")
    def forget(work: Work, actor: Actor) -> Nothing:
        """Writes an event without asking."""
        access.record(work, actor, "model.create", object_id="forgotten-model")
        return Nothing()

    owner = make.owner()

    answer = with_route(registry, portal, router, owner.token).post("/api/v1/forgetful")

    assert answer.status_code == 500
    assert answer.json()["code"] == "internal_error"
    assert make.events("forgotten-model") == []


def test_asking_for_another_act_is_not_enough(registry: Registry, make: Make, portal: BlockingPortal) -> None:
    """What was asked must be what the route declares."""
    router = make_router("test")

    @router.post("/mistaken", response_model=Nothing)
    @door.writes("audit.export")
    def mistake(work: Work, actor: Actor) -> Nothing:
        """Asks for something everybody may."""
        access.require(work, actor, "model.read")
        access.record(work, actor, "audit.export", object_id="mistaken-export")
        return Nothing()

    person = make.person(Role.MODEL_OWNER)

    answer = with_route(registry, portal, router, person.token).post("/api/v1/mistaken")

    assert answer.status_code == 500
    assert make.events("mistaken-export") == []


def test_the_commit_comes_before_the_answer(registry: Registry, make: Make) -> None:
    """At the moment the status leaves, everybody else can see what was written."""
    owner = make.owner()
    model = new_model(make, owner.email)
    path = f"/api/v1/models/{model['group']}/{model['name']}"
    headers = [("authorization", f"Bearer {owner.token}"), ("content-type", "application/json")]
    seen: list[int] = []

    async def send() -> tuple[int, int]:
        body = httpx2.Request("POST", BASE_URL, json=model).content

        def look() -> None:
            rows = registry.look("SELECT 1 FROM models WHERE path_key = :key", key=path.removeprefix("/api/v1/models/"))
            seen.append(len(rows))

        app = build_app(registry.house)
        made = await knock(app, "POST", "/api/v1/models", headers, [body], on_start=look)
        found = await knock(app, "GET", path, headers)
        return made.status, found.status

    statuses = asyncio.run(send())

    assert (statuses, seen) == ((201, 200), [1])


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/v1/models"), ("PUT", "/api/v1/models/a/b/versions/1.0.0/artifacts/x.bin"), ("DELETE", "/api/v1/x")],
)
def test_without_a_credential_the_answer_comes_before_the_body_is_read(
    registry: Registry, method: str, path: str
) -> None:
    """Strangers cannot keep the server busy with endless bodies: 401, and not one byte was taken."""
    answer = asyncio.run(knock(registry.app, method, path, [("content-type", "application/json")], endless()))

    assert (answer.status, answer.chunks_read) == (401, 0)
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_an_unknown_token_is_refused_before_a_file_is_read(registry: Registry) -> None:
    """An upload with a credential that does not hold takes nothing in either."""
    headers = [("authorization", "Bearer mk_pat_wrong"), ("content-type", "application/octet-stream")]
    path = "/api/v1/models/a/b/versions/1.0.0/artifacts/x.bin"

    async def send() -> Any:
        return await knock(build_app(registry.house), "PUT", path, headers, endless())

    answer = asyncio.run(send())

    assert answer.status in (401, 422)
    assert answer.chunks_read == 0


def test_a_refusal_says_what_is_missing_and_is_one_event(registry: Registry, make: Make, api: Api) -> None:
    """403 names the role and whom to ask; the log holds the refusal, under the act that was refused."""
    person = make.person(Role.AUDITOR)
    before = make.event_count()

    answer = api.as_(person).post("/api/v1/models", json=new_model(make, person.email))

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (403, "not_permitted")
    assert "scope write" in problem["detail"] or "the role Model Owner" in problem["detail"]
    assert problem["remedy"]
    (event,) = make.events(since=before)
    assert (event.action, event.outcome, event.rule) == ("model.create", Outcome.REFUSED, "not_permitted")
    assert (event.actor.email, event.request_id) == (person.email, problem["requestId"])


def test_a_refusal_of_a_role_names_the_role(make: Make, api: Api) -> None:
    """An SRE's session may do all its roles allow; creating models takes another."""
    person = make.person(Role.SRE)

    answer = api.browser(person).call("POST", "/api/v1/models", json=new_model(make, person.email))

    assert answer.json()["detail"] == "To create a model you need the role Model Owner."
    assert re.fullmatch(r"Ask an Admin( \(.+@.+\))? to give you the role\.", answer.json()["remedy"])


def test_refusals_above_sixty_a_minute_are_sampled(registry: Registry, make: Make) -> None:
    """One person cannot flood the log with refusals; another's refusals still count."""
    loud, quiet = make.person(), make.person()
    now = clock.utc_now()
    request = Request({"type": "http", "path": "/", "headers": [], "path_params": {}, "query_string": b""})
    door_of_registry = registry.app._app.state.door

    def refuse(actor: Actor) -> None:
        told = Circumstances(ids.ulid(clock.to_us(now)), now)
        door_of_registry.record_refusal(Asking(request, actor, told, ""), "model.create", NotPermitted("No."))

    before = make.event_count()
    for _ in range(65):
        refuse(loud.actor)
    refuse(quiet.actor)

    actors = [event.actor.email for event in make.events(since=before)]
    assert (actors.count(loud.email), actors.count(quiet.email)) == (60, 1)


def test_what_was_refused_left_nothing_behind(registry: Registry, make: Make, api: Api) -> None:
    """The refused act is rolled back; only its event stays."""
    stranger = make.owner()
    model = make.model()
    before = registry.look("SELECT updated_at, revision FROM models WHERE public_id = :id", id=model.id)

    answer = api.as_(stranger).post(f"/api/v1/models/{model.address}/versions", json={"version": "1.0.0"})

    assert answer.status_code == 403
    assert "owner of this model" in answer.json()["detail"]
    assert registry.look("SELECT updated_at, revision FROM models WHERE public_id = :id", id=model.id) == before
    assert (
        registry.look(
            "SELECT 1 FROM versions v JOIN models m ON m.id = v.model_id WHERE m.public_id = :id", id=model.id
        )
        == []
    )


def test_openapi_describes_the_handlers(registry: Registry, api: Api) -> None:
    """The decorator leaves the handler's parameters to be seen, and hides its own."""
    described = api.anonymous.get("/api/v1/openapi.json").json()

    listed = described["paths"]["/api/v1/models"]["get"]["parameters"]
    assert {"q", "group", "riskTier", "cursor"} <= {parameter["name"] for parameter in listed}
    assert {"work", "actor", "request", "desk"}.isdisjoint(parameter["name"] for parameter in listed)
    assert described["openapi"].startswith("3.1")


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_who_was_seen_is_not_remembered_for_ever(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many sessions and tokens come by, what is kept of them in memory has an end."""
    monkeypatch.setattr(door_module, "SEEN_KEPT", 3)
    people = [fresh_make.person() for _ in range(8)]

    statuses = [fresh_api.as_(person).get("/api/v1/me").status_code for person in people * 2]

    assert statuses == [200] * 16
    assert len(fresh_registry.app._app.state.door._seen) <= 3


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_glance_waits_for_no_writer(registry: Registry, make: Make, api: Api) -> None:
    """A model is read on the event loop while somebody else holds the one connection that writes."""
    model = make.model()
    client = api.as_(make.owner_of(model))
    client.get("/api/v1/me")

    with registry.writing():
        answer = client.get(f"/api/v1/models/{model.address}")

    assert registry.house.database.can_glance
    assert answer.status_code == 200


def test_a_refused_glance_is_on_record(make: Make, api: Api) -> None:
    """A token that does not work leaves its event, also where the read is made without a thread."""
    model = make.model()
    before = make.event_count()

    answer = api.with_token("mk_pat_made_up").get(f"/api/v1/models/{model.address}")

    (event,) = make.events(since=before)
    assert answer.status_code == 401
    assert (event.action, event.outcome) == ("model.read", Outcome.REFUSED)
