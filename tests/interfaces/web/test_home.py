"""The dashboard: what waits for whom, and what everybody may see of the registry."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from modelkeep_server.features.audit import service as audit
from modelkeep_server.features.identity.tokens import service as tokens
from modelkeep_server.kit import clock
from modelkeep_server.rules.fields import FIELDS, Kind
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.pages import look, words_of
from tests.support.registries import Registry
from tests.support.statements import counted

COMPLETE = {
    field.key: {
        Kind.SCHEMA: {"type": "object"},
        Kind.OBJECT: {"depth": 6},
        Kind.DATASET: {"name": "churn-events", "version": "2026-02"},
    }.get(field.kind, "said")
    for field in FIELDS
    if field.why
}


def test_an_owner_sees_each_open_draft_with_its_cure_the_oldest_first(make: Make, api: Api) -> None:
    """What it lacks, what to do, and a button that leads there; a model without a version waits too."""
    owner = make.owner()
    bare = make.model(owner, name="bare")
    drafted = make.version(make.model(owner, name="drafted"), owner)
    weightless = make.version(make.model(owner, name="weightless"), owner, metadata=COMPLETE)

    html = look(api, owner)

    words = words_of(html)
    assert "3 things wait for you" in words
    assert words.index("bare No version yet") < words.index("drafted 1.0.0") < words.index("weightless 1.0.0")
    assert re.search(r"Weights and \d+ fields missing Upload its weights\. Fill in Framework, .+ and \d+ more\.", words)
    assert "weightless 1.0.0 Weights missing Upload its weights." in words
    assert f'href="/models/{bare.address}/versions/new"' in html
    assert f'href="/models/{drafted.model}/versions/1.0.0"' in html
    assert f'href="/models/{weightless.model}/versions/1.0.0/artifacts#upload"' in html


def test_a_draft_that_lacks_nothing_does_not_wait(make: Make, api: Api) -> None:
    """Complete metadata and weights: nothing is left to do, and the page says so."""
    owner = make.owner()
    make.file(make.version(owner=owner, metadata=COMPLETE), owner)

    words = words_of(look(api, owner))

    assert "Nothing waits for you" in words
    assert "To do" not in words


def test_the_drafts_of_others_do_not_wait_for_me(make: Make, api: Api) -> None:
    """Only owners are told, and only while they hold the role that lets them do it."""
    owner, stranger = make.owner(), make.owner()
    model = make.model(owner, owners=[stranger.email, "team@example.com"])
    former = make.person(Role.AUDITOR)
    make.version(make.model(owner, owners=[former.email]), owner)

    assert "1 thing waits for you" in words_of(look(api, stranger))
    assert model.name in words_of(look(api, stranger))
    assert "Nothing waits for you" in words_of(look(api, former))
    assert "Nothing waits for you" in words_of(look(api, make.owner()))


def test_a_token_that_ends_within_a_week_waits_to_be_replaced(registry: Registry, make: Make, api: Api) -> None:
    """One that was made for a month; not one that was made for a day, nor one that has a month to go."""
    person = make.person()
    signed_in = replace(person.actor, scopes=None)
    with registry.writing(now=clock.utc_now() - timedelta(days=27)) as work:
        tokens.create_token(work, signed_in, name="nightly-training", days=30)
    with registry.writing() as work:
        tokens.create_token(work, signed_in, name="in-the-ci", days=30)

    words = words_of(look(api, person))

    assert "1 thing waits for you" in words
    assert re.search(r"nightly-training Token ends What uses it stops working then\..+ due in 3 days Replace", words), (
        words
    )
    assert "in-the-ci" not in words


def test_an_auditor_sees_how_the_log_stands(fresh_registry: Registry, fresh_make: Make, fresh_api: Api) -> None:
    """The newest checkpoint, how many events came since, and the way to verify; nobody else is shown it."""
    auditor = fresh_make.person(Role.AUDITOR)
    with fresh_registry.writing() as work:
        audit.sign_head(work)
    signed = fresh_registry.event_count
    owner = fresh_make.owner()
    fresh_make.model(owner)

    words = words_of(look(fresh_api, auditor))

    since = fresh_registry.event_count - signed
    assert f"Events {fresh_registry.event_count} Newest checkpoint over {signed} events" in words
    assert f"Since then {since} events" in words
    assert "modelkeep audit verify" in words
    assert "Newest checkpoint" not in words_of(look(fresh_api, owner))


@pytest.mark.parametrize(
    ("roles", "heading", "button", "command"),
    [
        ([], "You have no role yet", "Browse the catalogue", "modelkeep models list"),
        ([Role.MODEL_OWNER], "No model of yours yet", "Create Model", "modelkeep models create"),
        ([Role.AUDITOR], "No model to look into yet", "Open the log", "modelkeep events"),
        ([Role.SRE], "The registry is empty", "Browse the catalogue", "modelkeep models list"),
    ],
)
def test_an_empty_registry_teaches(
    fresh_make: Make, fresh_api: Api, roles: list[Role], heading: str, button: str, command: str
) -> None:
    """What this is, one button to begin, one command that does the same; for each role its own."""
    person = fresh_make.person(*roles)

    words = words_of(look(fresh_api, person))

    assert all(part in words for part in (heading, button, command)), words


def test_my_models_tell_the_state_of_every_version(make: Make, api: Api) -> None:
    """Beside the newest version stands how many versions are in which state."""
    owner = make.owner()
    model = make.model(owner, name="many")
    for number in range(3):
        make.version(model, owner, version=f"1.{number}.0")

    words = words_of(look(api, owner))

    assert re.search(r"many group-\w+ Low 1\.2\.0 Draft 3 Draft", words), words


def test_recent_activity_tells_files_sent_together_in_one_line(make: Make, api: Api) -> None:
    """Who, what, on which model; with the way to all of it."""
    owner = make.owner()
    version = make.version(make.model(owner, name="router"), owner)
    for path in ("a.bin", "b.bin", "c.bin"):
        make.file(version, owner, path=path)

    html = look(api, owner)

    words = words_of(html)
    assert re.search(r"uploaded 3 files to router 1\.0\.0 ?, just now", words), words
    assert 'href="/activity"' in html


def test_a_stranger_learns_nothing_of_a_restricted_model(make: Make, api: Api) -> None:
    """Neither on the dashboard nor among all activity; its own pages are not there. Its owner sees it on both."""
    owner, stranger = make.owner(), make.owner()
    version = make.version(make.model(owner, visibility="RESTRICTED"), owner)
    group = version.model.split("/")[0]
    browser = api.browser(stranger)

    assert group not in look(api, stranger)
    assert group not in look(api, stranger, "/activity")
    assert browser.get(f"/models/{version.model}/activity").status_code == 404
    assert browser.get(f"/models/{version.model}/versions/1.0.0/activity").status_code == 404
    assert group in look(api, owner)
    assert group in look(api, owner, "/activity")


def test_what_people_wrote_is_text_on_every_list(registry: Registry, make: Make, api: Api) -> None:
    """Markup in the reason of an edit comes out as text."""
    owner = make.owner()
    model = make.model(owner)
    make.edit(model, reason="It is <b>bold</b> & new.", risk_tier="HIGH")

    html = look(api, owner, "/activity") + look(api, owner, f"/models/{model.address}/activity")

    assert "<b>bold" not in html
    assert html.count("It is &lt;b&gt;bold&lt;/b&gt; &amp; new.") == 2


@pytest.mark.parametrize(
    ("roles", "statements"),
    [
        ([Role.MODEL_OWNER], 17),
        ([Role.AUDITOR], 16),
        ([], 13),
        ([Role.MRC], 14),
    ],  # an overseer is told of new roles as well
    ids=["owner", "auditor", "none", "mrc"],
)
def test_the_dashboard_costs_the_same_however_much_there_is(
    fresh_make: Make, fresh_api: Api, roles: list[Role], statements: int
) -> None:
    """A fixed number of statements for each role, with one model or six, one draft or six."""
    person = fresh_make.person(*roles)
    owner = person if Role.MODEL_OWNER in roles else fresh_make.owner()
    browser = fresh_api.browser(person)
    costs = []

    for count in (1, 5):
        for _ in range(count):
            fresh_make.version(owner=owner)
            fresh_make.model(owner)
        browser.get("/")
        with counted() as sent:
            assert browser.get("/").status_code == 200
        costs.append(len(sent))

    assert costs == [statements, statements]


def test_overseers_see_which_roles_were_granted_lately(make: Make, api: Api) -> None:
    """Admins and Auditors, with the source and who gave it; nobody else."""
    fresh = make.person(Role.SRE, name="newcomer")

    for overseer in (Role.ADMIN, Role.AUDITOR):
        words = words_of(look(api, make.person(overseer)))
        assert "Roles granted in the last 7 days" in words
        assert f"{fresh.email.partition('@')[0]} is SRE From an operator on the server's host" in words
    assert "Roles granted" not in words_of(look(api, make.person(Role.MRC)))
