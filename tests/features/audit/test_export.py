"""Taking events out: all of a filter, harmless in a spreadsheet, on record, and never the whole log in memory."""

import csv
import io
import json
import tempfile
import zipfile
from pathlib import Path

import pytest

from modelkeep_server.features.audit import export
from modelkeep_server.features.audit.filters import EventFilter
from modelkeep_server.rules.events import Outcome
from modelkeep_server.rules.permissions import Role
from tests.support.addresses import links_of
from tests.support.clients import Api, Client
from tests.support.make import Make
from tests.support.registries import Registry
from tests.support.statements import counted

EXPORT = "/api/v1/audit/events/export"
NAUGHTY = (
    "=cmd|' /C calc'!A0", "=HYPERLINK(\"http://example.com\")", "+1+1", "-2+3", "@SUM(1)", "\t=1", "\r=1", "\n=1",
    "\uff1d1+1", 'a "quoted", text', "line\r\nbreak", "'=1", "plain", "Ünïcode \U0001f600", "</td><script>", "a\u2028b",
)  # fmt: skip


@pytest.fixture
def auditor(make: Make, api: Api) -> Client:
    """Somebody who may take events out."""
    return api.as_(make.person(Role.AUDITOR))


def rows_of(text: str) -> list[dict[str, str]]:
    """The rows of a CSV with a header, as a program reads them."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_an_export_holds_exactly_what_the_list_shows(make: Make, auditor: Client) -> None:
    """CSV and JSON Lines have the same events in the same order as the list, whole and with names put back."""
    version = make.version()
    make.file(version)
    listed = auditor.get("/api/v1/audit/events", params={"object": version.model}).json()["items"]

    as_csv = auditor.get(EXPORT, params={"object": version.model})
    as_lines = auditor.get(EXPORT, params={"object": version.model, "format": "jsonl"})

    assert [json.loads(line) for line in as_lines.text.splitlines()] == listed
    rows = rows_of(as_csv.text)
    assert [int(row["sequence"]) for row in rows] == [event["sequence"] for event in listed]
    for row, event in zip(rows, listed, strict=True):
        assert (row["at"], row["action"], row["actorEmail"]) == (event["at"], event["action"], event["actor"]["email"])
        assert (row["objectLabel"], row["requestId"]) == (event["object"]["label"], event["requestId"])
        assert json.loads(row["after"]) == event["after"]
    assert as_csv.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert as_lines.headers["content-type"].startswith("application/x-ndjson")
    assert 'attachment; filename="modelkeep-events.csv"' == as_csv.headers["content-disposition"]


@pytest.mark.parametrize("text", NAUGHTY)
def test_no_cell_is_a_formula(make: Make, api: Api, auditor: Client, text: str) -> None:
    """A text that a spreadsheet would run gets an apostrophe in front, and nothing of what is kept of it is lost."""
    version = make.version()
    owner = api.as_(make.owner_of(version))
    make.file(version)
    assert owner.post(links_of(version), json={"purpose": text}).status_code == 201

    answer = auditor.get(EXPORT, params={"object": version.model, "action": "artifact.link"})

    (row,) = rows_of(answer.text)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d")) for cell in row.values())
    assert row["reason"].removeprefix("'") == text.strip().removeprefix("'")
    assert answer.text.endswith("\r\n")


def test_an_export_is_on_record_before_its_first_byte(make: Make, api: Api) -> None:
    """Who took out what and how much; the log itself names nobody."""
    person = make.person(Role.AUDITOR)
    owner = make.owner()
    make.model(owner)
    before = make.event_count()

    answer = api.as_(person).get(EXPORT, params={"person": owner.email, "outcome": "ALLOWED", "from": "2020-01-01"})

    (noted,) = make.events(since=before)
    assert (noted.action, noted.outcome, noted.role) == ("audit.export", Outcome.ALLOWED, "AUDITOR")
    assert noted.actor.email == person.email
    assert noted.after == {
        "events": len(rows_of(answer.text)), "size": before, "format": "csv",
        "filter": {"person": owner.email, "outcome": "ALLOWED", "from_at": "2020-01-01T00:00:00Z"},
    }  # fmt: skip
    assert owner.email not in noted.raw


@pytest.mark.parametrize("role", [Role.MODEL_OWNER, Role.SRE])
def test_who_may_not_take_events_out_gets_none(make: Make, api: Api, role: Role) -> None:
    """403, and the attempt is on record."""
    before = make.event_count()

    answer = api.as_(make.person(role)).get(EXPORT)

    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    (noted,) = [event for event in make.events(since=before) if event.action == "audit.export"]
    assert noted.outcome is Outcome.REFUSED


def test_a_faulty_filter_leaves_no_record_of_an_export(make: Make, auditor: Client) -> None:
    """Nothing was taken out, so nothing is noted."""
    before = make.event_count()

    answer = auditor.get(EXPORT, params={"from": "soon"})

    assert answer.status_code == 422
    assert make.events(since=before) == []


def test_an_export_is_read_in_runs_without_gap_or_double(
    make: Make, auditor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs of two give the same as one run, and each costs the same few statements."""
    model = make.model()
    for number in range(6):
        make.version(model, version=f"{number}.0.0")
    whole = auditor.get(EXPORT, params={"object": model.address}).text
    monkeypatch.setattr(export, "RUN_EVENTS", 2)

    with counted() as sent:
        in_runs = auditor.get(EXPORT, params={"object": model.address}).text

    assert in_runs == whole
    assert len(rows_of(whole)) == 7
    assert sum("FROM audit_labels" in statement for statement in sent) <= 7


def test_what_comes_later_is_not_in_an_export(registry: Registry, make: Make) -> None:
    """Events that are added while bytes move, the export's own among them, are left out: the count stays true."""
    owner = make.owner()
    make.model(owner)
    with registry.reading() as work:
        found = export.measure(work, registry.auditor, EventFilter(person=owner.email))
    make.model(owner)

    with registry.reading() as work:
        events = export.read_run(work, registry.auditor, found, None)

    assert (len(events), found.count) == (1, 1)


def test_a_browser_takes_events_out_too(make: Make, api: Api) -> None:
    """The button of the page is a plain link to the same route."""
    answer = api.browser(make.person(Role.AUDITOR)).get(EXPORT, params={"format": "jsonl", "action": "model.*"})

    assert answer.status_code == 200


def test_a_bundle_leaves_no_copy_of_the_log_behind(
    auditor: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it stands in the temporary folder, whatever range is asked for: a bundle is always sent whole."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    for asked in ({}, {"Range": "bytes=999999999999-"}, {"Range": "bytes=5-3"}, {"Range": "bytes=0-9"}):
        answer = auditor.get("/api/v1/audit/bundle", headers=asked)
        assert (answer.status_code, answer.headers["content-length"]) == (200, str(len(answer.content)))
        assert zipfile.ZipFile(io.BytesIO(answer.content)).testzip() is None

    assert list(tmp_path.iterdir()) == []
