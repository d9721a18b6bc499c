"""Lineage as OpenLineage's own client tells it."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, JobEvent, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    dataset_version_dataset,
    input_statistics_input_dataset,
    source_code_location_job,
)
from openlineage.client.serde import Serde

from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.letting_in import put_into
from tests.support.make import Make
from tests.support.registries import Registry
from tests.support.running import RunningRegistry, running_registry

ROOT = Path(__file__).resolve().parents[3]
EVENTS = "/api/v1/lineage/openlineage"
RUN_ID = "01a218a0-c8b9-72a0-8fe5-3509b0ea548b"
WHEN = "2026-02-28T23:04:00Z"


def read(namespace: str, name: str, version: str | None = None, size: int | None = None, **more: Any) -> InputDataset:
    """An input, with what its standard facets say, and our own one."""
    facets: dict[str, Any] = {"modelkeep": more} if more else {}
    if version is not None:
        facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(version)
    told = {} if size is None else {
        "inputStatistics": input_statistics_input_dataset.InputStatisticsInputDatasetFacet(size=size)
    }  # fmt: skip
    return InputDataset(namespace, name, facets=facets, inputFacets=told)


DATA = (
    read("s3://data", "churn/events", "2026-02", size=1024, personalData="NO"),
    read("s3://data", "churn/holdout", "2026-02", role="TEST"),
)


def run_of(*outputs: str, state: RunState = RunState.COMPLETE, inputs: Any = DATA, **facets: Any) -> RunEvent:
    """An event of a run that trained these versions."""
    code = source_code_location_job.SourceCodeLocationJobFacet(
        type="git", url="https://git.company.com/churn/tree/9f3c1ab2", repoUrl="git@git.company.com:churn.git",
        version="9f3c1ab2",
    )  # fmt: skip
    return RunEvent(
        eventType=state, eventTime=WHEN, run=Run(RUN_ID, facets={"modelkeep": facets} if facets else {}),
        job=Job("airflow", "train-churn", facets={"sourceCodeLocation": code}), producer="https://company.com/training",
        inputs=list(inputs), outputs=[OutputDataset("modelkeep", name) for name in outputs],
    )  # fmt: skip


def sent(event: Any) -> dict[str, Any]:
    """The JSON that the client sends of an event."""
    return dict(Serde.to_dict(event))


def configuration(url: str, token: str) -> dict[str, Any]:
    """The client's configuration as the guide has it, for a registry at an address, with a token."""
    guide = (ROOT / "docs" / "guide" / "lineage.md").read_text("utf-8")
    told: dict[str, Any] = yaml.safe_load(guide.partition("```yaml\n")[2].partition("```")[0])["transport"]
    assert told["auth"]["apiKey"] == "mk_pat_..."
    return {**told, "url": url, "auth": {**told["auth"], "apiKey": token}}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry just started."""
    with running_registry(tmp_path_factory.mktemp("openlineage")) as served:
        yield served


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_the_stock_client_tells_where_a_version_comes_from(running: RunningRegistry, compression: str | None) -> None:
    """Configured as the guide says, packed or not; what comes twice stands once."""
    token = running.token("olga@company.com", "MODEL_OWNER")
    at = {"headers": {"authorization": f"Bearer {token}"}, "timeout": 30}
    name = "plain" if compression is None else "packed"
    model = {"group": "openlineage", "name": name, "description": "Scores.", "owners": ["olga@company.com"],
             "riskTier": "LOW"}  # fmt: skip
    models = f"{running.url}/api/v1/models"
    assert httpx2.post(models, json=model, **at).status_code == 201
    versions = f"{models}/openlineage/{name}/versions"
    assert httpx2.post(versions, json={"version": "1.0.0"}, **at).status_code == 201
    packed = {} if compression is None else {"compression": compression}
    client = OpenLineageClient(config={"transport": {**configuration(running.url, token), **packed}})

    for state in (RunState.START, RunState.COMPLETE, RunState.COMPLETE):
        client.emit(run_of(f"openlineage/{name}:1.0.0", state=state, url="https://airflow.company.com/r/1"))
    items = httpx2.get(f"{versions}/1.0.0/lineage/items", **at).json()["items"]

    told = [{key: value for key, value in item.items() if key not in ("id", "addedAt", "node")} for item in items]
    by = {"addedBy": "olga@company.com", "source": "OPENLINEAGE"}
    assert told == [
        {"kind": "DATASET", "name": "churn/events", "version": "2026-02", "uri": "s3://data/churn/events",
         "role": "TRAINING", "sizeBytes": 1024, "personalData": "NO", **by, "source": "VERSION"},
        {"kind": "DATASET", "name": "churn/holdout", "version": "2026-02", "uri": "s3://data/churn/holdout",
         "role": "TEST", **by},
        {"kind": "COMMIT", "repositoryUrl": "https://git.company.com/churn", "commitSha": "9f3c1ab2", **by},
        {"kind": "TRAINING_RUN", "system": "airflow", "runId": RUN_ID, "url": "https://airflow.company.com/r/1",
         "inputs": ["commit:9f3c1ab2", "dataset:churn%2Fevents@2026-02", "dataset:churn%2Fholdout@2026-02"], **by},
    ]  # fmt: skip


def test_an_event_says_what_it_changed_and_only_once(registry: Registry, make: Make, api: Api) -> None:
    """Of each version that a run made; again it adds nothing, also once the version is frozen, and then says so."""
    owner = make.owner()
    model = make.model(owner, repository_url="https://git.company.com/churn")
    base = make.version(model, owner)
    trained = {"trainingDataset": {"name": "churn/events", "version": "2026-02", "uri": "s3://mirror/events"}}
    versions = [make.version(model, owner, version=f"2.{n}.0", metadata=trained) for n in range(2)]
    inputs = (*DATA, read("modelkeep", base.address), read("hf", "org/name", role="VALIDATION", version="main"))
    event = sent(run_of(*(one.address for one in versions), versions[0].address.upper(), inputs=inputs))
    before = make.event_count()

    first = api.as_(owner).post(EVENTS, json=event)
    between = make.event_count()
    put_into(registry, versions[0], State.SUBMITTED)
    frozen = make.event_count()
    again = api.as_(owner).post(EVENTS, json=event)
    other = api.as_(owner).post(EVENTS, json={**event, "run": {"runId": "another"}})

    told = first.json()["versions"]
    assert (first.status_code, again.status_code) == (201, 201)
    assert [f"{one['model']}:{one['version']}" for one in told] == [one.address for one in versions]
    assert [(one["kind"], one.get("name") or one.get("version") or one["node"]) for one in told[0]["added"]] == [
        ("DATASET", "churn/events"), ("DATASET", "churn/holdout"), ("BASE_MODEL", "1.0.0"), ("DATASET", "org/name"),
        ("COMMIT", "commit:9f3c1ab2"), ("TRAINING_RUN", f"run:airflow/{RUN_ID}"),
    ]  # fmt: skip
    # What its owner said of the training data stays; what the run knows beyond that is added.
    assert told[0]["added"][0] | {"uri": "s3://mirror/events", "sizeBytes": 1024} == told[0]["added"][0]
    assert f"6 items were added to the lineage of {versions[0].address}." in first.json()["said"]
    assert between - before == 12
    assert [(one["added"], one["known"]) for one in again.json()["versions"]] == [([], 6), ([], 6)]
    assert f"Nothing was added to the lineage of {versions[1].address}." in again.json()["said"]
    assert (other.status_code, other.json()["code"]) == (409, "state_forbids")
    assert make.event_count() - frozen == 1  # the refusal


def test_what_is_no_complete_run_of_a_version_changes_nothing(make: Make, api: Api) -> None:
    """Other events are taken and told so, whatever they name, since clients send them by themselves."""
    owner = make.owner()
    version = make.version(make.model(owner), owner)
    states = [state for state in RunState if state is not RunState.COMPLETE]
    events = [sent(run_of(version.address, state=state)) for state in states]
    events.append(sent(JobEvent(eventTime=WHEN, producer="https://x.com", job=Job("airflow", "train-churn"))))
    events.append({**sent(run_of()), "outputs": [{"namespace": "s3://data", "name": version.address}]})
    before = make.event_count()

    answers = [api.as_(owner).post(EVENTS, json=event) for event in events]

    assert {answer.status_code for answer in answers} == {201}
    assert all(answer.json()["versions"] == [] for answer in answers)
    assert "the run is not complete (START)" in answers[0].json()["said"]
    assert "this is no event of a run" in answers[-2].json()["said"]
    assert "no output of the namespace modelkeep names a version" in answers[-1].json()["said"]
    assert make.event_count() == before


def test_faults_of_an_event_are_named_by_their_place_in_it(make: Make, api: Api) -> None:
    """All at once, in the event's own words; what one may not see is not there, and who may not write is refused."""
    owner = make.owner()
    model = make.model(owner, visibility="RESTRICTED")
    version = make.version(model, owner)
    inputs = (
        read("s3://data", "events"),
        read("s3://data", "more", "1", role="EXAM", colour="red", sha256="none"),
        read("modelkeep", "nobody"),
    )
    wrong = sent(run_of(version.address, "risk-without-version", inputs=inputs, url="ftp://x"))
    wrong["job"]["facets"]["sourceCodeLocation"]["version"] = "main"
    client = api.as_(owner)

    faults = client.post(EVENTS, json=wrong).json()["errors"]
    shape = client.post(EVENTS, json={**wrong, "eventType": "DONE", "inputs": [{"name": 1}]}).json()["errors"]
    unknown = client.post(EVENTS, json=sent(run_of(f"{model.address}:9.9.9")))
    base = client.post(EVENTS, json=sent(run_of(version.address, inputs=[read("modelkeep", "no/where:1.0.0")])))
    circle = client.post(EVENTS, json=sent(run_of(version.address, inputs=[read("modelkeep", version.address)])))
    unseen = api.as_(make.owner()).post(EVENTS, json=sent(run_of(version.address)))
    barred = api.as_(make.person(Role.MRC)).post(EVENTS, json=sent(run_of(version.address)))
    nobody = api.anonymous.post(EVENTS, json=sent(run_of(version.address)))

    assert sorted(one["field"] for one in faults) == [
        "inputs.0.facets.version.datasetVersion", "inputs.1.facets.modelkeep.colour",
        "inputs.1.facets.modelkeep.role", "inputs.1.facets.modelkeep.sha256", "inputs.2.name",
        "job.facets.sourceCodeLocation.version", "outputs.1.name", "run.facets.modelkeep.url",
    ]  # fmt: skip
    assert sorted(one["field"] for one in shape) == ["eventType", "inputs.0.name", "inputs.0.namespace"]
    assert (unknown.status_code, unseen.status_code, barred.status_code, nobody.status_code) == (404, 404, 403, 401)
    assert [one.json()["errors"][0]["field"] for one in (base, circle)] == ["inputs.0.name"] * 2
    assert client.get(f"/api/v1/models/{model.address}/versions/1.0.0/lineage/items").json()["items"] == []


def test_a_batch_keeps_what_is_sound(make: Make, api: Api) -> None:
    """Each event for itself; those that are refused are named by their number, with why."""
    owner = make.owner()
    version = make.version(make.model(owner), owner)
    good = sent(run_of(version.address))
    hidden = sent(run_of("no/where:1.0.0"))

    batch = f"{EVENTS}/batch"
    mixed = api.as_(owner).post(batch, json=[good, hidden, {"eventType": "DONE"}, good])
    bad = api.as_(owner).post(batch, json=[hidden])
    fine = api.as_(owner).post(batch, json=[good])
    many = api.as_(owner).post(batch, json=[{}] * 101)
    nobody = [api.anonymous.post(batch, json=events) for events in ([good], [], [{"eventType": "DONE"}])]
    items = api.as_(owner).get(f"/api/v1/models/{version.model}/versions/1.0.0/lineage/items").json()["items"]

    assert mixed.status_code == 200
    told = mixed.json()
    assert (told["status"], told["summary"]) == ("partial_success", {"received": 4, "successful": 2, "failed": 2})
    assert [one["index"] for one in told["failed_events"]] == [1, 2]
    assert "eventType" in told["failed_events"][1]["reason"]
    assert [one.json()["status"] for one in (bad, fine)] == ["failure", "success"]
    assert many.status_code == 422
    assert [one.status_code for one in nobody] == [401, 401, 401]
    assert len(items) == 4


def test_packed_bodies_are_bounded_like_others(make: Make, api: Api) -> None:
    """A body that unpacks to more than may be sent, is cut, is no gzip, or is packed otherwise is refused."""
    client = api.as_(make.owner())
    head = {"content-type": "application/json", "content-encoding": "gzip"}
    whole = gzip.compress(json.dumps(sent(run_of())).encode())

    bomb = client.post(EVENTS, content=gzip.compress(b" " * 50_000_000), headers=head)
    cut = client.post(EVENTS, content=whole[:-9], headers=head)
    longer = client.post(EVENTS, content=whole + b"more", headers=head)
    other = client.post(EVENTS, content=b"{}", headers=head)
    brotli = client.post(EVENTS, content=b"{}", headers={**head, "content-encoding": "br"})
    sound = client.post(EVENTS, content=whole, headers=head)

    assert [one.status_code for one in (bomb, cut, longer, other, brotli, sound)] == [413, 400, 400, 400, 415, 201]
