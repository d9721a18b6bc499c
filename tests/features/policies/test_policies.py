"""Policies through the API: written, changed, confirmed, tried, and asked."""

from typing import Any

from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.policies import judging, starter
from modelkeep_server.features.policies.starter import STARTERS
from modelkeep_server.features.policies.views import Judgement
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.registries import Registry

POLICIES = "/api/v1/policies"
LICENCE = {"expression": 'version.metadata.card.license in ["MIT"]', "message": "The licence is cleared."}


def body_of(make: Make, **changes: Any) -> dict[str, Any]:
    """A policy about one group that no other test has models in."""
    group = make.group()
    return {"name": f"Licence {group}", "scope": {"groups": [group]}, "rules": [LICENCE], **changes}


def judge(registry: Registry, make: Make, version: Version, target: str = "STAGING") -> Judgement:
    """What the policies say of a version."""
    group, name = version.model.split("/")
    actor = make.owner_of(version).actor
    with registry.reading() as work:
        model = model_queries.get_model(work, actor, group, name)
        return judging.judge(
            work, model, version_queries.get_version(work, actor, group, name, version.version), target
        )


def test_every_registry_begins_with_the_starter_pack(registry: Registry, api: Api, make: Make) -> None:
    """The starter pack is on from the first start, and says of a bare version what is missing and where to cure it."""
    owner = make.owner()
    version = make.version(make.model(owner, risk_tier="HIGH"), owner)
    listed = api.as_(owner).get(POLICIES, params={"limit": 200}).json()["items"]
    before = judge(registry, make, version)
    make.file(version)
    after = judge(registry, make, version)

    assert set(STARTERS) <= {one["starter"] for one in listed if one["enabled"] and one["severity"] == "BLOCK"}
    told = {check.policy: check for check in before.checks}
    assert not told["Complete metadata"].passed
    assert "Framework" in (told["Complete metadata"].detail or "")
    assert not told["Weights are there"].passed
    assert told["Weights are there"].about == ("artifacts[].type", "artifacts[].status", "artifacts[].damaged")
    assert told["Files are clean"].passed
    assert not told["Evaluations pass"].passed
    assert "at least one evaluation run" in told["Evaluations pass"].message
    assert {check.policy for check in after.checks if check.passed} == {"Weights are there", "Files are clean"}
    assert after.facts_digest != before.facts_digest


def test_what_is_new_of_the_starter_pack_comes_once_to_registries_of_before(
    fresh_registry: Registry, fresh_api: Api, fresh_make: Make
) -> None:
    """Switched on, beside what people made of the others and under a name of its own; what they made of it stays."""
    architect, mrc = (fresh_api.as_(fresh_make.person(role)) for role in (Role.SECURITY_ARCHITECT, Role.MRC))

    def listed() -> dict[str, Any]:
        found = architect.get(POLICIES, params={"limit": 200}).json()["items"]
        return {one["starter"] or one["name"]: one for one in found}

    for table, key in (("policy_revisions", "policy_id"), ("policies", "id")):
        of_pack = "SELECT id FROM policies WHERE starter IN ('card-published', 'training-dataset')"
        fresh_registry.tamper(f"DELETE FROM {table} WHERE {key} IN ({of_pack})")
    own = {"name": "Card published before production", "rules": [LICENCE]}
    assert architect.post(POLICIES, json=own).status_code == 201
    before = listed()
    with fresh_registry.writing() as work:
        assert starter.lacks_starters(work)
        starter.install_starters(work)
    after = listed()
    card = after["card-published"]
    assert architect.post(f"{POLICIES}/{card['id']}/disable", json={"reason": "Not yet."}).status_code == 200
    assert mrc.post(f"{POLICIES}/{card['id']}/confirm", json={}).status_code == 200
    with fresh_registry.reading() as work:
        assert not starter.lacks_starters(work)

    assert (card["name"], card["enabled"], card["severity"], card["scope"]["targets"]) == (
        "Card published before production (starter pack)", True, "BLOCK", ["PRODUCTION"],
    )  # fmt: skip
    assert after["training-dataset"]["enabled"]
    assert {name: one for name, one in after.items() if name in before} == before
    assert not listed()["card-published"]["enabled"]


def test_policies_are_written_and_changed_by_revision(registry: Registry, api: Api, make: Make) -> None:
    """A Security Architect writes a policy; each change is a revision; a stale edit is told what changed."""
    architect, owner = api.as_(make.person(Role.SECURITY_ARCHITECT)), make.owner()
    sent = body_of(make, severity="WARN")
    made = architect.post(POLICIES, json=sent)
    place = f"{POLICIES}/{made.json()['id']}"
    changed = architect.patch(place, json={"severity": "BLOCK"}, headers={"If-Match": made.headers["etag"]})
    stale = architect.patch(place, json={"severity": "WARN"}, headers={"If-Match": made.headers["etag"]})
    version = make.version(make.model(owner, group=sent["scope"]["groups"][0]), owner)
    asked = {check.policy: check for check in judge(registry, make, version).checks}
    revisions = api.as_(owner).get(f"{place}/revisions").json()["items"]

    assert (made.status_code, changed.status_code, stale.status_code) == (201, 200, 412)
    assert changed.json()["revision"] == 2
    assert [one["field"] for one in stale.json()["errors"]] == ["severity", "status"]
    assert [(one["revision"], one["status"], one["severity"]) for one in revisions] == [
        (2, "IN_FORCE", "BLOCK"), (1, "SUPERSEDED", "WARN"),
    ]  # fmt: skip
    check = asked[sent["name"]]
    assert (check.passed, check.revision, check.blocks) == (False, 2, True)
    assert check.detail == "“license” is not provided."


def test_bad_policies_are_refused_field_by_field(api: Api, make: Make) -> None:
    """Each fault is named by its field, all at once; others than Security Architects are told which role they lack."""
    architect = api.as_(make.person(Role.SECURITY_ARCHITECT))
    sent = body_of(
        make, name=" ", severity="STOP", scope={"riskTiers": ["EXTREME"], "targets": ["MOON"], "groups": []},
        rules=[{"expression": "versoin.x", "message": ""}, {**LICENCE, "detail": "1"}],
    )  # fmt: skip
    refused = architect.post(POLICIES, json=sent)
    empty = architect.post(POLICIES, json=body_of(make, rules=[]))
    many = architect.post(POLICIES, json=body_of(make, rules=[LICENCE] * 21))
    named = body_of(make)
    first, twice = architect.post(POLICIES, json=named), architect.post(POLICIES, json=named)
    other = api.as_(make.person(Role.MRC)).post(POLICIES, json=named)

    assert refused.status_code == 422
    assert {one["field"] for one in refused.json()["errors"]} == {
        "name", "severity", "scope.riskTiers", "scope.targets", "rules[0].expression", "rules[0].message",
        "rules[1].detail",
    }  # fmt: skip
    assert [one.json()["errors"][0]["field"] for one in (empty, many)] == ["rules", "rules"]
    assert (first.status_code, twice.status_code, other.status_code) == (201, 409, 403)
    assert "Security Architect" in other.json()["detail"]


def test_loosening_what_blocks_takes_a_second_person(api: Api, make: Make) -> None:
    """Off, to WARN, narrower, or a rule less: it waits for somebody else, and one decision wins."""
    proposer, mrc = api.as_(make.person(Role.SECURITY_ARCHITECT)), api.as_(make.person(Role.MRC))
    made = proposer.post(POLICIES, json=body_of(make)).json()
    place = f"{POLICIES}/{made['id']}"
    waits = []
    for change in (
        {"severity": "WARN"},
        {"scope": {"riskTiers": ["HIGH"]}},
        {"rules": [{**LICENCE, "expression": "true"}]},
    ):
        waits.append(proposer.patch(place, json=change).json())
        assert proposer.post(f"{place}/decline", json={}).status_code == 200
    waits.append(proposer.post(f"{place}/disable", json={"reason": "It is in the way."}).json())
    meanwhile = proposer.patch(place, json={"description": "More."})
    alone = proposer.post(f"{place}/confirm", json={})
    confirmed = mrc.post(f"{place}/confirm", json={"reason": "Agreed."})
    again = mrc.post(f"{place}/decline", json={})
    back = proposer.post(f"{place}/enable", json={})

    assert [(one["enabled"], one["revision"], one["proposal"]["status"]) for one in waits] == [
        (True, 1, "PROPOSED")
    ] * 4
    assert (meanwhile.status_code, alone.status_code, again.status_code) == (409, 403, 409)
    assert alone.json()["code"] == "separation_of_duties"
    assert confirmed.json()["enabled"] is False
    assert confirmed.json()["proposal"] is None
    assert back.json()["enabled"] is True
    assert back.json()["proposal"] is None
    assert [event.action for event in make.events(made["id"]) if event.outcome == "ALLOWED"][-4:] == [
        "policy.decline", "policy.update", "policy.confirm", "policy.update",
    ]  # fmt: skip


def test_rules_are_tried_before_they_are_in_force(api: Api, make: Make) -> None:
    """A dry run says of one version every rule, and over all which would newly be stopped, as far as the asker sees."""
    owner, architect = make.owner(), api.as_(make.person(Role.SECURITY_ARCHITECT))
    sent = body_of(make)
    group = sent["scope"]["groups"][0]
    model = make.model(owner, group=group)
    bare = make.version(model, owner)
    cleared = make.version(model, owner, version="2.0.0", metadata={"card": {"license": "MIT"}})
    policy = architect.post(POLICIES, json=sent).json()["id"]
    rules = [LICENCE, {"expression": "version.number < 100", "message": "Not too many."}]
    one = architect.post(f"{POLICIES}/dry-run", json={"rules": rules, "version": bare.address}).json()
    new = architect.post(f"{POLICIES}/dry-run", json={"rules": rules, "scope": sent["scope"]}).json()
    replaced = architect.post(
        f"{POLICIES}/dry-run", json={"rules": rules, "scope": sent["scope"], "policy": policy}
    ).json()  # fmt: skip
    badly = architect.post(f"{POLICIES}/dry-run", json={"rules": rules, "version": "nothing"})
    refused = api.as_(owner).post(f"{POLICIES}/dry-run", json={"rules": rules})

    assert [(rule["passed"], rule["detail"]) for rule in one["rules"]] == [
        (False, "“license” is not provided."), (True, None),
    ]  # fmt: skip
    assert one["facts"]["version"]["version"] == bare.version
    assert (new["asked"], new["passing"], new["newlyFailing"]) == (2, 1, 1)
    assert [failure["version"] for failure in new["failures"]] == [bare.address]
    assert (replaced["failing"], replaced["newlyFailing"]) == (1, 0)
    assert (badly.status_code, badly.json()["errors"][0]["field"]) == (422, "version")
    assert refused.status_code == 403
    assert cleared.address not in str(new["failures"])
