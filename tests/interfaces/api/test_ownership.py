"""Transferring a model, changing its risk tier, and closing versions, through the API."""

from typing import Any

import pytest

from modelkeep_server.features.identity.tokens.service import create_token_by_operator
from modelkeep_server.features.models.views import Model
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.letting_in import let_in, put_into
from tests.support.make import Make, Person
from tests.support.problems import fields_at_fault, refusal
from tests.support.registries import Registry


def route_of(model: Model) -> str:
    """Where the API has it."""
    return f"/api/v1/models/{model.address}"


def test_an_admin_transfers_a_model_by_its_id(registry: Registry, make: Make, api: Api) -> None:
    """
    The FAQ: found by its id, given to the new addresses. Former owners lose it at once, the record keeps them.
    """
    former, heir, admin = make.owner(), make.owner(), make.person(Role.ADMIN)
    model = make.model(former, visibility="RESTRICTED")
    let_in(registry, make, model, heir)
    client = api.as_(admin)

    (found,) = client.get("/api/v1/models", params={"q": model.id.upper()}).json()["items"]
    moved = client.post(
        f"/api/v1/models/{found['group']}/{found['name']}/transfer",
        json={"owners": [heir.email, "data-team@example.com"], "reason": "Priya left."}, headers={"if-match": '"r1"'},
    )  # fmt: skip

    told = moved.json()
    assert (moved.status_code, moved.headers["etag"]) == (200, '"r2"')
    assert (told["owners"], told["registrar"]) == ([heir.email, "data-team@example.com"], None)
    assert told["createdBy"] == former.email
    assert api.as_(former).get(route_of(model)).status_code == 404
    assert api.as_(heir).patch(route_of(model), json={"tags": ["mine"]}).status_code == 200
    assert api.as_(heir).get(f"{route_of(model)}/collaborators").json()["items"] == []
    assert client.get("/api/v1/models", params={"owner": former.email}).json()["items"] == []
    (event,) = make.events(model.id, "model.transfer")
    assert (event.role, event.reason) == ("ADMIN", "Priya left.")
    assert (event.before or {})["owners"] == [former.email]
    assert (event.after or {})["owners"][0] == heir.email
    kept = registry.look("SELECT email FROM model_owners WHERE model_id = :k AND removed_at IS NOT NULL", k=model.key)
    assert [row.email for row in kept] == [former.email]


def test_a_transfer_is_judged_as_a_registration_is(make: Make, api: Api) -> None:
    """Nobody, no address, one with a display name, one twice, too many, no reason; an owner may not do it at all."""
    model = make.model()
    admin, owner = api.as_(make.person(Role.ADMIN)), make.owner_of(model)

    def send(owners: list[str], reason: str = "Why.") -> Any:
        return admin.post(f"{route_of(model)}/transfer", json={"owners": owners, "reason": reason})

    lists = ([], ["nobody"], ["Ada <ada@example.com>"], ["a@b.co", "A@b.co"], [f"o{n}@b.co" for n in range(51)])
    assert [fields_at_fault(send(owners)) for owners in lists] == [{"owners"}] * 5
    assert fields_at_fault(send(["a@b.co"], reason="  ")) == {"reason"}
    refused = api.as_(owner).post(f"{route_of(model)}/transfer", json={"owners": ["a@b.co"], "reason": "x"})
    assert refusal(refused) == (403, "not_permitted")
    assert admin.get(route_of(model)).json()["owners"] == [owner.email]


def test_a_transfer_to_those_who_own_it_alone_changes_nothing(make: Make, api: Api) -> None:
    """The first one takes the registrar's ownership away; the same again is the same answer and no event."""
    model = make.model()
    admin, body = api.as_(make.person(Role.ADMIN)), {"owners": list(model.owners), "reason": "Tidy."}

    answers = [admin.post(f"{route_of(model)}/transfer", json=body) for _ in range(2)]

    assert [answer.headers["etag"] for answer in answers] == ['"r2"', '"r2"']
    assert answers[1].json()["registrar"] is None
    assert len(make.events(model.id, "model.transfer")) == 1


def test_who_edits_on_what_was_before_a_transfer_is_told(make: Make, api: Api) -> None:
    """The stale edit of somebody who owns it still is told who changed the owners."""
    one, other, admin = make.owner(), make.owner(), make.person(Role.ADMIN)
    model = make.model(one, owners=[one.email, other.email])
    api.as_(admin).post(f"{route_of(model)}/transfer", json={"owners": [other.email], "reason": "x"})

    answer = api.as_(other).patch(route_of(model), json={"tags": ["a"]}, headers={"if-match": '"r1"'})

    assert refusal(answer) == (412, "stale_edit")
    assert {"owners", "registrar"} == {error["field"] for error in answer.json()["errors"]}
    assert admin.email in answer.json()["errors"][0]["message"]


def test_owners_change_the_tier_freely_until_a_version_was_submitted(registry: Registry, make: Make, api: Api) -> None:
    """Then raising takes a reason, and lowering is another's, whom the refusal names."""
    model = make.model(risk_tier="MEDIUM")
    version = make.version(model)
    owner = api.as_(make.owner_of(model))
    freely = [owner.patch(route_of(model), json={"riskTier": tier}).status_code for tier in ("HIGH", "LOW", "MEDIUM")]
    put_into(registry, version, State.SUBMITTED)

    bare = owner.patch(route_of(model), json={"riskTier": "HIGH"})
    lower = owner.patch(route_of(model), json={"riskTier": "LOW", "reason": "Less harm."})
    raised = owner.patch(route_of(model), json={"riskTier": "HIGH", "reason": "More people rely on it."})
    same = owner.patch(route_of(model), json={"riskTier": "HIGH", "tags": ["a"]})

    assert freely == [200, 200, 200]
    assert fields_at_fault(bare) == {"reason"}
    assert refusal(lower) == (403, "not_permitted")
    assert "MRC who never owned the model" in lower.json()["remedy"]
    assert (raised.status_code, raised.json()["riskTier"], same.status_code) == (200, "HIGH", 200)


def test_an_mrc_who_had_no_part_in_it_lowers_the_tier(registry: Registry, make: Make, api: Api) -> None:
    """With a reason, and the tier alone; before a submission it is the owners' alone."""
    model = make.model(risk_tier="HIGH")
    version = make.version(model)
    mrc = api.as_(make.person(Role.MRC))
    early = mrc.patch(route_of(model), json={"riskTier": "LOW", "reason": "x"})
    put_into(registry, version, State.SUBMITTED)

    bare = mrc.patch(route_of(model), json={"riskTier": "LOW"})
    more = mrc.patch(route_of(model), json={"riskTier": "LOW", "tags": [], "reason": "x"})
    done = mrc.patch(route_of(model), json={"riskTier": "LOW", "reason": "Advice only."})
    raised = mrc.patch(route_of(model), json={"riskTier": "HIGH", "reason": "x"})

    assert [answer.status_code for answer in (early, more, raised)] == [403, 403, 403]
    assert fields_at_fault(bare) == {"reason"}
    assert (done.status_code, done.json()["riskTier"]) == (200, "LOW")
    (event,) = make.events(model.id, "model.lower_tier")
    assert ((event.before or {})["riskTier"], (event.after or {})["riskTier"], event.role) == ("HIGH", "LOW", "MRC")


@pytest.mark.parametrize("part", ["owner", "registrar", "former", "creator", "editor", "uploader"])
def test_an_mrc_who_had_a_part_in_it_does_not(registry: Registry, make: Make, api: Api, part: str) -> None:
    """Owner, registrar, former owner, who made, edited or sent a file to any version: separation of duties."""
    mrc = make.person(Role.MRC, Role.MODEL_OWNER) if part == "registrar" else make.person(Role.MRC)
    owner = mrc if part == "registrar" else make.owner()
    owners = [mrc.email, owner.email] if part in ("owner", "former") else ["team@example.com"]
    model = make.model(owner, owners=owners, risk_tier="HIGH")
    version = take_part(registry, make, api, model, mrc, part)
    put_into(registry, version, State.SUBMITTED)
    with registry.writing() as work:
        # The same person, by a token that holds the one role.
        token = create_token_by_operator(work, host="test", email=mrc.email, roles=[Role.MRC]).secret

    answer = api.with_token(token).patch(route_of(model), json={"riskTier": "LOW", "reason": "x"})

    assert refusal(answer) == (403, "separation_of_duties")
    assert make.events(action="model.update")[-1].rule == "separation_of_duties"


def take_part(registry: Registry, make: Make, api: Api, model: Model, person: Person, part: str) -> Any:
    """Let a person have this part in a model's version."""
    if part == "former":
        body = {"owners": ["team@example.com"], "reason": "x"}
        api.as_(make.person(Role.ADMIN)).post(f"{route_of(model)}/transfer", json=body)
    if part not in ("creator", "editor", "uploader"):
        owner = make.owner_of(model)
        if part == "former":
            let_back = make.person(Role.ADMIN)
            body = {"owners": [owner.email], "reason": "x"}
            api.as_(let_back).post(f"{route_of(model)}/transfer", json=body)
        return make.version(model)
    let_in(registry, make, model, person, "WRITE")
    version = make.version(model, person if part == "creator" else None)
    if part == "editor":
        route = f"{route_of(model)}/versions/1.0.0"
        assert api.as_(person).patch(route, json={"commitSha": "abcdef0"}).status_code == 200
    if part == "uploader":
        make.file(version, person)
    return version


def test_a_closed_version_goes_no_further_until_it_is_reopened(make: Make, api: Api) -> None:
    """It says who closed it and why, takes no edit, file or move, and stands so in every list."""
    model = make.model()
    version = make.version(model)
    make.file(version)
    owner = make.owner_of(model)
    client, route = api.as_(owner), f"{route_of(model)}/versions/1.0.0"

    closed = client.post(f"{route}/close", json={"reason": "Superseded by 2."})
    tries = [
        client.patch(route, json={"description": "x"}), client.delete(f"{route}/artifacts/model.safetensors"),
        client.put(f"{route}/artifacts/a.bin?type=WEIGHTS", content=b"x"),
        client.post(f"{route}/close", json={"reason": "again"}),
    ]  # fmt: skip
    moves = client.get(f"{route}/moves").json()["items"]
    (listed,) = client.get(f"{route_of(model)}/versions").json()["items"]
    (row,) = client.get("/api/v1/models", params={"group": model.group}).json()["items"]
    opened = client.post(f"{route}/reopen", json={"reason": "Needed after all."})

    assert closed.status_code == 200
    assert {"by": owner.email, "reason": "Superseded by 2."}.items() <= closed.json()["closed"].items()
    assert [refusal(answer) for answer in tries] == [(409, "state_forbids")] * 4
    assert f"{owner.email} closed it" in tries[0].json()["detail"]
    assert "Superseded by 2." in tries[0].json()["detail"]
    assert {(move["allowed"], move["reasons"][0]["code"]) for move in moves} == {(False, "closed")}
    assert (listed["closed"], row["newest"][0]["closed"]) == (closed.json()["closed"], True)
    assert (opened.json()["closed"], opened.json()["state"]) == (None, "DRAFT")
    assert client.patch(route, json={"description": "x"}).status_code == 200
    assert client.post(f"{route}/reopen", json={"reason": "x"}).status_code == 409


def test_closing_is_the_owners_before_production_with_a_reason(registry: Registry, make: Make, api: Api) -> None:
    """A WRITE collaborator and an Admin may not; in production it is too late; without a reason it is refused."""
    model = make.model()
    version = make.version(model)
    writer = let_in(registry, make, model, make.person(Role.MODEL_OWNER), "WRITE")
    route = f"{route_of(model)}/versions/1.0.0/close"
    owner = api.as_(make.owner_of(model))

    others = [api.as_(who).post(route, json={"reason": "x"}).status_code for who in (writer, make.person(Role.ADMIN))]
    bare = owner.post(route, json={"reason": " "})
    put_into(registry, version, State.PRODUCTION)
    late = owner.post(route, json={"reason": "x"})

    assert others == [403, 403]
    assert fields_at_fault(bare) == {"reason"}
    assert refusal(late) == (409, "state_forbids")
