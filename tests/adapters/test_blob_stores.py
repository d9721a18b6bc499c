"""What every blob store promises (ports.BlobStore), kept by the folder and by a real server of S3 alike."""

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from modelkeep_server.adapters.blobs import open_blobs
from modelkeep_server.adapters.blobs.s3 import PART_BYTES, read_place
from modelkeep_server.ports import BlobMissing, BlobStore, StorageDown
from tests.support.s3 import S3Server

KEY = "0197a000-0000-7000-8000-000000000001/1-1"
LARGE = 2 * PART_BYTES + 12345


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    """An empty store of each kind."""
    if request.param == "folder":
        return open_blobs((tmp_path / "blobs").as_uri())
    s3: S3Server = request.getfixturevalue("s3")
    return open_blobs(s3.url(f"contract/{tmp_path.name.replace('[', '-').replace(']', '')}"))


def runs_of(size: int) -> Iterator[bytearray]:
    """That many bytes, no megabyte like another."""
    for number, begin in enumerate(range(0, size, 2**20)):
        yield bytearray(bytes([number]) * min(2**20, size - begin))


def test_a_blob_is_read_whole_and_in_pieces(store: BlobStore) -> None:
    """Runs of several kinds become one blob; reads give what lies there, and no more at the end; an empty one is."""
    size = store.put(KEY, [b"abc", bytearray(b"def"), memoryview(b"ghi"), b""])
    empty = store.put("empty", [])

    for read in (store.read, store.borrow, partial(store.borrow, fresh=True)):
        assert [bytes(read(KEY, *at)) for at in [(0, 9), (2, 3), (7, 100), (9, 1), (50, 1), (3, 0)]] == [
            b"abcdefghi",
            b"cde",
            b"hi",
            b"",
            b"",
            b"",
        ]
        with pytest.raises(ValueError, match="negative"):
            read(KEY, -1, 2)
    assert (size, store.size(KEY), empty, store.size("empty"), store.read("empty", 0, 1)) == (9, 9, 0, 0, b"")


def test_a_large_blob_is_whole_and_replaced_in_one_step(store: BlobStore) -> None:
    """Bytes of many megabytes come back as they went, and another blob takes their place."""
    first = store.put(KEY, runs_of(LARGE))
    whole = store.read(KEY, 0, LARGE + 1)
    reads = [
        (0, LARGE + 1),
        (1, 5000),
        (4096, 4096),
        (2**20 - 1, 2),
        (LARGE - 12346, 12346),
        (LARGE - 1, 5),
        (LARGE, 1),
    ]
    back = [bytes(store.borrow(KEY, *at, fresh=True)) for at in reads]
    second = store.put(KEY, [b"small"])

    assert (first, whole) == (LARGE, b"".join(runs_of(LARGE)))
    assert back == [whole[start : start + length] for start, length in reads]
    assert (second, store.read(KEY, 0, 100)) == (5, b"small")


def test_what_is_not_there_is_missing(store: BlobStore) -> None:
    """Reading and measuring a missing key say so, also for a folder or what lies under a file; deleting is no error."""
    store.put(KEY, [b"abc"])

    for key in ("none", KEY.partition("/")[0], KEY + "/below"):
        for length in (0, 1):
            with pytest.raises(BlobMissing):
                store.read(key, 0, length)
        with pytest.raises(BlobMissing):
            store.size(key)
        store.delete(key)
    assert list(store.list_keys()) == [KEY]
    store.delete(KEY)
    store.delete(KEY)
    assert list(store.list_keys()) == []


def test_keys_are_listed_by_prefix(store: BlobStore) -> None:
    """All keys, those of one file, and those that begin alike; never what only shows that the store works."""
    keys = {"alone", "aa/1-1", "aa/2-1", "ab/1-1", "b/c/d/e"}
    for key in keys:
        store.put(key, [b"x"])
    store.health()

    asked = {prefix: set(store.list_keys(prefix)) for prefix in ("", "aa/", "aa/2", "a", "b/c/d/", "none/", "alone/")}

    assert asked == {
        "": keys, "aa/": {"aa/1-1", "aa/2-1"}, "aa/2": {"aa/2-1"}, "a": {"alone", "aa/1-1", "aa/2-1", "ab/1-1"},
        "b/c/d/": {"b/c/d/e"}, "none/": set(), "alone/": set(),
    }  # fmt: skip


def test_no_other_key_is_taken(store: BlobStore) -> None:
    """Any key outside the alphabet is refused before the store is touched."""
    for key in (
        "",
        "/a",
        "a/",
        "../a",
        "a/../b",
        "a//b",
        "A",
        "a b",
        "a\n",
        "ä",
        "a/b/c/d/e",
        "-a",
        "a" * 81,
        "_probe",
    ):
        for act in (lambda: store.put(key, [b"x"]), lambda: store.read(key, 0, 1), lambda: store.delete(key)):  # noqa: B023
            with pytest.raises(ValueError, match="not a blob key"):
                act()
        with pytest.raises(ValueError, match="not a blob key"):
            store.size(key)


@pytest.mark.parametrize("sent", [100, LARGE])
def test_a_put_that_fails_leaves_nothing_and_keeps_what_was_there(
    store: BlobStore, sent: int, request: pytest.FixtureRequest
) -> None:
    """The data breaks off early or late: its own error comes out, nothing is there, an earlier blob is whole."""

    def breaking() -> Iterator[bytearray]:
        yield from runs_of(sent)
        raise LookupError("the data broke off")

    with pytest.raises(LookupError, match="broke off"):
        store.put(KEY, breaking())
    with pytest.raises(BlobMissing):
        store.size(KEY)
    store.put(KEY, [b"whole"])
    with pytest.raises(LookupError):
        store.put(KEY, breaking())
    assert store.read(KEY, 0, 9) == b"whole"
    assert list(store.list_keys()) == [KEY]
    if request.node.callspec.params["store"] == "s3":
        assert request.getfixturevalue("s3").half_done("contract") == []


def test_a_store_that_is_gone_is_down_and_not_empty(s3: S3Server) -> None:
    """Cut off, under wrong credentials, or without its bucket: down, never missing; it comes back by itself."""
    store = open_blobs(s3.url("contract/gone"))
    store.put(KEY, [b"abc"])
    lost = open_blobs(s3.url("no-such-bucket"))
    os.environ["AWS_SECRET_ACCESS_KEY"], right = "wrong", os.environ["AWS_SECRET_ACCESS_KEY"]
    stranger = open_blobs(s3.url("contract/gone"))
    os.environ["AWS_SECRET_ACCESS_KEY"] = right

    s3.relay.cut()
    try:
        said = [str(refusal(act)) for act in acts_of(store)]
    finally:
        s3.relay.mend()
    denied = [str(refusal(act)) for act in acts_of(stranger)]
    without = [str(refusal(lambda: lost.read(KEY, 0, 1))), str(refusal(lambda: lost.size(KEY)))]
    listed = str(refusal(lambda: list(lost.list_keys())))

    assert all("does not answer" in sentence for sentence in said), said
    assert all("SignatureDoesNotMatch" in sentence or "status 403" in sentence for sentence in denied), denied
    assert without == ["There is no bucket no-such-bucket."] * 2
    assert "no-such-bucket" in listed
    assert store.read(KEY, 0, 3) == b"abc"


def acts_of(store: BlobStore) -> list[object]:
    """Each thing that is asked of a store."""
    return [
        lambda: store.read(KEY, 0, 1), lambda: store.size(KEY), lambda: store.put(KEY, [b"x"]),
        lambda: store.put(KEY, runs_of(LARGE)), lambda: store.delete(KEY), lambda: list(store.list_keys()),
        store.health,
    ]  # fmt: skip


def refusal(act: object) -> StorageDown:
    """Why it is down."""
    with pytest.raises(StorageDown) as raised:
        act()  # type: ignore[operator]
    return raised.value


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("s3://key:secret@bucket/p", "holds credentials"),
        ("s3://bucket?access_key_id=AKIA", "holds credentials"),
        ("s3://bucket?aws_secret_access_key=hush", "holds credentials"),
        ("s3://bucket?endpoint=https://key:secret@host", "the endpoint is"),
        ("s3://bucket?endpoint=http://storage.company.com", "could be changed"),
        ("s3://bucket?endpoint=host", "the endpoint is"),
        ("s3://bucket?regoin=eu", "'regoin' is not a parameter"),
        ("s3://bucket?allow_http=maybe", "true or false"),
        ("s3://", "names no bucket"),
        ("s3:bucket", "names no bucket"),
        ("s3://Bucket/p", "names no bucket"),
        ("s3://bucket/../p", "a prefix is"),
        ("gs://bucket", "known scheme"),
    ],
)
def test_an_address_that_cannot_be_right_is_refused(url: str, fault: str) -> None:
    """Credentials, plain HTTP over a network and misspellings are told at the start, and no secret is repeated."""
    with pytest.raises(ValueError, match=fault) as raised:
        open_blobs(url)

    assert "hush" not in str(raised.value)
    assert "key:secret" not in str(raised.value)


def test_an_address_says_where_files_go() -> None:
    """Bucket, prefix, region and endpoint; HTTP on this machine itself, or where it is allowed in so many words."""
    place = read_place("s3://bucket/a/b/?region=eu-west-1&endpoint=http://10.0.0.1:9000&allow_http=true")

    assert (place.bucket, place.prefix, place.region, place.endpoint, place.allow_http) == (
        "bucket", "a/b", "eu-west-1", "http://10.0.0.1:9000", True,
    )  # fmt: skip
    assert read_place("s3://bucket?endpoint=http://127.0.0.1:1").allow_http
    assert not read_place("s3://bucket").allow_http


def test_who_keeps_files_in_a_folder_does_not_load_s3(tmp_path: Path) -> None:
    """Opening a folder costs none of the time that S3's client takes to load."""
    program = "import sys; from modelkeep_server.adapters.blobs import open_blobs; open_blobs(sys.argv[1])"
    told = f"{program}; print('obstore' in sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", told, (tmp_path / "b").as_uri()], check=True, capture_output=True, text=True
    )

    assert done.stdout.strip() == "False"
