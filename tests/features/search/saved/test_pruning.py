"""What saved searches leave behind is kept for so long, and no longer."""

from datetime import UTC, datetime, timedelta
from typing import Any

from modelkeep_server.features.jobs.views import Task
from modelkeep_server.features.promotion.findings import tier_raises
from modelkeep_server.features.search.saved import pruning, service
from modelkeep_server.features.search.saved.matching import MATCH
from modelkeep_server.rules.saved_searches import NEW_DAYS, RESTORED_DAYS
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.registries import Registry

PLACE = "/api/v1/searches"


def save(api: Api, person: Person, name: str) -> Any:
    """The id of a search for one tag, with an alert."""
    answer = api.as_(person).post(PLACE, json={"name": name, "query": "tag:nlp", "alert": True})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def run(registry: Registry, kind: str) -> None:
    """Does what the job of a kind does."""
    registry.house.handlers[kind].call(Task(1, datetime.now(UTC), {}, 1))


def prune_in(registry: Registry, days: int) -> int:
    """How much is forgotten in so many days."""
    with registry.writing(now=datetime.now(UTC) + timedelta(days=days)) as work:
        return pruning.prune(work)


def test_a_model_is_new_for_a_year(fresh_registry: Registry, fresh_make: Make, fresh_api: Api) -> None:
    """So long it is kept who was told of it; later it is news to nobody, whatever is changed."""
    reader = fresh_make.person()
    save(fresh_api, reader, "Language")
    model = fresh_make.model(tags=["nlp"])
    run(fresh_registry, MATCH)
    owner = fresh_make.owner_of(model).actor

    kept = prune_in(fresh_registry, NEW_DAYS - 1)
    forgotten = prune_in(fresh_registry, NEW_DAYS + 1)
    with fresh_registry.writing(now=datetime.now(UTC) + timedelta(days=NEW_DAYS + 1)) as work:
        tier_raises.update_model(
            work, owner, model.group, model.name, {"description": "Changed."}, expected=None, reason=None
        )

    assert (kept, forgotten) == (0, 1)
    assert fresh_registry.look("SELECT id FROM search_news") == []


def test_what_a_deleted_search_told_is_forgotten_once_it_is_deleted_for_good(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api
) -> None:
    """What another told stays; the job runs every week."""
    reader = fresh_make.person()
    gone = save(fresh_api, reader, "Gone")
    save(fresh_api, reader, "Kept")
    fresh_make.model(tags=["nlp"])
    run(fresh_registry, MATCH)
    with fresh_registry.writing(now=datetime.now(UTC) - timedelta(days=RESTORED_DAYS - 1)) as work:
        service.delete_search(work, reader.actor, gone)

    run(fresh_registry, pruning.PRUNE)
    before = len(fresh_registry.look("SELECT alert_id FROM search_matches"))
    forgotten = prune_in(fresh_registry, 2)

    assert (before, forgotten) == (2, 1)
    assert pruning.PRUNE in {schedule.kind for schedule in fresh_registry.house.schedules}


def test_a_search_is_put_back_for_a_month(registry: Registry, make: Make, api: Api) -> None:
    """Then it is as if it had never been, and its page offers no Undo."""
    reader = make.person()
    ids = [save(api, reader, name) for name in ("Late", "In time")]
    for days, one in zip((RESTORED_DAYS + 1, RESTORED_DAYS - 1), ids, strict=True):
        with registry.writing(now=datetime.now(UTC) - timedelta(days=days)) as work:
            service.delete_search(work, reader.actor, one)

    page = api.browser(reader).get(f"/searches?deleted={ids[0]}")
    answers = [api.as_(reader).post(f"{PLACE}/{one}/restore") for one in ids]

    assert "Undo" not in page.text
    assert [one.status_code for one in answers] == [404, 200]
    assert f"{RESTORED_DAYS} days" in answers[0].json()["remedy"]
