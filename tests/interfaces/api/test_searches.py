"""Saved searches through the API: saving, sharing, changing, copying, deleting, and whose rights they run with."""

import secrets
from typing import Any

import pytest

from modelkeep_server.rules.permissions import Role
from modelkeep_server.rules.saved_searches import SEARCHES_MAX
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.registries import Registry
from tests.support.statements import counted

PLACE = "/api/v1/searches"


def save(api: Api, person: Person, name: str = "Mine", query: str = "tag:nlp", **more: Any) -> Any:
    """The answer to saving a search."""
    return api.as_(person).post(PLACE, json={"name": name, "query": query, **more})


def names(api: Api, person: Person, **asked: Any) -> list[str]:
    """The names of what somebody finds."""
    return [one["name"] for one in api.as_(person).get(PLACE, params={"limit": 200, **asked}).json()["items"]]


def test_a_search_is_saved_and_read_again(make: Make, api: Api) -> None:
    """As it was sent; the answer says where it is, and its revision."""
    person = make.person()

    made = save(api, person, " High-risk NLP ", "tag:nlp riskTier:HIGH ", sort="created")

    told = made.json()
    assert made.status_code == 201, made.text
    assert (made.headers["location"], made.headers["etag"]) == (f"{PLACE}/{told['id']}", '"r1"')
    assert (told["name"], told["query"], told["sort"]) == ("High-risk NLP", "tag:nlp riskTier:HIGH", "created")
    assert (told["sharing"], told["savedBy"], told["isMine"], told["alert"]) == ("PRIVATE", person.email, True, False)
    assert api.as_(person).get(made.headers["location"]).json() == told


def test_what_cannot_be_saved_is_said_field_by_field(make: Make, api: Api) -> None:
    """All faults at once; of a query with the place in it and one that can be read."""
    person = make.person()

    refused = save(api, person, "", "riskteir:HIGH", sort="best", sharing="ALL")

    errors = {one["field"]: one for one in refused.json()["errors"]}
    assert refused.status_code == 422
    assert set(errors) == {"name", "query", "sort", "sharing"}
    assert (errors["query"]["position"], errors["query"]["suggestion"]) == (0, "riskTier:HIGH")
    assert names(api, person, whose="mine") == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "x" * 101), ("name", "two\nlines"), ("name", "\u202eback"), ("name", "\u200b \u3164"),
     ("query", "x " * 501), ("query", 'tag:"'), ("query", "/x/"), ("query", "a\x00b")],
)  # fmt: skip
def test_bad_text_is_refused(make: Make, api: Api, field: str, value: str) -> None:
    """Too long, control characters, or no query: nothing is saved."""
    person = make.person()

    refused = save(api, person, **{field: value})

    assert (refused.status_code, [one["field"] for one in refused.json()["errors"]]) == (422, [field])


def test_an_admin_takes_down_what_somebody_shares(make: Make, api: Api) -> None:
    """Whoever saved it keeps it and is told why; who followed it finds it no more, and has their alert free again."""
    person, follower, admin = make.person(), make.person(), make.person(Role.ADMIN)
    made = save(api, person, f"Buy now {secrets.token_hex(4)}", sharing="SHARED").json()
    at = f"{PLACE}/{made['id']}"
    api.as_(follower).put(f"{at}/alert", json={})

    answers = [
        api.as_(one).post(f"{at}/take-down", json={"reason": reason})
        for one, reason in [(follower, "Mine."), (admin, " "), (admin, "It is no search."), (admin, "Once more.")]
    ]

    kept = api.as_(person).get(at).json()
    (notice,) = api.as_(person).get("/api/v1/notices").json()["items"]
    assert [answer.status_code for answer in answers] == [403, 422, 204, 404]
    assert (kept["sharing"], kept["revision"]) == ("PRIVATE", 2)
    assert notice["message"] == f"{admin.email} took down “{made['name']}”, which you shared"
    assert notice["href"] == f"/searches#search-{made['id']}"
    assert [api.as_(one).get(at).status_code for one in (follower, admin)] == [404, 404]
    refused, event = make.events(made["id"], "search.take_down")
    assert (refused.outcome, event.reason, event.after["sharing"]) == ("REFUSED", "It is no search.", "PRIVATE")


def test_what_was_taken_down_stays_down_until_an_admin_allows_it(make: Make, api: Api) -> None:
    """Whoever saved it is told why, and whom to ask; all else of it they change. Only an Admin allows it, and once."""
    person, admin = make.person(), make.person(Role.ADMIN)
    at = f"{PLACE}/{save(api, person, sharing='SHARED').json()['id']}"
    api.as_(admin).post(f"{at}/take-down", json={"reason": "It is no search."})
    owner = api.as_(person)

    refused = owner.patch(at, json={"sharing": "SHARED"}).json()
    renamed = owner.patch(at, json={"name": "Renamed"}).json()
    allowed = [api.as_(one).post(f"{at}/allow").status_code for one in (person, admin, admin)]
    shared = owner.patch(at, json={"sharing": "SHARED"}).json()

    assert refused["status"] == 409
    assert refused["detail"] == "An Admin took this search down: It is no search."
    assert "Ask an Admin (" in refused["remedy"]
    assert (renamed["name"], renamed["takenDownReason"]) == ("Renamed", "It is no search.")
    assert allowed == [403, 204, 404]
    assert (shared["sharing"], shared["takenDownReason"], shared["revision"]) == ("SHARED", None, 5)
    assert [one.outcome for one in make.events(shared["id"], "search.allow")] == ["REFUSED", "ALLOWED"]


def test_whoever_saved_a_search_is_told_that_it_may_be_shared_again(make: Make, api: Api) -> None:
    """By name and by whom; the notice leads to it."""
    person, admin = make.person(), make.person(Role.ADMIN)
    made = save(api, person, sharing="SHARED").json()
    at = f"{PLACE}/{made['id']}"
    api.as_(admin).post(f"{at}/take-down", json={"reason": "It is no search."})
    api.as_(admin).post(f"{at}/allow")

    notice = api.as_(person).get("/api/v1/notices").json()["items"][0]

    assert notice["message"] == f"{admin.email} allows you to share “{made['name']}” again"
    assert notice["href"] == f"/searches#search-{made['id']}"


def test_no_admin_allows_a_search_of_their_own(make: Make, api: Api) -> None:
    """Nor of a program that they answer for: another Admin does, also the one who took it down."""
    owner, other = make.person(Role.ADMIN, Role.MODEL_OWNER), make.person(Role.ADMIN)
    sponsor, told = api.browser(owner), {"name": f"bot-{secrets.token_hex(4)}", "purpose": "It searches."}
    account = sponsor.call("POST", "/api/v1/service-accounts", json={**told, "scopes": ["read", "write"]}).json()
    tokens = f"/api/v1/service-accounts/{account['id']}/tokens"
    token = sponsor.call("POST", tokens, json={"name": "it", "scopes": ["read", "write"]}).json()["token"]
    sent = {"name": "Mine", "query": "tag:nlp", "sharing": "SHARED"}
    made = [client.post(PLACE, json=sent).json() for client in (api.as_(owner), api.with_token(token))]
    places = [f"{PLACE}/{one['id']}" for one in made]
    for at in places:
        api.as_(other).post(f"{at}/take-down", json={"reason": "It is no search."})

    refused = [api.as_(owner).post(f"{at}/allow") for at in places]
    allowed = [api.as_(other).post(f"{at}/allow").status_code for at in places]

    assert [one.status_code for one in refused] == [403, 403]
    assert refused[0].json()["code"] == "separation_of_duties"
    assert refused[0].json()["detail"] == "This search is yours, so another Admin allows it to be shared again."
    assert allowed == [204, 204]


def test_only_what_is_shared_is_taken_down(make: Make, api: Api) -> None:
    """An Admin's own private search is told so, and stays."""
    admin = make.person(Role.ADMIN)
    at = f"{PLACE}/{save(api, admin).json()['id']}"

    refused = api.as_(admin).post(f"{at}/take-down", json={"reason": "No search."})

    assert (refused.status_code, "Nobody else finds" in refused.json()["detail"]) == (409, True)


def test_a_search_that_was_taken_down_tells_nobody_who_followed_it_once_it_is_shared_again(
    make: Make, api: Api
) -> None:
    """Who cannot find it cannot turn it off: whoever shared it would have them back at once, under any name."""
    person, follower, admin = make.person(), make.person(), make.person(Role.ADMIN)
    at = f"{PLACE}/{save(api, person, f'Buy {secrets.token_hex(4)}', sharing='SHARED', alert=True).json()['id']}"
    api.as_(follower).put(f"{at}/alert", json={})

    api.as_(admin).post(f"{at}/take-down", json={"reason": "It is no search."})
    api.as_(admin).post(f"{at}/allow")
    shared = api.as_(person).patch(at, json={"sharing": "SHARED"})

    followed = api.as_(follower).get(at).json()["alert"]
    again = api.as_(follower).put(f"{at}/alert", json={})
    assert (shared.status_code, shared.json()["alert"], followed) == (200, True, False)
    assert (again.status_code, again.json()["alert"]) == (200, True)


@pytest.mark.parametrize("letter", ["\U0001f600", "\ufdfa"])
def test_no_name_that_somebody_shares_ends_the_list_of_all(make: Make, api: Api, letter: str) -> None:
    """Names of letters that take many bytes, or are folded into many: the next page is found however they are told."""
    person, reader = make.person(), make.person()
    made = {save(api, person, f"{letter * 96}{number}", sharing="SHARED").json()["id"] for number in range(3)}

    found, cursor = set(), None
    while True:
        page = api.as_(reader).get(
            PLACE, params={"limit": 1, "whose": "shared"} | ({"cursor": cursor} if cursor else {})
        )
        assert page.status_code == 200, page.text
        found |= {one["id"] for one in page.json()["items"]}
        if not (cursor := page.json()["nextCursor"]):
            break

    assert made <= found


def test_no_two_of_ones_own_have_the_same_name(make: Make, api: Api) -> None:
    """In any case; others may have it, and so may one that is saved after the first was deleted."""
    person, other = make.person(), make.person()
    first = save(api, person, "Fraud").json()

    again = save(api, person, "FRAUD")
    of_other = save(api, other, "fraud")
    api.as_(person).delete(f"{PLACE}/{first['id']}")

    assert (again.status_code, again.json()["errors"][0]["field"]) == (409, "name")
    assert of_other.status_code == 201
    assert save(api, person, "fraud").status_code == 201


def test_a_search_is_changed_by_whoever_saved_it(make: Make, api: Api) -> None:
    """A stale edit is told what changed; somebody else may not."""
    person, other = make.person(), make.person()
    at = f"{PLACE}/{save(api, person, sharing='SHARED').json()['id']}"

    changed = api.as_(person).patch(at, json={"query": "tag:cv"}, headers={"if-match": '"r1"'})
    stale = api.as_(person).patch(at, json={"query": "tag:asr"}, headers={"if-match": '"r1"'})
    broken = api.as_(person).patch(at, json={"query": "(tag:cv"})
    by_other = api.as_(other).patch(at, json={"name": "Theirs"})

    assert (changed.status_code, changed.json()["query"], changed.headers["etag"]) == (200, "tag:cv", '"r2"')
    assert (stale.status_code, stale.json()["errors"][0]["field"]) == (412, "query")
    assert (broken.status_code, by_other.status_code) == (422, 403)
    assert api.as_(person).get(at).json()["query"] == "tag:cv"


def test_a_private_search_is_nobody_elses(make: Make, api: Api) -> None:
    """To others it is not there, whatever they try; an Admin is no exception."""
    person, other = make.person(), make.person(Role.ADMIN)
    at = f"{PLACE}/{save(api, person, 'Secret plan').json()['id']}"
    visitor = api.as_(other)

    answers = [
        visitor.get(at), visitor.patch(at, json={"name": "x"}), visitor.delete(at), visitor.post(f"{at}/restore"),
        visitor.post(f"{at}/copy", json={}), visitor.put(f"{at}/alert", json={}), visitor.delete(f"{at}/alert"),
    ]  # fmt: skip

    assert [answer.status_code for answer in answers] == [404] * 7
    assert "Secret plan" not in names(api, other)


def test_a_shared_search_is_found_by_everybody_and_says_whose_it_is(make: Make, api: Api) -> None:
    """Until it is private again."""
    person, other, name = make.person(), make.person(), f"Shared {secrets.token_hex(4)}"
    made = save(api, person, name, sharing="SHARED").json()
    found = api.as_(other).get(f"{PLACE}/{made['id']}").json()
    lists = [name in names(api, one, whose=whose) for one in (person, other) for whose in ("all", "mine", "shared")]

    api.as_(person).patch(f"{PLACE}/{made['id']}", json={"sharing": "PRIVATE"})

    assert (found["savedBy"], found["isMine"]) == (person.email, False)
    assert lists == [True, True, False, True, False, True]
    assert name not in names(api, other)
    assert api.as_(other).get(f"{PLACE}/{made['id']}").status_code == 404


def test_a_search_runs_with_the_rights_of_whoever_runs_it(make: Make, api: Api) -> None:
    """Nothing of what its saver sees stands in it: a colleague finds by it what they may see."""
    owner, other, term = make.owner(), make.person(), f"zq{secrets.token_hex(5)}"
    hidden = make.model(owner, tags=[term], visibility="RESTRICTED")
    made = save(api, owner, query=f"tag:{term}", sharing="SHARED").json()

    told = api.as_(other).get(f"{PLACE}/{made['id']}")
    found = {}
    for person in (owner, other):
        items = api.as_(person).get("/api/v1/models", params={"q": made["query"]}).json()["items"]
        found[person.email] = [one["name"] for one in items]

    assert found == {owner.email: [hidden.name], other.email: []}
    assert hidden.group not in told.text


def test_a_copy_is_ones_own(make: Make, api: Api) -> None:
    """Private, without an alert, under a name that is free; what happens to the other no longer concerns it."""
    person, other = make.person(), make.person()
    at = f"{PLACE}/{save(api, person, 'Fraud', sharing='SHARED', alert=True).json()['id']}"

    first, second = (api.as_(other).post(f"{at}/copy", json={}).json() for _ in range(2))
    named = api.as_(other).post(f"{at}/copy", json={"name": "Mine now"}).json()
    taken = api.as_(other).post(f"{at}/copy", json={"name": "mine NOW"})
    api.as_(person).delete(at)

    assert [one["name"] for one in (first, second, named)] == ["Fraud", "Fraud 2", "Mine now"]
    assert {(one["isMine"], one["sharing"], one["alert"]) for one in (first, second, named)} == {
        (True, "PRIVATE", False)
    }
    assert taken.status_code == 409
    assert names(api, other, whose="mine") == ["Fraud", "Fraud 2", "Mine now"]


def test_what_was_deleted_is_put_back(make: Make, api: Api) -> None:
    """As it was, with its alert; not where its name is taken by then, and only once."""
    person = make.person()
    made = save(api, person, "Fraud", alert=True).json()
    at, client = f"{PLACE}/{made['id']}", api.as_(person)

    assert client.delete(at, headers={"if-match": '"r7"'}).status_code == 412
    assert client.delete(at).status_code == 204
    gone = client.get(at)
    other = save(api, person, "fraud").json()
    taken = client.post(f"{at}/restore")
    client.delete(f"{PLACE}/{other['id']}")
    back, again = client.post(f"{at}/restore"), client.post(f"{at}/restore")

    assert (gone.status_code, taken.status_code, back.status_code, again.status_code) == (404, 409, 200, 404)
    assert (back.json()["name"], back.json()["alert"], back.json()["revision"]) == ("Fraud", True, 3)


def test_an_alert_is_ones_own(make: Make, api: Api) -> None:
    """Turned on and off by each for themselves; twice is as once. A service account has no inbox."""
    person, other = make.person(), make.person()
    at = f"{PLACE}/{save(api, person, sharing='SHARED').json()['id']}"

    first = api.as_(other).put(f"{at}/alert", json={}).json()
    again = api.as_(other).put(f"{at}/alert", json={}).json()
    of_saver = api.as_(person).get(at).json()
    off = [api.as_(other).delete(f"{at}/alert").status_code for _ in range(2)]

    assert (first["alert"], again) == (True, first)
    assert of_saver["alert"] is False
    assert (off, api.as_(other).get(at).json()["alert"]) == ([204, 204], False)


def test_so_many_are_saved_and_no_more(registry: Registry, make: Make, api: Api) -> None:
    """The refusal says what to do."""
    person = make.person()
    for number in range(SEARCHES_MAX):
        assert save(api, person, f"Number {number}").status_code == 201

    refused = save(api, person, "One too many")

    assert (refused.status_code, refused.json()["code"]) == (409, "state_forbids")
    assert "Delete one" in refused.json()["remedy"]


def test_lists_are_walked_by_name(make: Make, api: Api) -> None:
    """Page by page, each once, with how many there are."""
    person = make.person()
    for name in ("delta", "Alpha", "charlie", "Bravo"):
        save(api, person, name)

    first = api.as_(person).get(PLACE, params={"whose": "mine", "limit": 3}).json()
    rest = api.as_(person).get(PLACE, params={"whose": "mine", "limit": 3, "cursor": first["nextCursor"]}).json()

    assert [one["name"] for one in first["items"] + rest["items"]] == ["Alpha", "Bravo", "charlie", "delta"]
    assert (first["total"], rest["nextCursor"]) == (4, None)


def test_the_log_keeps_names_and_queries_apart(registry: Registry, make: Make, api: Api) -> None:
    """Each act is an event; what a person typed stands in none of them."""
    person, term = make.person(), f"zq{secrets.token_hex(6)}"
    made = save(api, person, f"Name {term}", f"tag:{term}", alert=True).json()
    api.as_(person).patch(f"{PLACE}/{made['id']}", json={"query": f"{term} OR fraud"})
    api.as_(person).delete(f"{PLACE}/{made['id']}")

    events = registry.look(f"SELECT action, body FROM audit_events WHERE object_id = '{made['id']}' ORDER BY sequence")

    assert [action for action, _ in events] == ["search.save", "search.alert", "search.update", "search.delete"]
    assert not any(term in str(body) for _, body in events)


def test_a_list_costs_two_statements(make: Make, api: Api) -> None:
    """However many there are, beside the one that finds who asks."""
    person = make.person()
    for number in range(5):
        save(api, person, f"Number {number}")

    with counted() as told:
        api.as_(person).get(PLACE)

    assert len(told) == 3
