"""Findings of all versions: the list with its filters, and one finding, where it is settled; by API and by pages."""

from datetime import timedelta

from modelkeep_server.kit import clock
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.problems import refusal
from tests.support.promoting import begin_life


def _in_days(days: int) -> str:
    return (clock.utc_now() + timedelta(days=days)).date().isoformat()


def test_findings_are_listed_filtered_and_settled_on_their_page(make: Make, api: Api) -> None:
    """
    Open ones come first by their day and page by page; each filter holds; a settled one leaves the list; what was typed
    stays where it was refused, and who may not settle is told why.
    """
    life = begin_life(make, api)
    cast = life.cast
    owner, mrc = api.as_(cast.owner), api.as_(cast.mrc)
    raised = [
        life.post("/findings", cast.mrc, text=text, severity=severity, blocking=blocking, dueAt=due, owner=who).json()
        for text, severity, blocking, due, who in (
            ("Name the owner of the data.", "LOW", False, _in_days(60), cast.owner.email),
            ("Watch accounts under 30 days.", "HIGH", True, _in_days(3), cast.owner.email),
            ("Say who decides.", "HIGH", False, _in_days(40), cast.sre.email),
        )
    ]
    never = life.post("/findings", cast.mrc, text="Too late.", dueAt="2999-01-01")
    later, sooner, other = (one["id"] for one in raised)

    def listed(**asked: str) -> list[str]:
        found, cursor = [], ""
        while True:
            page = owner.get("/api/v1/findings", params={**asked, "limit": "200", "cursor": cursor}).json()
            found += [one["id"] for one in page["items"] if one["id"] in (later, sooner, other)]
            cursor = page["nextCursor"]
            if not cursor:
                return found

    first = owner.get("/api/v1/findings", params={"owner": "me", "limit": "1"}).json()
    second = owner.get("/api/v1/findings", params={"owner": "me", "cursor": first["nextCursor"]}).json()
    reviewer, stranger = api.browser(cast.mrc), api.browser(cast.owner)
    page = reviewer.get("/findings?severity=HIGH&blocking=yes")
    shut = stranger.get(f"/findings/{sooner}")
    faulty = reviewer.submit(f"/findings/{sooner}/settle", {"answer": "Kept while something is missing."})
    settled = reviewer.submit(f"/findings/{sooner}/settle", {"status": "ACCEPTED", "answer": "They are few."})
    again = mrc.post(f"{life.base}/findings/{sooner}/settle", json={"status": "RESOLVED", "answer": "Twice."})

    assert refusal(never) == (422, "invalid_input")
    assert [one["id"] for one in (*first["items"], *second["items"])] == [sooner, later]
    assert listed() == [other, later, sooner]
    assert listed(status="OPEN", severity="HIGH") == [other]
    assert (listed(blocking="true"), listed(owner=cast.sre.email.upper())) == ([sooner], [other])
    assert listed(overdue="true") == []
    assert "Watch accounts under 30 days." in page.text
    assert "Say who decides." not in page.text
    assert "Settle the finding" not in shut.text
    assert "you need" in shut.text
    assert faulty.status_code == 422
    assert "Kept while something is missing." in faulty.text
    assert settled.headers["location"] == f"/findings/{sooner}?done=settled"
    assert refusal(again) == (409, "conflict")
    assert owner.get(f"/api/v1/findings/{sooner}").json()["answer"] == "They are few."


def test_findings_of_what_one_may_not_see_are_not_there(make: Make, api: Api) -> None:
    """Neither in the list nor by their id, as page or by the API."""
    hidden = make.version(make.model(visibility="RESTRICTED"))
    route = f"/api/v1/models/{hidden.model}/versions/{hidden.version}/findings"
    made = api.as_(make.person(Role.MRC)).post(route, json={"text": "For few."}).json()
    stranger = make.person()

    one = api.as_(stranger).get(f"/api/v1/findings/{made['id']}")
    page = api.browser(stranger).get(f"/findings/{made['id']}")
    listed = api.as_(stranger).get("/api/v1/findings", params={"limit": "200"}).text

    assert refusal(one) == (404, "not_found")
    assert page.status_code == 404
    assert made["id"] not in listed
