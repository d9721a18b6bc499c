"""The folder of blobs: durable, whole or absent, private, and nowhere else."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from modelkeep_server.adapters.blobs import direct, open_blobs
from modelkeep_server.adapters.blobs.folder import FolderBlobs
from modelkeep_server.ports import StorageDown, StorageFull

KEY = "0197a000-0000-7000-8000-000000000001/1-1"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "data" / "blobs"


@pytest.fixture
def store(root: Path) -> FolderBlobs:
    return FolderBlobs(root)


def files_in(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_deleting_twice_is_no_error_and_leaves_no_folder(store, root):
    """Delete is idempotent, takes only its own blob, and the emptied folder of the file goes with the last part."""
    other = KEY.replace("/1-1", "/2-1")
    store.put(KEY, [b"abc"])
    store.put(other, [b"abc"])

    store.delete(KEY)
    store.delete(KEY)

    assert list(store.list_keys()) == [other]
    store.delete(other)
    assert not list(root.rglob("0197a000*"))


@pytest.mark.parametrize(
    "key",
    [
        "", "/", "a/", "/a", "../a", "a/../b", ".", "a/.b", "a//b", "A", "a b", "a\n", "a\x00b", "a\\b", "ä",
        "a/b/c/d/e", "-a", "a" * 81, "~", "a.part", "%2e%2e/a", "incoming/../../x",
    ],
)  # fmt: skip
def test_a_key_cannot_leave_the_folder(key, store, root):
    """Any key outside the alphabet is refused before the disk is touched."""
    for act in (lambda: store.put(key, [b"x"]), lambda: store.read(key, 0, 1), lambda: store.delete(key)):
        with pytest.raises(ValueError, match="not a blob key"):
            act()
    with pytest.raises(ValueError, match="not a blob key"):
        store.size(key)
    assert files_in(root.parent.parent) == []


def test_only_the_owner_may_look(store, root):
    """Folders are 0700 and files 0600, whatever the umask."""
    before = os.umask(0)
    try:
        store.put(KEY, [b"abc"])
    finally:
        os.umask(before)

    made = [root, *root.rglob("*")]
    assert {0o700} == {path.stat().st_mode & 0o777 for path in made if path.is_dir()}
    assert {0o600} == {path.stat().st_mode & 0o777 for path in made if path.is_file()}
    assert len(files_in(root)) == 1


def test_a_put_that_fails_leaves_nothing_and_keeps_what_was_there(store, root):
    """The data breaks off in the middle: no file of it stays, and an earlier blob of the key is whole."""

    def breaking() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError("the data broke off")

    with pytest.raises(RuntimeError):
        store.put(KEY, breaking())
    assert files_in(root) == []

    store.put(KEY, [b"whole"])
    with pytest.raises(RuntimeError):
        store.put(KEY, breaking())
    assert store.read(KEY, 0, 9) == b"whole"
    assert len(files_in(root)) == 1


def test_the_order_survives_a_power_cut(store, root, monkeypatch):
    """File synced, then renamed, then each folder up to the root synced, and only then does put return."""
    steps: list[str] = []
    real_fsync, real_rename = os.fsync, os.rename

    def fsync(opened: int) -> None:
        steps.append("sync " + Path(f"/proc/self/fd/{opened}").readlink().relative_to(root).as_posix())
        real_fsync(opened)

    def rename(source: Path, target: Path) -> None:
        steps.append("rename to " + Path(target).relative_to(root).as_posix())
        real_rename(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", rename)

    store.put(KEY, [b"abc"])

    place = files_in(root)[0].relative_to(root)
    written, renamed, *folders = steps
    assert written.startswith("sync incoming/")
    assert renamed == f"rename to {place}"
    assert folders == [f"sync {folder.as_posix()}" for folder in place.parents]


WRITER = """
import sys
from pathlib import Path
from modelkeep_server.adapters.blobs.folder import FolderBlobs

store = FolderBlobs(Path(sys.argv[1]))
for number in range(100_000):
    store.put(f"{sys.argv[2]}-{number % 40}/1-1", [bytes([number % 251]) * 65_536] * 16)
    print(number, flush=True)
"""


def test_a_killed_writer_leaves_whole_blobs_only(store, root):
    """Killed at any moment: each key that can be seen holds one whole blob, and each that was acknowledged is there."""
    for attempt in range(4):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(root), f"w{attempt}"], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.02 + 0.013 * attempt)
        writer.send_signal(signal.SIGKILL)
        acknowledged = 1 + len(writer.communicate()[0].split())

        keys = list(store.list_keys(f"w{attempt}"))
        assert len(keys) >= min(acknowledged, 40)
        for key in keys:
            blob = store.read(key, 0, 2**21)
            assert len(blob) == 2**20
            assert len(set(blob)) == 1


def test_what_crashed_writers_left_is_cleared_after_a_day(store, root):
    """A half-written file of yesterday goes at the next start; one that may still be written stays."""
    old, young = (root / "incoming" / f"{name}.part" for name in ("old", "young"))
    for left in (old, young):
        left.write_bytes(b"half")
    os.utime(old, (time.time() - 90_000, time.time() - 90_000))

    FolderBlobs(root)

    assert files_in(root) == [young]


def test_writers_and_removers_beside_each_other_do_not_fail(store):
    """A folder that a delete takes away while a put is about to use it is made again."""

    def work(number: int) -> None:
        for _ in range(60):
            store.put(f"shared/{number}", [b"x"])
            store.delete(f"shared/{number}")

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [None] * 4

    assert list(store.list_keys()) == []


def test_a_folder_that_is_gone_again_at_once_is_made_again(store, monkeypatch):
    """A put does not fail where a delete takes its folder away between two of its steps."""
    made = os.mkdir
    failures = [FileExistsError(errno.EEXIST, "File exists"), FileNotFoundError(errno.ENOENT, "No such folder")]

    def make(path: os.PathLike[str], mode: int = 0o777) -> None:
        if failures and Path(path).name == "shared":
            raise failures.pop()
        made(path, mode)

    monkeypatch.setattr(os, "mkdir", make)

    store.put("shared/1", [b"x"])

    assert (failures, store.read("shared/1", 0, 1)) == ([], b"x")


def test_a_disk_without_room_is_storage_full(store, root, monkeypatch):
    """ENOSPC and a reached quota are StorageFull, other I/O errors StorageDown, and no half of a blob stays."""
    for code, error in [(errno.ENOSPC, StorageFull), (errno.EDQUOT, StorageFull), (errno.EIO, StorageDown)]:

        def refuse(opened: int, code: int = code) -> None:
            raise OSError(code, os.strerror(code))

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", refuse)
            with pytest.raises(error):
                store.put(KEY, [b"abc"])
            with pytest.raises(error):
                store.health()
        assert files_in(root) == []


def test_health_tells_a_folder_that_is_gone(store, root):
    """A healthy folder is silent and unchanged; one that was taken away is StorageDown."""
    store.health()
    assert files_in(root) == []

    root.rename(root.with_name("elsewhere"))

    with pytest.raises(StorageDown):
        store.health()
    with pytest.raises(StorageDown):
        store.put(KEY, [b"abc"])


def test_a_storage_url_opens_its_backend(root):
    """`file:` with an absolute folder opens it; anything else is an error that names what is known."""
    store = open_blobs(root.as_uri())
    store.put(KEY, [b"abc"])

    assert FolderBlobs(root).read(KEY, 0, 3) == b"abc"
    for url in ("s4://bucket", "blobs", "", "/absolute/folder"):
        with pytest.raises(ValueError, match="known scheme \\(file:"):
            open_blobs(url)
    for url in ("file:relative", "file://host/folder", "file:///folder?x=1", "file:"):
        with pytest.raises(ValueError, match="file:///absolute/folder"):
            open_blobs(url)


def test_a_place_that_is_no_folder_is_down(tmp_path):
    """A file where the folder should be is a clear error at the start."""
    (tmp_path / "taken").write_text("a file")

    with pytest.raises(StorageDown):
        FolderBlobs(tmp_path / "taken")


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 2**18, 2**20 - 1, 2**20, 2**20 + 1, 3 * 2**20 + 5])
def test_runs_of_any_size_become_what_they_were(size, store):
    """Whole blocks go past the cache and the rest does not, whatever runs the bytes come in."""
    content = os.urandom(size)

    for runs in ([content], [content[:300_000], content[300_000:300_001], content[300_001:]]):
        assert store.put(KEY, runs) == size
        assert store.read(KEY, 0, size + 1) == store.borrow(KEY, 0, size + 1, fresh=True) == content


def test_a_disk_that_takes_nothing_past_the_cache_is_written_the_common_way(store, monkeypatch):
    """A file system that refuses O_DIRECT, at once or in the middle, keeps files all the same."""
    content = os.urandom(3 * 2**20)
    write, read, turn = os.write, os.preadv, direct._turn

    def refuse(act):
        def asked(opened, *rest):
            if fcntl.fcntl(opened, fcntl.F_GETFL) & direct._DIRECT:
                raise OSError(errno.EINVAL, "Invalid argument")
            return act(opened, *rest)

        return asked

    monkeypatch.setattr(os, "write", refuse(write))
    monkeypatch.setattr(os, "preadv", refuse(read))
    store.put(KEY, [content])
    assert bytes(store.borrow(KEY, 0, len(content), fresh=True)) == content
    monkeypatch.setattr(direct, "_turn", lambda opened, *, direct: not direct and turn(opened, direct=False))
    store.put(KEY, [content])
    assert bytes(store.borrow(KEY, 1, len(content), fresh=True)) == content[1:]


@pytest.mark.parametrize("fresh", [False, True])
def test_a_disk_that_gives_little_at_a_time_is_read_to_the_end(fresh, store, monkeypatch):
    """A read that stops short in the middle, as those of a network's file system may, is no end of the file."""
    content, read = os.urandom(300_001), os.preadv
    store.put(KEY, [content])
    monkeypatch.setattr(os, "preadv", lambda opened, rooms, offset: read(opened, [rooms[0][:100_001]], offset))

    back = bytes(store.borrow(KEY, 5, len(content), fresh=fresh))

    assert back == content[5:]
