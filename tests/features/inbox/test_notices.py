"""What people are told of, to whom it goes, and how they choose: through API and pages, on both databases."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from modelkeep_server.db.work import Circumstances
from modelkeep_server.features.inbox import pruning
from modelkeep_server.features.notify import restraint
from modelkeep_server.features.notify.telling import tell
from modelkeep_server.features.promotion.queue import reminding as request_reminding
from modelkeep_server.interfaces.web.contexts.notices import ICONS
from modelkeep_server.kit import clock
from modelkeep_server.rules.notices import KINDS
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.pages import look, words_of
from tests.support.problems import refusal
from tests.support.promoting import Cast, Life, begin_life, make_cast
from tests.support.registries import Registry
from tests.support.statements import counted

PLACE = "/api/v1/notices"
SETTINGS = f"{PLACE}/settings"


@pytest.fixture
def told(api: Api) -> Callable[..., list[str]]:
    """The kinds that a person was told, the oldest first."""

    def read(person: Person, **asked: Any) -> list[str]:
        return [one["kind"] for one in reversed(api.as_(person).get(PLACE, params=asked).json()["items"])]

    return read


def made_by_two(make: Make) -> Cast:
    """The usual cast, whose owner holds the role MRC as well: who may review, but not this."""
    return replace(make_cast(make), owner=make.person(Role.MODEL_OWNER, Role.MRC))


def body_of_exception(api: Api, life: Life) -> dict[str, Any]:
    """An exception from some policy, to be asked for."""
    policies = api.as_(life.cast.owner).get("/api/v1/policies").json()["items"]
    return {
        "policy": policies[0]["id"], "version": life.version.address, "justification": "Monday.", "risk": "None.",
        "mitigation": "Staging only.", "expiresAt": clock.iso_seconds(clock.utc_now() + timedelta(days=9)),
    }  # fmt: skip


def test_each_act_tells_those_it_concerns(make: Make, api: Api, told: Callable[..., list[str]]) -> None:
    """Reviewers of what waits, owners of what was decided, whoever took part of what followed; nobody of their own."""
    life = begin_life(make, api, tier="MEDIUM", cast=made_by_two(make))
    cast = life.cast
    stranger = make.person(Role.MODEL_OWNER)
    with counted() as sent:
        life.ask(urgent=True)
    of_notices = [one for one in sent if "notice" in one]
    life.post("/comments", cast.mrc, text="Which weeks were held out?")
    life.decide(cast.mrc)
    life.decide(cast.security)
    life.move("STAGING", cast.sre, comment="On the small cluster.")
    life.post("/hold", cast.admin, reason="Odd figures.")
    life.post("/lift", cast.security, reason="Explained.")
    life.post("/findings", cast.mrc, text="Say more.", severity="LOW", blocking=False, owner=cast.sre.email)

    newest = api.as_(cast.security).get(PLACE).json()["items"][-1]

    assert len(of_notices) == 2
    assert told(cast.mrc)[0] == told(cast.security)[0] == "review.asked"
    assert newest["message"] == f"{cast.owner.email} asks for an urgent review of {life.version.address}, for staging"
    assert newest["quote"] == "Recall rose by two points."
    assert newest["href"] == f"/models/{life.version.model}/versions/{life.version.version}/review"
    assert newest["by"] == cast.owner.email
    assert told(cast.owner) == [
        "comment.added", "review.approval", "review.approved", "version.moved", "hold.set", "hold.lifted",
        "finding.raised",
    ]  # fmt: skip
    assert told(cast.mrc) == ["review.asked", "review.approved", "version.moved", "hold.set", "hold.lifted"]
    assert told(cast.sre) == ["review.approved", "hold.set", "hold.lifted", "finding.raised"]
    assert told(stranger) == []


def test_changes_exceptions_and_access_are_told(make: Make, api: Api, told: Callable[..., list[str]]) -> None:
    """What goes back to the owners, what is asked of reviewers and owners, and the answers to whoever asked."""
    life = begin_life(make, api)
    cast, guest = life.cast, make.person(Role.MODEL_OWNER)
    life.ask()
    life.decide(cast.mrc, "REQUEST_CHANGES")
    body = body_of_exception(api, life)
    exception = api.as_(cast.owner).post("/api/v1/exceptions", json=body).json()["id"]
    api.as_(cast.mrc).post(f"/api/v1/exceptions/{exception}/refuse", json={"reason": "Meet it."})
    asked = api.as_(guest).post("/api/v1/access-requests", json={"model": life.version.model, "purpose": "Scoring."})
    api.as_(cast.owner).post(f"/api/v1/access-requests/{asked.json()['id']}/grant", json={})

    assert told(cast.owner) == ["review.changes", "exception.decided", "access.asked"]
    # A LOW exception is the MRC's alone.
    assert (told(cast.mrc)[-1], "exception.asked" in told(cast.security)) == ("exception.asked", False)
    assert told(guest) == ["access.decided"]
    assert api.as_(guest).get(PLACE).json()["items"][0]["message"].endswith("was granted")


def test_what_was_asked_counts_no_more_once_it_is_done(make: Make, api: Api, told: Callable[..., list[str]]) -> None:
    """Reviews, exceptions, access: settled with one's own part, when one can do none any more, and with the end."""
    life = begin_life(make, api, tier="MEDIUM")
    cast, guest = life.cast, make.person(Role.MODEL_OWNER)
    second, owner = make.person(Role.MRC), api.as_(cast.owner)
    life.ask()
    asked = told(second, unread=True)
    life.decide(cast.mrc)
    place_filled = [told(one, unread=True) for one in (cast.mrc, second, cast.security)]
    life.decide(cast.security, "REQUEST_CHANGES")
    over = told(cast.security, unread=True)
    policies = owner.get("/api/v1/policies", params={"limit": 200}).json()["items"]
    body = {
        "policy": policies[0]["id"], "version": life.version.address, "justification": "Monday.", "risk": "None.",
        "mitigation": "Staging only.", "expiresAt": clock.iso_seconds(clock.utc_now() + timedelta(days=9)),
    }  # fmt: skip
    exception = f"/api/v1/exceptions/{owner.post('/api/v1/exceptions', json=body).json()['id']}"
    for_both = [told(one, unread=True)[-1:] for one in (cast.mrc, cast.security)]
    assert api.as_(cast.mrc).post(f"{exception}/grant", json={}).is_success
    granted = [told(one, unread=True) for one in (cast.mrc, second, cast.security)]
    assert owner.post(f"{exception}/withdraw", json={}).is_success
    wish = {"model": life.version.model, "purpose": "Scoring."}
    request = api.as_(guest).post("/api/v1/access-requests", json=wish).json()["id"]
    for_owner = told(cast.owner, unread=True)
    assert owner.post(f"/api/v1/access-requests/{request}/refuse", json={"reason": "Not yet."}).is_success

    news = ["review.changes"]
    assert asked == ["review.asked"]
    assert place_filled == [[], [], ["review.asked"]]
    assert over == []
    assert for_both == [["exception.asked"]] * 2
    assert granted == [news, [], ["exception.asked", "exception.part"]]
    assert told(cast.security, unread=True) == []
    assert for_owner[-1] == "access.asked"
    assert "access.asked" not in told(cast.owner, unread=True)
    assert told(cast.mrc)[0] == "review.asked"


def test_notices_are_read_one_by_one_or_all(make: Make, api: Api, told: Callable[..., list[str]]) -> None:
    """One's own alone; unread ones can be asked for, page by page."""
    life = begin_life(make, api)
    owner, mrc = life.cast.owner, life.cast.mrc
    for text in ("One.", "Two.", "Three."):
        life.post("/comments", mrc, text=text)
    client = api.as_(owner)
    first = client.get(PLACE, params={"limit": 2}).json()
    then = client.get(PLACE, params={"limit": 2, "cursor": first["nextCursor"]}).json()
    one = first["items"][0]["id"]

    read = client.post(f"{PLACE}/{one}/read")
    foreign = api.as_(mrc).post(f"{PLACE}/{one}/read")
    left = told(owner, unread=True)
    rest = client.post(f"{PLACE}/read").json()

    assert [item["quote"] for item in [*first["items"], *then["items"]]] == ["Three.", "Two.", "One."]
    assert read.json()["readAt"] is not None
    assert foreign.status_code == 404
    assert (len(left), rest, told(owner, unread=True)) == (2, {"read": 2}, [])


def test_what_one_may_see_no_more_is_not_listed(make: Make, api: Api, told: Callable[..., list[str]]) -> None:
    """A notice of a RESTRICTED model is gone for who lost it, also from every count; and comes back as it was."""
    life = begin_life(make, api)
    guest, owner = make.person(Role.MODEL_OWNER), api.as_(life.cast.owner)
    place = f"/api/v1/models/{life.version.model}"
    hidden = owner.patch(place, json={"visibility": "RESTRICTED"})
    let_in = owner.put(f"{place}/collaborators/{guest.email}", json={"access": "WRITE"})
    life.post("/comments", guest, text="Mine.")
    life.post("/comments", life.cast.owner, text="An answer.")
    browser = api.browser(guest)
    before = (told(guest), "2 unread" in browser.get("/notices").text)

    owner.delete(f"{place}/collaborators/{guest.email}")
    life.post("/comments", life.cast.owner, text="Another.")
    marked = api.as_(guest).post(f"{PLACE}/read").json()

    after = (told(guest), "unread" in browser.get("/").text.partition("</header>")[0])
    owner.put(f"{place}/collaborators/{guest.email}", json={"access": "READ"})
    assert (marked, told(guest, unread=True)) == (
        {"read": 0}, ["access.granted", "comment.added", "access.granted"]
    )  # fmt: skip
    assert (hidden.status_code, let_in.status_code) == (200, 201)
    assert before == (["access.granted", "comment.added"], True)
    assert after == ([], False)


def test_people_choose_how_they_are_told(make: Make, api: Api, told: Callable[..., list[str]]) -> None:
    """Each kind in the app and by mail, but for what waits for one's own decision; each choice is on record."""
    life = begin_life(make, api)
    owner = api.as_(life.cast.owner)
    mute = {"kind": "comment.added", "inApp": False, "byMail": False}

    chosen = owner.put(SETTINGS, json={"quiet": True, "items": [mute]})
    life.post("/comments", life.cast.mrc, text="Unheard.")
    same = owner.put(SETTINGS, json={"items": [mute]})
    waits = owner.put(SETTINGS, json={"items": [{"kind": "access.asked", "inApp": False, "byMail": False}]})
    wrong = owner.put(SETTINGS, json={"items": [{"kind": "rain", "inApp": True, "byMail": True}, mute, mute]})

    settings = owner.get(SETTINGS).json()
    kept = next(one for one in settings["items"] if one["kind"] == "comment.added")
    assert chosen.json() == same.json() == settings
    assert (settings["quiet"], kept["inApp"], kept["who"]) == (
        True, False, "Owners of the model, whoever took part in its reviews and whoever it concerns",
    )  # fmt: skip
    assert told(life.cast.owner) == []
    assert waits.status_code == wrong.status_code == 422
    assert "waits for your decision" in waits.json()["errors"][0]["message"]
    assert [one["field"] for one in wrong.json()["errors"]] == ["items.0", "items.2"]
    mine = [one for one in make.events(action="notice.set") if one.actor.email == life.cast.owner.email]
    assert [sorted(one.after) for one in mine] == [["*", "comment.added"]]


def test_an_overdue_review_is_told_once_a_week(registry: Registry, make: Make, api: Api) -> None:
    """To reviewers and Admins, by mail as well but for whoever wants none; a week later again, and not in between."""
    life = begin_life(make, api, cast=made_by_two(make))
    cast = life.cast
    api.as_(cast.security).put(SETTINGS, json={"quiet": True})
    request = life.ask().json()["id"]
    parts = replace(registry.house.parts, sends_mail=True)
    for days in (4, 6, 7, 13):
        later = replace(Circumstances.of_the_house(), now=clock.utc_now() + timedelta(days=days))
        with registry.house.database.writing(parts, later) as work:
            request_reminding.remind(work)

    def heard(person: Person) -> int:
        items = api.as_(person).get(PLACE, params={"limit": 200}).json()["items"]
        mine = [one for one in items if life.version.address in one["message"]]
        return [one["kind"] for one in mine].count("review.overdue")

    keys = [str(row[0]) for row in registry.look("SELECT key FROM jobs WHERE key IS NOT NULL")]
    mailed = {key.rpartition("/")[2] for key in keys if request in key}
    assert [heard(one) for one in (cast.mrc, cast.security, cast.admin, cast.owner, cast.sre)] == [2, 2, 2, 0, 0]
    assert {cast.mrc.email, cast.admin.email} <= mailed
    assert not mailed & {cast.security.email, cast.owner.email}


def test_asking_and_taking_back_over_and_over_is_bounded(
    registry: Registry, make: Make, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests, exceptions and access: one mail an hour to each, and after so many in a day the next one waits."""
    monkeypatch.setattr(restraint, "TAKEN_BACK_MAX", 2)
    life = begin_life(make, api)
    cast, guest = life.cast, make.person(Role.MODEL_OWNER)
    life.reach("STAGING")
    body = body_of_exception(api, life)
    wanted = {"model": life.version.model, "purpose": "Scoring."}
    ways: dict[str, tuple[Callable[[], Any], Callable[[str], Any]]] = {
        "promotion": (
            lambda: life.ask("PRODUCTION"),
            lambda one: life.post(f"/promotions/{one}/withdraw", cast.owner, reason="No."),
        ),
        "exception": (
            lambda: api.as_(cast.owner).post("/api/v1/exceptions", json=body),
            lambda one: api.as_(cast.owner).post(f"/api/v1/exceptions/{one}/withdraw", json={}),
        ),
        "access": (
            lambda: api.as_(guest).post("/api/v1/access-requests", json=wanted),
            lambda one: api.as_(guest).post(f"/api/v1/access-requests/{one}/withdraw", json={}),
        ),
    }  # fmt: skip

    last = {}
    for name, (ask, take_back) in ways.items():
        for _ in range(2):
            assert take_back(ask().json()["id"]).status_code == 200
        last[name] = ask()

    facts = {"by": "a@example.com", "what": "a review", "version": "g/loop:1.0.0", "target": "STAGING"}
    parts, who = replace(registry.house.parts, sends_mail=True), [cast.mrc.actor.user_id or 0]
    begun = clock.utc_now().replace(minute=0)
    before = registry.look("SELECT coalesce(max(id), 0) FROM jobs")[0][0]
    for minutes in (0, 1, 59, 61):
        told = replace(Circumstances.of_the_house(), now=begun + timedelta(minutes=minutes))
        with registry.house.database.writing(parts, told) as work:
            tell(work, None, "review.asked", facts, who, href="/loop", model_key=None)
            tell(work, None, "review.changes", facts, who, href="/loop", model_key=None)
    mails = registry.look("SELECT count(*) FROM jobs WHERE key LIKE :to", to=f"%/{cast.mrc.email}")[0][0]
    all_mails = registry.look("SELECT count(*) FROM jobs WHERE id > :id", id=before)[0][0]

    assert {refusal(one) for one in last.values()} == {(429, "too_many_requests")}
    assert all(0 < int(one.headers["retry-after"]) <= 24 * 3600 for one in last.values())
    assert life.version.address in last["promotion"].json()["detail"]
    assert (mails, all_mails) == (2, 2 + 4)


def test_what_ends_or_waits_for_the_other_role_is_told(make: Make, api: Api, told: Callable[..., list[str]]) -> None:
    """A version that is closed, to reviewers only while they were asked; an exception granted in part, to the rest."""
    life = begin_life(make, api, tier="HIGH")
    cast, second = life.cast, make.person(Role.MRC)
    life.post("/close", cast.owner, reason="A typo.")
    life.post("/reopen", cast.owner, reason="None.")
    unasked = told(cast.security)
    life.ask()
    body = body_of_exception(api, life)
    exception = api.as_(cast.owner).post("/api/v1/exceptions", json=body).json()["id"]
    granted = api.as_(cast.mrc).post(f"/api/v1/exceptions/{exception}/grant", json={})
    closed = life.post("/close", cast.owner, reason="It goes no further.")

    assert unasked == []
    assert (granted.status_code, closed.status_code) == (200, 200), granted.text
    assert told(cast.security) == ["review.asked", "exception.asked", "exception.part", "version.closed"]
    assert told(second) == ["review.asked", "exception.asked", "version.closed"]
    assert told(cast.owner) == ["exception.part"]
    [part, ended] = api.as_(cast.security).get(PLACE).json()["items"][:2][::-1]
    assert part["message"].endswith("as MRC; Security Architect is still needed")
    assert ended["message"] == f"{cast.owner.email} closed {life.version.address}"


def test_the_pages_show_and_settle_it(registry: Registry, make: Make, api: Api) -> None:
    """The bell counts; opening a notice leads to its page and reads it; the form chooses; what is old is dropped."""
    life = begin_life(make, api)
    owner = api.browser(life.cast.owner)
    empty = owner.get("/notices").text
    for text in ("One.", "Two."):
        life.post("/comments", life.cast.mrc, text=text)
    with counted() as sent:
        page = owner.get("/notices").text
    [path, _] = re.findall(r'action="(/notices/[^/"]+/open)"', page)

    opened = owner.submit(path)
    unread = owner.get("/notices?show=unread").text
    all_read = owner.submit("/notices/read")
    cleared = owner.get("/notices?show=unread").text
    chosen = owner.submit("/profile/notices", {"quiet": "on", "version.moved.in_app": "on"})
    settings = owner.get("/profile/notices").text
    later = replace(Circumstances.of_the_house(), now=clock.utc_now() + timedelta(days=91))
    with registry.house.database.writing(registry.house.parts, later) as work:
        dropped = pruning.prune(work)

    assert "Nobody told you anything yet" in empty
    assert len(sent) <= 3
    assert 'aria-label="Notices, 2 unread"' in page
    assert "“Two.”" in page
    assert opened.headers["location"] == f"/models/{life.version.model}/versions/{life.version.version}/reviews"
    assert 'aria-label="Notices, 1 unread"' in unread
    assert ("“Two.”" in unread, "“One.”" in unread) == (False, True)
    assert all_read.headers["location"] == "/notices?done=notices-read"
    assert "Nothing is unread" in cleared
    assert chosen.status_code == 303
    assert re.search(r'name="quiet" checked', settings)
    assert not re.search(r'name="comment.added.in_app"[^>]* checked', settings)
    assert dropped >= 2
    assert api.as_(life.cast.owner).get(PLACE).json()["items"] == []


def test_a_card_and_a_change_of_lineage_stand_on_the_page(make: Make, api: Api) -> None:
    """What was published under review, and what somebody told of the data behind a version."""
    life = begin_life(make, api)
    life.reach("SUBMITTED")
    life.decide(life.cast.mrc)
    life.publish_card()
    data = life.version.metadata["trainingDataset"]
    change = {"node": f"dataset:{data['name']}@{data['version']}", "message": "It was recalled."}
    told = api.as_(life.cast.mrc).post("/api/v1/lineage/tell", json=change)

    of_owner, of_reviewer = look(api, life.cast.owner, "/notices"), look(api, life.cast.mrc, "/notices")

    assert told.status_code in (200, 201, 202), told.text
    assert "“It was recalled.”" in of_owner
    assert "published revision 1 of the model card" in words_of(of_reviewer)


def test_every_kind_of_notice_has_an_icon() -> None:
    """The page draws each of them."""
    assert {kind.partition(".")[0] for kind in KINDS} == set(ICONS)
