"""Uploads that come in several requests, as tus 1.0.0 says: whole at the end, or not there at all."""

import hashlib
import random
from collections.abc import Iterable

import pytest

from modelkeep_server.adapters.blobs.folder import FolderBlobs
from modelkeep_server.features.artifacts.uploading.running_hashes import RunningHashes
from modelkeep_server.features.versions.views import Version
from modelkeep_server.interfaces.arrivals import UPLOADS_OF_ONE
from modelkeep_server.ports import BytesLike
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api, Client
from tests.support.make import Make
from tests.support.registries import Registry
from tests.support.tus import (
    BODY,
    PART,
    RESUMABLE,
    UPLOADS,
    address,
    begin,
    checksum,
    fetch,
    files_of,
    loose_of,
    metadata,
    offset_of,
    send,
)


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


def test_a_file_of_no_bytes_and_one_that_comes_with_its_creation(client: Client, make: Make, version: Version) -> None:
    """Both are judged at once; clients that say `filename` and `filetype` are understood. No bytes are text."""
    content = make.safetensors(PART + 100)

    empty = begin(client, address(version), 0, path="code/__init__.py", type="CONFIG")
    weights = begin(client, address(version), 0, path="w.bin", type="WEIGHTS")
    named = begin(client, address(version), 0, path="w.safetensors", type="CONFIG")
    whole = begin(
        client, address(version), len(content), content=content, path="", filename="m.safetensors", filetype="a/b"
    )
    refused = begin(client, address(version), 3, content=b"abc", path="n.safetensors", sha256="0" * 64)

    assert (empty.status_code, empty.headers["upload-offset"]) == (201, "0")
    told = client.get(empty.headers["location"]).json()["artifact"]
    assert (told["format"], told["scan"]["verdict"], told["scan"]["findings"]) == ("text", "CLEAN_DATA", [])
    assert [(one.status_code, one.json()["code"]) for one in (weights, named)] == [(415, "not_accepted")] * 2
    assert weights.json()["detail"] == "The file is empty. w.bin has no bytes, as only CONFIG or TOKENIZER may."
    assert named.json()["detail"] == "The file is empty. w.safetensors is named as Safetensors, and has no bytes."
    assert (whole.status_code, whole.headers["upload-offset"]) == (201, str(len(content)))
    assert refused.status_code == 422
    assert [(row["path"], row["sizeBytes"]) for row in files_of(client, version)] == [
        ("code/__init__.py", 0), ("m.safetensors", len(content)),
    ]  # fmt: skip
    assert client.get(UPLOADS).json()["items"] == []


def test_an_upload_of_no_bytes_that_was_not_taken_is_not_left_open(
    registry: Registry, client: Client, make: Make, version: Version
) -> None:
    """Clients take an upload that is at its end for a file: one that met a busy server begins anew."""
    running, owner = registry.app.door.uploads, make.owner_of(version).actor.answered_by
    running[owner] = UPLOADS_OF_ONE
    busy = begin(client, address(version), 0, path="empty.txt", type="CONFIG")
    del running[owner]

    again = begin(client, address(version), 0, path="empty.txt", type="CONFIG")

    assert (busy.status_code, again.status_code) == (503, 201)
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
