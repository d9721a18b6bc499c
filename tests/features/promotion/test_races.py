"""Two who decide or move at the same moment: one wins, the other is told, and nothing happens twice."""

from dataclasses import replace
from typing import Any

import pytest

from modelkeep_server.rules.permissions import Role
from tests.support.at_once import at_once
from tests.support.clients import Api
from tests.support.endurance import Figures, sizes
from tests.support.make import Make, Person
from tests.support.problems import refusal
from tests.support.promoting import Life, begin_life, make_cast


@pytest.mark.parametrize("races", sizes(small=13, full=125))
def test_of_two_at_once_one_wins(make: Make, api: Api, races: int, figures: Figures) -> None:
    """Requests, last approvals, approvals against sending back, moves, withdrawals: one winner each."""
    cast = make_cast(make)
    others = [make.person(Role.MRC), make.person(Role.SRE)]
    won: dict[str, int] = {}

    for _ in range(races):
        life = begin_life(make, api, cast=cast)
        for name, answers in play(life, others):
            statuses = sorted(answer.status_code for answer in answers)
            assert statuses[0] in (200, 201), [answer.text for answer in answers]
            assert statuses[1] in (409, 422), (name, [answer.text for answer in answers])
            won[name] = won.get(name, 0) + 1
        states = [passage["state"] for passage in life.get().json()["history"]]
        assert len(states) == len(set(states))

    assert set(won.values()) == {races}
    figures.tell("races of two", sum(won.values()))


def test_a_decision_and_what_would_forbid_it_at_once(make: Make, api: Api) -> None:
    """Whichever comes first holds: a raised tier, a new owner, a hold and a closing let no approval or move slip by."""
    cast = replace(make_cast(make), mrc=make.person(Role.MRC, Role.MODEL_OWNER))
    owner, admin = api.as_(cast.owner), api.as_(cast.admin)
    raised, owned, held, closed = (begin_life(make, api, cast=cast) for _ in range(4))
    for life in (raised, owned, held, closed):
        life.ask()
    held.decide(cast.mrc)
    told = {"riskTier": "HIGH", "reason": "It grew."}
    heirs = {"owners": [cast.owner.email, cast.mrc.email], "reason": "Joins."}
    place = f"/api/v1/models/{owned.version.model}/transfer"

    tier, approval = at_once(
        lambda: owner.patch(f"/api/v1/models/{raised.version.model}", json=told), lambda: raised.decide(cast.mrc)
    )
    heir, own = at_once(lambda: admin.post(place, json=heirs), lambda: owned.decide(cast.mrc))
    hold, move = at_once(
        lambda: held.post("/hold", cast.security, reason="Odd."), lambda: held.move("STAGING", cast.sre)
    )
    close, last = at_once(lambda: closed.post("/close", cast.owner, reason="No."), lambda: closed.decide(cast.mrc))

    assert (tier.status_code, approval.status_code, heir.status_code, hold.status_code) == (200, 201, 200, 200)
    assert refusal(raised.move("STAGING", cast.sre))[0] in (409, 422)
    assert raised.latest["openRoles"] == ["MRC", "SECURITY_ARCHITECT"][raised.state == "SUBMITTED" :]
    assert owned.state == ("APPROVED_STAGING" if own.status_code == 201 else "SUBMITTED")
    assert held.state == ("STAGING" if move.status_code == 200 else "APPROVED_STAGING")
    assert close.status_code == 200
    assert closed.state == ("APPROVED_STAGING" if last.status_code == 201 else "SUBMITTED")
    assert {own.status_code, move.status_code, last.status_code} <= {200, 201, 403, 409}


def play(life: Life, others: list[Person]) -> Any:
    """The life of one version, each step by two at once."""
    cast, (mrc, sre) = life.cast, others
    yield "request", at_once(life.ask, life.ask)
    yield "last approval", at_once(lambda: life.decide(cast.mrc), lambda: life.decide(mrc))
    yield "to staging", at_once(lambda: life.move("STAGING", cast.sre), lambda: life.move("STAGING", sre))
    life.ask("PRODUCTION")
    withdraw = f"/promotions/{life.latest['id']}/withdraw"
    yield (
        "approve or withdraw",
        at_once(lambda: life.decide(cast.mrc), lambda: life.post(withdraw, cast.owner, reason="Not yet.")),
    )
