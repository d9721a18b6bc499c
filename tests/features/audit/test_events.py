"""What the log says: one event for each act, in the words of the API, with people and texts beside it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from modelkeep_server.db import recording
from modelkeep_server.features.audit import queries, service
from modelkeep_server.features.audit.bundle import begin_bundle
from modelkeep_server.features.audit.filters import EventFilter
from modelkeep_server.features.audit.proofs import get_proof
from modelkeep_server.kit.merkle import BLOCK_LEAVES, verify_inclusion
from modelkeep_server.kit.paging import CursorRefused
from modelkeep_server.rules.errors import NotFound, NotPermitted
from modelkeep_server.rules.events import ACTIONS, Outcome
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.registries import Registry

#: The members of an event in the API, and what a stored body has beside them.
SHAPE = {
    "sequence", "id", "at", "action", "actor", "role", "object", "outcome", "rule", "before", "after", "reason", "auth",
    "requestId",
}  # fmt: skip
BODY = {*SHAPE, "from", "v", "software", "rows"}


class Scene:
    """An owner with a model, a version and a file, before the act that is looked at."""

    def __init__(self, make: Make, api: Api) -> None:
        self.owner = make.person(Role.MODEL_OWNER, Role.ADMIN, Role.AUDITOR)
        self.version = make.version(owner=self.owner)
        make.file(self.version)
        self.group = make.group()
        self.token, self.browser = api.as_(self.owner), api.browser(self.owner)
        self.base = f"/api/v1/models/{self.version.model}/versions"
        self.made = self.browser.call("POST", "/api/v1/tokens", json={"name": "one"}).json()

    def model(self) -> Any:
        """A new model."""
        return self.token.post(
            "/api/v1/models",
            json={
                "group": self.group, "name": "m", "description": "d", "owners": [self.owner.email], "riskTier": "HIGH",
            },
        )  # fmt: skip


ACTS: dict[str, tuple[Callable[[Scene], Any], list[str]]] = {
    "model": (lambda s: s.model(), ["model.create"]),
    "version": (lambda s: s.token.post(s.base, json={"version": "2.0.0"}), ["version.create"]),
    "upload": (lambda s: s.token.put(f"{s.base}/1.0.0/artifacts/b.bin?type=CONFIG", content=b"b"), ["artifact.upload"]),
    "link": (lambda s: s.token.post(f"{s.base}/1.0.0/artifacts/model.safetensors/links", json={}), ["artifact.link"]),
    "token": (lambda s: s.browser.call("POST", "/api/v1/tokens", json={"name": "two"}), ["token.create"]),
    "revoke": (lambda s: s.browser.call("DELETE", f"/api/v1/tokens/{s.made['id']}"), ["token.revoke"]),
    "sign out": (lambda s: s.browser.submit("/logout"), ["session.end"]),
    "export": (lambda s: s.token.get("/api/v1/audit/bundle"), ["audit.export"]),
    "refusal": (lambda s: s.token.post("/api/v1/tokens", json={"name": "three"}), ["token.create"]),
    "look": (lambda s: s.token.get(f"{s.base}/1.0.0"), []),
    "wrong input": (lambda s: s.token.post("/api/v1/models", json={"name": "x"}), []),
    "name taken": (lambda s: s.token.post(s.base, json={"version": "1.0.0"}), []),
    "not found": (lambda s: s.token.post("/api/v1/models/no/such/versions", json={"version": "1.0.0"}), []),
}


@pytest.mark.parametrize("name", ACTS)
def test_each_act_leaves_exactly_its_events(make: Make, api: Api, name: str) -> None:
    """One act, one event, by who did it, under the role that allowed it; looking and failing leave none."""
    act, actions = ACTS[name]
    scene = Scene(make, api)
    before = make.event_count()

    answer = act(scene)

    events = make.events(since=before)
    assert [event.action for event in events] == actions, answer.text
    for event in events:
        assert event.actor.email == scene.owner.email
        assert event.request_id == answer.headers["x-request-id"]
        assert event.outcome is (Outcome.REFUSED if name == "refusal" else Outcome.ALLOWED)


def test_a_download_is_noted_before_and_after(make: Make, api: Api) -> None:
    """Who began it stands before the first byte; how much was sent stands after."""
    scene = Scene(make, api)
    link = scene.token.post(f"{scene.base}/1.0.0/artifacts/model.safetensors/links", json={"purpose": "Retraining"})
    before = make.event_count()

    content = api.anonymous.get(link.json()["url"]).content

    began, ended = make.events(since=before)
    assert (began.action, ended.action) == ("artifact.download", "artifact.download_end")
    assert ended.after is not None
    assert (ended.after["sentBytes"], ended.after["requests"], ended.after["whole"]) == (len(content), 1, True)
    assert {began.actor.email, ended.actor.email} == {scene.owner.email}


def test_events_have_the_shape_of_the_api(make: Make, api: Api) -> None:
    """Exactly the names that clients rely on; one event adds its body as stored and its proof."""
    scene = Scene(make, api)
    scene.model()

    page = scene.token.get("/api/v1/audit/events", params={"action": "model.create", "limit": 1}).json()

    (event,) = page["items"]
    detail = scene.token.get(f"/api/v1/audit/events/{event['sequence']}").json()
    assert set(event) - {"from"} == SHAPE
    assert set(detail) - {"from"} == {*SHAPE, "raw", "proof"}
    assert set(json.loads(detail["raw"])) <= BODY
    assert event["object"]["kind"] == ACTIONS["model.create"].object_kind
    assert event["role"] == "MODEL_OWNER"
    assert event["actor"]["email"] == scene.owner.email
    assert event["after"]["description"] == "d"


def test_the_body_names_nobody_in_plain_text(make: Make) -> None:
    """In the stored body people are pseudonyms, and texts are commitments; the page puts them back."""
    owner = make.owner()
    model = make.model(owner, description="canary-description", tags=["canary-tag"])

    (event,) = make.events(model.id)

    body = json.loads(event.raw)
    assert event.after is not None
    assert (event.after["description"], event.after["owners"]) == ("canary-description", [owner.email])
    assert body["after"]["description"].startswith("hmac-sha256:")
    assert body["after"]["owners"] == [body["actor"]["id"]]
    assert body["after"]["riskTier"] == "LOW"


READERS = (Role.AUDITOR, Role.MRC, Role.SECURITY_ARCHITECT, Role.ADMIN)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    "path", ["/api/v1/audit/events", "/api/v1/audit/events/0", "/api/v1/audit/checkpoint", "/api/v1/audit/bundle"]
)
def test_auditors_reviewers_and_admins_read_the_log(make: Make, api: Api, role: Role, path: str) -> None:
    """Auditor, MRC, Security Architect and Admin; owners and SREs are refused."""
    answer = api.as_(make.person(role)).get(path)

    assert answer.status_code == (200 if role in READERS else 403)


def test_the_audit_pages_open_for_the_same_people(make: Make, api: Api) -> None:
    """The page and the API ask the same permission."""
    statuses = {role: api.browser(make.person(role)).get("/audit").status_code for role in Role}

    assert statuses == {role: 200 if role in READERS else 403 for role in Role}


def test_a_refused_look_at_the_log_is_itself_in_the_log(make: Make, api: Api) -> None:
    """Curiosity is on record."""
    person = make.owner()
    browser = api.browser(person)
    before = make.event_count()

    browser.call("GET", "/api/v1/audit/events")

    (event,) = make.events(since=before)
    assert (event.action, event.outcome, event.actor.email) == ("audit.read", Outcome.REFUSED, person.email)


@pytest.fixture
def history(registry: Registry, make: Make) -> tuple[Person, list[int]]:
    """An owner with seven versions of one model, and the sequences of their events."""
    owner = make.owner()
    model = make.model(owner)
    ids = [make.version(model, version=f"{number}.0.0").id for number in range(7)]
    return owner, [make.events(version_id)[0].sequence for version_id in ids]


def test_lists_page_newest_first_without_gap_or_double(registry: Registry, history: tuple[Person, list[int]]) -> None:
    """Three pages of three show every event of the filter once, while others are added in between."""
    owner, sequences = history
    asked = EventFilter(action="version.create", person=owner.email)
    found: list[int] = []
    cursor = None

    while True:
        with registry.reading() as work:
            page = queries.list_events(work, registry.auditor, asked, limit=3, cursor=cursor)
        found.extend(event.sequence for event in page.items)
        Make(registry).model(owner)
        if page.next_cursor is None:
            break
        cursor = page.next_cursor

    assert found == sorted(sequences, reverse=True)
    assert page.total == 7


def test_a_cursor_of_another_filter_is_refused(registry: Registry, history: tuple[Person, list[int]], api: Api) -> None:
    """It says so instead of showing other people's events; edited ones too."""
    owner, _ = history
    with registry.reading() as work:
        page = queries.list_events(work, registry.auditor, EventFilter(person=owner.email), limit=2)
        cursor = page.next_cursor or ""
        with pytest.raises(CursorRefused):
            queries.list_events(work, registry.auditor, EventFilter(), limit=2, cursor=cursor)

    client = api.as_(Make(registry).person(Role.AUDITOR))
    for wrong in ("x", cursor[:-2] + "AA", cursor[1:], "é"):
        answer = client.get("/api/v1/audit/events", params={"cursor": wrong, "person": owner.email})
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed_request")


@pytest.mark.parametrize("spelled", [str.lower, str.upper])
def test_events_are_found_by_person_address_and_request(
    registry: Registry, make: Make, api: Api, spelled: Callable[[str], str]
) -> None:
    """By e-mail in any case, by the address of a model (its versions and files too), by request id."""
    version = make.version()
    make.file(version)
    owner = make.owner_of(version)
    client = api.as_(make.person(Role.AUDITOR))

    def found(**asked: str) -> list[str]:
        items = client.get("/api/v1/audit/events", params=asked).json()["items"]
        return [item["action"] for item in items][::-1]

    acts = ["model.create", "version.create", "artifact.upload"]
    assert found(person=spelled(owner.email)) == acts
    assert found(object=spelled(version.model)) == acts
    assert found(object=spelled(version.address)) == acts[1:]
    assert found(object=version.id) == acts[1:2]
    request_id = make.events(version.id)[0].request_id
    assert found(requestId=request_id) == acts[1:2]
    assert found(object=version.model, outcome="REFUSED") == []
    assert found(object=version.model, to="2020-01-01") == []
    assert found(object=version.model, **{"from": "2020-01-01"}) == acts


def test_an_event_that_is_not_there_is_not_found(registry: Registry) -> None:
    """Neither before the first nor after the last."""
    auditor, size = registry.auditor, registry.event_count

    with registry.reading() as work:
        for sequence in (-1, size):
            with pytest.raises(NotFound):
                queries.get_event(work, auditor, sequence)
            with pytest.raises(NotFound):
                get_proof(work, auditor, sequence)


def test_a_proof_reads_only_what_no_proof_read_before(registry: Registry) -> None:
    """The roots of full blocks are remembered: the next proof of the same event reads the leaves of a few blocks."""
    with registry.writing() as work:
        for _ in range(3 * BLOCK_LEAVES):
            recording.record_by_operator(work, "audit.export", host="test", object_id="modelkeep")
    auditor, size = registry.auditor, registry.event_count
    blocks = registry.house.parts.witness.blocks
    first, last = 0, size // BLOCK_LEAVES - 1

    with registry.reading() as work:
        proofs = [get_proof(work, auditor, first) for _ in range(2)]

    assert proofs[0] == proofs[1]
    assert set(range(1, last + 1)) <= set(blocks)
    path = [bytes.fromhex(node) for node in proofs[0].path]
    assert verify_inclusion(bytes.fromhex(proofs[0].leaf), first, size, path, bytes.fromhex(proofs[0].root))


def test_nobody_signed_in_reads_nothing(registry: Registry, make: Make) -> None:
    """Every way of reading the log asks permission itself, whatever door calls it."""
    owner = make.owner().actor

    with registry.reading() as work:
        for read in (
            lambda: queries.list_events(work, owner, EventFilter()),
            lambda: queries.get_event(work, owner, 0),
            lambda: get_proof(work, owner, 0),
            lambda: queries.find_checkpoint(work, owner),
            lambda: service.get_checkpoint(work, owner),
            lambda: begin_bundle(work, owner),
        ):
            with pytest.raises(NotPermitted):
                read()


def test_a_refusal_says_as_what_it_was_tried(make: Make, api: Api) -> None:
    """Who may edit and is refused by the state of the version did so as owner or collaborator; others held nothing."""
    owner, guest, stranger = make.owner(), make.person(), make.person(Role.MRC)
    version = make.version(owner=owner)
    path = f"/api/v1/models/{version.model}/versions/{version.version}"
    let_in = {"access": "WRITE"}
    api.as_(owner).put(f"/api/v1/models/{version.model}/collaborators/{guest.email}", json=let_in)
    api.as_(owner).post(f"{path}/close", json={"reason": "Goes no further."})

    for person in (owner, guest, stranger):
        api.as_(person).patch(path, json={"description": "Other words."})
    auditor = api.as_(make.person(Role.AUDITOR))
    events = auditor.get("/api/v1/audit/events?action=version.update&outcome=REFUSED&limit=3").json()["items"]

    assert [one["role"] for one in events] == [None, "COLLABORATOR", "MODEL_OWNER"]
