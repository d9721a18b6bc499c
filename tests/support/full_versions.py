"""Versions of which everything is known, for tests of model cards."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.fields import FIELDS, Kind
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.promoting import Cast, Life, make_cast
from tests.support.registries import Registry


def card_of(version: Version, below: str = "") -> str:
    """The route of a version's card, or of one below it."""
    return f"/api/v1/models/{version.model}/versions/{version.version}/card{below}"


@dataclass(frozen=True)
class Full:
    """A version of which everything is known, and its people."""

    version: Version
    cast: Cast
    base: Version
    life: Life

    @property
    def owner(self) -> Person:
        """Who registered it."""
        return self.cast.owner


def full_metadata(base: Version | None = None) -> dict[str, Any]:
    """Every metadata field with a value of its own."""
    told: dict[str, Any] = {"card": {}}
    schema = {
        "type": "object",
        "properties": {"tenure": {"type": "integer", "description": "Months since the contract began."}},
        "required": ["tenure"],
    }
    for field in FIELDS:
        holder = told["card"] if field.card else told
        holder[field.key] = {
            Kind.LINE: field.label,
            Kind.TEXT: f"What is known of {field.label.lower()}.",
            Kind.DATE: "2026-02-14",
            Kind.SCHEMA: schema,
            Kind.OBJECT: {"max_depth": 6, "optimizer": {"name": "adam", "lr": 0.001}},
            Kind.DATASET: {"name": "churn-events", "version": "2026-02", "uri": "s3://data/churn/2026-02/"},
            Kind.BASE_MODEL: {"uri": "hf:org/base"} if base is None else {"model": base.model, "version": base.version},
        }[field.kind]
    return told


#: Beside what stands in the version's own fields.
_ITEMS: tuple[dict[str, Any], ...] = (
    {"kind": "DATASET", "name": "churn-holdout", "version": "2026-02", "role": "TEST", "sizeBytes": 184210,
     "sha256": "a" * 64, "personalData": "YES"},
    {"kind": "FEATURE_PIPELINE", "name": "features", "uri": "git+https://git.example.com/ml/features"},
    {"kind": "COMMIT", "repositoryUrl": "https://git.example.com/ml/churn", "commitSha": "d09e4b1c"},
    {"kind": "TRAINING_SCRIPT", "name": "train.py", "uri": "https://git.example.com/ml/churn/train.py"},
    {"kind": "PREPROCESSING", "name": "clean.py", "uri": "https://git.example.com/ml/churn/clean.py"},
    {"kind": "TRAINING_RUN", "system": "mlflow", "runId": "churn-2107", "url": "https://mlflow.example.com/runs/2107"},
)  # fmt: skip

METRICS: tuple[dict[str, Any], ...] = (
    {"name": "auc", "value": 0.871, "confidenceInterval": [0.866, 0.876]},
    {"name": "auc", "value": 0.812, "slice": "age=18-24", "confidenceInterval": [0.794, 0.829]},
    {"name": "auc", "value": 0.883, "slice": "age=25-44", "confidenceInterval": [0.877, 0.889]},
    {"name": "demographic_parity_difference", "value": 0.094},
    {"name": "auc_under_noise", "value": 0.84},
)


def add_items(api: Api, version: Version, owner: Person, items: tuple[dict[str, Any], ...] = _ITEMS) -> None:
    """Lineage items of a version."""
    where = f"/api/v1/models/{version.model}/versions/{version.version}/lineage"
    for item in items:
        added = api.as_(owner).post(where, json=item)
        assert added.status_code == 201, added.text


def make_full(registry: Registry, make: Make, api: Api) -> Full:
    """A version of which everything is known: it was measured, asked for, excepted and approved."""
    cast = make_cast(make)
    owner, reviewer = cast.owner, cast.mrc
    base = make.version(make.model(owner, name="base-model"), metadata={"limitations": "Knows nothing of prepaid."})
    model = make.model(owner, risk_tier="HIGH")
    version = make.version(model, commit_sha="d09e4b1c", training_job_id="job-7", metadata=full_metadata(base))
    make.file(version)
    add_items(api, version, owner)
    suite = {
        "name": f"Suite of {model.group}",
        "scope": {"riskTiers": ["HIGH"], "groups": [model.group]},
        "thresholds": [{"metric": "auc", "comparison": ">=", "value": 0.85},
                       {"metric": "auc", "slice": "age=18-24", "comparison": ">=", "value": 0.8}],
    }  # fmt: skip
    made = api.as_(reviewer).post("/api/v1/evaluation-suites", json=suite)
    assert made.status_code == 201, made.text
    life = Life(api, cast, version)
    run = {
        "dataset": {"name": "churn-holdout", "version": "2026-02"}, "metrics": list(METRICS),
        "suite": suite["name"], "procedure": "Once, on customers never seen in training.",
    }  # fmt: skip
    recorded = life.post("/evaluations", owner, **run)
    assert recorded.status_code == 201, recorded.text
    except_from(api, life, cast)
    life.reach("APPROVED_STAGING")
    with registry.reading() as work:
        found = version_queries.get_version(work, owner.actor, model.group, model.name, version.version)
    return Full(found, cast, base, life)


def except_from(api: Api, life: Life, cast: Cast) -> None:
    """Lift a policy for a version, for a while."""
    policies = api.as_(cast.owner).get("/api/v1/policies").json()["items"]
    asked = {
        "policy": policies[0]["id"], "version": life.version.address, "justification": "The retention season begins.",
        "risk": "Some offers go astray.", "mitigation": "A person looks at each.",
        "expiresAt": (datetime.now(UTC) + timedelta(days=30)).date().isoformat(),
    }  # fmt: skip
    made = api.as_(cast.owner).post("/api/v1/exceptions", json=asked)
    assert made.status_code == 201, made.text
    for person in (cast.mrc, cast.security):
        granted = api.as_(person).post(f"/api/v1/exceptions/{made.json()['id']}/grant", json={})
        assert granted.status_code == 200, granted.text


def items_of(card: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The items of a card by their ids."""
    return {item["id"]: item for section in card["sections"] for item in section["items"]}
