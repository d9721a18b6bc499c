"""Evaluations and their suites, through the API."""

from typing import Any

from modelkeep_server.features.evaluations import queries
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.policies.facts import gather_facts
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.problems import fields_at_fault, refusal
from tests.support.registries import Registry

_SUITES = "/api/v1/evaluation-suites"


def _run(**more: Any) -> dict[str, Any]:
    return {
        "dataset": {"name": "churn-holdout", "version": "2026-02"},
        "metrics": [{"name": "auc", "value": 0.9}],
        **more,
    }


def test_a_run_is_judged_by_its_suite_and_stands_for_the_version(registry: Registry, make: Make, api: Api) -> None:
    """
    Each threshold is told with its number; the latest run of each suite decides how the version stands, by the suite as
    it is now; a metric that is missing does not pass.
    """
    model = make.model(risk_tier="HIGH")
    version, reviewer, owner = make.version(model), make.person(Role.MRC), make.owner_of(model)
    where = f"/api/v1/models/{version.model}/versions/{version.version}/evaluations"
    asked = {
        "name": f"Suite of {model.group}",
        "scope": {"riskTiers": ["HIGH"], "groups": [model.group.upper()]},
        "thresholds": [
            {"metric": "auc", "comparison": ">=", "value": 0.8},
            {"metric": "auc", "slice": "region=EU", "comparison": ">=", "value": 0.8},
        ],
    }

    def standing() -> Any:
        with registry.reading() as work:
            found = model_queries.get_model(work, owner.actor, model.group, model.name)
            return queries.find_standing(work, found, version)

    assert "at least one" in standing().reasons[0]
    made = api.as_(reviewer).post(_SUITES, json=asked)
    assert made.status_code == 201, made.text
    assert "was not run" in standing().reasons[1]
    first = api.as_(owner).post(where, json=_run(suite=asked["name"].upper()))
    assert first.status_code == 201, first.text
    told = first.json()
    assert (told["passed"], told["suiteRevision"], told["source"]) == (False, 1, "API")
    assert [("PASS", 0.9), ("MISSING", None)] == [(row["verdict"], row["measured"]) for row in told["thresholds"]]
    assert "was not measured" in standing().suites[0].message
    of_slice = {"name": "auc", "slice": "region=EU", "value": 0.81, "confidenceInterval": [0.7, 0.9]}
    both = [{"name": "auc", "value": 0.9}, of_slice]
    second = api.as_(reviewer).post(where, json=_run(suite=made.json()["id"], metrics=both)).json()
    assert (second["passed"], second["thresholds"][1]["verdict"]) == (True, "NEAR")
    assert standing().passed
    assert [second["id"], told["id"]] == [row["id"] for row in api.as_(owner).get(where).json()["items"]]
    assert api.as_(owner).get(f"{where}/{told['id']}").json() == told
    stricter = [{"metric": "auc", "comparison": ">", "value": 0.95}]
    changed = api.as_(reviewer).patch(
        f"{_SUITES}/{made.json()['id']}", json={"thresholds": stricter, "reason": "Too low"}
    )
    assert (changed.status_code, changed.json()["revision"]) == (200, 2), changed.text
    assert "0.9, which does not pass > 0.95" in standing().reasons[0]
    with registry.reading() as work:
        known = model_queries.get_model(work, owner.actor, model.group, model.name)
        told_to_policies = gather_facts(work, known, version)["evaluations"]["suites"]
    assert [{"name": asked["name"], "hasRun": True, "passed": False}] == told_to_policies
    assert 1 == api.as_(owner).get(f"{where}/{second['id']}").json()["suiteRevision"]
    off = api.as_(reviewer).patch(f"{_SUITES}/{made.json()['id']}", json={"enabled": False})
    assert off.status_code == 200, off.text
    assert standing().passed
    assert {"suite"} == fields_at_fault(api.as_(owner).post(where, json=_run(suite=asked["name"])))
    revisions = api.as_(owner).get(f"{_SUITES}/{made.json()['id']}/revisions").json()
    assert [3, 2, 1] == [row["revision"] for row in revisions["items"]]
    stale = api.as_(reviewer).patch(f"{_SUITES}/{made.json()['id']}", json={"name": "x"}, headers={"If-Match": '"r1"'})
    assert refusal(stale) == (412, "stale_edit")
    assert {"evaluation.record", "suite.update"} <= {event.action for event in make.events(since=0)}


def test_who_records_and_who_signs(make: Make, api: Api) -> None:
    """
    Owners and reviewers record; a reviewer signs off, once, unless they recorded it or worked on the version; a closed
    version takes no run.
    """
    version = make.version()
    owner, stranger = make.owner_of(version), make.person(Role.MODEL_OWNER)
    one, other = make.person(Role.MRC), make.person(Role.SECURITY_ARCHITECT)
    where = f"/api/v1/models/{version.model}/versions/{version.version}/evaluations"

    assert refusal(api.as_(stranger).post(where, json=_run())) == (403, "not_permitted")
    run = api.as_(one).post(where, json=_run()).json()
    assert (run["passed"], run["recordedBy"], run["signedBy"]) == (None, one.email, None)
    sign = f"{where}/{run['id']}/sign"
    assert refusal(api.as_(owner).post(sign, json={})) == (403, "not_permitted")
    assert refusal(api.as_(one).post(sign, json={})) == (403, "separation_of_duties")
    signed = api.as_(other).post(sign, json={"comment": "Ran it again."})
    assert (signed.status_code, signed.json()["signedBy"], signed.json()["signComment"]) == (
        200,
        other.email,
        "Ran it again.",
    )
    assert refusal(api.as_(other).post(sign, json={})) == (409, "conflict")
    assert refusal(api.as_(other).post(f"{where}/none/sign", json={})) == (404, "not_found")
    closed = api.as_(owner).post(where.replace("/evaluations", "/close"), json={"reason": "No."})
    assert closed.status_code == 200
    assert refusal(api.as_(owner).post(where, json=_run())) == (409, "state_forbids")
    assert refusal(api.as_(owner).post(_SUITES, json={"name": "n", "thresholds": []})) == (403, "not_permitted")


def test_files_are_imported_or_refused_by_row(make: Make, api: Api) -> None:
    """A file becomes a run as a whole, or is refused with every row at fault and nothing recorded; so is bad input."""
    version = make.version()
    owner, reviewer = make.owner_of(version), make.person(Role.MRC)
    where = f"/api/v1/models/{version.model}/versions/{version.version}/evaluations"

    def send(content: str, query: str = "") -> Any:
        return api.as_(owner).post(f"{where}/import{query}", json={"content": content, "dataset": {"name": "holdout"}})

    bad = send("metric,value\nauc,nan\nf1,0.5\nf1,0.6\n")
    assert {"line 2", "line 4"} == fields_at_fault(bad)
    assert fields_at_fault(send('{"auc": 1}', "?format=csv")) == {"line 1"}
    assert send('{"auc": 1}', "?format=excel").status_code == 422
    assert 0 == api.as_(owner).get(where).json()["total"]
    good = send("sex,accuracy\noverall,0.9\nFemale,0.8\nMale,0.95\n" + "".join(f"g{n},0.5\n" for n in range(900)))
    assert good.status_code == 201, good.text
    assert (good.json()["source"], good.json()["format"], len(good.json()["metrics"])) == ("IMPORT", "fairlearn", 903)
    twice = [
        {"name": "auc", "value": 1},
        {"name": "auc", "value": 2},
        {"name": "f1", "value": 3, "confidenceInterval": [4, 5]},
    ]
    faulty = api.as_(owner).post(where, json=_run(metrics=twice, dataset={"name": " "}, suite="none such"))
    assert {"dataset.name", "suite", "metrics.1", "metrics.2"} == fields_at_fault(faulty)
    for value in ("NaN", "Infinity", '"0.9"', "true", "1e999"):
        body = f'{{"dataset": {{"name": "d"}}, "metrics": [{{"name": "auc", "value": {value}}}]}}'
        sent = api.as_(owner).post(where, content=body, headers={"content-type": "application/json"})
        assert sent.status_code in (400, 422), (value, sent.text)
    clash = [{"metric": "auc", "comparison": ">=", "value": 0.9}, {"metric": "auc", "comparison": "<", "value": 0.8}]
    refused = api.as_(reviewer).post(_SUITES, json={"name": " x", "thresholds": clash, "scope": {"groups": ["a b"]}})
    assert {"name", "scope.groups", "thresholds.1"} == fields_at_fault(refused)
