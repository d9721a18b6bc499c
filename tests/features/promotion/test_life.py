"""The life of a version: every move by who may make it, and by nobody else."""

from typing import Any

import pytest

from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.promoting import begin_life, make_cast


def refusal(answer: Any) -> tuple[int, str]:
    """Status and code."""
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("tier", ["LOW", "MEDIUM", "HIGH"])
def test_a_version_goes_from_draft_to_retired(make: Make, api: Api, tier: str) -> None:
    """Owner, MRC, Security, SRE and Admin bring it through the guide's states, and each is in its history."""
    life = begin_life(make, api, tier=tier)

    life.reach("RETIRED")

    states = [passage["state"] for passage in life.get().json()["history"]]
    assert states == [
        "DRAFT", "SUBMITTED", "APPROVED_STAGING", "STAGING", "APPROVED_PROD", "PRODUCTION", "DEPRECATED", "RETIRED",
    ]  # fmt: skip
    events = [event.action for event in make.events(life.version.id)]
    assert events.count("promotion.approve") == (2 if tier == "LOW" else 4)
    assert [action for action in events if action.startswith("version.")] == [
        "version.create", "version.stage", "version.release", "version.deprecate", "version.retire",
    ]  # fmt: skip


def test_changes_are_requested_and_the_version_comes_again(make: Make, api: Api) -> None:
    """Back with a comment, edited, submitted again under another digest; the old approval does not carry over."""
    life = begin_life(make, api, tier="MEDIUM")
    life.ask()
    first = life.latest["digest"]
    assert life.decide(life.cast.security).status_code == 201
    assert life.decide(life.cast.mrc, "REQUEST_CHANGES", comment="Say where it is weak.").status_code == 201
    assert life.state == "CHANGES_REQUESTED"
    assert life.get().json()["contentDigest"] is None

    edited = api.as_(life.cast.owner).patch(life.base, json={"metadata": {"limitations": "Weak on new accounts."}})
    again = life.ask()

    assert (edited.status_code, again.status_code) == (200, 201)
    assert again.json()["round"] == 2
    assert again.json()["digest"] != first
    assert again.json()["approvals"] == []
    assert sorted(again.json()["openRoles"]) == ["MRC", "SECURITY_ARCHITECT"]
    assert life.get().json()["contentDigest"] == again.json()["digest"]


def test_content_is_frozen_while_it_is_judged(make: Make, api: Api) -> None:
    """From SUBMITTED on neither metadata nor files can change."""
    life = begin_life(make, api)
    life.ask()
    owner = api.as_(life.cast.owner)

    answers = [
        owner.patch(life.base, json={"metadata": {"framework": "other"}}),
        owner.put(f"{life.base}/artifacts/a.json?type=CONFIG", content=b"{}"),
        owner.delete(f"{life.base}/artifacts/model.safetensors"),
    ]

    assert [refusal(answer) for answer in answers] == [(409, "state_forbids")] * 3


def test_nobody_decides_on_their_own_work(make: Make, api: Api) -> None:
    """The owner, who made it, and whoever uploaded to it decide nothing, also as MRC; former owners neither."""
    cast = make_cast(make)
    both = make.person(Role.MODEL_OWNER, Role.MRC, Role.SECURITY_ARCHITECT)
    life = begin_life(make, api, cast=type(cast)(both, cast.mrc, cast.security, cast.sre, cast.admin))
    assert life.ask().status_code == 201

    own = life.decide(both)
    told = {"owners": [cast.owner.email], "reason": "Moves to another team."}
    moved = api.as_(cast.admin).post(f"/api/v1/models/{life.version.model}/transfer", json=told)
    former = life.decide(both)

    assert moved.status_code == 200, moved.text
    assert [refusal(answer) for answer in (own, former)] == [(403, "separation_of_duties")] * 2
    assert life.decide(cast.mrc).status_code == 201


def test_two_roles_fill_one_approval(make: Make, api: Api) -> None:
    """A person who is MRC and Security Architect approves once; the other approval is another person's."""
    life = begin_life(make, api, tier="MEDIUM")
    both = make.person(Role.MRC, Role.SECURITY_ARCHITECT)
    life.ask()

    first = life.decide(both, **{"as": "SECURITY_ARCHITECT"})
    second = life.decide(both, **{"as": "MRC"})
    other = life.decide(life.cast.security)
    last = life.decide(life.cast.mrc)

    assert first.json()["openRoles"] == ["MRC"]
    assert [refusal(answer) for answer in (second, other)] == [(409, "conflict")] * 2
    assert (last.status_code, life.state) == (201, "APPROVED_STAGING")


def test_high_takes_another_sre(make: Make, api: Api) -> None:
    """Whoever approved a version of high risk does not move it to production, though they are SRE too."""
    life = begin_life(make, api, tier="HIGH")
    everything = make.person(Role.MRC, Role.SRE)
    life.reach("STAGING")
    life.ask("PRODUCTION")
    assert life.decide(everything).status_code == 201
    assert life.decide(life.cast.security).status_code == 201

    refused = life.move("PRODUCTION", everything)
    moved = life.move("PRODUCTION", life.cast.sre)

    assert refusal(refused) == (403, "separation_of_duties")
    assert (moved.status_code, moved.json()["state"]) == (200, "PRODUCTION")


def test_a_decision_is_about_one_content(make: Make, api: Api) -> None:
    """A decision on another digest is refused and says what to do; what a reviewer saw stands in the record."""
    life = begin_life(make, api)
    life.ask()

    stale = life.decide(life.cast.mrc, digest="sha256:" + "0" * 64)
    done = life.decide(life.cast.mrc)

    assert refusal(stale) == (409, "digest_differs")
    saw = done.json()["approvals"][0]["saw"]
    assert saw["evaluations"] == [run["id"] for run in life.get("/evaluations").json()["items"]]
    assert {check["id"] for check in saw["checks"]} >= {"findings"}
    assert all(check["met"] for check in saw["checks"])


def test_a_blocking_finding_stops_every_move(make: Make, api: Api) -> None:
    """An approval may be bound to a finding; while it is open no SRE moves on, and its settling is another's."""
    life = begin_life(make, api)
    life.ask()
    bound = life.decide(life.cast.mrc, findings=[{"text": "Name who owns the data.", "blocking": True}])
    finding = life.get("/findings").json()["items"][0]

    stopped = life.move("STAGING", life.cast.sre)
    settle = f"/findings/{finding['id']}/settle"
    own = life.post(settle, life.cast.owner, status="RESOLVED", answer="Done.")
    settled = life.post(settle, life.cast.security, status="RESOLVED", answer="The platform team owns it.")

    assert (bound.status_code, life.state) == (201, "APPROVED_STAGING")
    assert refusal(stopped) == (422, "requirements_not_met")
    assert [error["field"] for error in stopped.json()["errors"]] == ["findings"]
    assert refusal(own) == (403, "not_permitted")
    assert settled.json()["status"] == "RESOLVED"
    assert life.move("STAGING", life.cast.sre).status_code == 200


def test_a_hold_stops_everything(make: Make, api: Api) -> None:
    """An Admin sets one; moves, decisions and requests are refused until an MRC lifts it, with the reason on record."""
    life = begin_life(make, api, tier="HIGH")
    life.reach("APPROVED_STAGING")
    held = life.post("/hold", life.cast.security, reason="A leak in the data.")

    stopped = life.move("STAGING", life.cast.sre)
    own = life.post("/lift", life.cast.security, reason="It is over.")
    admin = life.post("/lift", life.cast.admin, reason="It is over.")
    lifted = life.post("/lift", life.cast.mrc, reason="It was another dataset.")

    assert held.json()["hold"]["reason"] == "A leak in the data."
    assert refusal(stopped) == (409, "state_forbids")
    assert [refusal(answer) for answer in (own, admin)] == [(403, "separation_of_duties"), (403, "not_permitted")]
    assert (lifted.status_code, lifted.json()["hold"]) == (200, None)
    assert life.move("STAGING", life.cast.sre).status_code == 200


def test_a_request_for_production_can_be_withdrawn(make: Make, api: Api) -> None:
    """The version stays in STAGING; a request for staging is not the owner's to take back."""
    life = begin_life(make, api)
    life.ask()
    kept = life.post(f"/promotions/{life.latest['id']}/withdraw", life.cast.owner, reason="Not yet.")
    life.decide(life.cast.mrc)
    life.move("STAGING", life.cast.sre)
    life.ask("PRODUCTION")

    withdrawn = life.post(f"/promotions/{life.latest['id']}/withdraw", life.cast.owner, reason="Not yet.")

    assert refusal(kept) == (409, "state_forbids")
    assert (withdrawn.json()["status"], life.state) == ("WITHDRAWN", "STAGING")
    assert life.ask("PRODUCTION").status_code == 201


def test_retiring_the_model_ends_what_is_under_review(make: Make, api: Api) -> None:
    """The open request is withdrawn with the reason, and nobody decides on it any more."""
    life = begin_life(make, api)
    life.ask()

    told = {"reason": "Replaced."}
    retired = api.as_(life.cast.admin).post(f"/api/v1/models/{life.version.model}/retire", json=told)
    late = life.decide(life.cast.mrc)

    assert retired.status_code == 200, retired.text
    assert (life.state, life.latest["status"]) == ("RETIRED", "WITHDRAWN")
    assert refusal(late) == (409, "state_forbids")


@pytest.mark.parametrize(
    ("to", "roles"),
    [("STAGING", (Role.MRC, Role.ADMIN)), ("PRODUCTION", (Role.SECURITY_ARCHITECT, Role.ADMIN)),
     ("DEPRECATED", (Role.SRE, Role.MRC)), ("RETIRED", (Role.SRE, Role.MODEL_OWNER))],
)  # fmt: skip
def test_other_roles_are_told_which_is_missing(make: Make, api: Api, to: str, roles: tuple[Role, ...]) -> None:
    """Whoever lacks the role of a move hears which it takes, whatever else they hold, wherever the version stands."""
    life = begin_life(make, api)

    refused = life.move(to, make.person(*roles))

    assert refusal(refused) == (403, "not_permitted")
    assert {"STAGING": "SRE", "PRODUCTION": "SRE", "DEPRECATED": "Admin", "RETIRED": "Admin"}[to] in refused.text


@pytest.mark.parametrize("to", ["DRAFT", "SUBMITTED", "CHANGES_REQUESTED", "APPROVED_STAGING", "APPROVED_PROD"])
def test_states_that_are_reached_otherwise_name_their_route(make: Make, api: Api, to: str) -> None:
    """A move to a state that decisions or requests lead to is refused, naming the way."""
    life = begin_life(make, api)

    refused = life.move(to, life.cast.sre)

    assert refusal(refused) == (409, "state_forbids")
    assert refused.json()["remedy"]
