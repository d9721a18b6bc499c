"""Creating and reading versions through the API."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from modelkeep_server.rules.fields import FIELDS
from modelkeep_server.rules.permissions import Role
from tests.support.addresses import route_of
from tests.support.clients import Api
from tests.support.footprint import footprint
from tests.support.make import Make
from tests.support.problems import refusal
from tests.support.promoting import COMPLETE
from tests.support.registries import Registry
from tests.support.statements import counted

#: Everything the guide names under "Version Metadata", with its own examples.
GUIDE = {
    "framework": "scikit-learn",
    "frameworkVersion": "1.12.0",
    "modelType": "xgboost",
    "inputSchema": {"type": "object", "properties": {"tenure": {"type": "integer", "minimum": 0}}},
    "outputSchema": {"type": "number", "minimum": 0, "maximum": 1},
    "hyperparameters": {"max_depth": 6, "eta": 0.3, "early_stop": True, "seed": None, "grid": [1, 2.5, "x"]},
    "trainingDataset": {"name": "churn-events", "version": "2026-02", "uri": "s3://lake/churn"},
    "baseModel": {"uri": "https://hub.example.com/base"},
    "intendedUse": "Retention offers.\nNothing else.",
    "limitations": "Business customers only.",
    "ethicalConsiderations": "Age is left out.",
}
#: The valid and invalid examples of semver.org, "Is there a suggested regular expression".
VALID = [
    "0.0.4",
    "1.2.3",
    "10.20.30",
    "1.1.2-prerelease+meta",
    "1.1.2+meta",
    "1.1.2+meta-valid",
    "1.0.0-alpha",
    "1.0.0-beta",
    "1.0.0-alpha.beta",
    "1.0.0-alpha.beta.1",
    "1.0.0-alpha.1",
    "1.0.0-alpha0.valid",
    "1.0.0-alpha.0valid",
    "1.0.0-alpha-a.b-c-somethinglong+build.1-aef.1-its-okay",
    "1.0.0-rc.1+build.1",
    "2.0.0-rc.1+build.123",
    "1.2.3-beta",
    "10.2.3-DEV-SNAPSHOT",
    "1.2.3-SNAPSHOT-123",
    "1.0.0",
    "2.0.0",
    "1.1.7",
    "2.0.0+build.1848",
    "2.0.1-alpha.1227",
    "1.0.0-alpha+beta",
    "1.2.3----RC-SNAPSHOT.12.9.1--.12+788",
    "1.2.3----R-S.12.9.1--.12+meta",
    "1.2.3----RC-SNAPSHOT.12.9.1--.12",
    "1.0.0+0.build.1-rc.10000aaa-kk-0.1",
    "99999999999999999999999.999999999999999999.99999999999999999",
    "1.0.0-0A.is.legal",
]
INVALID = [
    "1",
    "1.2",
    "1.2.3-0123",
    "1.2.3-0123.0123",
    "1.1.2+.123",
    "+invalid",
    "-invalid",
    "-invalid+invalid",
    "-invalid.01",
    "alpha",
    "alpha.beta",
    "alpha.beta.1",
    "alpha.1",
    "alpha+beta",
    "alpha_beta",
    "alpha.",
    "alpha..",
    "beta",
    "1.0.0-alpha_beta",
    "-alpha.",
    "1.0.0-alpha..",
    "1.0.0-alpha..1",
    "1.0.0-alpha...1",
    "1.0.0-alpha....1",
    "1.0.0-alpha.....1",
    "1.0.0-alpha......1",
    "1.0.0-alpha.......1",
    "01.1.1",
    "1.01.1",
    "1.1.01",
    "1.2",
    "1.2.3.DEV",
    "1.2-SNAPSHOT",
    "1.2.31.2.3----RC-SNAPSHOT.12.09.1--..12+788",
    "1.2-RC-SNAPSHOT",
    "-1.0.3-gamma+b7718",
    "+justmeta",
    "9.8.7+meta+meta",
    "9.8.7-whatever+meta+meta",
    "99999999999999999999999.999999999999999999.99999999999999999----RC-SNAPSHOT.12.09.1--------------------------------..12",
    "v1.2.3",
    "1.2.3-",
    "1.2.3+",
    "1.2.3-+",
    "1.٢.3",
    "1.2.3-é",
    "1.2.3/4",
    "1.2.x",
    "latest",
    "..",
    "1.2.3%20",
]


def versions_of(model: Any) -> str:
    """The address of a model's versions."""
    return f"/api/v1/models/{model.address}/versions"


def test_everything_the_guide_names_can_be_sent_and_comes_back(make: Make, api: Api) -> None:
    """Version number, commit, training job, description and all metadata of the guide are kept to the letter."""
    model = make.model()
    owner = make.owner_of(model)
    client = api.as_(owner)
    sent = {
        "version": "1.2.0", "commitSha": "7be41c9a00", "trainingJobId": "mlflow/churn-2291",
        "description": "Adds the last quarter.", "metadata": GUIDE,
    }  # fmt: skip

    answer = client.post(versions_of(model), json=sent)

    assert (answer.status_code, answer.headers["etag"]) == (201, '"r1"')
    shown = client.get(answer.headers["location"])
    assert shown.json() == answer.json()
    assert {key: shown.json()[key] for key in sent} == sent
    told = {key: shown.json()[key] for key in ("model", "number", "state", "createdBy", "submittedAt", "submittedBy")}
    assert told == {
        "model": model.address, "number": 1, "state": "DRAFT", "createdBy": owner.email, "submittedAt": None,
        "submittedBy": None,
    }  # fmt: skip
    assert shown.json()["history"] == [{"state": "DRAFT", "at": shown.json()["createdAt"], "by": owner.email}]
    assert shown.json()["completeness"] == {"score": 1.0, "missing": []}


def test_only_the_version_number_is_required(make: Make, api: Api) -> None:
    """A draft starts with nothing but its number; what is missing is listed, each with why it matters."""
    model = make.model()

    shown = api.as_(make.owner_of(model)).post(versions_of(model), json={"version": "0.1.0"}).json()

    asked = [row for row in FIELDS if row.why is not None]
    assert shown["metadata"] == {}
    assert shown["completeness"] == {
        "score": 0.0, "missing": [{"field": row.path, "why": row.why} for row in asked],
    }  # fmt: skip


def test_completeness_counts_what_is_filled(make: Make, api: Api) -> None:
    """Empty texts and objects do not count, and are not kept."""
    model = make.model()
    metadata = {"framework": "pytorch", "modelType": "", "hyperparameters": {}, "limitations": None, "card": {}}

    shown = (
        api.as_(make.owner_of(model)).post(versions_of(model), json={"version": "1.0.0", "metadata": metadata}).json()
    )

    asked = [row for row in FIELDS if row.why is not None]
    assert shown["metadata"] == {"framework": "pytorch"}
    assert shown["completeness"]["score"] == round(1 / len(asked), 4)
    assert {row["field"] for row in shown["completeness"]["missing"]} == {r.path for r in asked} - {"framework"}


@pytest.mark.parametrize("row", [row for row in FIELDS if row.card], ids=lambda row: row.key)
def test_facts_for_the_model_card_are_kept_under_card(make: Make, api: Api, row: Any) -> None:
    """Each field of the card is taken under `card`."""
    model = make.model()
    card = {row.key: "2026-01-31" if row.kind == "date" else "As it is."}

    answer = api.as_(make.owner_of(model)).post(
        versions_of(model), json={"version": "1.0.0", "metadata": {"card": card}}
    )

    assert answer.json()["metadata"] == {"card": card}


def test_unknown_metadata_is_kept_under_custom(make: Make, api: Api) -> None:
    """Keys that the registry does not know are kept, not dropped; those of the card keep its name before theirs."""
    model = make.model()
    metadata = {
        "gpu": "8x H100", "model_config": {"a": 1}, "__class__": [1], "😀": None, "card": {"mood": "good"},
        "custom": {"run": {"id": 7}},
    }  # fmt: skip

    shown = (
        api.as_(make.owner_of(model)).post(versions_of(model), json={"version": "1.0.0", "metadata": metadata}).json()
    )

    assert shown["metadata"] == {
        "custom": {
            "gpu": "8x H100", "model_config": {"a": 1}, "__class__": [1], "😀": None, "card.mood": "good",
            "run": {"id": 7},
        }
    }  # fmt: skip


def test_a_base_model_is_a_registered_version_or_an_address_outside(make: Make, api: Api) -> None:
    """Both forms of a parent are taken; a registered one is spelled as it was registered."""
    model, parent = make.model(), make.version()
    registered = {"model": parent.model, "version": parent.version}

    for number, base in enumerate(
        [registered, registered | {"model": parent.model.upper()}, {"uri": "hf://bert-base"}]
    ):
        sent = {"version": f"1.0.{number}", "metadata": {"baseModel": base}}
        shown = api.as_(make.owner_of(model)).post(versions_of(model), json=sent).json()
        assert shown["metadata"] == {"baseModel": base if "uri" in base else registered}


def test_every_valid_semantic_version_is_taken(make: Make, api: Api) -> None:
    """All valid examples of semver.org are versions, found again under their own address, numbered in order."""
    model = make.model()
    client = api.as_(make.owner_of(model))

    locations = {
        text: client.post(versions_of(model), json={"version": text}).headers.get("location") for text in VALID
    }

    shown = {text: client.get(location or "/none").json().get("version") for text, location in locations.items()}
    assert shown == {text: text for text in VALID}
    listed = client.get(versions_of(model), params={"limit": 200}).json()
    assert [(row["version"], row["number"]) for row in listed["items"]] == [
        (text, number) for number, text in reversed(list(enumerate(VALID, 1)))
    ]


def test_no_invalid_semantic_version_is_taken(registry: Registry, make: Make, api: Api) -> None:
    """None of semver.org's invalid examples is a version, nor `v1.2.3`, nor digits of other scripts."""
    model = make.model()
    client = api.as_(make.owner_of(model))
    client.get("/api/v1/me")
    before = footprint(registry)

    answers = {text: client.post(versions_of(model), json={"version": text}) for text in INVALID}

    assert {t: (a.status_code, a.json()["errors"][0]["field"]) for t, a in answers.items()} == dict.fromkeys(
        INVALID, (422, "version")
    )
    assert footprint(registry) == before


def test_a_version_is_unique_in_its_model(registry: Registry, make: Make, api: Api) -> None:
    """A version twice is 409; another build of it, and the same number in another model, is not."""
    owner = make.owner()
    model, other = make.model(owner), make.model(owner)
    client = api.as_(owner)
    client.post(versions_of(model), json={"version": "1.0.0+a"})
    before = footprint(registry)

    again = client.post(versions_of(model), json={"version": "1.0.0+a"})

    assert refusal(again) == (409, "name_taken")
    assert [error["field"] for error in again.json()["errors"]] == ["version"]
    assert footprint(registry) == before
    assert client.post(versions_of(model), json={"version": "1.0.0+b"}).json()["number"] == 2
    assert client.post(versions_of(other), json={"version": "1.0.0+a"}).json()["number"] == 1


def test_numbers_stay_in_order_when_many_create_at_once(make: Make, api: Api) -> None:
    """Eight versions created at the same moment get the numbers 1 to 8, each once."""
    model = make.model()
    token = make.owner_of(model).token
    api.with_token(token).get("/api/v1/me")

    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda n: api.with_token(token).post(versions_of(model), json={"version": f"1.0.{n}"}), range(8))
        )

    assert [answer.status_code for answer in answers] == [201] * 8
    assert sorted(answer.json()["number"] for answer in answers) == list(range(1, 9))


def test_of_many_that_create_one_version_at_once_one_succeeds(make: Make, api: Api) -> None:
    """The same version sent eight times at once is there once, with the number 1."""
    model = make.model()
    token = make.owner_of(model).token
    api.with_token(token).get("/api/v1/me")

    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: api.with_token(token).post(versions_of(model), json={"version": "1.0.0"}), range(8))
        )

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    listed = api.with_token(token).get(versions_of(model)).json()
    assert [(row["version"], row["number"]) for row in listed["items"]] == [("1.0.0", 1)]


def test_a_list_of_versions_is_paged_newest_first(make: Make, api: Api) -> None:
    """Pages hold every version once, the newest first, also when one is added in between."""
    model = make.model()
    client = api.as_(make.owner_of(model))
    for number in range(7):
        make.version(model, version=f"1.0.{number}")
    seen, cursor = [], None

    while True:
        page = client.get(versions_of(model), params={"limit": 3, **({"cursor": cursor} if cursor else {})}).json()
        seen.extend(row["number"] for row in page["items"])
        cursor = page["nextCursor"]
        if len(seen) == 3:
            make.version(model, version="9.0.0")
        if cursor is None:
            break

    assert seen == [7, 6, 5, 4, 3, 2, 1]
    assert page["total"] == 8


LACKS = {
    "its owner": (None, []),
    "an owner by role only": ([Role.MODEL_OWNER], ["To request a promotion you need to be an owner of this model."]),
    **{
        str(role): ([role], ["To request a promotion you need the role Model Owner and to be an owner of this model."])
        for role in Role
        if role is not Role.MODEL_OWNER
    },
}


@pytest.mark.parametrize("who", LACKS)
def test_from_draft_one_move_leads_on_and_says_what_is_lacking(make: Make, api: Api, who: str) -> None:
    """A draft can be submitted and nothing else; whoever may not hears why, and whom to ask."""
    version = make.version(metadata=COMPLETE)
    make.file(version)
    roles, lacks = LACKS[who]
    person = make.owner_of(version) if roles is None else make.person(*roles)

    page = api.as_(person).get(f"{route_of(version)}/moves").json()

    assert [(move["to"], move["allowed"], [r["message"] for r in move["reasons"]]) for move in page["items"]] == [
        ("SUBMITTED", not lacks, lacks)
    ]
    assert all(reason["remedy"] and reason["code"] == "not_permitted" for reason in page["items"][0]["reasons"])


def test_a_version_is_one_event_with_its_texts_committed(make: Make, api: Api) -> None:
    """The event names version and commit plainly; metadata and description stand in it as commitments."""
    model = make.model()
    before = make.event_count()
    sent = {"version": "1.0.0", "commitSha": "ABCDEF0", "description": "Adds secrets.", "metadata": GUIDE}

    api.as_(make.owner_of(model)).post(versions_of(model), json=sent)

    (event,) = make.events(since=before)
    assert (event.action, event.outcome, event.role) == ("version.create", "ALLOWED", "MODEL_OWNER")
    assert event.after is not None
    assert (event.after["version"], event.after["number"], event.after["commitSha"]) == ("1.0.0", 1, "ABCDEF0")
    assert [text for text in ("Adds secrets", "scikit", "Retention", "churn-events") if text in event.raw] == []


def test_reading_a_version_costs_two_statements(make: Make, api: Api) -> None:
    """Who is asking, and the version with its history: pinned; and the list costs the same for one or fifty."""
    model = make.model()
    client = api.as_(make.person())
    client.get("/api/v1/me")
    costs = []

    for number in range(6):
        make.version(model, version=f"1.0.{number}")
        with counted() as one:
            client.get(f"{versions_of(model)}/1.0.{number}")
        with counted() as all_of_them:
            client.get(versions_of(model))
        costs.append((len(one), len(all_of_them)))

    assert set(costs) == {(2, 5)}
