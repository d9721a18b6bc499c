"""Files going out: a link is asked for, opens one file by itself for some minutes, and is judged at each use."""

import base64
import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from sqlalchemy import select

from modelkeep_server.db import recording
from modelkeep_server.db.tables import link_transfers, role_grants
from modelkeep_server.features.artifacts.downloading import downloads, transfers
from modelkeep_server.features.audit.views import Event
from modelkeep_server.features.identity import actors
from modelkeep_server.features.identity.sign_in import sessions
from modelkeep_server.features.identity.tokens import service as tokens
from modelkeep_server.features.identity.views import NOBODY
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import clock
from modelkeep_server.rules.errors import LinkExpired
from modelkeep_server.rules.permissions import Role
from tests.support.addresses import links_of
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.problems import fields_at_fault, refusal
from tests.support.registries import BASE_URL, Registry
from tests.support.safetensors import exactly
from tests.support.wire import send

CONTENT = exactly(1024)


@pytest.fixture
def version(make: Make) -> Version:
    """A version with one file of 1,024 bytes."""
    made = make.version()
    make.file(made, content=CONTENT)
    return made


def link(api: Api, person: Person, version: Version) -> str:
    """A fresh link to the file, as a URL."""
    answer = api.as_(person).post(links_of(version))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["url"])


def test_a_link_opens_the_file_without_credentials(make: Make, api: Api, version: Version) -> None:
    """The URL alone brings the bytes, with their digest, so that `curl` on a training host works."""
    digest = hashlib.sha256(CONTENT)

    minted = api.as_(make.owner_of(version)).post(links_of(version))
    opened = api.anonymous.get(minted.json()["url"])

    assert (minted.json()["sha256"], minted.json()["sizeBytes"]) == (digest.hexdigest(), 1024)
    assert minted.json()["url"].startswith(f"{BASE_URL}/d/")
    assert (opened.status_code, opened.content) == (200, CONTENT)
    headers = {
        "content-length": "1024", "accept-ranges": "bytes", "etag": f'"{digest.hexdigest()}"',
        "repr-digest": f"sha-256=:{base64.b64encode(digest.digest()).decode()}:",
        "x-checksum-sha256": digest.hexdigest(), "content-type": "application/octet-stream",
        "cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
        "content-security-policy": "default-src 'none'; sandbox",
        "content-disposition": "attachment; filename=\"model.safetensors\"; filename*=UTF-8''model.safetensors",
    }  # fmt: skip
    assert {name: opened.headers.get(name) for name in headers} == headers


def test_a_link_lives_fifteen_minutes(registry: Registry, make: Make, version: Version) -> None:
    """It opens up to the last microsecond of its time, and not at its end."""
    owner = make.owner_of(version)
    group, _, name = version.model.partition("/")
    now = clock.utc_now()
    with registry.writing(now=now) as work:
        minted = downloads.mint_link(work, owner.actor, group, name, "1.0.0", "model.safetensors", purpose=None)
    handle = minted.path.split("/")[2]

    with registry.writing(now=now + timedelta(minutes=15, microseconds=-1)) as work:
        opening = downloads.open_link(work, NOBODY, handle, asked=None, if_range=None)

    assert minted.expires_at == now + timedelta(minutes=15)
    assert opening.stored.artifact.path == "model.safetensors"
    with pytest.raises(LinkExpired), registry.writing(now=now + timedelta(minutes=15)) as work:
        downloads.open_link(work, NOBODY, handle, asked=None, if_range=None)


def test_an_expired_link_says_so(registry: Registry, make: Make, api: Api, version: Version) -> None:
    """After its time a link is 403 `link_expired` with what to do, sends no byte, and the try is one event."""
    group, _, name = version.model.partition("/")
    with registry.writing(now=clock.utc_now() - timedelta(minutes=16)) as work:
        minted = downloads.mint_link(
            work, make.owner_of(version).actor, group, name, "1.0.0", "model.safetensors", purpose=None
        )
    before = make.event_count()

    opened = api.anonymous.get(BASE_URL + minted.path)

    assert refusal(opened) == (403, "link_expired")
    assert "new link" in opened.json()["remedy"]
    assert [(e.action, e.outcome, e.rule) for e in make.events(since=before)] == [
        ("request.refuse", "REFUSED", "link_expired")
    ]


RANGES: list[tuple[str, int, slice | None]] = [
    ("bytes=0-0", 206, slice(0, 1)), ("bytes=5-9", 206, slice(5, 10)), ("bytes=1000-", 206, slice(1000, 1024)),
    ("bytes=-24", 206, slice(1000, 1024)), ("bytes=0-", 206, slice(0, 1024)), ("bytes=-5000", 206, slice(0, 1024)),
    ("bytes=1000-99999", 206, slice(1000, 1024)), ("BYTES = 1 - 2", 200, slice(0, 1024)),
    ("bytes=1023-", 206, slice(1023, 1024)), ("bytes=0-1,5-6", 200, slice(0, 1024)),
    ("bytes=9-5", 200, slice(0, 1024)), ("items=0-5", 200, slice(0, 1024)), ("bytes=", 200, slice(0, 1024)),
    ("bytes=a-b", 200, slice(0, 1024)), ("bytes=--5", 200, slice(0, 1024)), ("x" * 5000, 200, slice(0, 1024)),
    ("bytes=1024-", 416, None), ("bytes=99999-", 416, None), ("bytes=-0", 416, None),
]  # fmt: skip


@pytest.mark.parametrize(("header", "status", "part"), RANGES, ids=[header[:20] for header, _, _ in RANGES])
def test_a_part_can_be_asked_for(
    make: Make, api: Api, version: Version, header: str, status: int, part: slice | None
) -> None:
    """One range gives that part; several, or none that can be read, the whole; one outside is 416 (RFC 9110)."""
    url = link(api, make.owner_of(version), version)

    opened = api.anonymous.get(url, headers={"range": header})

    assert opened.status_code == status
    if part is None:
        assert refusal(opened) == (416, "range_unsatisfiable")
        assert opened.headers["content-range"] == "bytes */1024"
    else:
        assert opened.content == CONTENT[part]
        shown = f"bytes {part.start}-{part.stop - 1}/1024" if status == 206 else None
        assert opened.headers.get("content-range") == shown
        assert opened.headers["etag"] == f'"{hashlib.sha256(CONTENT).hexdigest()}"'


def test_a_part_of_another_file_becomes_the_whole(make: Make, api: Api, version: Version) -> None:
    """If-Range with the file's ETag gives the part, with another one the whole file."""
    url = link(api, make.owner_of(version), version)
    etag = f'"{hashlib.sha256(CONTENT).hexdigest()}"'

    same, other = (
        api.anonymous.get(url, headers={"range": "bytes=0-3", "if-range": tag}) for tag in (etag, '"something-else"')
    )

    assert (same.status_code, same.content) == (206, CONTENT[:4])
    assert (other.status_code, other.content) == (200, CONTENT)


@pytest.mark.parametrize("handle", ["x", "", "A" * 43, "a" * 5000, "..", "%2e%2e", "😀", "' OR 1=1"])
def test_a_handle_that_nobody_made_is_a_404(make: Make, api: Api, handle: str) -> None:
    """An unknown link tells nothing, and is no event."""
    before = make.event_count()

    opened = api.anonymous.get(f"/d/{handle}/model.safetensors")

    assert refusal(opened) == (404, "not_found")
    assert make.event_count() == before


def test_a_link_dies_with_the_token_that_made_it(registry: Registry, make: Make, api: Api, version: Version) -> None:
    """Once the minter's token is revoked, the link is 403, and the refusal is on record."""
    owner = make.owner_of(version)
    browser = api.browser(owner)
    made = browser.call("POST", "/api/v1/tokens", json={"name": "ci", "scopes": ["read", "download"]}).json()
    url = api.with_token(made["token"]).post(links_of(version)).json()["url"]
    assert api.anonymous.get(url).status_code == 200

    with registry.writing() as work:
        tokens.revoke_token(work, browser_actor(registry, browser.secret), made["id"])
    before = make.event_count()

    assert refusal(api.anonymous.get(url)) == (403, "link_refused")
    assert [(e.action, e.outcome) for e in make.events(since=before)] == [("request.refuse", "REFUSED")]


def browser_actor(registry: Registry, secret: str) -> Any:
    """Who holds this session."""
    with registry.reading() as work:
        return actors.find_actor_by_session(work, secret)


def test_a_link_dies_with_the_session_that_made_it(registry: Registry, make: Make, api: Api, version: Version) -> None:
    """Signing out ends the links of that session, and of no other."""
    owner = make.owner_of(version)
    first, second = api.browser(owner), api.browser(owner)
    urls = [browser.call("POST", links_of(version)).json()["url"] for browser in (first, second)]
    assert [api.anonymous.get(url).status_code for url in urls] == [200, 200]

    with registry.writing() as work:
        sessions.end_session(work, browser_actor(registry, first.secret))

    assert [api.anonymous.get(url).status_code for url in urls] == [403, 200]


def test_a_link_dies_with_the_right_of_who_made_it(registry: Registry, make: Make, api: Api, version: Version) -> None:
    """An SRE who loses the role has no use of a link made before."""
    sre = make.person(Role.SRE)
    url = link(api, sre, version)
    assert api.anonymous.get(url).status_code == 200

    with registry.writing() as work:
        key = work.scalar(role_grants.select().where(role_grants.c.person_id == sre.actor.user_id))
        work.change(role_grants, key, {"ended_at": work.now})
        recording.record_by_operator(work, "user.create", host="test", object_id="role ended")

    opened = api.anonymous.get(url)
    assert refusal(opened) == (403, "link_refused")
    assert "may no longer download" in opened.json()["detail"]


@pytest.mark.parametrize(
    ("roles", "status"),
    [
        ([], 403), ([Role.MODEL_OWNER], 403), ([Role.AUDITOR], 403), ([Role.MRC], 201),
        ([Role.SECURITY_ARCHITECT], 201),
        ([Role.SRE], 201), ([Role.ADMIN], 201),
    ],
)  # fmt: skip
def test_who_may_have_a_link(make: Make, api: Api, version: Version, roles: list[Role], status: int) -> None:
    """Owners, MRC, Security, SRE and Admin may; others hear what they lack; either way it is one event."""
    person = make.person(*roles)
    before = make.event_count()

    answer = api.as_(person).post(links_of(version))

    assert answer.status_code == status
    (event,) = make.events(since=before)
    assert (event.action, event.outcome) == ("artifact.link", "ALLOWED" if status == 201 else "REFUSED")
    if status == 403:
        assert refusal(answer) == (403, "not_permitted")
        assert "download artifacts" in answer.json()["detail"]


def test_a_download_is_its_beginning_and_its_end(make: Make, api: Api, version: Version) -> None:
    """Making a link is one event; a download two: that it began, with the part asked for first, and how it ended."""
    owner = make.owner_of(version)
    before = make.event_count()

    url = link(api, owner, version)
    api.anonymous.get(url)
    for part in ("0-9", "500-599", "10-499", "5-20", "500-"):
        api.anonymous.get(url, headers={"range": f"bytes={part}"})

    events = make.events(since=before)
    assert [(e.action, e.outcome, e.actor.email) for e in events] == [
        ("artifact.link", "ALLOWED", owner.email),
        *[("artifact.download", "ALLOWED", owner.email), ("artifact.download_end", "ALLOWED", owner.email)] * 2,
    ]
    facts = [event.after or {} for event in events[1:]]
    assert [(f.get("range"), f.get("requests"), f.get("sentBytes"), f.get("whole")) for f in facts] == [
        ("all", None, None, None), (None, 1, 1024, True), ("bytes=0-9", None, None, None),
        (None, 5, 10 + 100 + 490 + 16 + 524, True),
    ]  # fmt: skip
    assert {event.auth for event in events[1:]} == {"link"}
    assert [event for event in events if url.split("/")[4] in event.raw] == []


def end_link(registry: Registry, begun: Event) -> None:
    """Have the registry notice that the link through which a download began has expired, and leave it as it was."""
    assert begun.after is not None
    which = begun.after["link"]
    [as_it_was] = registry.look("SELECT expires_at FROM links WHERE public_id = :id", id=which)
    registry.tamper("UPDATE links SET expires_at = created_at WHERE public_id = :id", id=which)
    with registry.writing() as work:
        transfers.close_expired(work)
    registry.tamper("UPDATE links SET expires_at = :at WHERE public_id = :id", at=as_it_was.expires_at, id=which)


def wait_until_written_down(registry: Registry, begun: Event, *, requests: int) -> None:
    """Until the ranges that followed fast on one another are added to the row of their download."""
    assert begun.after is not None
    of_link = link_transfers.c.link_id == begun.after["link"]
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with registry.reading() as work:
            row = work.first(select(link_transfers.c.requests, link_transfers.c.running).where(of_link))
        if row is not None and (row.requests, row.running) == (requests, 0):
            return
        time.sleep(0.05)
    raise AssertionError(f"Not written down: {row}")


def test_what_never_was_fetched_whole_ends_with_its_link(
    registry: Registry, make: Make, api: Api, version: Version
) -> None:
    """Ranges that leave a gap are one download, closed as not whole once the link has expired, and then only once."""
    url = link(api, make.owner_of(version), version)
    before = make.event_count()
    with ThreadPoolExecutor(4) as pool:
        parts = [f"bytes={at}-{at + 9}" for at in range(0, 200, 20)]
        sent = list(pool.map(lambda part: api.anonymous.get(url, headers={"range": part}).status_code, parts))
    wait_until_written_down(registry, make.events(since=before)[0], requests=10)
    with registry.writing() as work:
        transfers.close_expired(work)
    begun = make.events(since=before)

    for _ in range(2):
        end_link(registry, begun[0])

    assert (set(sent), [event.action for event in begun]) == ({206}, ["artifact.download"])
    start, end = make.events(begun[0].object.id, since=before)
    assert (start.action, end.action) == ("artifact.download", "artifact.download_end")
    assert end.after is not None
    assert (end.after["requests"], end.after["sentBytes"], end.after["whole"]) == (10, 100, False)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_download_that_breaks_off_is_noted_as_such(
    registry: Registry, make: Make, api: Api, portal: BlockingPortal
) -> None:
    """A visitor who leaves is noted with what was sent to them, and not as having the whole file."""
    version = make.version()
    make.file(version, content=make.safetensors(5_000_000))
    url = link(api, make.owner_of(version), version)
    before = make.event_count()

    told = send(portal, registry.app, "GET", url.removeprefix(BASE_URL), leave_after=1)

    deadline = time.monotonic() + 5
    while make.event_count() < before + 2 and time.monotonic() < deadline:
        (start,) = make.events(since=before)
        end_link(registry, start)
    start, end = make.events(start.object.id, since=before)
    assert (start.action, end.action) == ("artifact.download", "artifact.download_end")
    assert end.after is not None
    assert (end.after["whole"], end.after["sentBytes"] < 5_000_000) == (False, True)
    assert len(told.body) < 5_000_000


def test_a_range_outside_the_file_is_no_download(make: Make, api: Api, version: Version) -> None:
    """Nothing could be sent, so nothing was begun: as with other bad input, no event is left."""
    url = link(api, make.owner_of(version), version)
    before = make.event_count()

    answers = [api.anonymous.get(url, headers={"range": asked}) for asked in ("bytes=5000-", "bytes=-0")]

    assert [answer.status_code for answer in answers] == [416, 416]
    assert make.event_count() == before


@pytest.mark.parametrize("purpose", ["x" * 4001, "a\x00", "a\u202e", 5, ["x"]])
def test_a_purpose_is_judged_like_any_text(make: Make, api: Api, version: Version, purpose: Any) -> None:
    """What a link is for is text of at most 4,000 characters."""
    answer = api.as_(make.owner_of(version)).post(links_of(version), json={"purpose": purpose})

    assert fields_at_fault(answer) == {"purpose"}


def test_a_purpose_is_kept_as_the_reason(make: Make, api: Api, version: Version) -> None:
    """The event says what the link is for, to those who may read it, and not in its own text."""
    before = make.event_count()

    api.as_(make.owner_of(version)).post(links_of(version), json={"purpose": "Retraining on Friday."})

    (event,) = make.events(since=before)
    assert event.reason == "Retraining on Friday."
    assert "Retraining" not in event.raw


def test_a_file_that_is_not_there_has_no_link(make: Make, api: Api, version: Version) -> None:
    """A link to nothing is 404 and no event."""
    before = make.event_count()

    answer = api.as_(make.owner_of(version)).post(links_of(version, "other.bin"))

    assert refusal(answer) == (404, "not_found")
    assert make.event_count() == before


def test_what_is_on_record_is_what_was_sent(make: Make, api: Api, version: Version) -> None:
    """A part asked for under another file's tag is answered, and recorded, as the whole file."""
    url = link(api, make.owner_of(version), version)
    before = make.event_count()

    answer = api.anonymous.get(url, headers={"range": "bytes=0-9", "if-range": '"another"'})

    start = make.events(since=before)[0]
    assert (answer.status_code, len(answer.content)) == (200, 1024)
    assert (start.after or {})["range"] == "all"
