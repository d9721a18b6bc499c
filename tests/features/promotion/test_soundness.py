"""What was changed by hand in the database stops the next decision or move, which names the row."""

import re

from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.letting_in import put_into
from tests.support.make import Make
from tests.support.pages import words_of
from tests.support.promoting import Life, begin_life, make_cast
from tests.support.registries import Registry

_ROUNDS = "SELECT id FROM promotions WHERE version_id = :version"
_BLOBS = "SELECT blob_id FROM artifacts WHERE version_id = :version"

#: What a hand does, in SQL on one version, and the table that the refusal names.
MEDDLING = [
    ("UPDATE versions SET submitted_at = submitted_at + 1 WHERE id = :version", "versions"),
    ("UPDATE version_contents SET digest = 'sha256:00' WHERE version_id = :version", "version_contents"),
    ("UPDATE promotions SET risk_tier = 'LOW' WHERE version_id = :version", "promotions"),
    (f"UPDATE reviews SET role = 'SECURITY_ARCHITECT' WHERE promotion_id IN ({_ROUNDS})", "reviews"),
    ("DELETE FROM model_owners WHERE model_id = (SELECT model_id FROM versions WHERE id = :version)", "model_owners"),
    ("UPDATE models SET risk_tier = 'LOW' WHERE id = (SELECT model_id FROM versions WHERE id = :version)", "models"),
    ("UPDATE artifacts SET type = 'CONFIG' WHERE version_id = :version", "artifacts"),
    ("UPDATE card_revisions SET coverage = 10000 WHERE version_id = :version", "card_revisions"),
    (f"UPDATE blobs SET size_bytes = size_bytes + 1 WHERE id IN ({_BLOBS})", "blobs"),
]  # fmt: skip

_LIVE = "SELECT id FROM deployments WHERE model_id = (SELECT model_id FROM versions WHERE id = :version)"
#: What a hand does to what is live, what undoes it, and the table that the refusal names.
MEDDLING_LIVE = [
    (f"UPDATE deployments SET superseded_at = 5 WHERE id = (SELECT max(id) FROM ({_LIVE}) AS live)",
     f"UPDATE deployments SET superseded_at = NULL WHERE id = (SELECT max(id) FROM ({_LIVE}) AS live)", "deployments"),
    (f"UPDATE deployment_shares SET share = share - 1 WHERE deployment_id IN ({_LIVE})",
     f"UPDATE deployment_shares SET share = share + 1 WHERE deployment_id IN ({_LIVE})", "deployment_shares"),
    ("UPDATE environments SET kind = 'STAGING' WHERE name = :name",
     "UPDATE environments SET kind = 'PRODUCTION' WHERE name = :name", "environments"),
    (f"DELETE FROM deployment_shares WHERE deployment_id IN ({_LIVE})", "", "deployment_shares"),
]  # fmt: skip


def test_rows_changed_by_hand_stop_the_decision(fresh_registry: Registry, fresh_make: Make, fresh_api: Api) -> None:
    """Digest, owners, tier, decisions, files: the next decision is refused as `integrity`, and the row is named."""
    cast = make_cast(fresh_make)
    named = []
    for sql, _ in MEDDLING:
        life = begin_life(fresh_make, fresh_api, tier="MEDIUM", cast=cast)
        assert life.post("/card", cast.owner).status_code == 201
        life.ask()
        digest = life.latest["digest"]
        assert life.decide(cast.mrc).status_code == 201
        assert fresh_registry.tamper(sql, version=life.version.key)

        refused = life.decide(cast.security, digest=digest)

        assert (refused.status_code, refused.json()["code"]) == (409, "integrity"), refused.text
        named.append(refused.json()["detail"].partition(" of ")[2].partition(" ")[0].rstrip(":"))
        assert life.state == "SUBMITTED"
    assert named == [table for _, table in MEDDLING]


def test_a_form_that_meets_a_changed_row_keeps_what_was_typed(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api
) -> None:
    """On the pages too the decision, the request and the move are refused, the row is named and no word is lost."""
    life = begin_life(fresh_make, fresh_api)
    cast, page, typed = life.cast, life.base.removeprefix("/api/v1"), "What I wrote in ten minutes."
    life.ask()
    digest = life.latest["digest"]
    fresh_registry.tamper("UPDATE promotions SET urgent = :yes WHERE version_id = :id", yes=True, id=life.version.key)
    forms = [
        (cast.mrc, "reviews", {"decision": "APPROVE", "comment": typed, "digest": digest}),
        (cast.owner, "promotions", {"target": "STAGING", "justification": typed}),
        (cast.sre, "moves", {"to": "STAGING", "comment": typed}),
    ]

    answers = [fresh_api.browser(person).submit(f"{page}/{at}", sent) for person, at, sent in forms]

    assert [answer.status_code for answer in answers] == [409] * len(forms)
    assert all(re.search(r"row \d+ of promotions", words_of(answer.text)) for answer in answers)
    assert all(typed in answer.text for answer in answers)


def test_a_state_moved_by_hand_goes_no_further(fresh_registry: Registry, fresh_make: Make, fresh_api: Api) -> None:
    """A version that somebody wrote into APPROVED_PROD is not moved to production."""
    life: Life = begin_life(fresh_make, fresh_api)
    life.reach("STAGING")
    fresh_registry.tamper("UPDATE versions SET state = 'APPROVED_PROD' WHERE id = :version", version=life.version.key)

    refused = life.move("PRODUCTION", life.cast.sre)

    assert (refused.status_code, refused.json()["code"]) == (409, "integrity")
    assert "of versions" in refused.json()["detail"]


def test_an_addition_meddled_with_stops_decisions(fresh_make: Make, fresh_api: Api, fresh_registry: Registry) -> None:
    """Approvals that an Admin added count for no less where a hand ended, moved or deleted them."""
    life = begin_life(fresh_make, fresh_api)
    admin = fresh_api.as_(life.cast.admin)
    asked = {"riskTier": "LOW", "target": "STAGING", "roles": ["MRC"], "reason": "An audit."}
    assert admin.post("/api/v1/approval-rules", json=asked).status_code == 201
    life.ask()
    steps = [
        ("UPDATE approval_additions SET ended_at = 1", "UPDATE approval_additions SET ended_at = NULL"),
        ("UPDATE approval_additions SET risk_tier = 'HIGH'", "UPDATE approval_additions SET risk_tier = 'LOW'"),
        ("DELETE FROM approval_additions", ""),
    ]

    refused = []
    for spoil, mend in steps:
        assert fresh_registry.tamper(spoil)
        refused.append(life.decide(life.cast.mrc))
        assert not mend or fresh_registry.tamper(mend)

    assert [(one.status_code, one.json()["code"]) for one in refused] == [(409, "integrity")] * len(steps)
    assert all("of approval_additions" in one.json()["detail"] for one in refused)


def test_what_is_live_changed_by_hand_stops_the_next_move(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api
) -> None:
    """
    Where a deployment, a share or an environment was written or deleted by hand, the next move names the row, and so
    does a rollback to what was live before.
    """
    version = fresh_make.version()
    put_into(fresh_registry, version, State.PRODUCTION)
    sre, owner = fresh_api.as_(fresh_make.person(Role.SRE)), fresh_api.as_(fresh_make.owner_of(version))
    assert sre.post("/api/v1/environments", json={"name": "eu", "kind": "PRODUCTION"}).status_code == 201
    told = {"environment": "eu", "live": [{"version": version.address, "share": 40}]}
    first = sre.post("/api/v1/deployments", json=told)
    told["live"] = [{"version": version.address, "share": 50}]
    second = sre.post("/api/v1/deployments", json=told)
    assert (first.status_code, second.status_code) == (201, 201)
    rollback = f"/api/v1/deployments/{second.json()['id']}/rollback"
    earlier = (
        f"UPDATE deployment_shares SET share = :share WHERE deployment_id = (SELECT min(id) FROM ({_LIVE}) AS live)"
    )
    fresh_registry.tamper(earlier, version=version.key, share=9000)
    back = sre.post(rollback, json={"reason": "Errors rose."})
    assert (back.status_code, back.json().get("code")) == (409, "integrity"), back.text
    fresh_registry.tamper(earlier, version=version.key, share=4000)
    route, named = f"/api/v1/models/{version.model}/versions/{version.version}/moves", []

    for sql, undo, _ in MEDDLING_LIVE:
        values = {"version": version.key, "name": "eu"}
        assert fresh_registry.tamper(sql, **{name: value for name, value in values.items() if f":{name}" in sql})
        refused = owner.post(route, json={"to": "DEPRECATED"})
        assert (refused.status_code, refused.json()["code"]) == (409, "integrity"), refused.text
        named.append(refused.json()["detail"].partition(" of ")[2].partition(" ")[0].rstrip(":"))
        if undo:
            fresh_registry.tamper(undo, **{name: value for name, value in values.items() if f":{name}" in undo})

    assert named == [table for *_, table in MEDDLING_LIVE]
