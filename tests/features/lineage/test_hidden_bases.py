"""A base model that somebody may not see stands nowhere that they can read."""

from tests.support.addresses import page_of, route_of
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.problems import fields_at_fault, refusal


def test_a_base_model_that_one_may_not_see_is_told_nowhere(make: Make, api: Api) -> None:
    """Neither the metadata nor the comparison of a version names it, in the API or on pages, to whoever sees that."""
    owner = make.owner()
    hidden = [make.version(make.model(owner, visibility="RESTRICTED")) for _ in range(2)]
    version = make.version(make.model(owner))
    where, page = route_of(version), page_of(version)
    for base in hidden:
        told = {"kind": "BASE_MODEL", "model": base.model, "version": base.version}
        assert api.as_(owner).post(f"{where}/lineage", json=told).status_code == 201
    made = api.as_(owner).post(f"/api/v1/models/{version.model}/versions", json={"version": "2.0.0"})
    assert made.status_code == 201
    reader = make.person()
    client, browser = api.as_(reader), api.browser(reader)
    answers = [
        *(client.get(f"{where}{below}") for below in ("", "/compare?with=2.0.0", "/lineage/items", "/lineage")),
        client.get(f"/api/v1/models/{version.model}/versions"),
        *(browser.get(f"{page}{below}") for below in ("", "/edit", "/compare?with=2.0.0", "/lineage")),
        browser.get(f"/models/{version.model}/versions/new?from=1.0.0"),
    ]
    for answer in answers:
        assert answer.status_code == 200, answer.url
        assert not [base.model for base in hidden if base.model in answer.text], answer.url
    assert "baseModel" not in client.get(where).json()["metadata"]
    assert hidden[0].model in api.as_(owner).get(where).text


def test_whoever_writes_without_seeing_the_base_model_neither_learns_nor_loses_it(make: Make, api: Api) -> None:
    """Edits leave it as it was, it cannot be taken off or guessed, and a version that begins there begins without."""
    owner, writer = make.owner(), make.person()
    hidden = make.version(make.model(owner, visibility="RESTRICTED"))
    version = make.version(make.model(owner))
    where, own = route_of(version), api.as_(owner)
    base = {"model": hidden.model, "version": hidden.version}
    assert own.post(f"{where}/lineage", json={"kind": "BASE_MODEL", **base}).status_code == 201
    let_in = own.put(f"/api/v1/models/{version.model}/collaborators/{writer.email}", json={"access": "WRITE"})
    assert let_in.status_code == 201
    client = api.as_(writer)

    edited = client.patch(where, json={"metadata": {"intendedUse": "Scoring."}})
    assert (edited.status_code, hidden.model in edited.text) == (200, False)
    assert refusal(client.delete(f"{where}/lineage/items/base-model")) == (404, "not_found")
    assert own.get(where).json()["metadata"]["baseModel"] == base
    events = []
    for name in (f"{hidden.model}:{hidden.version}", "no/such:1.0.0"):
        event = {
            "eventType": "COMPLETE", "run": {"runId": "r-1"}, "job": {"namespace": "airflow", "name": "train"},
            "inputs": [{"namespace": "modelkeep", "name": name}],
            "outputs": [{"namespace": "modelkeep", "name": version.address}],
        }  # fmt: skip
        answer = client.post("/api/v1/lineage/openlineage", json=event)
        assert fields_at_fault(answer) == {"inputs.0.name"}
        events.append(answer.json()["errors"][0]["message"].replace(name, "N"))
    assert events[0] == events[1]
    began = client.post(f"/api/v1/models/{version.model}/versions", json={"version": "2.0.0", "from": "1.0.0"})
    assert began.status_code == 201, began.text
    assert hidden.model not in began.text
    assert "baseModel" not in own.get(route_of(version).replace("1.0.0", "2.0.0")).json()["metadata"]
