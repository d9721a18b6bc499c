"""A base model that somebody may not see stands nowhere that they can read."""

from modelkeep_server.rules.permissions import Role
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


def test_a_base_model_is_neither_guessed_nor_taken_off_by_who_may_not_see_it(make: Make, api: Api) -> None:
    """A patch that would change part of it, or name it, is answered as about none; one that empties it leaves it."""
    owner, writer = make.owner(), make.person()
    hidden = make.version(make.model(owner, visibility="RESTRICTED"))
    version = make.version(make.model(owner))
    where, own, client = route_of(version), api.as_(owner), api.as_(writer)
    base = {"model": hidden.model, "version": hidden.version}
    assert own.patch(where, json={"metadata": {"baseModel": base}}).status_code == 200
    let_in = own.put(f"/api/v1/models/{version.model}/collaborators/{writer.email}", json={"access": "WRITE"})
    assert let_in.status_code == 201

    without = make.version(make.model(owner))
    own.put(f"/api/v1/models/{without.model}/collaborators/{writer.email}", json={"access": "WRITE"})
    for patch in ({"version": "9.9.9"}, base, {"model": "no/such", "version": "1.0.0"}):
        answers = [client.patch(at, json={"metadata": {"baseModel": patch}}) for at in (where, route_of(without))]
        assert [answer.status_code for answer in answers] == [422, 422], patch
        assert answers[0].json()["errors"] == answers[1].json()["errors"]
    for metadata in ({"baseModel": None}, None):
        emptied = client.patch(where, json={"metadata": metadata})
        assert (emptied.status_code, hidden.model in emptied.text) == (200, False)
        assert own.get(where).json()["metadata"]["baseModel"] == base


def test_another_base_model_stands_beside_the_one_that_its_teller_may_not_see(make: Make, api: Api) -> None:
    """Whoever may see both finds both, and the log says that the first was kept."""
    owner, writer = make.owner(), make.person()
    hidden, open_one = make.version(make.model(owner, visibility="RESTRICTED")), make.version()
    version = make.version(make.model(owner))
    where, own, client = route_of(version), api.as_(owner), api.as_(writer)
    base = {"model": hidden.model, "version": hidden.version}
    own.patch(where, json={"metadata": {"baseModel": base}})
    own.put(f"/api/v1/models/{version.model}/collaborators/{writer.email}", json={"access": "WRITE"})

    other = {"model": open_one.model, "version": open_one.version}
    told = client.patch(where, json={"metadata": {"baseModel": other}})

    assert (told.status_code, told.json()["metadata"]["baseModel"]) == (200, other)
    assert hidden.model not in told.text
    items = own.get(f"{where}/lineage/items").json()["items"]
    assert [one["model"] for one in items if one["kind"] == "BASE_MODEL"] == [open_one.model, hidden.model]
    assert hidden.model not in client.get(f"{where}/lineage/items").text
    event = make.events(object_id=version.id, action="version.update")[-1]
    assert {"metadata.baseModel", "lineage"} <= event.after.keys()


def test_a_policy_repeats_no_base_model_among_what_a_program_took_in(make: Make, api: Api) -> None:
    """What it says is kept and read by all who see the version; it judges by the whole, and names the rest."""
    owner = make.owner()
    hidden = make.version(make.model(owner, visibility="RESTRICTED"))
    version = make.version(make.model(owner))
    node = f"version:{hidden.model}/{hidden.version}"
    for item in (
        {"kind": "BASE_MODEL", "model": hidden.model, "version": hidden.version},
        {"kind": "DATASET", "name": "churn", "version": "1", "role": "TEST"},
        {"kind": "PREPROCESSING", "name": "clean", "uri": "git:clean", "inputs": [node, "dataset:churn@1"]},
    ):
        assert api.as_(owner).post(f"{route_of(version)}/lineage", json=item).status_code == 201
    policy = {
        "name": f"Inputs of {version.model}", "severity": "WARN",
        "scope": {"groups": [version.model.partition("/")[0]]},
        "rules": [{
            "expression": "lineage.preprocessing.all(p, size(p.inputs) < 2)", "message": "It takes in one thing.",
            "detail": "lineage.preprocessing.map(p, p.inputs[0] + ' and ' + p.inputs[1])",
        }],
    }  # fmt: skip
    made = api.browser(make.person(Role.SECURITY_ARCHITECT)).call("POST", "/api/v1/policies", json=policy)
    assert made.status_code == 201, made.text

    told = api.browser(make.person()).get(page_of(version)).text

    assert "It takes in one thing" in told
    assert "dataset:churn@1" in told
    assert hidden.model not in told
