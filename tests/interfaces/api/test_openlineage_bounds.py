"""What one event of OpenLineage may cost, and what several at once do to each other."""

from functools import partial
from typing import Any

from modelkeep_server.features.versions.views import Version
from tests.support.addresses import route_of
from tests.support.at_once import at_once
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.problems import fields_at_fault
from tests.support.statements import counted

EVENTS = "/api/v1/lineage/openlineage"


def event_of(*outputs: str, inputs: list[dict[str, Any]]) -> dict[str, Any]:
    """A complete run that read these and made those versions."""
    return {
        "eventType": "COMPLETE", "run": {"runId": "r-1"}, "job": {"namespace": "airflow", "name": "train"},
        "inputs": inputs, "outputs": [{"namespace": "modelkeep", "name": name} for name in outputs],
    }  # fmt: skip


def shards_of(count: int) -> list[dict[str, Any]]:
    """So many datasets that a version was tested on."""
    facets = {"version": {"datasetVersion": "1"}, "modelkeep": {"role": "TEST"}}
    return [{"namespace": "s3://data", "name": f"shard-{number}", "facets": facets} for number in range(count)]


def test_each_item_of_an_event_costs_the_same(make: Make, api: Api) -> None:
    """What is there already is not read again for each item: nobody else writes while an event is taken."""
    costs = []
    for count in (10, 110):
        version = make.version()
        client = api.as_(make.owner_of(version))
        event = event_of(version.address, inputs=shards_of(count))
        client.get(route_of(version))
        with counted() as sent:
            assert client.post(EVENTS, json=event).status_code == 201
        costs.append(len([one for one in sent if "SELECT" in one.upper().split()[:1]]))
    assert costs[1] - costs[0] < 100, costs


def test_an_event_tells_only_so_much_at_once(make: Make, api: Api) -> None:
    """Of many versions with many items each, the sender is asked for an event of each; nothing is told then."""
    model = make.model()
    versions = [make.version(model, version=f"1.0.{number}") for number in range(3)]
    client = api.as_(make.owner_of(model))
    event = event_of(*(one.address for one in versions), inputs=shards_of(400))
    answer = client.post(EVENTS, json=event)
    assert fields_at_fault(answer) == {"outputs"}
    assert "1,000" in answer.json()["errors"][0]["message"]
    assert [] == client.get(f"{route_of(versions[0])}/lineage/items").json()["items"]


def test_an_event_of_several_versions_and_those_who_add_to_them_never_wait_for_each_other(make: Make, api: Api) -> None:
    """Each is taken or told already: none is turned away because another held what it waited for."""
    owner = make.owner()
    base = make.version(make.model(owner))
    versions = [make.version(make.model(owner)) for _ in range(7)]
    told = {"kind": "BASE_MODEL", "model": base.model, "version": base.version}
    inputs = [{"namespace": "modelkeep", "name": base.address}]
    event = event_of(*(one.address for one in versions), inputs=inputs)

    def add(version: Version) -> Any:
        return api.as_(owner).post(f"{route_of(version)}/lineage", json=told)

    answers = at_once(
        lambda: api.as_(owner).post(EVENTS, json=event), *(partial(add, version) for version in versions[1:])
    )

    assert {answer.status_code for answer in answers} <= {201, 409}, [answer.text for answer in answers]
