"""Telling owners of changes: whom, of what, how often, and what is on record of it."""

import secrets
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from modelkeep_server.db.queueing import unseal
from modelkeep_server.db.tables import audit_events, jobs
from modelkeep_server.db.work import Circumstances
from modelkeep_server.features.lineage.impact import telling
from modelkeep_server.features.notify import letters
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.permissions import Role
from tests.support.addresses import route_of
from tests.support.at_once import at_once
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.problems import refusal
from tests.support.registries import Registry

_TELL = "/api/v1/lineage/tell"
_NOTICES = "/api/v1/notices"


def _made_from(make: Make, owner: Person, data: str = "", base: Version | None = None, **model: Any) -> Version:
    """A version of a new model, made from version 1 of a dataset, or from another version."""
    metadata: dict[str, Any] = {}
    if data:
        metadata["trainingDataset"] = {"name": data, "version": "1"}
    if base is not None:
        metadata["baseModel"] = {"model": base.model, "version": base.version}
    return make.version(make.model(owner, **model), metadata=metadata)


def _fresh() -> str:
    return f"events-{secrets.token_hex(4)}"


def _send(registry: Registry, teller: Person, node: str) -> dict[str, letters.Written]:
    """Tell the owners where there is a mail server; gives the letters by who they are to."""
    parts = replace(registry.house.parts, sends_mail=True)
    with registry.house.database.writing(parts, Circumstances.of_the_house()) as work:
        before = int(work.scalar(select(jobs.c.id).order_by(jobs.c.id.desc()).limit(1)) or 0)
        telling.tell_owners(work, teller.actor, node, "Recalled.\nTrain again.")
        rows = work.all(select(jobs).where(jobs.c.id > before, jobs.c.kind == "mail"))
        sent = [unseal(work, "mail", row.payload) for row in rows]
    return {one["to"]: letters.write(one["template"], one["facts"], "https://models.co") for one in sent}


def test_nobody_fills_the_inboxes_of_others_nor_silences_a_warning(make: Make, api: Api) -> None:
    """One person tells of so many things a day, and who tells of something first keeps no other from telling of it."""
    version, data = make.version(), f"many-{secrets.token_hex(4)}"
    owner = api.as_(make.owner_of(version))
    for number in range(21):
        told = {"kind": "DATASET", "name": f"{data}-{number}", "version": "1", "role": "TEST"}
        assert owner.post(f"{route_of(version)}/lineage", json=told).status_code == 201
    teller, warner = api.as_(make.owner()), api.as_(make.person(Role.MRC))

    answers = [
        teller.post(_TELL, json={"node": f"dataset:{data}-{number}@1", "message": "Never mind."}).status_code
        for number in (0, *range(21))
    ]
    warned = warner.post(_TELL, json={"node": f"dataset:{data}-0@1", "message": "Recalled."})

    assert answers == [200, 429, *[200] * 19, 429]
    assert warned.json() == {"told": 1}
    assert 21 == len(owner.get("/api/v1/notices", params={"limit": 100}).json()["items"])


def test_the_letter_names_versions_endpoints_and_consumers_of_whom_it_is_to(
    registry: Registry, make: Make, api: Api
) -> None:
    """An owner reads of their own versions alone: how each stands, where it is live, who uses it; as whole lines."""
    owner, other, data = make.owner(), make.owner(), _fresh()
    first, second = _made_from(make, owner, data, risk_tier="HIGH"), _made_from(make, other, data)
    for number in range(7):
        name = f"Desk {number}"
        told = api.as_(owner).post(f"{route_of(first)}/lineage", json={"kind": "CONSUMER", "name": name})
        assert told.status_code == 201

    letter = _send(registry, make.person(Role.MRC), f"dataset:{data}@1")[owner.email]

    assert letter.subject == f"A change of dataset {data} 1 reaches {first.address}"
    assert "“Recalled. Train again.”" in letter.text
    line = (
        f"- {first.address} (Draft, High risk): live nowhere; used by Desk 0, Desk 1, Desk 2, Desk 3, Desk 4 and 2 more"
    )
    assert line in letter.text.splitlines()
    assert second.address not in letter.text
    assert f"https://models.co/lineage?node=dataset%3A{data}%401" in letter.text


def test_a_team_is_written_to_and_its_members_are_told_in_the_app(registry: Registry, make: Make, api: Api) -> None:
    """The team's address gets the letter, a member a notice and no letter; who has left, and programs, get nothing."""
    member, left, admin, data = make.person(), make.owner(), make.person(Role.ADMIN), _fresh()
    address = f"team-{secrets.token_hex(4)}@example.com"
    made = {"name": address, "email": address, "members": [member.email]}
    assert api.browser(admin).call("POST", "/api/v1/teams", json=made).status_code == 201
    of_team = _made_from(make, left, data, owners=[address])
    alone = _made_from(make, left, data)
    people = api.as_(admin).get("/api/v1/users", params={"q": left.email}).json()["items"]
    gone = {"disabled": True, "reason": "Left."}
    assert api.browser(admin).call("PATCH", f"/api/v1/users/{people[0]['id']}", json=gone).status_code == 200
    teller = make.person(Role.MRC)
    looked = api.as_(teller).get(_TELL, params={"node": f"dataset:{data}@1"}).json()

    sent = _send(registry, teller, f"dataset:{data}@1")

    assert sorted(sent) == [address]
    assert [of_team.address in one["message"] for one in api.as_(member).get(_NOTICES).json()["items"]] == [True]
    assert [(one["email"], one["mailed"], one["versions"]) for one in looked["recipients"]] == sorted(
        [(address, True, [of_team.address]), (member.email, False, [of_team.address])]
    )
    assert looked["unheard"] == [alone.address]


def test_who_would_be_told_is_seen_before_and_counted_after(make: Make, api: Api) -> None:
    """The preview names recipients, letter and how many are left, sends nothing, and tells who was told already."""
    owner, other, teller, data = make.owner(), make.owner(), make.person(Role.SRE), _fresh()
    first = _made_from(make, owner, data)
    second = _made_from(make, other, base=first)
    client, node = api.as_(teller), {"node": f"dataset:{data}@1"}

    before = client.get(_TELL, params=node).json()
    nothing = api.as_(owner).get(_NOTICES).json()["items"]
    told = client.post(_TELL, json={**node, "message": "Recalled."})
    after = client.get(_TELL, params=node).json()
    elsewhere = client.get(_TELL, params={"node": first.address}).json()

    assert {one["email"]: one["versions"] for one in before["recipients"]} == {
        owner.email: [first.address], other.email: [second.address],
    }  # fmt: skip
    assert (before["left"], before["reason"], nothing) == (20, None, [])
    assert before["letter"]["subject"].startswith(f"A change of dataset {data} 1 reaches ")
    assert told.json() == {"told": len(before["recipients"])}
    assert [one["toldToday"] for one in after["recipients"]] == [True, True]
    assert (after["left"], after["letter"]) == (20, None)
    assert "told everybody today" in after["reason"]
    assert elsewhere["left"] == 19


def test_the_owner_of_a_recalled_version_is_told_of_that_version_itself(make: Make, api: Api) -> None:
    """Whoever owns the version that is recalled hears of it as well as those who own what came of it."""
    owner, other = make.owner(), make.owner()
    version = _made_from(make, owner)
    child = _made_from(make, other, base=version)

    told = api.as_(make.person(Role.MRC)).post(_TELL, json={"node": version.address, "message": "Recalled."})

    assert told.json() == {"told": 2}
    (own,) = api.as_(owner).get(_NOTICES).json()["items"]
    (other_notice,) = api.as_(other).get(_NOTICES).json()["items"]
    assert f"a change of {version.address}, which reaches that version itself" in own["message"]
    assert f"a change of {version.address}, which reaches {child.address}" in other_notice["message"]


def test_of_two_that_tell_at_once_one_does(registry: Registry, make: Make, api: Api) -> None:
    """Sent twice at the same moment, everybody is told once, and one event names them by pseudonym."""
    owner, teller, data = make.owner(), make.person(Role.MRC), _fresh()
    version = _made_from(make, owner, data)
    body = {"node": f"dataset:{data}@1", "message": "Recalled."}

    answers = at_once(*(lambda: api.as_(teller).post(_TELL, json=body) for _ in range(2)))

    assert sorted(one.status_code for one in answers) == [200, 429], [one.text for one in answers]
    assert len(api.as_(owner).get(_NOTICES).json()["items"]) == 1
    (event,) = make.events(version.id, "lineage.tell")
    assert event.after["recipients"] == [owner.email]
    with registry.reading() as work:
        body = work.scalar(select(audit_events.c.body).where(audit_events.c.id == event.id))
    assert owner.email not in body


def test_programs_do_not_tell(make: Make, api: Api) -> None:
    """A service account has no role that may, whatever scope its token has; who may is said."""
    sponsor, data = make.owner(), _fresh()
    _made_from(make, make.owner(), data)
    browser = api.browser(sponsor)
    named = {"name": f"ci-{data}", "purpose": "Retrains.", "scopes": ["read", "write"]}
    program = browser.call("POST", "/api/v1/service-accounts", json=named).json()
    token = browser.call("POST", f"/api/v1/service-accounts/{program['id']}/tokens", json={"name": "ci"}).json()
    client = api.with_token(token["token"])

    told = client.post(_TELL, json={"node": f"dataset:{data}@1", "message": "Recalled."})
    looked = client.get(_TELL, params={"node": f"dataset:{data}@1"})

    assert [refusal(one) for one in (told, looked)] == [(403, "not_permitted")] * 2
    assert "Model Owner" in told.json()["detail"]
