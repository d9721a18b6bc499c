"""Uploads that come in several requests, as tus 1.0.0 says: whole at the end, or not there at all."""

import hashlib
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from modelkeep_server.adapters.blobs.folder import FolderBlobs
from modelkeep_server.features.artifacts import intake, uploads
from modelkeep_server.features.artifacts.running_hashes import RunningHashes
from modelkeep_server.features.artifacts.sweeping import EXPIRE_UPLOADS, sweep_orphans
from modelkeep_server.features.jobs.views import Task
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import clock
from modelkeep_server.ports import BytesLike
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api, Client
from tests.support.endurance import Figures, sizes
from tests.support.make import Make
from tests.support.registries import Registry
from tests.support.tus import BODY, RESUMABLE, UPLOADS, begin, checksum, metadata, offset_of, send

PART = 65_536


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of 64 KiB, and small stretches below 4 KiB, so that a small file has many."""
    for module in (intake, uploads):
        monkeypatch.setattr(module, "PART_BYTES", PART)
    monkeypatch.setattr(intake, "SMALL_BYTES", 4096)


@pytest.fixture
def version(make: Make) -> Version:
    return make.version()


@pytest.fixture
def client(api: Api, make: Make, version: Version) -> Client:
    """The owner's program."""
    return api.as_(make.owner_of(version))


def address(version: Version) -> str:
    return f"{version.model}:{version.version}"


def files_of(client: Client, version: Version) -> list[Mapping[str, Any]]:
    return list(client.get(f"/api/v1/models/{version.model}/versions/{version.version}/artifacts").json()["items"])


def fetch(client: Client, version: Version, path: str = "model.safetensors") -> bytes:
    """The file, by a link."""
    link = client.post(f"/api/v1/models/{version.model}/versions/{version.version}/artifacts/{path}/links", json={})
    return client.get(link.json()["url"]).content


def stored_for(registry: Registry, url: str) -> list[str]:
    """The names of what is stored of an upload."""
    rows = registry.look("SELECT blob_id FROM uploads WHERE public_id = :id", id=url.rsplit("/", 1)[-1])
    return [key for row in rows for key in registry.house.parts.blobs.list_keys(f"{row.blob_id}/")]


def loose_of(registry: Registry) -> int:
    """How much is stored that nothing names; it is removed."""
    with registry.reading() as work:
        return sweep_orphans(work)


@contextmanager
def limited(registry: Registry, **changes: Any) -> Iterator[None]:
    """Other limits of the registry while a block runs."""
    limits = registry.house.parts.limits
    before = {name: getattr(limits, name) for name in changes}
    for name, value in changes.items():
        object.__setattr__(limits, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            object.__setattr__(limits, name, value)


def test_a_file_comes_in_pieces_and_is_published_with_its_last_byte(
    client: Client, make: Make, version: Version
) -> None:
    """Created, asked for, sent in three runs, listed meanwhile, and complete only once the file is there."""
    content = make.safetensors(300_000)
    digest = hashlib.sha256(content).hexdigest()
    middle = content[100_000:150_000]
    before = make.event_count()

    made = begin(client, address(version), len(content), sha256=digest)
    url = made.headers["location"]
    first = send(client, url, 0, content[:100_000])
    mine = client.get(UPLOADS, params={"model": version.model.upper(), "version": "1.0.0"}).json()["items"]
    second = send(client, url, 100_000, middle, **{"upload-checksum": checksum("sha1", middle)})
    detail = client.get(url).json()
    last = send(client, url, 150_000, content[150_000:])

    assert (made.status_code, first.status_code, second.status_code, last.status_code) == (201, 204, 204, 204)
    assert (first.headers["upload-offset"], last.headers["upload-offset"]) == ("100000", str(len(content)))
    for answer in (made, first, last):
        assert ("upload-expires" in answer.headers, answer.headers["tus-resumable"]) == (True, "1.0.0")
    assert [(row["path"], row["sizeBytes"], row["offsetBytes"]) for row in mine] == [
        ("model.safetensors", len(content), 100_000)
    ]
    assert [(part["start"], part["sizeBytes"]) for part in detail["parts"]] == [
        (0, PART),
        (PART, PART),
        (2 * PART, 150_000 - 2 * PART),
    ]
    for part in detail["parts"]:
        run = content[part["start"] : part["start"] + part["sizeBytes"]]
        assert part["sha256"] == hashlib.sha256(run).hexdigest()
    asked = client.head(url, headers=RESUMABLE)
    assert (asked.headers["upload-offset"], asked.headers["upload-length"]) == (str(len(content)),) * 2
    assert asked.headers["upload-metadata"].startswith(metadata(model=version.model, version="1.0.0"))
    assert send(client, url, len(content), b"").status_code == 204
    assert client.get(url).json()["artifact"]["sha256"] == digest
    assert [row["sha256"] for row in files_of(client, version)] == [digest]
    assert client.get(UPLOADS, params={"model": version.model}).json()["items"] == []
    assert len(make.events(action="artifact.upload", since=before)) == 1
    assert fetch(client, version) == content


@pytest.mark.parametrize("forgets", [False, True], ids=["one process", "another each time"])
def test_runs_of_any_size_make_the_same_file_and_leave_nothing_beside_it(
    registry: Registry, client: Client, make: Make, version: Version, monkeypatch: pytest.MonkeyPatch, forgets: bool
) -> None:
    """
    However a client cuts the file, and whoever takes its runs: the bytes are the same, in whole parts, under names and
    salts that no attempt shares; and what was stored for a while is gone.
    """
    put, seen = FolderBlobs.put, []

    def watched(self: FolderBlobs, key: str, data: Iterable[BytesLike]) -> int:
        runs = [bytes(run) for run in data]
        seen.append((key, b"".join(runs)[:40], sum(map(len, runs))))
        return put(self, key, runs)

    monkeypatch.setattr(FolderBlobs, "put", watched)
    content = make.safetensors(3 * PART + 5000)
    chance = random.Random(5)
    url = begin(client, address(version), len(content)).headers["location"]
    at, most = 0, 0

    while at < len(content):
        run = content[at : at + chance.choice([1, 700, 3000, 3000, 9000, 30_000, PART, 2 * PART])]
        if forgets:
            monkeypatch.setattr(registry.app.door, "hashes", RunningHashes())
        assert send(client, url, at, run).status_code == 204
        at += len(run)
        most = max(most, len(client.get(url).json()["parts"]))

    assert fetch(client, version) == content
    assert len({key for key, _, _ in seen}) == len({header for _, header, _ in seen}) == len(seen) > 4
    assert most <= 4 + 30
    assert loose_of(registry) == 0


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_many_small_runs_are_merged_now_and_then(
    client: Client, make: Make, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs of a hundredth of a part are stored three times at most, and few at any time: sixteen make one."""
    put, written = FolderBlobs.put, []

    def watched(self: FolderBlobs, key: str, data: Iterable[BytesLike]) -> int:
        written.append(put(self, key, data))
        return written[-1]

    monkeypatch.setattr(FolderBlobs, "put", watched)
    content = make.safetensors(PART + 3000)
    url = begin(client, address(version), len(content)).headers["location"]

    for at in range(0, len(content), 700):
        assert send(client, url, at, content[at : at + 700]).status_code == 204
        most = len(client.get(url).json()["parts"]) if at == 700 * 92 else 0
        assert most <= 32

    seal_bytes = 56 * len(written)
    assert sum(written) <= 3 * len(content) + seal_bytes
    assert fetch(client, version) == content


REFUSALS: dict[str, tuple[dict[str, str | None], int, str]] = {
    "no version of the protocol": ({"tus-resumable": None}, 412, "protocol_differs"),
    "another version of it": ({"tus-resumable": "0.2.2"}, 412, "protocol_differs"),
    "no size": ({"upload-length": None}, 400, "malformed_request"),
    "a size that is none": ({"upload-length": "-1"}, 400, "malformed_request"),
    "a size that is told later": ({"upload-length": None, "upload-defer-length": "1"}, 400, "malformed_request"),
    "too large": ({"upload-length": str(6 * 1024**3)}, 413, "too_large"),
    "no metadata": ({"upload-metadata": None}, 422, "invalid_input"),
    "metadata that are no base64": ({"upload-metadata": "path a$b"}, 400, "malformed_request"),
    "a name twice": ({"upload-metadata": "path YQ==,path YQ=="}, 400, "malformed_request"),
    "overlong UTF-8": ({"upload-metadata": "path wK8="}, 422, "invalid_input"),
    "metadata without end": ({"upload-metadata": "x " + "A" * 9000}, 400, "malformed_request"),
    "a body of another type": ({"content-type": "application/json", "content-length": "2"}, 415, "not_accepted"),
}


def test_what_cannot_begin_is_refused_with_the_reason(api: Api, client: Client, make: Make, version: Version) -> None:
    """Every header that is missing or wrong, a model that is not there, a right that lacks: no upload is begun."""
    told = metadata(model=version.model, version="1.0.0", type="WEIGHTS", path="a.safetensors")
    usual: dict[str, str | None] = {**RESUMABLE, "upload-length": "10", "upload-metadata": told}

    for name, (changes, status, code) in REFUSALS.items():
        headers = {key: value for key, value in {**usual, **changes}.items() if value is not None}
        answer = client.post(UPLOADS, headers=headers, content=b"{}" if "content-type" in changes else None)
        assert (name, answer.status_code, answer.json()["code"]) == (name, status, code)
        assert answer.headers["tus-resumable"] == "1.0.0"
    wrong = {"model": "x", "version": "", "type": "", "path": "", "sha256": "zz"}
    fields = {row["field"] for row in begin(client, address(version), 10, **wrong).json()["errors"]}
    assert fields == {"model", "version", "type", "path", "sha256"}
    assert begin(client, address(version), 10, type="PICTURE").status_code == 422
    assert begin(client, "no/where:1.0.0", 10).status_code == 404
    assert begin(api.as_(make.person()), address(version), 10).status_code == 403
    assert client.get(UPLOADS).json()["items"] == []
    told_all = client.options(UPLOADS)
    assert (told_all.status_code, told_all.headers["tus-checksum-algorithm"]) == (204, "sha256,sha1")
    assert (told_all.headers["tus-version"], told_all.headers["tus-max-size"]) == ("1.0.0", str(5 * 1024**3))
    assert set(told_all.headers["tus-extension"].split(",")) == {
        "creation", "creation-with-upload", "checksum", "expiration", "termination"
    }  # fmt: skip


def test_bytes_that_do_not_fit_are_refused_and_change_nothing(
    registry: Registry, client: Client, make: Make, version: Version
) -> None:
    """Another offset, a wrong checksum, another type, more than was declared: the upload stands where it stood."""
    content = make.safetensors(200_000)
    url = begin(client, address(version), len(content)).headers["location"]
    send(client, url, 0, content[:1000])
    more = content[1000 : PART + 9000]
    wrong = {"upload-checksum": checksum("sha256", b"other")}

    behind = send(client, url, 0, content)
    ahead = send(client, url, 2000, more)
    changed = send(client, url, 1000, more, **wrong)
    unknown = send(client, url, 1000, more, **{"upload-checksum": "md5 AAAA"})
    short = send(client, url, 1000, more, **{"upload-checksum": "sha1 AAAA"})
    typed = send(client, url, 1000, more, **{"content-type": "application/octet-stream"})
    unversioned = client.patch(
        url, headers={"upload-offset": "1000", "content-type": BODY["content-type"]}, content=more
    )
    long = send(client, url, 1000, content)
    chunked = client.patch(url, headers={**BODY, "upload-offset": "1000"}, content=iter([content[1000:], b"and more"]))

    assert [(answer.status_code, answer.headers["upload-offset"]) for answer in (behind, ahead)] == [(409, "1000")] * 2
    assert (changed.status_code, changed.json()["code"]) == (460, "checksum_differs")
    assert [answer.status_code for answer in (unknown, short, typed, unversioned, long)] == [400, 400, 415, 412, 413]
    assert chunked.status_code == 413
    # Whole parts of a body that turns out too long were stored before it did, and they are the file's own bytes.
    at = offset_of(client, url)
    assert at in (1000, PART, 2 * PART, 3 * PART)
    assert (
        send(client, url, at, content[at:], **{"upload-checksum": checksum("sha256", content[at:])}).status_code == 204
    )
    assert fetch(client, version) == content
    assert loose_of(registry) == 0


def test_an_upload_is_its_makers_alone(api: Api, client: Client, make: Make, version: Version) -> None:
    """For anybody else, an Admin too, there is no such upload; its maker may end it."""
    url = begin(client, address(version), 5000).headers["location"]
    send(client, url, 0, b"x" * 1000)
    others = [api.as_(make.owner()), api.as_(make.person(Role.ADMIN, Role.MODEL_OWNER))]

    answers = [
        [
            other.head(url, headers=RESUMABLE).status_code, other.get(url).status_code,
            send(other, url, 1000, b"x").status_code, other.delete(url, headers=RESUMABLE).status_code,
            len(other.get(UPLOADS).json()["items"]),
        ]
        for other in others
    ]  # fmt: skip
    ended = client.delete(url, headers=RESUMABLE)

    assert answers == [[404, 404, 404, 404, 0]] * 2
    assert api.anonymous.head(url, headers=RESUMABLE).status_code == 401
    assert ended.status_code == 204
    assert client.head(url, headers=RESUMABLE).status_code == 404


@pytest.mark.parametrize("races", sizes(small=50, full=1000))
def test_of_two_clients_at_one_offset_one_wins(
    registry: Registry, client: Client, make: Make, version: Version, races: int, figures: Figures
) -> None:
    """The other is told where it goes on, with its own bytes refused, and nothing of them stays; also with the last."""
    content = make.safetensors(races * 3000)
    url = begin(client, address(version), len(content)).headers["location"]
    at, step, outcomes = 0, -(-len(content) // races), []

    with ThreadPoolExecutor(2) as pool:
        while at < len(content):
            right = content[at : at + step]
            # The same bytes, since nobody can tell before the end who sends the wrong ones.
            answers = pool.map(lambda run: send(client, url, at, run).status_code, [right, right])  # noqa: B023
            outcomes.append(tuple(sorted(answers)))
            at += len(right)

    figures.tell("races of two clients for one offset", len(outcomes))
    figures.tell("races that two won, or nobody", sum(1 for outcome in outcomes if outcome != (204, 409)), at_most=0)
    assert set(outcomes) == {(204, 409)}
    assert fetch(client, version) == content
    assert loose_of(registry) == 0


def test_a_file_that_is_refused_at_its_end_ends_its_upload(
    registry: Registry, client: Client, make: Make, version: Version
) -> None:
    """Other bytes than were promised, or a name that was taken meanwhile: told at the last byte, and nothing stays."""
    content = make.safetensors(100_000)
    wrong = begin(client, address(version), len(content), path="a.safetensors", sha256="0" * 64).headers["location"]
    late = begin(client, address(version), len(content), path="b.safetensors").headers["location"]
    same = begin(client, address(version), len(content), path="c.safetensors").headers["location"]
    for url in (wrong, late, same):
        send(client, url, 0, content[:70_000])
    make.file(version, path="b.safetensors", content=make.safetensors(10, seed=4))
    make.file(version, path="c.safetensors", content=content)

    answers = [send(client, url, 70_000, content[70_000:]) for url in (wrong, late, same)]

    assert [answer.status_code for answer in answers] == [422, 409, 204]
    assert answers[0].json()["errors"][0]["field"] == "sha256"
    assert [client.head(url, headers=RESUMABLE).status_code for url in (wrong, late, same)] == [404, 404, 200]
    assert [row["path"] for row in files_of(client, version)] == ["b.safetensors", "c.safetensors"]
    assert loose_of(registry) == 0


def test_whoever_loses_the_right_is_stopped_at_the_next_commit(
    registry: Registry, api: Api, client: Client, make: Make, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version is closed, a collaborator let go while their bytes come: what counted before stays, no more does."""
    content = make.safetensors(3 * PART)
    helper = make.owner()
    shared = f"/api/v1/models/{version.model}/collaborators/{helper.email}"
    client.put(shared, json={"access": "WRITE"}).raise_for_status()
    theirs = api.as_(helper)
    url = begin(theirs, address(version), len(content)).headers["location"]
    send(theirs, url, 0, content[:1000])
    path = f"/api/v1/models/{version.model}/versions/1.0.0"

    during(monkeypatch, lambda: client.post(f"{path}/close", json={"reason": "Goes no further."}))
    closed = send(theirs, url, 1000, content[1000:])
    at = offset_of(theirs, url)
    client.post(f"{path}/reopen", json={"reason": "Goes on."})
    during(monkeypatch, lambda: client.delete(shared))
    let_go = send(theirs, url, at, content[at:])
    client.put(shared, json={"access": "WRITE"})

    assert [(answer.status_code, answer.json()["code"]) for answer in (closed, let_go)] == [
        (409, "state_forbids"),
        (403, "not_permitted"),
    ]
    assert at == offset_of(theirs, url) == 1000
    assert loose_of(registry) == 0
    assert send(theirs, url, at, content[at:]).status_code == 204
    assert fetch(client, version) == content


def during(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    """Have something happen once, while the next part is being stored."""
    put, left = FolderBlobs.put, [act]

    def interrupted(self: FolderBlobs, key: str, data: Iterable[BytesLike]) -> int:
        if left:
            left.pop()()
        return put(self, key, data)

    monkeypatch.setattr(FolderBlobs, "put", interrupted)


def test_an_upload_expires_and_is_cleared_away(
    registry: Registry, client: Client, make: Make, version: Version
) -> None:
    """Past its time it is gone, said so at first; the job takes its bytes. One that was finished keeps its file."""
    content = make.safetensors(1000)
    open_url = begin(client, address(version), 5000, path="open.safetensors", content=b"x" * 1000).headers["location"]
    done_url = begin(client, address(version), len(content), content=content).headers["location"]
    kept_url = begin(client, address(version), 5000, path="kept.safetensors").headers["location"]
    send(client, kept_url, 0, b"x" * 10)
    assert stored_for(registry, open_url)
    for url in (open_url, done_url):
        registry.tamper("UPDATE uploads SET expires_at = 1 WHERE public_id = :id", id=url.rsplit("/", 1)[-1])

    told = [client.head(open_url, headers=RESUMABLE).status_code, send(client, open_url, 1000, b"x").status_code]
    handler = registry.house.handlers[EXPIRE_UPLOADS]
    left = stored_for(registry, open_url)
    handler.call(Task(1, clock.utc_now(), {}, 1))

    assert told == [410, 410]
    assert client.head(open_url, headers=RESUMABLE).status_code == 404
    assert [key for key in left if list(registry.house.parts.blobs.list_keys(key))] == []
    assert fetch(client, version) == content
    assert offset_of(client, kept_url) == 10
    client.delete(kept_url, headers=RESUMABLE)


def test_what_is_open_stays_through_a_sweep_and_what_nothing_names_does_not(
    registry: Registry, client: Client, version: Version
) -> None:
    """Stored runs of an upload are no strays; a run that no row names is, at once at start, else after two days."""
    url = begin(client, address(version), 5000, content=b"x" * 1000).headers["location"]
    blobs = registry.house.parts.blobs
    (mine,) = stored_for(registry, url)
    old = "01900000-0000-7000-8000-000000000001/1-7"
    for key in (f"{mine}7", old):
        blobs.put(key, [b"left"])

    with registry.reading() as work:
        sweep_orphans(work, older_than=work.now)
    careful = [key for key in (mine, f"{mine}7", old) if list(blobs.list_keys(key))]
    with registry.reading() as work:
        sweep_orphans(work)

    assert careful == [mine, f"{mine}7"]
    assert stored_for(registry, url) == [mine]
    assert send(client, url, 1000, b"x").status_code == 204
    client.delete(url, headers=RESUMABLE)


def test_a_group_has_so_much_room_and_a_person_so_many_uploads(
    registry: Registry, client: Client, make: Make, version: Version
) -> None:
    """Stored bytes and uploads under way count; one byte more is refused, also in one go; the 21st upload is too."""
    first = make.safetensors(2000)
    make.file(version, path="a.safetensors", content=first)
    base = f"/api/v1/models/{version.model}/versions/1.0.0/artifacts"
    room = 10_000 - len(first)

    with limited(registry, group_quota_bytes=10_000, open_uploads_of_one=3):
        begin(client, address(version), room - 1000, path="b.safetensors")
        over = begin(client, address(version), 1001, path="c.safetensors")
        in_one_go = client.put(f"{base}/d.txt?type=CONFIG", content=b"x" * 1001)
        chunked = client.put(f"{base}/d.txt?type=CONFIG", content=iter([b"x" * 1001]))
        fits = [begin(client, address(version), 500, path=f"{n}.safetensors").status_code for n in range(2)]
        many = begin(client, address(version), 0, path="e.json", type="CONFIG")

    assert [(answer.status_code, answer.json()["code"]) for answer in (over, in_one_go, chunked)] == [
        (413, "quota_exceeded")
    ] * 3
    assert "1,000 are left" in over.json()["detail"]
    assert fits == [201, 201]
    assert (many.status_code, "/api/v1/uploads" in many.json()["remedy"]) == (429, True)
    for row in client.get(UPLOADS).json()["items"]:
        assert client.delete(f"{UPLOADS}/{row['id']}", headers=RESUMABLE).status_code == 204


def test_a_file_of_no_bytes_and_one_that_comes_with_its_creation(client: Client, make: Make, version: Version) -> None:
    """Both are published at once; clients that say `filename` and `filetype` are understood."""
    content = make.safetensors(PART + 100)

    empty = begin(client, address(version), 0, path="empty.txt", type="CONFIG")
    whole = begin(
        client, address(version), len(content), content=content, path="", filename="m.safetensors", filetype="a/b"
    )
    refused = begin(client, address(version), 3, content=b"abc", path="n.safetensors", sha256="0" * 64)

    assert (empty.status_code, empty.headers["upload-offset"]) == (201, "0")
    assert (whole.status_code, whole.headers["upload-offset"]) == (201, str(len(content)))
    assert refused.status_code == 422
    assert [(row["path"], row["sizeBytes"]) for row in files_of(client, version)] == [
        ("empty.txt", 0),
        ("m.safetensors", len(content)),
    ]
    assert client.get(UPLOADS).json()["items"] == []


def test_a_browser_sends_its_page_token_with_every_write(api: Api, make: Make, version: Version) -> None:
    """Without it nothing is begun and nothing goes on; with it a session uploads as a token does."""
    browser = api.browser(make.owner_of(version))
    content = make.safetensors(100)
    page = {"x-csrf-token": browser.csrf}
    browser.headers.update(page)
    url = begin(browser, address(version), len(content)).headers["location"]
    del browser.headers["x-csrf-token"]

    forged = send(browser, url, 0, content)
    sent = send(browser, url, 0, content, **page)

    assert (forged.status_code, sent.status_code) == (403, 204)
    assert fetch(api.as_(make.owner_of(version)), version) == content
