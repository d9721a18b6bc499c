"""Files going in: streamed, hashed, sealed, stored once, and visible only when every byte is safe."""

import base64
import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

from modelkeep_server.rules.permissions import Role
from tests.support.addresses import files_of
from tests.support.clients import Api
from tests.support.footprint import footprint, stored_files
from tests.support.make import Make
from tests.support.problems import fields_at_fault, refusal
from tests.support.registries import Registries, Registry
from tests.support.safetensors import exactly
from tests.support.wire import send

PART = 16 * 1024 * 1024


def digest_of(content: bytes) -> str:
    """The SHA-256 of some bytes, in base64."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def in_chunks(content: bytes, size: int) -> Iterator[bytes]:
    """The same bytes, some at a time."""
    for start in range(0, len(content), size):
        yield content[start : start + size]


@pytest.mark.parametrize("how", ["with its length", "in chunks"])
@pytest.mark.parametrize("size", [100, 65_479, 65_480, 65_481, 1_000_003])
def test_a_file_goes_in_and_is_described(make: Make, api: Api, how: str, size: int) -> None:
    """Whatever its size, a file is answered with its SHA-256 and length, stands in the list, and is one event."""
    version = make.version()
    owner = make.owner_of(version)
    content = exactly(size)
    body: Any = content if how == "with its length" else in_chunks(content, 10_007)
    before = make.event_count()

    answer = api.as_(owner).put(f"{files_of(version)}/weights/model.safetensors?type=WEIGHTS", content=body)

    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert answer.headers["location"] == f"{files_of(version)}/weights/model.safetensors"
    assert (told["sizeBytes"], told["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert {key: told[key] for key in ("path", "type", "status", "format", "uploadedBy")} == {
        "path": "weights/model.safetensors", "type": "WEIGHTS", "status": "AVAILABLE", "format": "safetensors",
        "uploadedBy": owner.email,
    }  # fmt: skip
    assert (told["scan"]["verdict"], told["scan"]["findings"]) == ("CLEAN_DATA", [])
    assert api.as_(owner).get(files_of(version)).json() == {"items": [told], "nextCursor": None, "total": 1}
    (event,) = make.events(since=before)
    assert (event.action, event.outcome) == ("artifact.upload", "ALLOWED")
    assert event.after is not None
    assert (event.after["sha256"], event.after["sizeBytes"]) == (told["sha256"], len(content))
    assert "weights/model" not in event.raw


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_file_of_several_parts_comes_back_whole(registry: Registry, make: Make, api: Api) -> None:
    """Beyond 16 MiB a file is stored in parts; its link gives the same bytes, also across the seam."""
    version = make.version()
    content = make.safetensors(PART + 100_000)
    files = len(stored_files(registry))

    make.file(version, content=content)

    assert len(stored_files(registry)) == files + 2
    url = api.as_(make.owner_of(version)).post(f"{files_of(version)}/model.safetensors/links").json()["url"]
    assert api.anonymous.get(url).content == content
    seam = api.anonymous.get(url, headers={"range": f"bytes={PART - 5}-{PART + 4}"})
    assert (seam.status_code, seam.content) == (206, content[PART - 5 : PART + 5])


@pytest.mark.parametrize("header", ["Digest: sha-256={}", "Repr-Digest: sha-256=:{}:", "Content-Digest: sha-256=:{}:"])
def test_a_promised_digest_is_held_against_what_arrives(registry: Registry, make: Make, api: Api, header: str) -> None:
    """The right digest lets the file in; another one refuses it, names both, and leaves nothing behind."""
    version = make.version()
    client = api.as_(make.owner_of(version))
    content = make.safetensors(100_000)
    name, _, form = header.partition(": ")
    client.get("/api/v1/me")
    before = footprint(registry)

    wrong = client.put(
        f"{files_of(version)}/a?type=WEIGHTS", content=content, headers={name: form.format(digest_of(b"other"))}
    )
    after = footprint(registry)
    right = client.put(
        f"{files_of(version)}/a?type=WEIGHTS", content=content, headers={name: form.format(digest_of(content))}
    )

    assert fields_at_fault(wrong) == {"sha256"}
    for told in (content, b"other"):
        assert hashlib.sha256(told).hexdigest() in wrong.json()["errors"][0]["message"]
    assert after == before
    assert right.status_code == 201


BAD_DIGESTS = [
    ("Digest", "sha-256="), ("Digest", "sha-256=abc"), ("Digest", "sha-256=%%%"), ("Repr-Digest", "sha-256=abc"),
    ("Repr-Digest", "sha-256=::"), ("Digest", f"sha-256={'A' * 86}=="), ("Digest", f"SHA-256={digest_of(b'a')[:-4]}"),
    ("Repr-Digest", f"sha-256=:{digest_of(b'a')}:, sha-256=:{digest_of(b'b')}:"),
]  # fmt: skip


@pytest.mark.parametrize("header", BAD_DIGESTS, ids=lambda header: f"{header[0]} {header[1][:30]}")
def test_a_malformed_digest_is_a_400_before_the_body(
    registry: Registry, make: Make, portal: BlockingPortal, header: tuple[str, str]
) -> None:
    """A promise that cannot be read is refused at once, not after gigabytes."""
    version = make.version()
    before = footprint(registry)

    told = send(
        portal, registry.app, "PUT", f"{files_of(version)}/a?type=WEIGHTS", person=make.owner_of(version),
        headers=[header], chunks=[b"a"],
    )  # fmt: skip

    assert (told.status, told.reads) == (400, 0), told.body
    assert footprint(registry) == before


def test_the_same_path_twice_is_taken(registry: Registry, make: Make, api: Api) -> None:
    """Another file under a path that is there is 409, and the first one stays as it was."""
    version = make.version()
    client = api.as_(make.owner_of(version))
    make.file(version, path="a", content=b"first", type="CONFIG")
    before = footprint(registry)

    answers = [client.put(f"{files_of(version)}/a?type=CONFIG", content=body) for body in (b"second", b"first")]

    assert [refusal(answer) for answer in answers] == [(409, "name_taken")] * 2
    assert footprint(registry) == before


def test_the_same_file_again_with_its_digest_is_there_already(
    registry: Registry, make: Make, portal: BlockingPortal
) -> None:
    """Who promises the digest of the file that is there gets it as the answer, without sending it again."""
    version = make.version()
    make.file(version, path="a", content=b"first", type="CONFIG")
    before = footprint(registry)

    told = send(
        portal, registry.app, "PUT", f"{files_of(version)}/a?type=WEIGHTS", person=make.owner_of(version),
        headers=[("Digest", f"sha-256={digest_of(b'first')}")], chunks=[b"first"],
    )  # fmt: skip

    assert (told.status, told.reads) == (200, 0)
    assert footprint(registry) == before


def test_the_same_bytes_are_stored_once_in_a_model_and_apart_in_another(registry: Registry, make: Make) -> None:
    """Twice in one model, under any path and version, is one stored file; another model has its own."""
    owner = make.owner()
    model, other = make.model(owner), make.model(owner)
    first, second, elsewhere = make.version(model), make.version(model, version="2.0.0"), make.version(other)
    content = make.safetensors(5000, seed=int.from_bytes(model.id.encode()))
    counts = [len(stored_files(registry))]

    for version, path in ((first, "a"), (first, "b"), (second, "a"), (elsewhere, "a")):
        make.file(version, owner, path=path, content=content)
        counts.append(len(stored_files(registry)))

    assert [count - counts[0] for count in counts] == [0, 1, 1, 1, 2]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", "required"),
        ("?type=", "WEIGHTS, CONTAINER, TOKENIZER, CONFIG"),
        ("?type=weights", "WEIGHTS, CONTAINER, TOKENIZER, CONFIG"),
        ("?type=PICKLE", "WEIGHTS, CONTAINER, TOKENIZER, CONFIG"),
    ],
)
def test_a_file_needs_a_known_type(make: Make, api: Api, query: str, told: str) -> None:
    """What the file is must be said, in one of the four words of the guide."""
    version = make.version()

    answer = api.as_(make.owner_of(version)).put(f"{files_of(version)}/a{query}", content=b"a")

    assert fields_at_fault(answer) == {"type"}
    assert told in answer.json()["errors"][0]["message"]


OF_TYPE = {
    "WEIGHTS": exactly(100), "CONTAINER": b'{"image":"registry.example.com/churn@sha256:%s"}' % (b"ab" * 32),
    "TOKENIZER": b"[PAD]\n[UNK]\nthe\n", "CONFIG": b"{}",
}  # fmt: skip


@pytest.mark.parametrize("word", OF_TYPE)
def test_every_type_of_the_guide_is_taken(make: Make, api: Api, word: str) -> None:
    """Weights, container, tokenizer and config."""
    version = make.version()

    answer = api.as_(make.owner_of(version)).put(f"{files_of(version)}/a", params={"type": word}, content=OF_TYPE[word])

    assert (answer.status_code, answer.json()["type"]) == (201, word)


@pytest.mark.parametrize("who", ["stranger", "other owner", "admin", "nobody"])
def test_who_may_not_upload_is_refused_before_the_body(
    registry: Registry, make: Make, portal: BlockingPortal, who: str
) -> None:
    """Not one byte of the body is read, the refusal is one event, and nothing is stored."""
    version = make.version()
    roles = {"stranger": [], "other owner": [Role.MODEL_OWNER], "admin": [Role.ADMIN, Role.SRE]}.get(who)
    person = None if roles is None else make.person(*roles)
    make.event_count()
    before = footprint(registry)

    told = send(
        portal, registry.app, "PUT", f"{files_of(version)}/a?type=WEIGHTS", person=person, chunks=[b"a" * 1000] * 3
    )

    assert (told.status, told.reads) == (401 if who == "nobody" else 403, 0)
    after = footprint(registry)
    assert (after.rows, after.files) == (before.rows, before.files)
    refused = [] if who == "nobody" else [("artifact.upload", "REFUSED", f"{version.model}:1.0.0")]
    assert [(e.action, e.outcome, e.object.id) for e in make.events(since=before.events)] == refused


@pytest.fixture
def small(kind: str, registries: Registries, tmp_path: Path) -> Iterator[Registry]:
    """A registry that takes files of at most 1,000 bytes."""
    with registries.template(kind).copied(tmp_path / "small", {"upload_limit_bytes": 1000}) as opened:
        yield opened


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "found out"])
def test_a_file_over_the_limit_is_a_413_and_leaves_nothing(
    small: Registry, portal: BlockingPortal, declared: bool
) -> None:
    """A length over the limit refuses before the body; one that was not declared as soon as it is passed."""
    make = Make(small)
    version = make.version()
    before = footprint(small)
    headers = [("content-length", "1001")] if declared else []

    told = send(
        portal, small.app, "PUT", f"{files_of(version)}/a?type=WEIGHTS", person=make.owner_of(version),
        headers=headers, chunks=[b"a" * 1000, b"a", b"a" * 1000],
    )  # fmt: skip

    assert told.status == 413, told.body
    assert (told.reads == 0) is declared
    assert b"1,000" in told.body or b"1000" in told.body
    assert footprint(small) == before


def test_a_file_of_exactly_the_limit_is_taken(small: Registry, portal: BlockingPortal) -> None:
    """The limit itself is allowed."""
    make = Make(small)

    artifact = make.file(make.version(), content=exactly(1000))

    assert artifact.size_bytes == 1000


@pytest.mark.parametrize("size", [0, 1000, PART + 1000], ids=["at once", "within a part", "after a part"])
def test_a_cut_upload_leaves_nothing(registry: Registry, make: Make, portal: BlockingPortal, size: int) -> None:
    """When the connection breaks, nothing is listed, recorded or kept on the disk, and the file can be sent again."""
    version = make.version()
    owner = make.owner_of(version)
    target = f"{files_of(version)}/a?type=CONFIG"
    before = footprint(registry)

    told = send(portal, registry.app, "PUT", target, person=owner, chunks=in_chunks(b"a" * size, 1024 * 1024), cut=True)

    assert told.status in (0, 400)
    assert footprint(registry) == before
    assert send(portal, registry.app, "PUT", target, person=owner, chunks=[b"whole"]).status == 201


def test_no_plain_byte_of_a_file_is_in_the_data_folder(registry: Registry, make: Make) -> None:
    """What is stored is sealed: a marker that the file repeats is found in no file of the registry."""
    marker = b"THIS-IS-THE-MARKER-OF-A-PLAIN-FILE"

    make.file(make.version(), path="notes.txt", content=marker * 3000, type="CONFIG")

    holding = [path for path in registry.settings.data_dir.rglob("*") if path.is_file() and marker in path.read_bytes()]
    assert holding == []


def test_files_are_listed_in_the_order_of_upload_page_by_page(make: Make, api: Api) -> None:
    """A version's files come in stable pages."""
    version = make.version()
    for number in range(5):
        make.file(version, path=f"f{4 - number}", content=b"x", type="CONFIG")
    client, seen, cursor = api.as_(make.person()), [], None

    while cursor is not None or not seen:
        page = client.get(files_of(version), params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen.extend(row["path"] for row in page["items"])
        cursor = page["nextCursor"]

    assert (seen, page["total"]) == (["f4", "f3", "f2", "f1", "f0"], 5)


def test_many_uploads_of_one_path_at_once_leave_one_file(registry: Registry, make: Make, api: Api) -> None:
    """Eight different files sent under one name at the same moment: one is there, whole, and nothing is left over."""
    version = make.version()
    owner = make.owner_of(version)
    api.as_(owner).get("/api/v1/me")
    before = footprint(registry)
    contents = [exactly(200_000, seed=n) for n in range(8)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda body: api.as_(owner).put(f"{files_of(version)}/a?type=WEIGHTS", content=body), contents)
        )

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    after = footprint(registry)
    assert (after.events, after.files) == (before.events + 1, before.files + 1)
