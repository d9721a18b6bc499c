"""Finding events: every filter of the API, what a pasted text means, and that no filter reads the whole log."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from modelkeep_server.features.audit import queries
from modelkeep_server.features.audit.filters import EventFilter
from modelkeep_server.features.models import service as model_service
from modelkeep_server.features.models.checks import NewModel
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api, Client
from tests.support.make import Make, Person
from tests.support.registries import Registry
from tests.support.statements import counted

EVENTS = "/api/v1/audit/events"


@pytest.fixture
def auditor(make: Make, api: Api) -> Client:
    """Somebody who may read the log."""
    return api.as_(make.person(Role.AUDITOR))


class Story:
    """An owner who made a model, a version and a file; a stranger to it who was refused a version."""

    def __init__(self, make: Make, api: Api) -> None:
        self.owner = make.person(Role.MODEL_OWNER, name="wei-lin.chou")
        self.version = make.version(owner=self.owner)
        make.file(self.version)
        self.stranger = make.owner()
        refused = api.as_(self.stranger).post(f"/api/v1/models/{self.model}/versions", json={"version": "2.0.0"})
        assert refused.status_code == 403

    @property
    def model(self) -> str:
        """The address of the model."""
        return self.version.model

    @property
    def group(self) -> str:
        """The group that nobody else uses."""
        return self.model.split("/")[0]


@pytest.fixture
def story(make: Make, api: Api) -> Story:
    """What the tests below look for."""
    return Story(make, api)


ACTS = ["model.create", "version.create", "artifact.upload"]


def acts(client: Client, **asked: str) -> list[str]:
    """The acts of the events that fit, oldest first."""
    answer = client.get(EVENTS, params=asked)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["total"] == len(told["items"])
    return [item["action"] for item in told["items"]][::-1]


def test_acts_are_found_by_name_and_by_noun(auditor: Client, story: Story) -> None:
    """One act, or all of a noun, with a star or without."""
    assert acts(auditor, object=story.model, action="version.create") == ["version.create", "version.create"]
    assert acts(auditor, object=story.model, action="artifact.") == ["artifact.upload"]
    assert acts(auditor, person=story.owner.email, action="artifact.*") == ["artifact.upload"]


def test_events_are_found_by_kind_role_and_outcome(auditor: Client, story: Story) -> None:
    """What they are about, under which role, and whether it was allowed."""
    assert acts(auditor, object=story.model, kind="model") == ["model.create"]
    assert acts(auditor, object=story.model, kind="model", action="version.create") == []
    assert acts(auditor, object=story.model, role="MODEL_OWNER") == ACTS
    assert acts(auditor, object=story.model, role="SRE") == []
    assert acts(auditor, object=story.model, outcome="ALLOWED") == ACTS
    assert acts(auditor, object=story.model, outcome="REFUSED") == ["version.create"]
    assert acts(auditor, person=story.stranger.email, outcome="REFUSED") == ["version.create"]


def test_a_refused_attempt_on_a_model_is_found_with_the_model(auditor: Client, story: Story) -> None:
    """By its address and by its group, beside what was done to it."""
    assert acts(auditor, object=story.model) == [*ACTS, "version.create"]
    assert acts(auditor, object=story.group) == [*ACTS, "version.create"]
    assert acts(auditor, object=f"{story.version.address}/model.safetensors") == ["artifact.upload"]
    assert acts(auditor, object=story.group[:-1]) == []


@pytest.mark.parametrize("spelled", [str, str.upper, str.title])
def test_people_are_found_by_a_part_of_their_name(auditor: Client, story: Story, spelled: Any) -> None:
    """By a part of the e-mail in any case, and by the pseudonym."""
    part = story.owner.email.partition("@")[0]

    assert acts(auditor, object=story.model, person=spelled(part)) == ACTS
    assert acts(auditor, object=story.model, person=story.owner.actor.pseudonym) == ACTS
    assert acts(auditor, object=story.model, person="100%") == []


def test_a_name_that_fits_too_many_people_asks_for_more_of_it(make: Make, auditor: Client) -> None:
    """Beyond 50 people the filter says so instead of showing some of them."""
    for _ in range(51):
        make.person(name="same-name")

    answer = auditor.get(EVENTS, params={"person": "same-name"})

    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, ["person"])
    assert "50 people" in answer.json()["errors"][0]["message"]


def test_whatever_one_pastes_is_understood(auditor: Client, make: Make, story: Story) -> None:
    """One box for an e-mail, a name, an address, a group, an id, a request id, an act and an event's number."""
    first = make.events(story.version.id)[0]

    for pasted in (story.owner.email, story.owner.actor.pseudonym, story.owner.email.partition("@")[0]):
        assert acts(auditor, q=pasted, outcome="ALLOWED") == ACTS, pasted
    for pasted in (story.model, story.group, f" {story.group} "):
        assert acts(auditor, q=pasted) == [*ACTS, "version.create"], pasted
    for pasted in (story.version.id, first.request_id, first.request_id.lower(), f"#{first.sequence:,}"):
        assert acts(auditor, q=pasted) == ["version.create"], pasted
    assert acts(auditor, q="version.*", person=story.owner.email) == ["version.create"]
    assert acts(auditor, q=story.group, person=story.stranger.email) == ["version.create"]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"action": "model.creat"}, "action"),
        ({"action": "*"}, "action"),
        ({"kind": "table"}, "kind"),
        ({"role": "KING"}, "role"),
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-13-01"}, "to"),
        ({"from": "2026-02-01", "to": "2026-01-01"}, "to"),
        ({"q": "9" * 30}, "q"),
        ({"unknown": "x"}, "unknown"),
    ],
)
def test_a_filter_that_cannot_be_understood_is_named(auditor: Client, asked: dict[str, str], field: str) -> None:
    """422 with the field and what to write; never a list that is not what was asked for."""
    for path in (EVENTS, f"{EVENTS}/export"):
        answer = auditor.get(path, params=asked)

        assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, [field])


@pytest.mark.parametrize("moment", ["0001-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00"])
def test_the_ends_of_time_are_no_fault(auditor: Client, moment: str) -> None:
    """A moment at the edge of what can be said is an answer or a sentence, never a failure."""
    for name in ("from", "to"):
        assert auditor.get(EVENTS, params={name: moment}).status_code in (200, 422)


def test_a_mistyped_act_is_told_the_right_one(auditor: Client) -> None:
    """The nearest act is named."""
    told = auditor.get(EVENTS, params={"action": "model.creat"}).json()

    assert "Did you mean model.create?" in told["errors"][0]["message"]


def model_at(registry: Registry, owner: Person, name: str, now: datetime) -> None:
    """Register a model at a moment of one's choice."""
    new = NewModel(group="time", name=name, description="d", owners=[owner.email], risk_tier="LOW")
    with registry.writing(now=now) as work:
        model_service.create_model(work, owner.actor, new)


def test_a_span_of_time_holds_its_ends_whenever_events_were_recorded(
    fresh_registry: Registry, fresh_make: Make
) -> None:
    """Events are found, and come, by when their requests began: some arrive late, and clocks have stood wrong."""
    owner, auditor = fresh_make.owner(), fresh_registry.auditor
    day, hour = datetime(2060, 1, 1, tzinfo=UTC), timedelta(hours=1)
    moments = {"wrong clock": day + 9000 * hour, "a": day, "b": day + 5 * hour, "late": day + hour}
    moments |= {"c": day + 100 * hour, "same": day + 100 * hour}
    for name, now in moments.items():
        model_at(fresh_registry, owner, name.replace(" ", "-"), now)

    def found(from_at: datetime | None, to_at: datetime | None, **asked: str) -> list[str]:
        labels: list[str] = []
        cursor = None
        while True:
            with fresh_registry.reading() as work:
                span = EventFilter(from_at=from_at, to_at=to_at, **asked)
                page = queries.list_events(work, auditor, span, limit=2, cursor=cursor)
            labels.extend(str(event.object.label).removeprefix("time/") for event in page.items)
            cursor = page.next_cursor
            if cursor is None:
                assert page.total == len(labels)
                return labels

    for asked in ({}, {"object": "time"}, {"action": "model.create", "person": owner.email}):
        assert found(day, day + 2 * hour, **asked) == ["late", "a"]
        assert found(day + hour, day + hour, **asked) == ["late"]
        assert found(day + 2 * hour, day + 100 * hour, **asked) == ["same", "c", "b"]
        assert found(day + 101 * hour, day + 150 * hour, **asked) == []
        assert found(day, None, **asked) == ["wrong-clock", "same", "c", "b", "late", "a"]


def test_a_long_list_is_not_counted_to_its_end(registry: Registry, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the cap the total is left out; the whole log knows its own size."""
    owner = make.owner()
    model = make.model(owner)
    for number in range(3):
        make.version(model, version=f"{number}.0.0")
    monkeypatch.setattr(queries, "COUNT_CAP", 3)

    with registry.reading() as work:
        many = queries.list_events(work, registry.auditor, EventFilter(person=owner.email), limit=2)
        few = queries.list_events(work, registry.auditor, EventFilter(object=model.id), limit=2)
        everything = queries.list_events(work, registry.auditor, EventFilter(), limit=2)

    assert (many.total, few.total, everything.total) == (None, 1, registry.event_count)


def test_an_event_tells_where_its_request_came_from(auditor: Client, make: Make, story: Story) -> None:
    """The address stands beside the log, behind a commitment, for those who may read it."""
    sequence = make.events(story.version.id)[0].sequence + 1

    told = auditor.get(f"{EVENTS}/{sequence}").json()

    assert told["from"] == "testclient"
    assert '"from":"hmac-sha256:' in told["raw"]
    assert "testclient" not in told["raw"]


@pytest.mark.parametrize("body", ["not json", "[]", '{"actor": {"id": 1}}', '{"outcome": "MAYBE"}'])
def test_a_body_that_was_spoilt_by_hand_does_not_hide_the_log(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api, body: str
) -> None:
    """The list and the event still open; the event says that its text cannot be read."""
    auditor = fresh_make.person(Role.AUDITOR)
    fresh_make.model()
    fresh_registry.tamper("UPDATE audit_events SET body = :body WHERE sequence = 1", body=body)
    client = fresh_api.as_(auditor)

    told = client.get(f"{EVENTS}/1").json()

    assert (told["sequence"], told["auth"], told["raw"]) == (1, "unreadable", body)
    assert client.get(EVENTS).json()["total"] == fresh_registry.event_count


#: What each kind of filter costs: what it takes to understand it, the sequences, the rows, what restores them, a count.
COSTS = {
    "nothing": ({}, 6),
    "act": ({"action": "model.create"}, 6),
    "noun": ({"action": "version.*"}, 6),
    "kind": ({"kind": "version"}, 6),
    "role": ({"role": "MODEL_OWNER"}, 6),
    "refused": ({"outcome": "REFUSED"}, 6),
    "person": ({"person": "PERSON"}, 7),
    "part of a name": ({"person": "PART"}, 8),
    "object": ({"object": "MODEL"}, 7),
    "group": ({"object": "GROUP"}, 7),
    "time": ({"from_at": datetime(2020, 1, 1, tzinfo=UTC)}, 6),
    "time and person": ({"from_at": datetime(2020, 1, 1, tzinfo=UTC), "person": "PERSON"}, 8),
    "person and act": ({"person": "PERSON", "action": "version.create"}, 9),
}


def _asked(story: Story, given: dict[str, Any]) -> EventFilter:
    values = {
        "PERSON": story.owner.email, "PART": story.owner.email.partition("@")[0], "MODEL": story.model,
        "GROUP": story.group,
    }  # fmt: skip
    return EventFilter(**{name: values.get(value, value) for name, value in given.items()})


@pytest.mark.parametrize("name", COSTS)
def test_a_list_costs_a_few_statements(registry: Registry, story: Story, name: str) -> None:
    """However long the log is and however many rows are shown; one less where no text or label is to be put back."""
    given, cost = COSTS[name]
    asked, auditor = _asked(story, given), registry.auditor

    with registry.reading() as work, counted() as sent:
        page = queries.list_events(work, auditor, asked)

    assert page.items
    assert cost - 1 <= len(sent) <= cost


@contextmanager
def planned(plans: list[str]) -> Iterator[None]:
    """What SQLite says of every statement that is sent meanwhile."""

    def ask(connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            plan = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(row[3] for row in plan.fetchall())

    event.listen(Engine, "before_cursor_execute", ask)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", ask)


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize("name", [name for name in COSTS if name != "part of a name"])
def test_no_usual_filter_reads_the_whole_log(registry: Registry, story: Story, name: str) -> None:
    """SQLite walks an index from its newest end; the only scans are of the small index of refusals, and bounded."""
    asked, auditor, plans = _asked(story, COSTS[name][0]), registry.auditor, []

    with registry.reading() as work, planned(plans):
        queries.list_events(work, auditor, asked)

    scans = [plan for plan in plans if plan.startswith("SCAN audit_")]
    bounded = ("ix_audit_events_refused", "sqlite_autoindex_audit_events_1")
    assert [scan for scan in scans if not scan.endswith(bounded)] == []
    assert plans
