"""Comparing two versions of a model through the API."""

from typing import Any

from modelkeep_server.rules.permissions import Role
from tests.support.addresses import page_of, route_of
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.pages import look, words_of
from tests.support.problems import refusal
from tests.support.statements import counted

OLD: dict[str, Any] = {
    "framework": "xgboost",
    "frameworkVersion": "2.0.3",
    "inputSchema": {"type": "object", "properties": {"age": {"type": "integer"}}},
    "hyperparameters": {"max_depth": 7, "eta": 0.1, "sampling": {"rate": 0.5}},
    "trainingDataset": {"name": "chargebacks", "version": "2025-Q3"},
    "card": {"risks": "Declines good customers."},
}
NEW: dict[str, Any] = {
    **OLD,
    "frameworkVersion": "2.1.3",
    "inputSchema": {
        "type": "object",
        "properties": {"age": {"type": "integer"}, "graph": {"properties": {"degree": {"type": "number"}}}},
        "required": ["age"],
    },
    "hyperparameters": {"max_depth": 9, "sampling": {"rate": 0.5, "by": "account"}},
    "limitations": "Weak on accounts under 30 days.",
    "card": {"risks": "Declines some good customers."},
}


def test_what_changed_between_two_versions_is_told_section_by_section(make: Make, api: Api) -> None:
    """Facts, metadata key by key, schemas and files: what changed, came, went, stayed; and what breaks callers."""
    model = make.model()
    old = make.version(model, version="1.2.0", metadata=OLD, commit_sha="7be41c9", description="The first.")
    new = make.version(model, version="1.3.0", metadata=NEW, commit_sha="7be41c9", description="The second.")
    kept, changed = make.safetensors(seed=1), make.safetensors(seed=2)
    for version, path, content in (
        (old, "kept.safetensors", kept), (old, "model.safetensors", kept), (old, "gone.safetensors", kept),
        (new, "kept.safetensors", kept), (new, "model.safetensors", changed), (new, "new.safetensors", kept),
    ):  # fmt: skip
        make.file(version, path=path, content=content)
    client = api.as_(make.person(Role.MRC))

    page = words_of(look(api, make.owner_of(new), f"{page_of(new)}/compare"))
    with counted() as statements:
        told = client.get(f"{route_of(new)}/compare", params={"with": "1.2.0"}).json()

    assert ("1.2.0", "1.3.0") == (told["before"]["version"], told["now"]["version"])
    assert {"description": "CHANGED", "commitSha": "SAME"} == {fact["field"]: fact["change"] for fact in told["facts"]}
    assert {
        "framework": "SAME", "frameworkVersion": "CHANGED", "hyperparameters.max_depth": "CHANGED",
        "hyperparameters.eta": "REMOVED", "hyperparameters.sampling.rate": "SAME",
        "hyperparameters.sampling.by": "ADDED", "trainingDataset": "SAME", "limitations": "ADDED",
        "card.risks": "CHANGED",
    } == {field["field"]: field["change"] for field in told["metadata"]}  # fmt: skip
    (schema,) = told["schemas"]
    assert (1, 2, ["graph.degree"], True) == tuple(
        schema[key] for key in ("fieldsBefore", "fieldsNow", "added", "isFlagged")
    )
    assert ("age", "BREAKING") == (schema["findings"][0]["path"], schema["findings"][0]["effect"])
    assert "1.2.0 → 1.3.0" in told["flags"][0]["text"]
    assert {
        "model.safetensors": "CHANGED", "new.safetensors": "ADDED", "gone.safetensors": "REMOVED",
        "kept.safetensors": "SAME",
    } == {file["path"]: file["change"] for file in told["artifacts"]}  # fmt: skip
    assert told["artifacts"][0]["verdictNow"] == "CLEAN_DATA"
    assert told["changed"] + told["same"] == sum(
        len(told[key]) for key in ("facts", "metadata", "schemas", "artifacts")
    )
    assert "Look here first. Input Schema breaks callers, yet 1.2.0 → 1.3.0 promises that nothing breaks." in page
    assert "Input Schema 1 field 2 fields: graph.degree added" in page
    assert "Artifacts 1 changed, 1 added, 1 removed, 1 the same" in page
    assert len(statements) <= 13, statements


def test_without_a_name_the_one_before_is_compared_with(make: Make, api: Api) -> None:
    """Where none was approved it is the last before this one; the first, itself and a stranger are refused."""
    model = make.model()
    first, _, third = (make.version(model, version=number) for number in ("1.0.0", "1.1.0+b.1", "1.2.0"))
    client = api.as_(make.person())

    default = client.get(f"{route_of(third)}/compare")
    unquoted = client.get(f"{route_of(third)}/compare?with=1.1.0+b.1")
    refused = [
        client.get(f"{route_of(version)}/compare", params=params)
        for version, params in ((first, {}), (first, {"with": "1.0.0"}), (first, {"with": "9.9.9"}))
    ]

    alone = words_of(look(api, make.owner_of(first), f"{page_of(first)}/compare"))
    assert "1.0.0 is the first version; there is none before it." in alone
    assert "1.1.0+b.1" == default.json()["before"]["version"] == unquoted.json()["before"]["version"]
    assert (0, 0, []) == tuple(default.json()[key] for key in ("changed", "same", "flags"))
    assert [(422, "invalid_input"), (422, "invalid_input"), (404, "not_found")] == [
        refusal(answer) for answer in refused
    ]


def test_a_restricted_model_is_compared_by_those_who_see_it(make: Make, api: Api) -> None:
    """Whoever may not see a model is told that there is no such version."""
    model = make.model(visibility="RESTRICTED")
    make.version(model, version="1.0.0")
    second = make.version(model, version="1.1.0")

    stranger = api.as_(make.person()).get(f"{route_of(second)}/compare")
    reviewer = api.as_(make.person(Role.MRC)).get(f"{route_of(second)}/compare")

    assert (404, 200) == (stranger.status_code, reviewer.status_code)


def test_numbers_that_fell_are_told_with_what_is_asked_of_them(make: Make, api: Api) -> None:
    """Each metric of the latest runs, better or worse by the threshold; what fell close to its limit comes first."""
    model = make.model()
    old, new = make.version(model, version="1.0.0"), make.version(model, version="2.0.0")
    owner, suite = api.as_(make.owner_of(model)), f"Suite of {model.group}"
    thresholds = [
        {"metric": "recall", "slice": "new", "comparison": ">=", "value": 0.74},
        {"metric": "latency", "comparison": "<=", "value": 40},
    ]
    asked = {"name": suite, "scope": {"groups": [model.group]}, "thresholds": thresholds}
    assert 201 == api.as_(make.person(Role.MRC)).post("/api/v1/evaluation-suites", json=asked).status_code
    for version, recall, latency in ((old, 0.774, 38), (new, 0.743, 31)):
        metrics = [
            {"name": "recall", "slice": "new", "value": recall}, {"name": "latency", "value": latency},
            {"name": "loss", "value": 0.5},
        ]  # fmt: skip
        run = {"dataset": {"name": "holdout"}, "suite": suite, "metrics": metrics}
        assert 201 == owner.post(f"{route_of(version)}/evaluations", json=run).status_code

    told = owner.get(f"{route_of(new)}/compare").json()
    page = words_of(look(api, make.owner_of(model), f"{page_of(new)}/compare"))

    assert [
        ("recall", "new", "CHANGED", False, "NEAR"), ("latency", None, "CHANGED", True, "PASS"),
        ("loss", None, "SAME", None, None),
    ] == [
        tuple(one[key] for key in ("name", "slice", "change", "isBetter", "verdict")) for one in told["metrics"]
    ]  # fmt: skip
    assert ["recall on new got worse: 0.774 → 0.743 (limit >= 0.74)."] == [flag["text"] for flag in told["flags"]]
    third = make.version(model, version="3.0.0")
    loose = {"dataset": {"name": "holdout"}, "metrics": [{"name": "latency", "value": 30}]}
    assert 201 == owner.post(f"{route_of(third)}/evaluations", json=loose).status_code
    both = words_of(look(api, make.owner_of(model), f"{page_of(third)}/compare"))
    assert f"latency is asked for by {suite} and was not measured again." in both
    assert f"latency {suite} all 31 none ≤ 40 Not run" in both
    assert "latency without a suite all none 30 none asked" in both
    assert "Look here first. recall on new got worse" in page
    assert "latency all 38 31 −7 , better" in page
