"""
What a restricted model is to those who may not see it: nothing. No answer, count or length tells that it is there.
"""

from collections.abc import Callable
from typing import Any

import pytest

from modelkeep_server.features.models.views import Model
from modelkeep_server.rules.permissions import SEES_RESTRICTED, Role
from tests.support.clients import Api, Browser
from tests.support.make import Make, Person
from tests.support.passing import still


def looks_of(group: str, owner: str) -> dict[str, str]:
    """Every way to come upon a model without knowing its name: lists, counts, filters, boxes, pages."""
    return {
        "list": "/api/v1/models?limit=200",
        "list of the group": f"/api/v1/models?group={group}",
        "list by tier": f"/api/v1/models?group={group}&riskTier=HIGH",
        "list by tag": f"/api/v1/models?tag=tag-of-{group}",
        "list by owner": f"/api/v1/models?owner={owner}",
        "list by words": f"/api/v1/models?q=covert+{group}",
        "list by date": f"/api/v1/models?group={group}&createdFrom=2020-01-01",
        "a page of one": f"/api/v1/models?group={group}&limit=1",
        "activity": "/api/v1/activity",
        "the catalogue": "/models",
        "the catalogue of the group": f"/models?group={group}",
        "the search box": f"/models?q=covert+{group}",
        "the dashboard": "/",
        "everybody's activity": "/activity",
    }


def knocks_of(model: str) -> dict[str, tuple[str, str, Any]]:
    """Every way to ask for a model by its name."""
    api = f"/api/v1/models/{model}"
    return {
        "model": ("GET", api, None),
        "versions": ("GET", f"{api}/versions", None),
        "version": ("GET", f"{api}/versions/1.0.0", None),
        "files": ("GET", f"{api}/versions/1.0.0/artifacts", None),
        "moves": ("GET", f"{api}/versions/1.0.0/moves", None),
        "activity": ("GET", f"{api}/activity", None),
        "edit": ("PATCH", api, {"description": "Mine."}),
        "add": ("POST", f"{api}/versions", {"version": "2.0.0"}),
        "upload": ("PUT", f"{api}/versions/1.0.0/artifacts/a.json?type=CONFIG", {}),
        "link": ("POST", f"{api}/versions/1.0.0/artifacts/model.safetensors/links", {}),
        "share": ("PUT", f"{api}/collaborators/a@example.com", {"access": "READ"}),
        "ask": ("POST", "/api/v1/access-requests", {"model": model, "purpose": "To look.", "days": 7}),
        "lineage": (
            "POST",
            "/api/v1/lineage/openlineage",
            {
                "eventType": "COMPLETE",
                "run": {"runId": "r"},
                "job": {"namespace": "airflow", "name": "train"},
                "outputs": [{"namespace": "modelkeep", "name": f"{model}:1.0.0"}],
            },
        ),
        "graph": ("GET", f"/api/v1/lineage/graph?node=version:{model}/1.0.0", None),
        "impact": ("GET", f"/api/v1/lineage/impact?node={model}:1.0.0", None),
        "impact as CSV": ("GET", f"/api/v1/lineage/impact?node={model}:1.0.0&format=csv", None),
        "tell": ("POST", "/api/v1/lineage/tell", {"node": f"version:{model}/1.0.0", "message": "Recalled."}),
        "card": ("GET", f"{api}/versions/1.0.0/card", None),
        "cards": ("GET", f"{api}/versions/1.0.0/card/revisions", None),
        "compared cards": ("GET", f"{api}/versions/1.0.0/card/compare?before=1&now=1", None),
        "graph as a file": ("GET", f"/models/{model}/versions/1.0.0/lineage/export?format=json", None),
        "page": ("GET", f"/models/{model}", None),
        "page of a version": ("GET", f"/models/{model}/versions/1.0.0", None),
        "settings": ("GET", f"/models/{model}/settings", None),
    }


def look_around(browser: Browser, group: str, owner: str) -> dict[str, tuple[int, str]]:
    """The answers to every look, wherever that leads."""
    looks = looks_of(group, owner).items()
    answers = {what: browser.get(address, follow_redirects=True) for what, address in looks}
    return {what: (answer.status_code, still(answer.text)) for what, answer in answers.items()}


def hide_one(make: Make, group: str, owner: Person) -> Model:
    """A restricted model with a version and a file, in a group that others use as well."""
    model = make.model(
        owner, group=group, name="covert-model", description=f"A covert thing of {group}.", risk_tier="HIGH",
        tags=[f"tag-of-{group}"], visibility="RESTRICTED",
    )  # fmt: skip
    version = make.version(model, owner)
    make.file(version, owner)
    make.card(version, owner)
    return model


def test_a_restricted_model_changes_nothing_that_a_stranger_sees(make: Make, api: Api) -> None:
    """Lists, counts, pages, filters, search and activity are, to the byte, what they were before it was there."""
    owner, group = make.owner(), make.group()
    make.model(owner, group=group, name="open-model", tags=[f"tag-of-{group}"])
    stranger = api.browser(make.owner())
    look_around(stranger, group, owner.email)
    before = look_around(stranger, group, owner.email)

    hide_one(make, group, owner)

    assert look_around(stranger, group, owner.email) == before
    assert {status for status, _ in before.values()} == {200}


def test_asking_for_a_restricted_model_is_asking_for_none(make: Make, api: Api) -> None:
    """Every route answers a stranger about it, word for word, as about a name that nobody ever used."""
    owner, group = make.owner(), make.group()
    hidden = hide_one(make, group, owner)
    stranger = api.browser(make.owner())

    def answers(model: str) -> dict[str, tuple[int, str]]:
        found = {}
        for what, (method, address, body) in knocks_of(model).items():
            headers = {"x-csrf-token": stranger.csrf, "accept": "*/*" if "/api/" in address else "text/html"}
            answer = stranger.request(method, address, json=body, headers=headers)
            found[what] = (answer.status_code, still(answer.text).replace(model, "MODEL"))
        return found

    assert answers(hidden.address) == answers(f"{group}/absent-model")
    assert {status for status, _ in answers(hidden.address).values()} == {404}


def _as_role(role: Role) -> Callable[..., Person]:
    return lambda make, call, model, owner: make.person(role)


def _as_collaborator(access: str) -> Callable[..., Person]:
    def made(make: Make, call: Callable[..., Any], model: Model, owner: Person) -> Person:
        person = make.person()
        call(owner, "PUT", f"/models/{model.address}/collaborators/{person.email}", {"access": access})
        return person

    return made


def _as_former_collaborator(make: Make, call: Callable[..., Any], model: Model, owner: Person) -> Person:
    person = _as_collaborator("WRITE")(make, call, model, owner)
    call(owner, "DELETE", f"/models/{model.address}/collaborators/{person.email}", None)
    return person


def _as_owner(make: Make, call: Callable[..., Any], model: Model, owner: Person) -> Person:
    person = make.person()
    _transfer(make, call, model, [person.email, owner.email])
    return person


def _as_team_member(make: Make, call: Callable[..., Any], model: Model, owner: Person) -> Person:
    person, address = make.person(), f"team-of-{owner.email}"
    call(make.person(Role.ADMIN), "POST", "/teams", {"name": address, "email": address, "members": [person.email]})
    _transfer(make, call, model, [address, owner.email])
    return person


def _as_former_owner(make: Make, call: Callable[..., Any], model: Model, owner: Person) -> Person:
    _transfer(make, call, model, [make.person().email])
    return owner


def _transfer(make: Make, call: Callable[..., Any], model: Model, owners: list[str]) -> None:
    body = {"owners": owners, "reason": "New people."}
    call(make.person(Role.ADMIN), "POST", f"/models/{model.address}/transfer", body)


#: Who sees a restricted model, and how each comes to stand to it as they do.
WHO: dict[str, tuple[bool, Callable[..., Person]]] = {
    "nobody in particular": (False, lambda make, call, model, owner: make.person()),
    **{f"role {role.value}": (role in SEES_RESTRICTED, _as_role(role)) for role in Role},
    "READ": (True, _as_collaborator("READ")),
    "WRITE": (True, _as_collaborator("WRITE")),
    "former collaborator": (False, _as_former_collaborator),
    "registrar": (True, lambda make, call, model, owner: owner),
    "owner by e-mail": (True, _as_owner),
    "owner by team": (True, _as_team_member),
    "former owner": (False, _as_former_owner),
}


@pytest.mark.parametrize("who", WHO)
def test_whoever_may_see_a_restricted_model_finds_it_everywhere_and_nobody_else_anywhere(
    make: Make, api: Api, who: str
) -> None:
    """The one rule of visibility holds in every list, count, filter, search, page and address alike."""
    sees, become = WHO[who]
    owner, group = make.owner(), make.group()
    model = hide_one(make, group, owner)

    def call(person: Person, method: str, path: str, body: Any) -> Any:
        answer = api.as_(person).request(method, f"/api/v1{path}", json=body)
        assert answer.status_code < 300, answer.text

    browser = api.browser(become(make, call, model, owner))
    everyone = {"the dashboard", "list by owner"}
    looks = {what: address for what, address in looks_of(group, owner.email).items() if what not in everyone}

    answers = {what: browser.get(address, follow_redirects=True) for what, address in looks.items()}
    found = {what: "covert-model" in answer.text for what, answer in answers.items()}
    count = browser.get(f"/api/v1/models?group={group}").json()["total"]
    reads = {
        what: browser.get(address).status_code
        for what, (method, address, _) in knocks_of(model.address).items()
        if method == "GET"
    }

    assert set(found.values()) == {sees}, found
    assert count == int(sees)
    assert set(reads.values()) == {200 if sees else 404}, reads
