"""Registering models through the API. Who sees them: tests/security/test_what_strangers_learn.py."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.footprint import footprint
from tests.support.make import Make
from tests.support.problems import fields_at_fault, refusal
from tests.support.registries import Registry
from tests.support.statements import counted

MODELS = "/api/v1/models"
#: As it stands in the user guide, "Example Model Registration"; the group gets a name of its own in each run.
GUIDE = json.loads("""{
  "name": "customer-churn-predictor",
  "group": "customer-analytics",
  "description": "XGBoost model to predict customer churn probability based on usage patterns and demographics. Trained on 2 years of historical data with 85% accuracy.",
  "owners": ["data-team@company.com", "product-analytics@company.com"],
  "riskTier": "MEDIUM",
  "tags": ["churn", "xgboost", "customer-analytics", "production"]
}""")  # noqa: E501 - verbatim


def body(make: Make, **changes: Any) -> dict[str, Any]:
    """The guide's example in a group of its own."""
    return {**GUIDE, "group": make.group(), **changes}


def test_the_guides_example_registers_as_it_stands(fresh_make: Make, fresh_api: Api) -> None:
    """Sent word for word by somebody whose e-mail is not among its owners, it is 201 and says back what was sent."""
    sender = fresh_make.owner()
    client = fresh_api.as_(sender)

    answer = client.post(MODELS, json=GUIDE)

    assert (answer.status_code, answer.headers["etag"]) == (201, '"r1"')
    assert answer.headers["location"] == f"{MODELS}/customer-analytics/customer-churn-predictor"
    shown = client.get(answer.headers["location"])
    assert shown.json() == answer.json()
    assert shown.headers["etag"] == '"r1"'
    assert {key: shown.json()[key] for key in GUIDE} == GUIDE
    told = {key: shown.json()[key] for key in ("registrar", "createdBy", "origin", "visibility", "status")}
    assert told == {
        "registrar": sender.email, "createdBy": sender.email, "origin": "INTERNAL", "visibility": "INTERNAL",
        "status": "ACTIVE",
    }  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", shown.json()["createdAt"])


def test_whoever_registers_goes_on_to_the_guides_next_step(make: Make, api: Api) -> None:
    """The registrar owns the model too, so a version can be added right away."""
    client = api.as_(make.owner())
    location = client.post(MODELS, json=body(make)).headers["location"]

    answer = client.post(f"{location}/versions", json={"version": "1.2.0"})

    assert answer.status_code == 201


def test_a_named_owner_owns_it_in_any_case_of_their_address(make: Make, api: Api) -> None:
    """Ownership goes by e-mail, however it was typed, and the address is shown as it was typed."""
    sender, colleague = make.owner(), make.owner()
    location = api.as_(sender).post(MODELS, json=body(make, owners=[colleague.email.upper()])).headers["location"]

    answer = api.as_(colleague).post(f"{location}/versions", json={"version": "1.0.0"})

    assert answer.status_code == 201
    assert api.as_(colleague).get(location).json()["owners"] == [colleague.email.upper()]


@pytest.mark.parametrize(
    ("roles", "missing"),
    [
        ([Role.MODEL_OWNER], "an owner of this model"),
        ([], "a collaborator with WRITE"),
        ([Role.ADMIN, Role.MRC, Role.SRE], "a collaborator with WRITE"),
    ],
)
def test_a_stranger_may_not_add_a_version(
    registry: Registry, make: Make, api: Api, roles: list[Role], missing: str
) -> None:
    """The refusal says which relation is missing and whom to ask, and is one event about that model."""
    make.event_count()
    model, stranger = make.model(), make.person(*roles)
    client = api.as_(stranger)
    client.get("/api/v1/me")
    before = footprint(registry)

    answer = client.post(f"{MODELS}/{model.address}/versions", json={"version": "1.0.0"})

    assert refusal(answer) == (403, "not_permitted")
    assert missing in answer.json()["detail"]
    assert "Ask an owner" in answer.json()["remedy"]
    after = footprint(registry)
    assert (after.events, after.rows) == (before.events + 1, before.rows)
    (event,) = make.events(since=before.events)
    assert (event.action, event.outcome, event.actor.email) == ("version.create", "REFUSED", stranger.email)
    assert event.object.id == model.address


def test_registering_is_one_event_without_names_or_texts(make: Make, api: Api) -> None:
    """The event holds people as pseudonyms and texts as commitments; who may read the log sees them added back."""
    sender = make.owner()
    before = make.event_count()

    api.as_(sender).post(MODELS, json=body(make, riskRationale="Because of churn."))

    (event,) = make.events(since=before)
    assert (event.action, event.outcome, event.role) == ("model.create", "ALLOWED", "MODEL_OWNER")
    assert event.after is not None
    assert event.after["owners"] == GUIDE["owners"]
    assert event.after["description"] == GUIDE["description"]
    secret = [*GUIDE["owners"], sender.email, "XGBoost", "Because of churn", "xgboost"]
    assert [text for text in secret if text in event.raw] == []


@pytest.mark.parametrize("name", ["Churn-Predictor", "churn-predictor", "CHURN-PREDICTOR"])
def test_a_name_is_unique_in_its_group_ignoring_case(registry: Registry, make: Make, api: Api, name: str) -> None:
    """The same name in another case is taken; the answer names the field and what to do, and nothing is written."""
    client = api.as_(make.owner())
    first = body(make, name="Churn-Predictor")
    client.post(MODELS, json=first)
    before = footprint(registry)

    answer = client.post(MODELS, json={**first, "name": name, "group": first["group"].upper()})

    assert refusal(answer) == (409, "name_taken")
    assert [error["field"] for error in answer.json()["errors"]] == ["name"]
    assert footprint(registry) == before


def test_case_is_kept_and_ignored_in_addresses(make: Make, api: Api) -> None:
    """A model is found under its name in any case, and shows the one it was given."""
    client = api.as_(make.owner())
    group = make.group()
    client.post(MODELS, json=body(make, name="Churn_Predictor", group=group.upper()))

    shown = client.get(f"{MODELS}/{group}/churn_predictor").json()

    assert (shown["group"], shown["name"]) == (group.upper(), "Churn_Predictor")


def test_the_same_name_in_another_group_is_another_model(make: Make, api: Api) -> None:
    """Names are unique within a group, not beyond."""
    client = api.as_(make.owner())

    answers = [client.post(MODELS, json=body(make)) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]


def test_of_many_that_register_one_name_at_once_one_succeeds(registry: Registry, make: Make, api: Api) -> None:
    """Eight people press at the same moment: one 201, seven 409, one model, one event."""
    people = [make.owner() for _ in range(8)]
    for person in people:
        api.as_(person).get("/api/v1/me")
    sent = body(make)
    before = footprint(registry)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda person: api.as_(person).post(MODELS, json=sent), people))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    after = footprint(registry)
    assert after.events == before.events + 1
    assert dict(after.rows)["models"] == dict(before.rows)["models"] + 1


def test_a_taken_name_does_not_say_who_has_it(make: Make, api: Api) -> None:
    """Who may not see a RESTRICTED model learns that the name is taken and nothing else."""
    hidden = make.model(visibility="RESTRICTED", description="Secret plans.")

    answer = api.as_(make.owner()).post(MODELS, json=body(make, group=hidden.group, name=hidden.name))

    assert refusal(answer) == (409, "name_taken")
    told = answer.text
    assert [word for word in (make.owner_of(hidden).email, "Secret", hidden.id) if word in told] == []


def test_a_cursor_does_not_carry_what_it_leads_past(make: Make, api: Api) -> None:
    """Pages skip hidden models without a gap: a full page stays full, and no cursor opens them."""
    owner, group = make.owner(), make.group()
    models = [
        make.model(owner, group=group, name=f"m{n}", visibility="RESTRICTED" if n % 2 else "INTERNAL") for n in range(8)
    ]
    client = api.as_(make.person())
    pages, query = [], {"group": group, "limit": 2, "sort": "name"}

    page = client.get(MODELS, params=query).json()
    pages.append([row["name"] for row in page["items"]])
    page = client.get(MODELS, params={**query, "cursor": page["nextCursor"]}).json()
    pages.append([row["name"] for row in page["items"]])

    assert pages == [["m0", "m2"], ["m4", "m6"]]
    assert (page["nextCursor"], page["total"]) == (None, 4)
    assert len(models) == 8


def test_reading_a_model_costs_two_statements(make: Make, api: Api) -> None:
    """Who is asking, and the model with its owners: the cost of a page of one model is pinned."""
    model = make.model()
    client = api.as_(make.person())
    client.get("/api/v1/me")

    with counted() as statements:
        client.get(f"{MODELS}/{model.address}")

    assert len(statements) == 2, statements


def test_nobody_reads_without_a_credential(make: Make, api: Api) -> None:
    """The catalogue is for those who are signed in."""
    model = make.model()

    answers = [api.anonymous.get(path) for path in (MODELS, f"{MODELS}/{model.address}")]

    assert [refusal(answer) for answer in answers] == [(401, "not_signed_in")] * 2
    assert answers[0].headers["www-authenticate"].startswith("Bearer")


def test_half_a_character_is_told_as_a_fault(make: Make, api: Api) -> None:
    """The answer quotes broken text without breaking."""
    text = json.dumps(body(make, name="a\ud800"))

    answer = api.as_(make.owner()).post(MODELS, content=text, headers={"content-type": "application/json"})

    assert fields_at_fault(answer) == {"name"}
