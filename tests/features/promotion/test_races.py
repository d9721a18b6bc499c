"""Two who decide or move at the same moment: one wins, the other is told, and nothing happens twice."""

from typing import Any

import pytest

from modelkeep_server.rules.permissions import Role
from tests.support.at_once import at_once
from tests.support.clients import Api
from tests.support.endurance import Figures, sizes
from tests.support.make import Make, Person
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
