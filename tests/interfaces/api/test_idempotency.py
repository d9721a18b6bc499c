"""A write that comes twice under one Idempotency-Key happens once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from modelkeep_server.features.identity.replay import KEPT_FOR
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.registries import Registry


def new_model(make: Make, owner: Any, **changes: Any) -> dict[str, Any]:
    """A model as the API takes it."""
    return {
        "group": make.group(), "name": "churn", "description": "Predicts churn.", "owners": [owner.email],
        "riskTier": "LOW", **changes,
    }  # fmt: skip


def test_the_second_asking_gets_the_first_answer(make: Make, api: Api) -> None:
    """Status, body, ETag and Location are the same, one model is there, one event; the answer says that it is kept."""
    owner = make.owner()
    body = new_model(make, owner)
    client = api.as_(owner)
    headers = {"idempotency-key": "one"}

    first, second = (client.post("/api/v1/models", json=body, headers=headers) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert all(first.headers[name] == second.headers[name] for name in ("etag", "location", "content-type"))
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert len(make.events(first.json()["id"])) == 1


def test_an_edit_is_repeated_though_its_etag_is_stale_by_now(make: Make, api: Api) -> None:
    """The retry of an edit that got through is not told that its own edit made it stale."""
    model = make.model()
    client = api.as_(make.owner_of(model))
    headers = {"idempotency-key": "edit", "if-match": '"r1"'}

    answers = [client.patch(f"/api/v1/models/{model.address}", json={"tags": ["x"]}, headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1].headers["etag"] == '"r2"'


def test_a_removal_is_repeated_without_a_404(make: Make, api: Api) -> None:
    """An answer without a body is kept as well."""
    version = make.version()
    make.file(version)
    client = api.as_(make.owner_of(version))
    route = f"/api/v1/models/{version.model}/versions/1.0.0/artifacts/model.safetensors"

    answers = [client.delete(route, headers={"idempotency-key": "remove"}) for _ in range(2)]

    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 2


def test_another_body_under_the_same_key_is_refused(make: Make, api: Api) -> None:
    """A key stands for one request."""
    owner = make.owner()
    client = api.as_(owner)
    headers = {"idempotency-key": "one"}
    client.post("/api/v1/models", json=new_model(make, owner), headers=headers)

    answer = client.post("/api/v1/models", json=new_model(make, owner), headers=headers)

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["Idempotency-Key"]


def test_what_was_refused_is_judged_again(make: Make, api: Api) -> None:
    """After a refusal the same key may bring the corrected request."""
    owner = make.owner()
    client = api.as_(owner)
    headers = {"idempotency-key": "one"}
    body = new_model(make, owner)
    refused = client.post("/api/v1/models", json=body | {"name": "a b"}, headers=headers)

    answer = client.post("/api/v1/models", json=body, headers=headers)

    assert (refused.status_code, answer.status_code) == (422, 201)


def test_a_key_is_of_one_person_at_one_route(make: Make, api: Api) -> None:
    """Others may use the same text, and so may another route."""
    model = make.model()
    owner, other = make.owner_of(model), make.owner()
    headers = {"idempotency-key": "same"}
    versions = f"/api/v1/models/{model.address}/versions"

    answers = [
        api.as_(owner).post("/api/v1/models", json=new_model(make, owner), headers=headers),
        api.as_(other).post("/api/v1/models", json=new_model(make, other), headers=headers),
        api.as_(owner).post(versions, json={"version": "1.0.0"}, headers=headers),
    ]

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.json()["id"] for answer in answers}) == 3


def test_an_answer_is_not_given_to_a_token_with_fewer_rights(make: Make, api: Api, registry: Registry) -> None:
    """Under other rights the request is judged anew: the kept answer may hold what they do not allow."""
    version = make.version()
    make.file(version)
    owner = make.owner_of(version)
    browser = api.browser(owner)
    lesser = browser.call("POST", "/api/v1/tokens", json={"name": "reader", "scopes": ["read"]}).json()["token"]
    route = f"/api/v1/models/{version.model}/versions/1.0.0/artifacts/model.safetensors/links"
    headers = {"idempotency-key": "link"}
    first = api.as_(owner).post(route, headers=headers)

    answer = api.with_token(lesser).post(route, headers=headers)

    assert (first.status_code, answer.status_code) == (201, 403)


def test_kept_answers_are_sealed(make: Make, api: Api, registry: Registry) -> None:
    """What is kept of an answer with a link in it cannot be read from the database."""
    version = make.version()
    make.file(version)
    route = f"/api/v1/models/{version.model}/versions/1.0.0/artifacts/model.safetensors/links"

    link = api.as_(make.owner_of(version)).post(route, headers={"idempotency-key": "link"}).json()["url"]

    with registry.house.database.writer.connect() as connection:
        rows = connection.exec_driver_sql("SELECT key, headers, answer FROM idempotency_answers").all()
    kept = b"".join(bytes(row.answer) + row.key.encode() + row.headers.encode() for row in rows)
    assert rows
    assert link.rsplit("/", 2)[-2].encode() not in kept


def test_two_at_the_same_moment_are_one(make: Make, api: Api) -> None:
    """Whoever comes second waits for the first and gets its answer."""
    owner = make.owner()
    body = new_model(make, owner)

    def send(_number: int) -> tuple[int, str]:
        answer = api.as_(owner).post("/api/v1/models", json=body, headers={"idempotency-key": "crowd"})
        return answer.status_code, answer.json().get("id", "")

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, range(6)))

    assert len(set(answers)) == 1
    assert answers[0][0] == 201


def test_an_answer_is_forgotten_after_a_day(make: Make, api: Api, registry: Registry) -> None:
    """Then the request is done anew, and whoever repeats it hears that the name is taken."""
    owner = make.owner()
    body = new_model(make, owner)
    client = api.as_(owner)
    client.post("/api/v1/models", json=body, headers={"idempotency-key": "old"})
    with registry.house.database.writer.begin() as connection:
        micros = int(KEPT_FOR.total_seconds() * 1_000_000) + 1
        connection.exec_driver_sql(f"UPDATE idempotency_answers SET expires_at = expires_at - {micros}")

    answer = client.post("/api/v1/models", json=body, headers={"idempotency-key": "old"})

    assert answer.json()["code"] == "name_taken"


def test_what_changed_nothing_is_not_kept(make: Make, api: Api, registry: Registry) -> None:
    """An edit that asks for nothing leaves neither an event nor an answer, so that keys cannot fill the disk."""
    model = make.model()
    client = api.as_(make.owner_of(model))
    kept = "SELECT key FROM idempotency_answers"
    before = {row.key for row in registry.look(kept)}

    answers = [
        client.patch(f"/api/v1/models/{model.address}", json={}, headers={"idempotency-key": f"nothing-{number}"})
        for number in range(5)
    ]

    assert {answer.status_code for answer in answers} == {200}
    assert {row.key for row in registry.look(kept)} <= before


def test_another_if_match_under_the_same_key_is_another_request(make: Make, api: Api) -> None:
    """What an edit was made on is part of what was asked."""
    model = make.model()
    client = api.as_(make.owner_of(model))
    route = f"/api/v1/models/{model.address}"
    client.patch(route, json={"tags": ["x"]}, headers={"idempotency-key": "edit"})

    answer = client.patch(route, json={"tags": ["x"]}, headers={"idempotency-key": "edit", "if-match": '"r9"'})

    assert answer.status_code == 422


def test_a_token_is_shown_once_also_under_a_key(make: Make, api: Api, registry: Registry) -> None:
    """The second asking makes no second token and does not show the first again; its secret is kept nowhere."""
    owner = make.owner()
    browser = api.browser(owner)
    body = {"name": "ci", "scopes": ["read"]}
    headers = {"x-csrf-token": browser.csrf, "idempotency-key": "token", "accept": "application/json"}

    first, second = (browser.post("/api/v1/tokens", json=body, headers=headers) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 409)
    assert "shown once" in second.json()["detail"]
    assert first.json()["token"] not in second.text
    assert len(browser.get("/api/v1/tokens").json()["items"]) == 2


def test_reloading_the_page_of_a_new_token_makes_no_second_one(make: Make, api: Api) -> None:
    """A form sent again, as a browser does on reload, is told that the token was made."""
    browser = api.browser(make.owner())
    form = {"once": "drawn", "name": "ci", "scopes": "read", "days": "30"}
    before = len(browser.get("/api/v1/tokens").json()["items"])

    answers = [browser.submit("/profile/tokens", form) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 409]
    assert len(browser.get("/api/v1/tokens").json()["items"]) == before + 1


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "\u00e9", "a\tb"])
def test_a_key_that_cannot_be_kept_is_refused(make: Make, api: Api, key: str) -> None:
    """1 to 255 visible ASCII characters; anything else is named, and nothing is done."""
    owner = make.owner()

    answer = api.as_(owner).post(
        "/api/v1/models", json=new_model(make, owner), headers={"idempotency-key": key.encode("latin-1")}
    )

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["Idempotency-Key"]


def test_a_form_that_is_sent_twice_makes_one_model(make: Make, api: Api) -> None:
    """The second click leads to the same page as the first."""
    owner = make.person(Role.MODEL_OWNER)
    browser = api.browser(owner)
    page = browser.get("/models/new").text
    once = page.partition('name="once" value="')[2].partition('"')[0]
    form = {
        "once": once, "group": make.group(), "name": "churn", "description": "Predicts.", "owners": owner.email,
        "riskTier": "LOW",
    }  # fmt: skip

    answers = [browser.submit("/models/new", form) for _ in range(2)]

    assert once
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]


def test_a_form_that_was_corrected_is_another_request(make: Make, api: Api) -> None:
    """Going back and typing another name registers another model, though the page was drawn once."""
    owner = make.person(Role.MODEL_OWNER)
    browser = api.browser(owner)
    form = {
        "once": "drawn",
        "group": make.group(),
        "description": "Predicts.",
        "owners": owner.email,
        "riskTier": "LOW",
    }

    answers = [browser.submit("/models/new", form | {"name": name}) for name in ("one", "two")]

    assert [answer.headers["location"].partition("?")[0].rsplit("/", 1)[1] for answer in answers] == ["one", "two"]
