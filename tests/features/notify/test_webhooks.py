"""Webhooks: other programs are told of acts by signed messages, and given up when they do not listen."""

import json
import re
import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from modelkeep_server.features.jobs.running import Runner
from modelkeep_server.features.notify.webhooks.queueing import WEBHOOK, enqueue_for
from modelkeep_server.interfaces.web.contexts.webhooks import VERIFYING
from modelkeep_server.kit import clock
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api, Browser
from tests.support.make import Make
from tests.support.pages import words_of
from tests.support.problems import refusal
from tests.support.receiver import Receiver, is_genuine, read_snippet, running_receiver
from tests.support.registries import Registry

TOLD = {"by": "owner@example.com", "target": "PRODUCTION", "text": "Only for eyes here.", "unknown": "x"}


@pytest.fixture(scope="module")
def listener() -> Iterator[Receiver]:
    """One receiver for this module."""
    with running_receiver() as receiver:
        yield receiver


@pytest.fixture
def receiver(listener: Receiver) -> Receiver:
    """The receiver, with nothing taken, that answers well."""
    listener.taken.clear()
    listener.answer = 204
    return listener


@pytest.fixture
def admin(api: Api, make: Make) -> Browser:
    """An Admin who signed in just now."""
    return api.browser(make.person(Role.ADMIN))


def create(admin: Browser, receiver: Receiver, **told: Any) -> dict[str, Any]:
    """A webhook of this receiver, as its making told it."""
    name = f"Hook {secrets.token_hex(4)}"
    body = {"name": name, "url": receiver.url, "kinds": ["review.asked"], "groups": [name.split()[1]], **told}
    made = admin.call("POST", "/api/v1/webhooks", json=body)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


def tell(registry: Registry, make: Make, group: str, *, kind: str = "review.asked", **told: Any) -> str:
    """Tell webhooks of a version of a new model in this group, and give the model's address."""
    model = make.model(told.pop("owner", None) or make.owner(), group=group, name=f"m-{secrets.token_hex(4)}", **told)
    with registry.writing() as work:
        facts = {**TOLD, "version": f"{model.address}:1.0.0"}
        enqueue_for(work, kind, facts, model.key, href="/models/x")
    return model.address


def deliver(registry: Registry) -> None:
    """Have done what waits."""
    registry.tamper("UPDATE jobs SET due_at = 0 WHERE kind = 'webhook' AND status = 'WAITING'")
    house = registry.house
    Runner(house.database, house.parts, {WEBHOOK: house.handlers[WEBHOOK]}).do_all()


def newest(admin: Browser, hook: dict[str, Any]) -> dict[str, Any]:
    """What became of the last message."""
    found: dict[str, Any] = admin.get(f"/api/v1/webhooks/{hook['id']}/deliveries").json()["items"][0]
    return found


def test_a_message_arrives_signed_and_tells_only_what_may_leave(registry, make, admin, receiver):
    """The receiver is told of the act, by a message whose signature holds by what the guide tells people to run."""
    hook = create(admin, receiver)

    model = tell(registry, make, hook["groups"][0])
    deliver(registry)

    (headers, body), *more = receiver.taken
    told = json.loads(body)
    assert more == []
    assert is_genuine(hook["secret"], headers, body)
    assert not is_genuine(hook["secret"], headers, body + b" ")
    assert told["type"] == "review.asked"
    assert told["data"] == {
        "model": model, "version": "1.0.0", "by": "owner@example.com", "target": "PRODUCTION",
        "url": f"{registry.house.address}/models/x",
    }  # fmt: skip
    assert (newest(admin, hook)["status"], newest(admin, hook)["answered"]) == ("DELIVERED", 204)
    assert newest(admin, hook)["id"] == headers["webhook-id"]
    assert read_snippet() == VERIFYING


def test_a_restricted_model_is_told_only_where_its_group_is_named(registry, make, admin, receiver):
    """Who named no group hears of everything but RESTRICTED models, who named one of its models alone."""
    named, everything = create(admin, receiver), create(admin, receiver, groups=[])
    other, off = create(admin, receiver), create(admin, receiver, groups=[], enabled=False)

    hidden = tell(registry, make, named["groups"][0].upper(), visibility="RESTRICTED")
    shown = tell(registry, make, "another-group")
    tell(registry, make, named["groups"][0], kind="version.moved")
    deliver(registry)
    for hook in (everything, off, other):
        admin.call("DELETE", f"/api/v1/webhooks/{hook['id']}")

    heard = sorted((json.loads(body)["data"]["model"], is_genuine(named["secret"], headers, body))
                   for headers, body in receiver.taken)  # fmt: skip
    assert heard == sorted([(hidden, True), (shown, False)])


def test_both_secrets_sign_for_a_day(registry, make, admin, receiver):
    """After a new secret was made the former one still holds for 24 hours; neither is told again."""
    hook = create(admin, receiver)
    at = f"/api/v1/webhooks/{hook['id']}"

    rotated = admin.call("POST", f"{at}/rotate").json()
    admin.call("POST", f"{at}/test")
    deliver(registry)
    registry.tamper("UPDATE webhooks SET former_until = 1 WHERE public_id = :id", id=hook["id"])
    admin.call("POST", f"{at}/test")
    deliver(registry)

    (first, body), (second, later) = receiver.taken
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != hook["secret"]
    assert [is_genuine(one, first, body) for one in (rotated["secret"], hook["secret"])] == [True, True]
    assert [is_genuine(one, second, later) for one in (rotated["secret"], hook["secret"])] == [True, False]
    assert "secret" not in {name for name, value in admin.get(at).json().items() if value}
    stored = registry.look("SELECT secret, former_secret FROM webhooks WHERE public_id = :id", id=hook["id"])[0]
    assert all(b"whsec" not in bytes(value) and hook["secret"].encode() not in bytes(value) for value in stored)


def test_what_is_not_taken_is_tried_again_and_can_be_sent_by_hand(registry, make, admin, receiver):
    """A failed message waits for its next try, with the reason, and after the last one is sent again by hand."""
    hook = create(admin, receiver)
    at = f"/api/v1/webhooks/{hook['id']}"
    receiver.answer = 503
    tell(registry, make, hook["groups"][0])

    deliver(registry)
    waiting = newest(admin, hook)
    twice = admin.call("POST", f"{at}/deliveries/{waiting['id']}/redeliver")
    for _ in range(7):
        deliver(registry)
    failed = newest(admin, hook)
    receiver.answer = 200
    again = admin.call("POST", f"{at}/deliveries/{failed['id']}/redeliver")
    deliver(registry)

    assert (waiting["status"], waiting["answered"], waiting["attempts"]) == ("WAITING", 503, 1)
    assert "503" in waiting["problem"]
    assert twice.status_code == 409
    assert (failed["status"], failed["attempts"]) == ("FAILED", 8)
    assert again.status_code == 202
    assert newest(admin, hook)["status"] == "DELIVERED"
    assert len({headers["webhook-id"] for headers, _ in receiver.taken}) == 1
    assert admin.get(at).json()["failingSince"] is None


def test_what_may_leave_is_asked_anew_at_each_try(registry, make, api, admin, receiver):
    """A message that waits is not sent once its model is RESTRICTED, or the webhook hears of less: with a word."""
    everything, group = create(admin, receiver, groups=[]), f"g-{secrets.token_hex(4)}"
    moved, fewer = create(admin, receiver, groups=[group]), create(admin, receiver, groups=[group])
    named = create(admin, receiver, groups=[group])
    receiver.answer = 503
    owner = make.owner()
    model = tell(registry, make, group, owner=owner)
    deliver(registry)
    receiver.answer = 204
    receiver.taken.clear()

    api.as_(owner).patch(f"/api/v1/models/{model}", json={"visibility": "RESTRICTED"})
    admin.call("PATCH", f"/api/v1/webhooks/{moved['id']}", json={"groups": ["elsewhere"]})
    admin.call("PATCH", f"/api/v1/webhooks/{fewer['id']}", json={"kinds": ["version.moved"]})
    deliver(registry)
    found = [newest(admin, hook) for hook in (everything, moved, fewer)]
    again = [
        admin.call("POST", f"/api/v1/webhooks/{hook['id']}/deliveries/{one['id']}/redeliver")
        for hook, one in zip((everything, moved, fewer), found, strict=True)
    ]
    page = words_of(admin.get(f"/admin/webhooks/{everything['id']}").text)
    admin.call("DELETE", f"/api/v1/webhooks/{everything['id']}")

    assert [one["status"] for one in found] == ["DROPPED"] * 3
    assert [re.search("RESTRICTED|group|kind", one["problem"])[0] for one in found] == ["RESTRICTED", "group", "kind"]
    assert f"Not sent {found[0]['problem']}" in page
    assert {refusal(one) for one in again} == {(409, "state_forbids")}
    assert [json.loads(body)["data"]["model"] for headers, body in receiver.taken] == [model]
    assert is_genuine(named["secret"], *receiver.taken[0])


@pytest.mark.parametrize(("answer", "reason"), [(410, "GONE"), (500, "FAILING")])
def test_one_that_does_not_listen_is_turned_off_with_a_word(registry, make, admin, receiver, answer, reason):
    """410 turns a webhook off at once, five days of failing as well; what still waits is dropped, and it can go on."""
    hook = create(admin, receiver)
    at = f"/api/v1/webhooks/{hook['id']}"
    receiver.answer = answer
    tell(registry, make, hook["groups"][0])
    tell(registry, make, hook["groups"][0])

    if reason == "FAILING":
        deliver(registry)
        long_ago = clock.to_us(clock.utc_now() - timedelta(days=5))
        registry.tamper("UPDATE webhook_standing SET failing_since = :at", at=long_ago)
    deliver(registry)
    deliver(registry)

    off = admin.get(at).json()
    page = admin.get(f"/admin/webhooks/{hook['id']}").text
    statuses = [one["status"] for one in admin.get(f"{at}/deliveries").json()["items"]]
    on = admin.call("PATCH", at, json={"enabled": True}).json()
    assert (off["enabled"], off["offReason"]) == (False, reason)
    assert "it was turned off" in page
    assert "DROPPED" in statuses
    assert (on["enabled"], on["offReason"], on["failingSince"]) == (True, None, None)


def test_what_cannot_be_is_refused_at_its_field(admin, receiver):
    """A bad webhook is refused with a sentence at each field, a name that is taken as a conflict."""
    hook = create(admin, receiver)
    bad = {"name": " ", "url": "https://169.254.169.254/", "kinds": ["review.asked", "nothing"], "groups": ["a b"]}

    refused = admin.call("POST", "/api/v1/webhooks", json=bad)
    taken = admin.call(
        "POST", "/api/v1/webhooks", json={"name": hook["name"], "url": receiver.url, "kinds": hook["kinds"]}
    )
    headers = {"x-csrf-token": admin.csrf, "if-match": '"r7"'}
    stale = admin.patch(f"/api/v1/webhooks/{hook['id']}", json={"groups": []}, headers=headers)

    assert {error["field"] for error in refused.json()["errors"]} == {"name", "url", "kinds", "groups"}
    assert taken.status_code == 409
    assert stale.status_code == 412


def test_an_admin_makes_changes_and_ends_one_in_the_pages(registry, make, admin, receiver):
    """By the pages alone: made with its secret shown once, tried, changed, given a new secret, and ended."""
    name = f"Page {secrets.token_hex(4)}"
    empty = admin.get("/admin/webhooks/new")
    told = {"name": name, "url": "http://192.168.0.1/", "kinds": ["review.asked"], "enabled": "yes"}

    refused = admin.submit("/admin/webhooks", told)
    made = admin.submit("/admin/webhooks", {**told, "url": receiver.url, "groups": "none, nowhere"})
    hook = next(one for one in admin.get("/api/v1/webhooks?limit=200").json()["items"] if one["name"] == name)
    at = f"/admin/webhooks/{hook['id']}"
    tested = admin.submit(f"{at}/test")
    deliver(registry)
    shown = admin.get(at).text
    changed = admin.submit(
        at, {"revision": "1", "name": name, "url": receiver.url, "kinds": ["version.moved"], "groups": "none"}
    )
    rotated = admin.submit(f"{at}/rotate")
    ended = admin.submit(f"{at}/end")

    assert empty.status_code == 200
    assert refused.status_code == 422
    assert "inside a network" in refused.text
    assert "whsec_" in made.text
    assert hook["groups"] == ["none", "nowhere"]
    assert tested.status_code == 303
    assert "whsec_" not in shown
    assert "A test" in shown
    assert changed.status_code == 303
    assert "whsec_" in rotated.text
    assert ended.status_code == 303
    assert name not in admin.get("/admin/webhooks").text
    assert admin.call("POST", f"/api/v1/webhooks/{hook['id']}/test").status_code == 409


def test_only_admins_who_showed_lately_that_it_is_them_make_one(registry, api, make, receiver):
    """Others are refused with whom to ask; an Admin whose session is old confirms first, in the page too."""
    hook = create(api.browser(make.person(Role.ADMIN)), receiver)
    at = f"/api/v1/webhooks/{hook['id']}"
    body = {"name": "No", "url": receiver.url, "kinds": ["review.asked"]}
    sre, stale = api.browser(make.person(Role.SRE)), api.browser(make.person(Role.ADMIN))
    age = (
        "UPDATE sessions SET authenticated_at = authenticated_at - 901000000 WHERE id = (SELECT max(id) FROM sessions)"
    )
    registry.tamper(age)

    refused = sre.call("POST", "/api/v1/webhooks", json=body)
    listed = sre.get("/api/v1/webhooks")
    tried = [
        stale.call("POST", "/api/v1/webhooks", json=body),
        stale.call("PATCH", at, json={"groups": []}),
        stale.call("POST", f"{at}/rotate"),
        stale.call("DELETE", at),
    ]
    form = stale.submit("/admin/webhooks", {**body, "enabled": "yes"})

    assert refused.status_code == 403
    assert "Admin" in refused.json()["detail"]
    assert listed.status_code == 403
    assert {refusal(one) for one in tried} == {(403, "confirm_needed")}
    assert 'action="/confirm"' in form.text or "/confirm" in form.headers.get("location", "")
    assert stale.get(at).json()["groups"] == hook["groups"]
