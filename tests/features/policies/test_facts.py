"""What policies can ask of the lineage and of the model card."""

from typing import Any

from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.policies.facts import gather_many
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.lifecycle import State
from tests.support.clients import Api
from tests.support.letting_in import put_into
from tests.support.make import Make, Person
from tests.support.promoting import COMPLETE, begin_life
from tests.support.registries import Registry
from tests.support.statements import counted

SHA = "ab" * 32
ITEMS: tuple[dict[str, Any], ...] = (
    {"kind": "DATASET", "name": "churn-holdout", "version": "2", "role": "TEST", "sha256": SHA, "sizeBytes": 12,
     "personalData": "NO", "uri": "s3://data/holdout/"},
    {"kind": "FEATURE_PIPELINE", "name": "features", "uri": "git:features.py"},
    {"kind": "COMMIT", "repositoryUrl": "https://git.company.com/churn", "commitSha": "9f3c1ab2"},
    {"kind": "TRAINING_SCRIPT", "name": "train", "uri": "git:train.py", "commitSha": "9f3c1ab2"},
    {"kind": "PREPROCESSING", "name": "clean", "uri": "git:clean.py"},
    {"kind": "BASE_MODEL", "uri": "hf:org/name"},
    {"kind": "TRAINING_RUN", "system": "mlflow", "runId": "r1", "url": "https://mlflow.company.com/r1"},
    {"kind": "CONSUMER", "name": "retention mails", "url": "https://company.com/retention"},
)  # fmt: skip


def gather(registry: Registry, owner: Person, *versions: Version) -> list[dict[str, Any]]:
    """The facts of versions that one person owns, gathered at once."""
    with registry.reading() as work:
        pairs = []
        for version in versions:
            place = version.model.split("/")
            model = model_queries.get_model(work, owner.actor, *place)
            pairs.append((model, version_queries.get_version(work, owner.actor, *place, version.version)))
        return gather_many(work, pairs)


def test_policies_can_ask_of_all_that_is_in_the_lineage(registry: Registry, make: Make, api: Api) -> None:
    """What the version says in its own fields and every kind of item; each version has its own."""
    owner = make.owner()
    base = make.version(make.model(owner, risk_tier="HIGH"), owner, version="2.0.0")
    put_into(registry, base, State.PRODUCTION)
    model = make.model(owner, repository_url="https://git.company.com/mine")
    told = {**COMPLETE, "baseModel": {"model": base.model.upper(), "version": "2.0.0"}}
    version = make.version(model, owner, metadata=told, commit_sha="1234567", training_job_id="job-7")
    bare = make.version(model, owner, version="1.1.0")
    place = f"/api/v1/models/{version.model}/versions/{version.version}/lineage"
    for item in ITEMS:
        assert api.as_(owner).post(place, json=item).status_code == 201, item
    gone = api.as_(owner).post(place, json={"kind": "CONSUMER", "name": "gone"}).json()["id"]
    assert api.as_(owner).delete(f"{place}/items/{gone}").status_code < 300

    facts, empty = (one["lineage"] for one in gather(registry, owner, version, bare))

    assert facts["datasets"] == [
        {"name": "churn-events", "version": "2026-02", "role": "TRAINING", "personalData": "UNKNOWN"},
        {key: value for key, value in ITEMS[0].items() if key != "kind"},
    ]
    assert facts["baseModels"] == [
        {"model": base.model, "version": "2.0.0", "state": "PRODUCTION", "riskTier": "HIGH"}, {"uri": "hf:org/name"},
    ]  # fmt: skip
    assert facts["commits"] == [
        {"repositoryUrl": "https://git.company.com/mine", "commitSha": "1234567"},
        {"repositoryUrl": "https://git.company.com/churn", "commitSha": "9f3c1ab2"},
    ]
    assert [one["system"] for one in facts["runs"]] == ["job", "mlflow"]
    assert {name: [one["name"] for one in facts[name]] for name in ("scripts", "pipelines", "preprocessing")} == {
        "scripts": ["train"], "pipelines": ["features"], "preprocessing": ["clean"],
    }  # fmt: skip
    assert facts["consumers"] == [{"name": "retention mails", "url": "https://company.com/retention"}]
    assert set(map(len, empty.values())) == {0}


def test_policies_can_ask_of_the_model_card(registry: Registry, make: Make, api: Api) -> None:
    """Whether one is published, which revision, how complete and when, and whether a newer draft waits."""
    life = begin_life(make, api)
    owner = life.cast.owner
    (none,) = gather(registry, owner, life.version)
    life.post("/card", owner)
    (draft,) = gather(registry, owner, life.version)
    life.publish_card()
    published = life.get("/card").json()
    (first,) = gather(registry, owner, life.version)
    assert life.get("/card").status_code == 200
    noted = api.as_(owner).put(f"{life.base}/card/annotations/factors", json={"markdown": "Seasons matter."})
    assert noted.status_code == 200
    (waiting,) = gather(registry, owner, life.version)

    assert none["card"] == {"published": False, "current": False, "hasDraft": False}
    assert draft["card"] == {"published": False, "current": False, "hasDraft": True}
    assert first["card"].pop("publishedAt") is not None
    assert first["card"] == {"published": True, "current": True, "hasDraft": False, "revision": 1,
                             "coverage": round(published["coverage"], 4)}  # fmt: skip
    assert waiting["card"]["hasDraft"]
    assert waiting["card"]["revision"] == 1


def test_policies_can_ask_whether_a_card_is_of_what_the_version_holds(
    registry: Registry, make: Make, api: Api
) -> None:  # fmt: skip
    """Each change of its content counts, until it is taken back; being frozen is none, nor is an evaluation."""
    life = begin_life(make, api)
    owner = life.cast.owner
    run = {"kind": "TRAINING_RUN", "system": "mlflow", "runId": "churn-7"}
    consumer = {"kind": "CONSUMER", "name": "retention mails"}
    life.publish_card()

    def is_current() -> bool:
        (facts,) = gather(registry, owner, life.version)
        return bool(facts["card"]["current"])

    told = [is_current()]
    for metadata in ({"limitations": "Weak in winter."}, {"limitations": life.version.metadata.get("limitations")}):
        assert api.as_(owner).patch(life.base, json={"metadata": metadata}).status_code == 200
        told.append(is_current())
    item = life.post("/lineage", owner, **run).json()
    told.append(is_current())
    assert api.as_(owner).delete(f"{life.base}/lineage/items/{item['id']}").status_code == 204
    told.append(is_current())
    make.file(life.version, owner, path="tokenizer.json", content=b"{}", type="TOKENIZER")
    told.append(is_current())
    assert api.as_(owner).delete(f"{life.base}/artifacts/tokenizer.json").status_code == 204
    assert life.post("/lineage", owner, **consumer).status_code == 201
    told.append(is_current())
    life.reach("STAGING")
    told.append(is_current())
    assert told == [True, False, True, False, True, False, True, True]


def test_a_card_from_before_its_content_was_kept_is_not_doubted(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api
) -> None:  # fmt: skip
    """Nobody knows what it was generated from, so what passed with it goes on passing."""
    life = begin_life(fresh_make, fresh_api)
    life.publish_card()
    digest = life.get("/card").json()["contentDigest"]
    fresh_registry.tamper("UPDATE card_revisions SET document = replace(document, :told, '')",
                          told=f'"contentDigest":"{digest}",')  # fmt: skip
    changed = fresh_api.as_(life.cast.owner).patch(life.base, json={"metadata": {"limitations": "Weak in winter."}})
    assert changed.status_code == 200
    (facts,) = gather(fresh_registry, life.cast.owner, life.version)
    assert facts["card"]["current"]


def test_facts_of_many_versions_cost_as_much_as_those_of_one(registry: Registry, make: Make) -> None:
    """Five statements, however many versions there are, and one more where a base model is registered here."""
    owner = make.owner()
    model = make.model(owner)
    base = make.version(model, owner)
    derived = {"baseModel": {"model": model.address, "version": base.version}}
    versions = [make.version(model, owner, version=f"1.{n}.0", metadata=derived) for n in range(1, 4)]
    costs = []
    for asked in ([base], versions, [base, *versions]):
        place = model.address.split("/")
        with registry.reading() as work:
            found = model_queries.get_model(work, owner.actor, *place)
            pairs = [(found, version_queries.get_version(work, owner.actor, *place, one.version)) for one in asked]
            with counted() as sent:
                gather_many(work, pairs)
            costs.append(len(sent))

    assert costs == [5, 6, 6]
