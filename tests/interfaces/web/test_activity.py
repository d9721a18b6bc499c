"""The activity tabs of models and versions, and the list of all activity."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from modelkeep_server.features.activity.views import Activity
from modelkeep_server.interfaces.web.contexts.activity import fold, name_day
from modelkeep_server.interfaces.web.drawing import field_words
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.pages import look, words_of
from tests.support.statements import counted

NOON = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
UPLOAD = Activity(
    sequence=9, id="e", at=NOON, action="artifact.upload", by="a@b.co", name=None, kind="artifact", object_id="o",
    model="g/m", version="1.0.0", path="a.bin", changed=(), reason=None,
)  # fmt: skip


def test_a_models_tab_tells_day_by_day_who_did_what(make: Make, api: Api) -> None:
    """The tab is there, current, and holds what happened to the model and its versions under the day's name."""
    owner = make.owner()
    version = make.version(make.model(owner, name="router"), owner)
    make.file(version, owner, path="weights/model.bin")

    html = look(api, owner, f"/models/{version.model}/activity")

    words = words_of(html)
    assert re.search(r'<a href="[^"]+/activity" aria-current="page">', html)
    assert "Today" in words
    assert "uploaded weights/model.bin to 1.0.0" in words
    assert "created version 1.0.0" in words
    assert "registered the model" in words


def test_a_versions_tab_tells_of_that_version(make: Make, api: Api) -> None:
    """Its own files and moves, found under the escaped number of a build too."""
    owner = make.owner()
    model = make.model(owner)
    make.version(model, owner)
    version = make.version(model, owner, version="2.0.0+build.7")
    make.file(version, owner)

    words = words_of(look(api, owner, f"/models/{model.address}/versions/2.0.0%2Bbuild.7/activity"))

    assert "uploaded model.safetensors" in words
    assert "created version 2.0.0+build.7" in words
    assert "version 1.0.0" not in words


def test_who_may_read_the_log_can_open_the_event(make: Make, api: Api) -> None:
    """Auditors find a link from each line to its event; others do not, since it would lead nowhere."""
    owner = make.owner()
    model = make.model(owner)
    (event,) = make.events(model.id)
    path = f"/models/{model.address}/activity"

    assert f'href="/audit/{event.sequence}"' in look(api, make.person(Role.AUDITOR), path)
    assert 'href="/audit/' not in look(api, owner, path)


def test_older_pages_follow_and_lead_back(make: Make, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit on a page stands on the next; every page but the newest leads back to it."""
    monkeypatch.setattr("modelkeep_server.interfaces.web.models.ACTIVITY_ROWS", 2)
    owner = make.owner()
    model = make.model(owner)
    make.version(model, owner)
    make.version(model, owner, version="1.1.0")
    path = f"/models/{model.address}/activity"

    newest = look(api, owner, path)
    older = re.search(r'href="([^"]+)" rel="next">Older', newest)
    assert older is not None
    second = look(api, owner, older.group(1).replace("&amp;", "&"))

    assert "registered the model" not in words_of(newest)
    assert "registered the model" in words_of(second)
    assert re.search(rf'href="{path}" rel="first">Newest', second)
    assert 'rel="next"' not in second


def test_a_tab_costs_the_same_however_much_happened(make: Make, api: Api) -> None:
    """Who asks, the model with its owners, how many versions, the page: four statements, however much there is."""
    owner = make.owner()
    model = make.model(owner)
    browser = api.browser(owner)
    costs = []

    for number in range(2):
        for patch in range(3):
            make.version(model, owner, version=f"1.{number}.{patch}")
        browser.get(f"/models/{model.address}/activity")
        with counted() as sent:
            browser.get(f"/models/{model.address}/activity")
        costs.append(len(sent))

    assert costs == [4, 4]


def test_files_of_one_hand_and_hour_are_one_line() -> None:
    """The same person, the same version, within an hour and a day: folded; anything else stands alone."""
    earlier = replace(UPLOAD, sequence=8, path="b.bin", at=NOON - timedelta(minutes=5))

    assert [deed.files for deed in fold([UPLOAD, earlier])] == [("a.bin", "b.bin")]
    for change in ({"by": "c@d.co"}, {"version": "1.1.0"}, {"action": "artifact.remove"}, {"model": "g/n"}):
        assert len(fold([UPLOAD, replace(earlier, **change)])) == 2
    assert len(fold([UPLOAD, replace(earlier, at=NOON - timedelta(hours=2))])) == 2
    midnight = UPLOAD.at.replace(hour=0, minute=10)
    assert len(fold([replace(UPLOAD, at=midnight), replace(earlier, at=midnight - timedelta(minutes=20))])) == 2


@pytest.mark.parametrize(
    ("on", "name"),
    [
        (date(2026, 3, 6), "Today"),
        (date(2026, 3, 5), "Yesterday"),
        (date(2026, 3, 1), "Sunday 1 March"),
        (date(2025, 12, 31), "Wednesday 31 December 2025"),
    ],
)
def test_a_day_has_the_name_people_give_it(on: date, name: str) -> None:
    """Near days by word, others by weekday and date, those of another year with it."""
    assert name_day(on, date(2026, 3, 6)) == name


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("riskTier", "risk tier"),
        ("tags", "tags"),
        ("documentationUrl", "documentation link"),
        ("metadata.intendedUse", "intended use"),
        ("somethingNew", "something new"),
    ],
)
def test_a_field_is_named_in_words(field: str, words: str) -> None:
    """JSON names are for programs."""
    assert field_words(field) == words
