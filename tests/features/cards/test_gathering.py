"""What a card says of a version, and what it leaves out."""

import re
from pathlib import Path
from typing import Any

import pytest

from modelkeep_server.features.cards.queries import gather_card
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.rules.card_sections import ROWS_MAX, SECTIONS, is_about_fairness, is_about_robustness
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.full_versions import add_items, card_of, full_metadata, items_of, make_full
from tests.support.make import Make
from tests.support.registries import Registry
from tests.support.statements import counted

GUIDE = Path(__file__).parents[3] / "docs" / "brief" / "user-guide.md"


def _bullets_of_the_guide() -> dict[str, list[str]]:
    """The bullets under each section of a card, as the guide has them."""
    told = GUIDE.read_text("utf-8").partition("### Model Card Sections\n")[2].partition("\n### ")[0]
    sections = (part.split("\n", 1) for part in told.split("#### ")[1:])
    return {title.strip(): re.findall(r"^- (.+)$", body, re.MULTILINE) for title, body in sections}


def test_the_sections_are_those_of_the_guide() -> None:
    """In its order, with every bullet word for word; what the registry decided of the version comes besides."""
    own = {"Policies and approvals"}
    told = {row.title: [bullet.says for bullet in row.bullets if bullet.says not in own] for row in SECTIONS}
    assert list(told.items()) == list(_bullets_of_the_guide().items())


def test_every_bullet_of_the_guide_is_answered(registry: Registry, make: Make, api: Api) -> None:
    """Of a version of which everything is known, each item of each bullet has a value and says where it is from."""
    full = make_full(registry, make, api)
    answer = api.as_(full.owner).post(card_of(full.version))
    assert answer.status_code == 201, answer.text
    card = answer.json()
    assert card["coverage"] == 1
    by_section = {section["id"]: {item["id"]: item for item in section["items"]} for section in card["sections"]}
    for section in SECTIONS:
        for bullet in section.bullets:
            for row in bullet.items:
                item = by_section[section.id][row.id]
                assert item.get("value"), f"{section.title}, {bullet.says}: {row.label} is not answered"
                assert item["sources"]
                assert "provideAt" not in item
                assert (item["label"], item["kind"]) == (row.label, row.kind.value)


def test_a_card_tells_what_is_known_in_the_words_of_whoever_told_it(registry: Registry, make: Make, api: Api) -> None:
    """Figures with their slices, intervals and limits; data, code and people by name; what a base model lacks."""
    full = make_full(registry, make, api)
    items = items_of(api.as_(full.owner).post(card_of(full.version)).json())
    value = {name: item.get("value") for name, item in items.items()}
    assert value["name"] == full.version.model
    assert value["framework"] == "Framework Framework Version"
    assert value["owners"] == [full.owner.email]
    assert value["content-digest"] == full.version.content_digest
    assert re.fullmatch(r"[0-9,]+", value["parameters"])
    assert value["data-sources"] == ["churn-events 2026-02"]
    assert value["inputs"]["rows"] == [["tenure", "integer", "Months since the contract began.", "Yes"]]
    assert ["optimizer.lr", "0.001"] in value["hyperparameters"]["rows"]
    assert value["code"] == [
        "d09e4b1c in https://git.example.com/ml/churn", "train.py (https://git.example.com/ml/churn/train.py)",
    ]  # fmt: skip
    assert value["training-runs"] == ["job-7", "mlflow/churn-2107 (https://mlflow.example.com/runs/2107)"]
    assert value["base-models"] == [full.base.address]
    assert value["inherited-limitations"] == [f"{full.base.address}, Limitations: Knows nothing of prepaid."]
    assert items["inherited-limitations"]["sources"][0]["href"] == f"/models/{full.base.model}/versions/1.0.0"
    overall, young = value["performance"][0], value["groups"][0]
    assert overall == {
        "name": "auc", "value": 0.871, "confidenceInterval": [0.866, 0.876], "comparison": ">=", "limit": 0.85,
        "passed": True, "dataset": "churn-holdout 2026-02",
    }  # fmt: skip
    assert (young["slice"], young["limit"], young["passed"]) == ("age=18-24", 0.8, True)
    assert value["evaluation-procedure"] == (
        "What is known of evaluation procedure.\n\nOn churn-holdout 2026-02: Once, on customers never seen in training."
    )
    assert [one["name"] for one in value["robustness-metrics"]] == ["auc_under_noise"]
    assert [row[0] for row in value["fairness"]["rows"]] == ["demographic_parity_difference", "auc"]
    assert value["fairness"]["rows"][1][1:9] == [
        "age", "2", "0.871", "0.812", "0.883", "0.071", "0.919592", "age=18-24",
    ]  # fmt: skip
    assert value["datasets"]["rows"][1][:5] == ["churn-holdout", "2026-02", "Test", "Yes", "184,210"]
    assert [row[1] for row in value["approvals"]["rows"]] == ["Approved", "Approved"]
    assert {row[2] for row in value["approvals"]["rows"]} == {full.cast.mrc.email, full.cast.security.email}
    assert value["policies"]["rows"]
    assert value["exceptions"]["rows"][0][1] == "Granted"


def test_what_is_not_known_says_where_to_provide_it(make: Make, api: Api) -> None:
    """On the form while content can change, in the next version afterwards; nowhere once the model is retired."""
    version = make.version()
    owner, address = make.owner_of(version), version.model
    card = api.as_(owner).post(card_of(version)).json()
    place = {name: item.get("provideAt") for name, item in items_of(card).items()}
    here = f"/models/{address}/versions/1.0.0"
    assert place["limitations"] == f"{here}/edit#metadata.limitations"
    assert place["license"] == f"{here}/edit#metadata.card.license"
    assert place["framework"] == f"{here}/edit#metadata.framework"
    assert place["files"] == f"{here}/artifacts"
    assert place["performance"] == f"{here}/evaluations/new"
    assert place["datasets"] == f"{here}/lineage/new?kind=DATASET"
    assert place["base-models"] == f"{here}/lineage/new?kind=BASE_MODEL"
    assert place["policies"] == here
    provided = [name for name, item in items_of(card).items() if "value" in item]
    assert provided == ["name", "version", "description", "owners", "risk-tier"]
    assert 0 < card["coverage"] < 0.5

    closed = api.as_(owner).post(f"/api/v1/models/{address}/versions/1.0.0/close", json={"reason": "Done with."})
    assert closed.status_code == 200
    card = api.as_(owner).post(card_of(version)).json()
    place = {name: item.get("provideAt") for name, item in items_of(card).items()}
    assert place["limitations"] == f"/models/{address}/versions/new?from=1.0.0#metadata.limitations"
    assert place["performance"] is None

    admin = make.person(Role.ADMIN)
    assert api.as_(admin).post(f"/api/v1/models/{address}/retire", json={"reason": "Done with."}).status_code == 200
    refused = api.as_(owner).post(card_of(version))
    assert (refused.status_code, refused.json()["code"]) == (409, "state_forbids")


@pytest.mark.parametrize("told_by", ["metadata", "lineage"])
def test_a_card_tells_nothing_of_a_base_model_that_not_everybody_may_see(make: Make, api: Api, told_by: str) -> None:
    """Neither its name nor its words, also where whoever generates the card may see it."""
    owner = make.owner()
    secret = make.version(
        make.model(owner, name="secret-base", visibility="RESTRICTED"), metadata={"limitations": "Leaks addresses."}
    )
    base = {"model": secret.model, "version": secret.version}
    version = make.version(make.model(owner), metadata={"baseModel": base} if told_by == "metadata" else {})
    if told_by == "lineage":
        add_items(api, version, owner, ({"kind": "BASE_MODEL", **base},))
    answer = api.as_(owner).post(card_of(version))
    assert items_of(answer.json())["base-models"]["value"] == ["A registered model that not everybody may see"]
    assert "secret-base" not in answer.text
    assert "Leaks addresses" not in answer.text


def test_a_restricted_base_model_is_told_where_it_is_the_same_model(make: Make, api: Api) -> None:
    """Whoever sees one version of a model sees the others."""
    owner = make.owner()
    model = make.model(owner, visibility="RESTRICTED")
    first = make.version(model, metadata={"limitations": "Weak in winter."})
    second = make.version(
        model, version="1.1.0", metadata={"baseModel": {"model": first.model, "version": first.version}}
    )
    items = items_of(api.as_(owner).post(card_of(second)).json())
    assert items["base-models"]["value"] == [first.address]
    assert items["inherited-limitations"]["value"] == [f"{first.address}, Limitations: Weak in winter."]


def test_who_may_not_see_the_model_sees_no_card(make: Make, api: Api) -> None:
    """Its routes are not there for them."""
    owner, stranger = make.owner(), make.person()
    version = make.version(make.model(owner, visibility="RESTRICTED"))
    assert api.as_(owner).post(card_of(version)).status_code == 201
    for below in ("", "/revisions", "/changes", "/compare?before=1&now=draft", "?revision=draft"):
        assert api.as_(stranger).get(card_of(version, below)).status_code == 404
    assert api.as_(stranger).post(card_of(version)).status_code == 404
    assert api.as_(stranger).put(card_of(version, "/annotations/factors"), json={"markdown": "x"}).status_code == 404


def test_any_script_stands_in_a_card_as_it_was_written(make: Make, api: Api) -> None:
    """Right to left, astral characters and line breaks."""
    text = "لا تُستخدم للأسعار أو الائتمان.\nלא לשימוש במחירים 🏰"
    version = make.version(metadata={"limitations": text, "hyperparameters": {"שכבות": "عشرة"}})
    items = items_of(api.as_(make.owner_of(version)).post(card_of(version)).json())
    assert items["limitations"]["value"] == text
    assert items["hyperparameters"]["value"]["rows"] == [["שכבות", "عشرة"]]


def test_a_thousand_metrics_stand_in_a_card_and_more_are_counted(make: Make, api: Api) -> None:
    """Each is told once; beyond a thousand, how many there are beside them."""
    version = make.version()
    owner = make.owner_of(version)
    where = f"/api/v1/models/{version.model}/versions/1.0.0/evaluations"
    for dataset, count in (("first", 1000), ("second", 200)):
        metrics = [{"name": f"m{n}", "value": n, "confidenceInterval": [n, n + 1]} for n in range(count)]
        run = {"dataset": {"name": dataset}, "metrics": metrics}
        if dataset == "second":
            mrc = make.person(Role.MRC)
            suite = {"name": f"S {version.model}", "scope": {"groups": [version.model.partition("/")[0]]},
                     "thresholds": [{"metric": "m0", "comparison": ">=", "value": 1}]}  # fmt: skip
            assert api.as_(mrc).post("/api/v1/evaluation-suites", json=suite).status_code == 201
            run["suite"] = suite["name"]
        assert api.as_(owner).post(where, json=run).status_code == 201
    items = items_of(api.as_(owner).post(card_of(version)).json())
    assert (len(items["performance"]["value"]), items["performance"]["more"]) == (ROWS_MAX, 200)
    assert items["performance"]["value"][0] == {
        "name": "m0", "value": 0, "confidenceInterval": [0, 1], "comparison": ">=", "limit": 1, "passed": False,
        "dataset": "second",
    }  # fmt: skip
    assert items["suites"]["value"]["rows"][0][1:3] == ["Failed", "0 of 1"]


def test_only_the_newest_run_of_a_suite_counts(make: Make, api: Api) -> None:
    """A run that was recorded later takes the place of the one before, also of its thresholds."""
    version = make.version()
    owner = make.owner_of(version)
    where = f"/api/v1/models/{version.model}/versions/1.0.0/evaluations"
    for value in (0.8, 0.9):
        run: dict[str, Any] = {"dataset": {"name": "holdout"}, "metrics": [{"name": "auc", "value": value}]}
        assert api.as_(owner).post(where, json=run).status_code == 201
    items = items_of(api.as_(owner).post(card_of(version)).json())
    assert [one["value"] for one in items["performance"]["value"]] == [0.9]
    assert "value" not in items["intervals"]
    assert "value" not in items["fairness"]


@pytest.mark.parametrize(
    ("metric", "slice_", "is_so"),
    [
        ("accuracy", None, False),
        ("accuracy", "noise=gaussian", True),
        ("robust_accuracy", None, True),
        ("accuracyUnderAttack", None, True),
        ("auc", "corruption=fog", True),
        ("auroc_ood", None, True),
        ("accuracy", "neighbourhood=food", False),
        ("adversarial accuracy", None, True),
        ("drift", None, True),
    ],
)
def test_robustness_is_known_by_its_words(metric: str, slice_: str | None, is_so: bool) -> None:
    """Whole words and their endings, in whatever way a name is written."""
    assert is_about_robustness(metric, slice_) is is_so


def test_fairness_is_known_by_its_words() -> None:
    """Metrics that compare groups by themselves."""
    assert all(map(is_about_fairness, ["demographic_parity_difference", "disparate-impact", "equalized_odds_ratio"]))
    assert not any(map(is_about_fairness, ["auc", "airfare_error", "recall"]))


def test_a_run_on_other_data_does_not_hide_the_one_before(make: Make, api: Api) -> None:
    """Of runs without a suite, the newest on each dataset is told: one of robustness leaves the performance there."""
    version = make.version()
    api = api.as_(make.owner_of(version))
    here = f"/api/v1/models/{version.model}/versions/{version.version}"
    runs = (("holdout", "auc", 0.8), ("holdout", "auc", 0.9), ("holdout-noisy", "auc_noise", 0.7))
    for dataset, metric, value in runs:
        run = {"dataset": {"name": dataset}, "metrics": [{"name": metric, "value": value}]}
        assert api.post(f"{here}/evaluations", json=run).status_code == 201
    card = api.post(f"{here}/card").json()
    values = {item["id"]: item.get("value") for section in card["sections"] for item in section["items"]}
    assert [(one["name"], one["value"]) for one in values["performance"]] == [("auc", 0.9)]
    assert [one["name"] for one in values["robustness-metrics"]] == ["auc_noise"]


def test_gathering_costs_as_many_statements_however_much_there_is(registry: Registry, make: Make, api: Api) -> None:
    """Twelve for a version with everything; fewer where files and base models are not there."""
    full = make_full(registry, make, api)
    plain = make.version(metadata=full_metadata())
    costs = []
    for version, owner in ((full.version, full.owner), (plain, make.owner_of(plain))):
        with registry.reading() as work:
            group, _, name = version.model.partition("/")
            model = model_queries.get_model(work, owner.actor, group, name)
            with counted() as sent:
                gather_card(work, owner.actor, model, version)
            costs.append(len(sent))
    assert costs == [12, 7]
