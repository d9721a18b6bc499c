"""A whole result as a file: all that fits and that its reader sees, harmless in a spreadsheet, and on record."""

import csv
import io
import json
from collections import Counter
from typing import Any

import pytest

from modelkeep_server.features.search import exporting
from modelkeep_server.features.search.views import CatalogueFilter
from modelkeep_server.interfaces.api.finding import (
    EXPORTS_OF_ONE,
    EXPORTS_OPEN,
    EXPORTS_OPEN_OF_ONE,
    EXPORTS_WAITING,
)
from tests.support.clients import Api, Client
from tests.support.make import Make
from tests.support.problems import fields_at_fault
from tests.support.registries import BASE_URL, Registry
from tests.support.statements import counted

EXPORT = "/api/v1/models/export"


def rows_of(text: str) -> list[dict[str, str]]:
    """The rows of a CSV with a header, as a program reads them."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


def exported(client: Client, **query: Any) -> list[dict[str, Any]]:
    """What an export as JSON holds."""
    answer = client.get(EXPORT, params={"format": "json", **query})
    assert answer.status_code == 200, answer.text
    return list(json.loads(answer.text))


def test_an_export_holds_what_the_list_shows(make: Make, api: Api) -> None:
    """In the order of the list, each model with its newest version, those in production, and its frameworks."""
    owner, group = make.owner(), make.group()
    first = make.model(owner, group=group, name="first", tags=["one", "two"])
    make.version(first, owner, version="1.0.0", metadata={"framework": "pytorch"})
    make.version(first, owner, version="1.1.0", metadata={"framework": "onnx"})
    make.model(owner, group=group, name="second", risk_tier="HIGH")
    client = api.as_(make.person())

    listed = client.get("/api/v1/models", params={"q": f"group:{group}", "sort": "name"}).json()["items"]
    told = exported(client, q=f"group:{group}", sort="name")
    answer = client.get(EXPORT, params={"q": f"group:{group}", "sort": "name"})
    rows = rows_of(answer.text)

    assert [row["id"] for row in told] == [row["id"] for row in rows] == [row["id"] for row in listed]
    assert {key: told[0][key] for key in listed[0] if key != "newest"} == {
        key: value for key, value in listed[0].items() if key != "newest"
    }
    assert told[0]["newest"] == listed[0]["newest"][0]
    assert (told[0]["frameworks"], told[0]["productionVersions"]) == (["onnx", "pytorch"], [])
    assert (told[1]["newest"], told[1]["versionCount"]) == (None, 0)
    assert (rows[0]["group"], rows[0]["name"], rows[0]["tags"]) == (group, "first", "one two")
    assert (rows[0]["newestVersion"], rows[0]["newestState"]) == ("1.1.0", "DRAFT")
    assert (rows[0]["frameworks"], rows[0]["url"]) == ("onnx; pytorch", f"{BASE_URL}/models/{group}/first")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"].startswith('attachment; filename="modelkeep-models-20')


def test_nobody_takes_out_what_they_do_not_see(make: Make, api: Api) -> None:
    """A hidden model is in the file of its owner alone."""
    owner, group = make.owner(), make.group()
    make.model(owner, group=group, name="open")
    make.model(owner, group=group, name="hidden", visibility="RESTRICTED")

    assert {row["name"] for row in exported(api.as_(owner), group=group)} == {"open", "hidden"}
    assert {row["name"] for row in exported(api.as_(make.person()), group=group)} == {"open"}
    assert exported(api.as_(make.person()), group=group, tag="nothing") == []


@pytest.mark.parametrize(
    "text", ["=cmd|' /C calc'!A0", "+1+1", "@SUM(1)", "\uff1d1+1", 'a "quoted", text', "two\r\nlines"]
)
def test_no_cell_is_a_formula(make: Make, api: Api, text: str) -> None:
    """A description that a spreadsheet would run gets an apostrophe in front, and nothing of it is lost."""
    group = make.group()
    make.model(group=group, description=text)

    (row,) = rows_of(api.as_(make.person()).get(EXPORT, params={"group": group}).text)

    assert row["description"].removeprefix("'") == text
    assert row["description"][0] not in "=+@\uff1d"


def test_an_export_is_on_record_before_its_first_byte(make: Make, api: Api) -> None:
    """Who, in which form, with which query, and how many; a refused one leaves nothing."""
    person, group = make.person(), make.group()
    make.model(group=group)
    client, before = api.as_(person), make.event_count()

    assert fields_at_fault(client.get(EXPORT, params={"q": 'tag:"'})) == {"q"}
    assert make.events(action="model.export", since=before) == []
    exported(client, group=group, q="churn")

    (event,) = make.events(action="model.export", since=before)
    assert event.after is not None
    assert (event.after["models"], event.after["format"]) == (1, "json")
    assert event.after["filter"] == {"text": "churn", "group": group}


def test_a_run_of_models_takes_a_fixed_number_of_statements(make: Make, registry: Registry) -> None:
    """However many models stand in it: memory and transactions stay small."""
    owner, group = make.owner(), make.group()
    for place in range(5):
        make.version(make.model(owner, group=group, name=f"m{place}"), owner)
    with registry.reading() as work:
        found = exporting.measure(work, owner.actor, CatalogueFilter(group=group))
        with counted() as one:
            exporting.read_run(work, owner.actor, found.keys[:1])
        with counted() as five:
            rows = exporting.read_run(work, owner.actor, found.keys)

    assert len(rows) == 5
    assert len(one) == len(five) == 3


@pytest.mark.parametrize("opened", [{"me": EXPORTS_OPEN_OF_ONE}, {"another": EXPORTS_OPEN}])
def test_only_so_many_exports_are_open_whoever_takes_none_of_them(
    registry: Registry, make: Make, api: Api, opened: dict[str, int]
) -> None:
    """Each holds in memory what it found: one person could fill that with files of which nothing is taken."""
    reader = make.person()
    places: Counter[str] = registry.app._app.state.door.taking_out
    places.update({reader.actor.answered_by if who == "me" else who: count for who, count in opened.items()})
    try:
        refused = api.as_(reader).get(EXPORT, params={"format": "json"})
    finally:
        places.clear()

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5"), refused.text
    assert exported(api.as_(reader), q="tag:nothing-has-it") == []
    assert not places


@pytest.mark.parametrize("waiting", [{"me": EXPORTS_OF_ONE}, {"another": EXPORTS_WAITING}])
def test_only_so_many_exports_are_waited_for(registry: Registry, make: Make, api: Api, waiting: dict[str, int]) -> None:
    """One more, of one person or of all, is told when to come again: searching for a minute takes nobody's thread."""
    reader = make.person()
    exports: Counter[str] = registry.app._app.state.door.exports
    exports.update({reader.actor.answered_by if who == "me" else who: count for who, count in waiting.items()})
    try:
        refused = api.as_(reader).get(EXPORT, params={"format": "json"})
        other = api.as_(reader).get("/api/v1/models")
    finally:
        exports.clear()

    assert refused.status_code == 503, (refused.text, reader.actor)
    assert refused.headers["retry-after"] == "5"
    assert other.status_code == 200
    assert exported(api.as_(reader), q="tag:nothing-has-it") == []
    assert not exports
