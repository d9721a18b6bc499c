"""What people are told where the database could not do what they asked, and what is done again without telling them."""

import sqlite3
import threading
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from fastapi import APIRouter
from sqlalchemy import text

from modelkeep_server.app import build_app
from modelkeep_server.db import contention
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.sign_in import throttle
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries
from modelkeep_server.features.promotion.findings import tier_raises
from modelkeep_server.interfaces.api.face import door, make_router
from modelkeep_server.interfaces.api.shapes.base import Shape
from modelkeep_server.interfaces.doorway import Desk
from modelkeep_server.settings.storing import DATABASE_NAME
from tests.support.at_once import at_once
from tests.support.clients import Api, Client
from tests.support.make import Make
from tests.support.registries import Registry

ON_POSTGRESQL = pytest.mark.parametrize("kind", [pytest.param("postgresql", marks=pytest.mark.postgres)])


class Told(Shape):
    """An empty answer."""


def with_router(registry: Registry, portal: BlockingPortal, router: APIRouter, token: str) -> Client:
    """A program at a second door of the registry, which has more routes."""
    app = build_app(registry.house)
    app._app.include_router(router)
    second = Registry(registry.kind, registry.house, app, registry.settings)
    return Client(second, portal, {"authorization": f"Bearer {token}"})


def told_by(answer: Any) -> tuple[int, str, str | None]:
    """Its status, its code, and when it says to come back."""
    return answer.status_code, answer.json()["code"], answer.headers.get("retry-after")


@ON_POSTGRESQL
def test_of_two_who_wait_for_each_other_both_come_through(
    registry: Registry, make: Make, portal: BlockingPortal
) -> None:
    """The one that the database ends is done again by itself, whole, and nobody hears of it."""
    owner = make.owner()
    models = [make.model(owner) for _ in range(2)]
    meeting, tries = threading.Barrier(2, timeout=20), []
    router = make_router("test")

    @router.post("/clash/{first}", response_model=Told)
    @door.writes("model.update")
    def clash(work: Work, actor: Actor, first: int) -> Told:
        """Lock both models, in one order or the other."""
        one, other = models if first == 0 else models[::-1]
        queries.lock_model(work, actor, one.group, one.name)
        tries.append(first)
        if tries.count(first) == 1:
            meeting.wait()
        change = {"description": f"Changed by {first}."}
        tier_raises.update_model(work, actor, other.group, other.name, change, expected=None)
        return Told()

    client = with_router(registry, portal, router, owner.token)
    answers = at_once(*(lambda first=first: client.post(f"/api/v1/clash/{first}") for first in range(2)))

    assert [answer.status_code for answer in answers] == [200, 200]
    assert sorted(tries) in ([0, 0, 1], [0, 1, 1])
    for model in models:
        assert len(make.events(object_id=model.id, action="model.update")) == 1


@ON_POSTGRESQL
@pytest.mark.parametrize("state", ["40P01", "40001"])
def test_who_loses_each_time_is_told_that_somebody_else_was_there(
    registry: Registry, make: Make, portal: BlockingPortal, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    """After three tries; the answer says that nothing was changed, and when to come back."""
    monkeypatch.setattr(contention, "_FIRST_WAIT_SECONDS", 0)
    router, tries = make_router("test"), []

    @router.post("/lose", response_model=Told)
    @door.writes("model.create")
    def lose(work: Work, actor: Actor) -> Told:
        """Is ended by the database."""
        tries.append(state)
        work.first(text(f"DO $$ BEGIN RAISE SQLSTATE '{state}'; END $$"))
        return Told()

    answer = with_router(registry, portal, router, make.owner().token).post("/api/v1/lose")

    assert told_by(answer) == (503, "contended", "1")
    assert "Nothing was changed" in answer.json()["remedy"]
    assert len(tries) == 3


@ON_POSTGRESQL
def test_what_the_registry_notes_by_itself_is_noted_once_more_where_it_lost(
    registry: Registry, make: Make, portal: BlockingPortal
) -> None:
    """How a download ended, for instance: nobody is there any more who would come back with it."""
    router, tries = make_router("test"), []

    def end(work: Work) -> int:
        tries.append(1)
        if len(tries) == 1:
            work.first(text("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$"))
        return len(tries)

    @router.get("/end", response_model=Told)
    @door.streams("model.read")
    async def note_end(desk: Desk) -> Told:
        """Notes something in a work of the registry's own."""
        assert await desk.note(end) == 2
        return Told()

    assert with_router(registry, portal, router, make.owner().token).get("/api/v1/end").status_code == 200


@ON_POSTGRESQL
def test_a_refusal_stays_one_where_noting_it_lost_a_race(make: Make, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is on record once, and whoever is refused hears why, not that somebody else was there."""
    model, stranger = make.model(), make.person()
    count, tries = throttle.count, []

    def lose_once(work: Work, what: str, **more: Any) -> int:
        tries.append(what)
        if len(tries) == 1:
            work.first(text("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$"))
        return count(work, what, **more)

    monkeypatch.setattr(throttle, "count", lose_once)
    answer = api.as_(stranger).patch(f"/api/v1/models/{model.address}", json={"description": "Mine."})

    assert answer.status_code == 403
    assert len(tries) == 2
    refused = [one for one in make.events(action="model.update") if one.actor.email == stranger.email]
    assert [one.outcome for one in refused] == ["REFUSED"]


@ON_POSTGRESQL
def test_who_waits_too_long_for_another_is_told_so(registry: Registry, make: Make, api: Api) -> None:
    """A row that somebody keeps locked is no database that does not answer; the form keeps what was typed."""
    model = make.model()
    owner = make.owner_of(model)
    with registry.house.database.writer.begin() as connection:
        connection.execute(text("SELECT id FROM models WHERE id = :key FOR UPDATE"), {"key": model.key})
        answer = api.as_(owner).patch(f"/api/v1/models/{model.address}", json={"description": "Better."})

    assert told_by(answer) == (503, "contended", "3")
    assert "Somebody else" in answer.json()["detail"]
    assert make.events(object_id=model.id, action="model.update") == []


@ON_POSTGRESQL
def test_a_question_that_takes_too_long_is_told_so(registry: Registry, make: Make, portal: BlockingPortal) -> None:
    """It is ended by the database, and the answer says what helps."""
    router = make_router("test")

    @router.get("/sleep", response_model=Told)
    @door.reads("model.read")
    def sleep(work: Work, actor: Actor) -> Told:
        """Asks for more than the time that there is."""
        work.first(text("SELECT set_config('statement_timeout', '50ms', true)"))
        work.first(text("SELECT pg_sleep(20)"))
        return Told()

    answer = with_router(registry, portal, router, make.owner().token).get("/api/v1/sleep")

    assert told_by(answer) == (503, "took_too_long", None)
    assert "Ask for less" in answer.json()["remedy"]


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_file_that_another_program_writes_to_is_told_as_that(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api
) -> None:
    """SQLite has one writer; a second program that holds it is somebody else who changes the same thing."""
    owner = fresh_make.owner()
    fresh_api.as_(owner).get("/api/v1/me")
    with fresh_registry.house.database.writer.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=50")
    other = sqlite3.connect(fresh_registry.settings.data_dir / DATABASE_NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    body = {"group": "g", "name": "n", "description": "Predicts.", "owners": [owner.email], "riskTier": "LOW"}

    refused = fresh_api.as_(owner).post("/api/v1/models", json=body)
    other.execute("ROLLBACK")
    other.close()

    assert told_by(refused) == (503, "contended", "3")
    assert fresh_api.as_(owner).post("/api/v1/models", json=body).status_code == 201
