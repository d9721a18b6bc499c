"""Letting people into a model through the API: who may, whom, until when, and what they get by it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.letting_in import let_in
from tests.support.make import Make
from tests.support.problems import fields_at_fault, refusal
from tests.support.registries import Registry


def in_days(days: float) -> str:
    """A moment from now, as JSON has it."""
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def test_a_collaborator_sees_downloads_and_with_write_works_on_it(make: Make, api: Api) -> None:
    """READ opens a RESTRICTED model and its files, WRITE its versions; ending it closes the model at once."""
    model = make.model(visibility="RESTRICTED")
    version = make.version(model)
    make.file(version)
    owner, guest = api.as_(make.owner_of(model)), make.person()
    client, base = api.as_(guest), f"/api/v1/models/{model.address}"
    place = f"{base}/collaborators/{guest.email.upper()}"
    link = f"{base}/versions/1.0.0/artifacts/model.safetensors/links"

    before = client.get(base).status_code
    read = owner.put(place, json={"access": "READ", "until": in_days(30)})
    with_read = [
        client.get(base).status_code, client.post(link, json={}).status_code,
        client.post(f"{base}/versions", json={"version": "1.1.0"}).status_code,
    ]  # fmt: skip
    write = owner.put(place, json={"access": "WRITE"})
    again = owner.put(place, json={"access": "WRITE"})
    with_write = client.post(f"{base}/versions", json={"version": "1.1.0"}).status_code
    mine = client.get(f"{base}/collaborators").json()
    ended = owner.delete(place).status_code
    after = [client.get(base).status_code, owner.delete(place).status_code]

    assert (before, read.status_code, write.status_code, again.status_code, ended) == (404, 201, 200, 200, 204)
    assert (with_read, with_write, after) == ([200, 201, 403], 201, [404, 404])
    assert (write.json()["access"], write.json()["until"], mine["complete"]) == ("WRITE", None, True)
    assert [item["email"] for item in mine["items"]] == [guest.email]
    told = [(event.action, (event.after or {}).get("access")) for event in make.events(model.id)[1:]]
    assert told == [("collaborator.add", "READ"), ("collaborator.add", "WRITE"), ("collaborator.end", None)]


def test_what_replaces_an_access_is_told_with_what_it_replaced(registry: Registry, make: Make) -> None:
    """The event says before and after; the former row stays, ended."""
    model, guest = make.model(), make.person()
    let_in(registry, make, model, guest, "READ")

    let_in(registry, make, model, guest, "WRITE")

    (event,) = make.events(model.id, "collaborator.add")[1:]
    assert ((event.before or {})["access"], (event.after or {})["access"]) == ("READ", "WRITE")
    rows = registry.look(
        "SELECT access, ended_at IS NULL AS stands FROM collaborators WHERE model_id = :key ORDER BY id", key=model.key
    )
    assert [(row.access, bool(row.stands)) for row in rows] == [("READ", False), ("WRITE", True)]


def test_who_cannot_be_let_in_is_told_at_the_field(make: Make, api: Api) -> None:
    """An owner, the registrar, nobody's address, a display name, a wrong word, a time that is past or too far off."""
    fellow = make.owner()
    owner = make.owner()
    model = make.model(owner, owners=[fellow.email])
    client, guest = api.as_(owner), make.person().email
    cases = {
        fellow.email: ({"access": "READ"}, "email", "owns this model already"),
        owner.email: ({"access": "READ"}, "email", "owns this model already"),
        "nobody@example.com": ({"access": "READ"}, "email", "Nobody here has this address"),
        "service:nobody": ({"access": "WRITE"}, "email", "Nobody here has this address"),
        "Ada Lovelace <ada@example.com>": ({"access": "READ"}, "email", "write name@company.com"),
    }
    answers = {
        email: (client.put(f"/api/v1/models/{model.address}/collaborators/{email}", json=body), field, words)
        for email, (body, field, words) in cases.items()
    }
    place = f"/api/v1/models/{model.address}/collaborators/{guest}"
    bad = [{"access": "OWN"}, *({"access": "READ", "until": until} for until in (in_days(-1), in_days(367), "soon"))]

    judged = [fields_at_fault(client.put(place, json=body)) for body in bad]

    for email, (answer, field, words) in answers.items():
        assert (answer.status_code, [e["field"] for e in answer.json()["errors"]]) == (422, [field]), email
        assert words in answer.json()["errors"][0]["message"], email
    assert judged == [{"access"}, {"until"}, {"until"}, {"until"}]
    assert client.get(f"/api/v1/models/{model.address}/collaborators").json()["items"] == []


def test_only_owners_share_and_strangers_do_not_learn_with_whom(registry: Registry, make: Make, api: Api) -> None:
    """WRITE collaborators, Admins and strangers are refused; the list is whole for who works on it or controls it."""
    model, guest, writer = make.model(), make.person(), make.person(Role.MODEL_OWNER)
    let_in(registry, make, model, guest)
    let_in(registry, make, model, writer, "WRITE")
    base = f"/api/v1/models/{model.address}/collaborators"
    admin, stranger = make.person(Role.ADMIN), make.person(Role.MODEL_OWNER)

    tries = [
        api.as_(person).put(f"{base}/{stranger.email}", json={"access": "READ"})
        for person in (guest, writer, admin, stranger)
    ]
    seen = {
        name: api.as_(person).get(base).json()
        for name, person in {"guest": guest, "admin": admin, "stranger": stranger}.items()
    }

    assert [refusal(answer)[:2] for answer in tries] == [(403, "not_permitted")] * 4
    assert {name: (len(told["items"]), told["complete"]) for name, told in seen.items()} == {
        "guest": (2, True), "admin": (2, True), "stranger": (0, False),
    }  # fmt: skip
    pages = api.as_(guest).get(base, params={"limit": 1}).json()
    rest = api.as_(guest).get(base, params={"limit": 1, "cursor": pages["nextCursor"]}).json()
    assert [item["email"] for item in pages["items"] + rest["items"]] == [guest.email, writer.email]


def test_an_answer_is_not_given_again_to_who_lost_the_right(registry: Registry, make: Make, api: Api) -> None:
    """A former collaborator's retry of an edit they made is refused, where it would tell what they may not see."""
    model = make.model(visibility="RESTRICTED")
    guest = let_in(registry, make, model, make.person(), "WRITE")
    client, key = api.as_(guest), {"idempotency-key": "mine"}
    route, body = f"/api/v1/models/{model.address}/versions", {"version": "1.0.0"}
    first, second = (client.post(route, json=body, headers=key) for _ in range(2))

    api.as_(make.owner_of(model)).delete(f"/api/v1/models/{model.address}/collaborators/{guest.email}")
    hidden = client.post(route, json=body, headers=key)
    make.edit(model, visibility="INTERNAL")
    refused = client.post(route, json=body, headers=key)

    assert (first.status_code, second.status_code, second.headers["idempotency-replayed"]) == (201, 201, "true")
    assert (hidden.status_code, refused.status_code) == (404, 403)


def test_a_former_owner_is_not_told_again_what_they_once_registered(make: Make, api: Api) -> None:
    """The answer that registered a model is kept from who can no longer see it."""
    owner, admin = make.owner(), make.person(Role.ADMIN)
    body = {
        "group": make.group(), "name": "churn", "description": "Secret.", "owners": [owner.email], "riskTier": "LOW",
        "visibility": "RESTRICTED",
    }  # fmt: skip
    key = {"idempotency-key": "register"}
    client = api.as_(owner)
    made = client.post("/api/v1/models", json=body, headers=key).json()

    transfer = {"owners": [make.owner().email], "reason": "Left the team."}
    api.as_(admin).post(f"/api/v1/models/{made['group']}/churn/transfer", json=transfer)
    again = client.post("/api/v1/models", json=body, headers=key)

    assert (again.status_code, "Secret" in again.text) == (404, False)


def test_two_who_share_at_once_leave_one_standing(registry: Registry, make: Make, api: Api) -> None:
    """However many owners let the same person in at the same moment, one row stands in the end."""
    model, guest = make.model(), make.person()
    client = api.as_(make.owner_of(model))
    place = f"/api/v1/models/{model.address}/collaborators/{guest.email}"

    with ThreadPoolExecutor(8) as pool:
        accesses = ["READ", "WRITE"] * 4
        answers = list(pool.map(lambda given: client.put(place, json={"access": given}).status_code, accesses))

    assert set(answers) <= {200, 201}
    assert answers.count(201) == 1
    standing = "SELECT count(*) AS n FROM collaborators WHERE model_id = :key AND ended_at IS NULL"
    assert registry.look(standing, key=model.key)[0].n == 1
