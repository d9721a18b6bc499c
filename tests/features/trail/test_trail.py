"""The compliance trail of a version, through the API."""

import json
from typing import Any

from modelkeep import verify_audit
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.problems import refusal
from tests.support.promoting import Life, begin_life
from tests.support.statements import counted

#: Of a page of a trail, however long it is; one more where this process never read all the log's leaves.
STATEMENTS = 14
_DEPLOYMENTS = "/api/v1/deployments"


def _walk(life: Life, person: Any = None, **asked: str) -> list[dict[str, Any]]:
    """The whole trail, seven events a page."""
    items, cursor = [], ""
    while True:
        query = "&".join(f"{name}={value}" for name, value in {**asked, "cursor": cursor}.items() if value)
        page = life.get(f"/trail?limit=7&{query}", person)
        assert page.status_code == 200, page.text
        items += page.json()["items"]
        cursor = page.json()["nextCursor"]
        if not cursor:
            return items


def _cost(life: Life, limit: int) -> int:
    """The statements of one page of the trail, whose head is signed already, who asks among them."""
    with counted() as sent:
        assert life.get(f"/trail?limit={limit}", life.cast.mrc).status_code == 200
    return len(sent)


def _leads_to(item: dict[str, Any], size: int, root: str) -> bool:
    """Whether the text as stored and its path lead to a root, by the words of RFC 9162, 2.1.3.2."""
    proof, sha256 = item["proof"], verify_audit.sha256
    reached = sha256(b"\0" + item["raw"].encode())
    place, last = proof["index"], size - 1
    for sibling in map(bytes.fromhex, proof["path"]):
        if place & 1 or place == last:
            reached = sha256(b"\1" + sibling + reached)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            reached = sha256(b"\1" + reached + sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and reached.hex() == root and proof["index"] == item["sequence"]


def _deploy(api: Api, life: Life, address: str) -> None:
    """The version is live, then nothing is, then it is again."""
    sre, model = api.as_(life.cast.sre), life.version.model
    where = f"eu of {model.replace('/', ' ')}"
    made = sre.post("/api/v1/environments", json={"name": where, "kind": "PRODUCTION"})
    assert made.status_code == 201, made.text
    one = sre.post(_DEPLOYMENTS, json={"environment": where, "live": [{"version": address, "share": 100}]})
    gone = sre.post(_DEPLOYMENTS, json={"environment": where, "model": model, "live": []})
    rollback = f"{_DEPLOYMENTS}/{gone.json()['id']}/rollback"
    refused = api.as_(life.cast.owner).post(rollback, json={"reason": "It was still needed."})
    back = sre.post(rollback, json={"reason": "It was still needed."})
    assert [answer.status_code for answer in (one, gone, refused, back)] == [201, 201, 403, 201]


def _live(make: Make, api: Api) -> Life:
    """A life from creation to a rollback, with a corrected number, a finding, refusals, and edits of the model."""
    life = begin_life(make, api)
    cast = life.cast
    make.file(make.version(make.model(cast.owner)))
    life.move("STAGING", cast.mrc)
    # An act on something else, whose id is given as that of the version.
    strange = api.as_(cast.mrc).post(f"/api/v1/webhooks/{life.get().json()['id']}/test")
    assert refusal(strange) == (403, "not_permitted")
    assert api.as_(cast.owner).patch(life.base, json={"version": "1.0.1"}).status_code == 200
    life.base = life.base.removesuffix(life.version.version) + "1.0.1"
    life.ask()
    raised = life.post("/findings", cast.mrc, text="Name the owner of the data.", severity="HIGH", blocking=True)
    life.post("/comments", cast.mrc, text="What of accounts under 30 days?")
    life.move("STAGING", cast.mrc)
    life.post(f"/findings/{raised.json()['id']}/settle", cast.mrc, status="RESOLVED", answer="Named.")
    life.reach("PRODUCTION")
    _deploy(api, life, f"{life.version.model}:1.0.1")
    for edit in ({"description": "Other words."}, {"riskTier": "HIGH", "riskRationale": "It decides more."}):
        at_model = f"/api/v1/models/{life.version.model}"
        edited = api.as_(cast.owner).patch(at_model, json={**edit, "reason": "More depends on it."})
        assert edited.status_code == 200, edited.text
    return life


#: Of that life, in order; what was refused with a mark.
_STEPS = [
    "version.create", "artifact.upload", "evaluation.record", "version.stage!", "version.update", "promotion.request",
    "finding.raise", "comment.add", "version.stage!", "finding.settle", "promotion.approve", "version.stage",
    "card.generate", "card.publish", "promotion.request", "promotion.approve", "version.release", "deployment.record",
    "deployment.record", "deployment.rollback!", "deployment.rollback", "model.update",
    # What is in production was approved for less than its tier asks now.
    "finding.raise",
]  # fmt: skip


def test_a_trail_lists_every_step_of_a_life_in_order_each_proven(make: Make, api: Api) -> None:
    """
    From creation to rollback, with what was refused and what was done to the model meanwhile, and nothing of others;
    each proof leads to the one signed checkpoint, whose signature the offline verifier finds good. A page of any length
    takes as many statements.
    """
    life = _live(make, api)

    items = _walk(life)
    whole = life.get("/trail", life.cast.mrc).json()
    refused = [one["action"] for one in _walk(life, outcome="REFUSED")]
    deployed = [one["sequence"] for one in _walk(life, kind="DEPLOYMENT")]
    costs = [_cost(life, limit) for limit in (1, 200)]

    acts = [one["action"] + "!" * (one["outcome"] == "REFUSED") for one in items]
    assert acts == _STEPS
    assert [one["sequence"] for one in items] == sorted(one["sequence"] for one in items)
    head = whole["checkpoint"]
    signed = verify_audit.open_note(head["note"], head["vkey"])
    assert signed is not None
    assert (signed[1], signed[2].hex()) == (head["size"], head["root"])
    assert [one["sequence"] for one in whole["items"] if not _leads_to(one, signed[1], head["root"])] == []
    assert len(whole["items"]) == whole["total"] == len(items)
    assert all(one["problem"] is None and one["proof"]["root"] == head["root"] for one in whole["items"])
    assert all(json.loads(one["raw"])["sequence"] == one["sequence"] for one in whole["items"])
    assert refused == [act.rstrip("!") for act in acts if act.endswith("!")]
    assert deployed == [one["sequence"] for one in items if one["action"].startswith("deployment.")]
    assert costs == [STATEMENTS, STATEMENTS]


def test_a_trail_is_for_those_who_answer_or_look(make: Make, api: Api) -> None:
    """Its owner and an Auditor read it, others learn which role it takes, and who may not see the model nothing."""
    life = begin_life(make, api)
    hidden = make.version(make.model(visibility="RESTRICTED"))
    stranger, auditor = make.person(), make.person(Role.AUDITOR)
    elsewhere = f"/api/v1/models/{hidden.model}/versions/{hidden.version}/trail"

    mine, looked, refused = (life.get("/trail", one) for one in (None, auditor, stranger))
    unseen = api.as_(stranger).get(elsewhere)
    page = life.base.removeprefix("/api/v1") + "/trail?rows=all"
    drawn, shut = (api.browser(one).get(page) for one in (life.cast.owner, stranger))

    assert (mine.status_code, looked.status_code) == (200, 200)
    assert refusal(refused) == (403, "not_permitted")
    assert "Auditor" in refused.json()["detail"]
    assert refusal(unseen) == (404, "not_found")
    assert "Every event of this page is proven" in drawn.text
    assert shut.status_code == 403
    sources = [{one["from"] for one in answer.json()["items"]} for answer in (mine, looked)]
    assert sources[0] == {None}
    assert sources[1] != {None}
