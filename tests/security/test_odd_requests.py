"""Requests that no client of ours sends: each gets an answer that is not a 500."""

import pytest

from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make

HUGE = str(2**63)


def test_a_page_token_of_odd_letters_is_a_forgery_not_a_fault(api: Api, make: Make) -> None:
    """Constant-time comparison refuses text beyond ASCII, so it is made over bytes."""
    browser = api.browser(make.person())

    answer = browser.post("/api/v1/tokens", json={"name": "x"}, headers={"x-csrf-token": b"\xe9"})

    assert (answer.status_code, answer.json()["code"]) == (403, "forged_request")


@pytest.mark.parametrize("sequence", [HUGE, "9" * 40, "-1"])
def test_an_event_number_beyond_all_numbers_is_bad_input(api: Api, make: Make, sequence: str) -> None:
    """SQLite's integers end at 2^63 - 1; the API and the page both say so."""
    person = make.person(Role.AUDITOR)

    answers = [
        api.as_(person).get(f"/api/v1/audit/events/{sequence}"),
        api.browser(person).get(f"/audit/{sequence}"),
    ]

    assert [answer.status_code for answer in answers] == [422, 422]


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000@evil.example", "127.0.0.1:evil", "127.0.0.1:8000/x?", "127.0.0.1:", "localhost.", "[::1"]
)
def test_a_host_that_only_begins_like_ours_is_refused(api: Api, host: str) -> None:
    """The port is digits: what stands behind the colon cannot lead an address elsewhere."""
    answer = api.anonymous.get("/login", headers={"host": host})

    assert answer.status_code == 400


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "LOCALHOST:1", "[::1]", "[::1]:8000"])
def test_the_registry_answers_to_its_own_names(api: Api, host: str) -> None:
    """With and without a port, in any case."""
    answer = api.anonymous.get("/login", headers={"host": host})

    assert answer.status_code == 200


def test_two_hosts_are_refused(api: Api) -> None:
    """Which of them another program on the way went by cannot be known (RFC 9112, section 3.2)."""
    answer = api.anonymous.get("/login", headers=[("host", "127.0.0.1:8000"), ("host", "evil.example")])

    assert answer.status_code == 400
