"""What the page of a version costs."""

from tests.support.clients import Api
from tests.support.make import Make
from tests.support.promoting import begin_life
from tests.support.statements import counted

MOST = 15


def test_the_page_of_a_version_costs_at_most_fifteen_statements(make: Make, api: Api) -> None:
    """In every state, for each of those whom its next step concerns, at the tier that asks for the most."""
    life = begin_life(make, api, tier="HIGH")
    cast, costs = life.cast, {}

    for state in ("DRAFT", "SUBMITTED", "APPROVED_STAGING", "STAGING", "APPROVED_PROD", "PRODUCTION", "DEPRECATED"):
        if state != "DRAFT":
            life.reach(state)
        # What those on it are called is asked once in a minute.
        api.browser(cast.owner).get(life.base.removeprefix("/api/v1"))
        for person in (cast.owner, cast.mrc, cast.sre):
            browser = api.browser(person)
            browser.get("/api/v1/me")  # A session's first use is noted, once in a while.
            with counted() as sent:
                assert browser.get(life.base.removeprefix("/api/v1")).status_code == 200
            costs[state, person.email] = len(sent)

    assert {where: cost for where, cost in costs.items() if cost > MOST} == {}
