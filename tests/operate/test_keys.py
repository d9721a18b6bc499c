"""`modelkeep keys`: rotated without touching a stored file, copied for paper, restored, on both databases."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from typer.testing import CliRunner, Result

from modelkeep_server.adapters.keys.keyfile import KeyFile
from modelkeep_server.features.artifacts.downloading import downloads
from modelkeep_server.features.artifacts.sealing import wrap_context
from modelkeep_server.features.audit import verify
from modelkeep_server.operate import keys, serve
from modelkeep_server.operate.key_sheets import split_text
from modelkeep_server.ports import WrappedKey
from modelkeep_server.settings import Settings
from tests.support.clients import Api
from tests.support.footprint import stored_files
from tests.support.make import Make
from tests.support.problems import refusal
from tests.support.registries import BASE_URL, Registries, Registry, environment_of, make_settings, opened

FINGERPRINT = re.compile(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){4}")


@pytest.fixture
def closed(kind: str, registries: Registries, tmp_path: Path) -> Iterator[Settings]:
    """A registry of this test's own that nobody has open, with a key file of its own."""
    with registries.template(kind).closed(tmp_path / "data") as made:
        key_file = tmp_path / "keys" / "key.json"
        key_file.parent.mkdir(mode=0o700)
        key_file.write_bytes((made.key_file or Path()).read_bytes())
        key_file.chmod(0o600)
        yield make_settings(made.data_dir, made.database_url, key_file)


def run(settings: Settings, *words: str, typed: str | None = None, **more: str) -> Result:
    """`modelkeep keys ...` as its operator would."""
    return CliRunner().invoke(keys.app, list(words), input=typed, env={**environment_of(settings), **more})


def said(result: Result) -> str:
    """What a command that went well printed."""
    assert result.exit_code == 0, result.output
    return result.stdout


def fill(registry: Registry) -> dict[str, bytes]:
    """Three files, one of them in two parts, by a link that opens each."""
    make, found = Make(registry), {}
    for number, size in enumerate((10, 300_000, 17 * 1024 * 1024)):
        version = make.version()
        content = make.safetensors(size, seed=number)
        make.file(version, content=content)
        owner = make.owner_of(version).actor
        group, _, name = version.model.partition("/")
        with registry.writing() as work:
            link = downloads.mint_link(work, owner, group, name, "1.0.0", "model.safetensors", purpose=None)
        found[BASE_URL + link.path] = content
    return found


def rows_of(registry: Registry) -> list[Any]:
    """Under which key each stored file is."""
    return [row.key_id for row in registry.look("SELECT key_id FROM blobs ORDER BY id")]


def begin_upload(registry: Registry) -> str:
    """A row of an upload under way, with its key wrapped as the server wraps it. Gives the key in hex."""
    wrapped = registry.house.parts.keys.wrap(b"u" * 32, wrap_context("upload-1"))
    registry.tamper(
        "INSERT INTO uploads (public_id, person_id, model_id, version_id, path, type, size_bytes, blob_id, key_id,"
        " wrapped_key, offset_bytes, created_at, expires_at)"
        " VALUES ('u1', 1, 1, 1, 'p', 'WEIGHTS', 9, 'upload-1', :key_id, :blob, 0, 0, 0)",
        key_id=wrapped.key_id, blob=wrapped.blob,
    )  # fmt: skip
    return wrapped.key_id


def test_a_rotation_rewraps_every_key_and_touches_no_stored_file(closed: Settings, portal: BlockingPortal) -> None:
    """Inodes and times stay, the old key may go once the copy is confirmed, everything opens, the log tells it all."""
    with opened(closed) as registry:
        files = fill(registry)
        old = begin_upload(registry)
        before = [(path, path.stat().st_ino, path.stat().st_mtime_ns) for path in stored_files(registry)]

    rotated = said(run(closed, "rotate"))
    again = said(run(closed, "rotate", "--resume"))
    unconfirmed = said(run(closed, "show"))
    agree = "--all-servers-have-the-new-key"
    too_early = run(closed, "retire-old", agree)
    [found] = FINGERPRINT.findall(said(run(closed, "escrow", "--print")))
    wrong = run(closed, "escrow", "--confirm", "AAAA-" * 4 + "AAAA")
    confirmed = said(run(closed, "escrow", "--confirm", found.lower().replace("-", " ")))
    unasked = run(closed, "retire-old")
    dropped = unasked if closed.is_sqlite else run(closed, "retire-old", agree)
    shown = said(run(closed, "show"))

    assert "3 files, 1 uploads under way" in rotated
    assert "nothing left to do" in again
    assert (too_early.exit_code, "no copy" in too_early.stderr.lower()) == (1, True)
    assert (wrong.exit_code, "not the fingerprint" in wrong.stderr) == (1, True)
    assert [found in text for text in (rotated, again, unconfirmed, too_early.stderr)] == [False] * 4
    assert "at the top of the escrow copy" in unconfirmed
    assert found in confirmed
    assert closed.is_sqlite or "Other servers may share this database" in unasked.stderr
    assert old in said(dropped)
    assert old not in shown
    assert len(re.findall(r"kek-[0-9a-f]{16}", shown)) == 1
    with opened(closed) as registry:
        after = [(path, path.stat().st_ino, path.stat().st_mtime_ns) for path in stored_files(registry)]
        [new] = registry.house.parts.keys.key_ids
        client = Api(registry, portal).anonymous
        assert [client.get(url).content == content for url, content in files.items()] == [True] * 3
        [upload] = registry.look("SELECT key_id, wrapped_key FROM uploads")
        events = [event for event in Make(registry).events() if event.action.startswith("key.")]
        with registry.reading() as work:
            verdict = verify.verify_log(work)
    assert before == after
    assert (old != new, upload.key_id) == (True, new)
    assert [event.action for event in events] == [
        "key.rotate", "key.rewrap", "key.rewrap", "key.escrow", "key.confirm", "key.retire",
    ]  # fmt: skip
    assert {event.actor.id.split("@")[0] for event in events} == {"operator"}
    assert [found in event.raw for event in events[:4]] == [False] * 4
    assert json.loads(events[1].raw)["after"] == {"files": 3, "broken": 0}
    assert verdict.ok


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_what_a_kill_left_of_a_rotation_is_ended_first(
    closed: Settings, monkeypatch: pytest.MonkeyPatch, portal: BlockingPortal
) -> None:
    """A key in the file that no event tells of, half of the files under it: ended, and no second key is made."""
    with opened(closed) as registry:
        files = fill(registry)
        keys_then = registry.house.parts.keys.key_ids
        made = registry.house.parts.keys.add_key()
        (Path(str(closed.key_file) + ".0123456789abcdef")).write_text("left by a kill")

    told = said(run(closed, "rotate"))

    with opened(closed) as registry:
        client = Api(registry, portal).anonymous
        assert registry.house.parts.keys.key_ids == (*keys_then, made)
        assert rows_of(registry) == [made] * 3
        assert [client.get(url).content == content for url, content in files.items()] == [True] * 3
        assert [event.action for event in Make(registry).events(action="key.rotate")] == ["key.rotate"]
    assert "that was begun is at its end" in told
    assert "3 files" in told
    said(run(closed, "rotate"))
    assert len(KeyFile.load(closed.key_file or Path(), registry.house.parts.keys.registry_id).key_ids) == 3
    assert [path.name for path in (closed.key_file or Path()).parent.iterdir()] == ["key.json"]


def test_a_wrapped_key_that_was_changed_is_left_and_told(closed: Settings, portal: BlockingPortal) -> None:
    """The rotation goes on with the others, names how many do not open, and the old key cannot go."""
    with opened(closed) as registry:
        fill(registry)
        registry.tamper("UPDATE blobs SET wrapped_key = :blob WHERE id = 1", blob=b"x" * 60)

    result = run(closed, "rotate")
    retired = run(closed, "retire-old", "--all-servers-have-the-new-key")

    assert result.exit_code == 1
    assert "2 files" in result.stdout
    assert "1 do not open and stay as they are" in result.stderr
    assert "wrap stored files still" in retired.stderr


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_server_takes_up_keys_that_another_process_made(closed: Settings, portal: BlockingPortal) -> None:
    """A row under a key that is not loaded: the key file is read once more; one that is nowhere is told, not harmed."""
    with opened(closed) as registry:
        [url, *_] = fill(registry)
        client = Api(registry, portal).anonymous
        other = KeyFile.load(closed.key_file or Path(), registry.house.parts.keys.registry_id)
        new = other.add_key()
        [row] = registry.look("SELECT public_id, key_id, wrapped_key FROM blobs WHERE id = 1")
        context = wrap_context(row.public_id)
        wrapped = other.wrap(other.unwrap(WrappedKey(row.key_id, row.wrapped_key), context), context)
        registry.tamper("UPDATE blobs SET key_id = :k, wrapped_key = :w WHERE id = 1", k=new, w=wrapped.blob)
        taken_up = client.get(url).status_code
        make = Make(registry)
        make.file(make.version(), content=make.safetensors(50, seed=9))
        under = rows_of(registry)[-1]
        registry.tamper("UPDATE blobs SET key_id = 'kek-0000000000000000' WHERE id = 1")
        nowhere = client.get(url)
        statuses = {row.status for row in registry.look("SELECT status FROM artifacts")}

    result = CliRunner().invoke(serve.app, [], env={**environment_of(closed), "MODELKEEP_PORT": "0"})

    assert (taken_up, under) == (200, new)
    assert refusal(nowhere) == (503, "unavailable")
    assert "does not hold" in nowhere.json()["detail"]
    assert statuses == {"AVAILABLE"}
    assert result.exit_code == 1
    assert "sealed under the key kek-0000000000000000" in result.stderr
    assert "modelkeep keys restore" in result.stderr


def test_keys_given_as_a_setting_work_from_end_to_end(closed: Settings, portal: BlockingPortal, tmp_path: Path) -> None:
    """Files open by them; a rotation writes the new text and says what to do; set anew, it wraps; old ones can go."""
    text = (closed.key_file or Path()).read_text()
    (closed.key_file or Path()).unlink()
    by_setting = closed.model_copy(update={"key_file": None, "key": Settings(key=text).key})
    with opened(by_setting) as registry:
        files = fill(registry)
        [old] = registry.house.parts.keys.key_ids

    refused = run(closed, "rotate", MODELKEEP_KEY=text)
    out = tmp_path / "new-text"
    asked = said(run(closed, "rotate", "--key-out", str(out), MODELKEEP_KEY=text))
    new_text = out.read_text()
    rotated = said(run(closed, "rotate", MODELKEEP_KEY=new_text))
    [found] = FINGERPRINT.findall(said(run(closed, "escrow", "--print", MODELKEEP_KEY=new_text)))
    said(run(closed, "escrow", "--confirm", found, MODELKEEP_KEY=new_text))
    small = tmp_path / "small-text"
    words = ["retire-old", "--all-servers-have-the-new-key", "--key-out", str(small)]
    shrunk = said(run(closed, *words, MODELKEEP_KEY=new_text))
    damaged = run(closed, "show", MODELKEEP_KEY=new_text.replace('"keys"', '"keyz"'))
    stranger = run(closed, "show", MODELKEEP_KEY="")

    assert (refused.exit_code, "--key-out" in refused.stderr) == (2, True)
    assert "Set it as MODELKEEP_KEY on every server" in asked
    assert out.stat().st_mode & 0o777 == small.stat().st_mode & 0o777 == 0o600
    assert "3 files" in rotated
    assert "Set it as MODELKEEP_KEY" in shrunk
    assert (damaged.exit_code, "checksum" in damaged.stderr) == (1, True)
    assert (stranger.exit_code, "no key file" in stranger.stderr) == (1, True)
    last = closed.model_copy(update={"key_file": None, "key": Settings(key=small.read_text()).key})
    with opened(last) as registry:
        client = Api(registry, portal).anonymous
        assert old not in registry.house.parts.keys.key_ids
        assert [client.get(url).content == content for url, content in files.items()] == [True] * 3


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("shares", "needed"), [(1, 1), (5, 3)])
def test_a_lost_key_file_comes_back_from_paper(
    closed: Settings, portal: BlockingPortal, tmp_path: Path, shares: int, needed: int
) -> None:
    """Copied, lost, typed back from the files: the same fingerprint, files open; nothing is ever overwritten."""
    with opened(closed) as registry:
        files = fill(registry)
    said(run(closed, "rotate"))
    place = closed.key_file or Path()
    whole = place.read_bytes()
    out = tmp_path / "sheet.txt"
    words = [] if shares == 1 else ["--shares", str(shares), "--needed", str(needed)]
    papers = [Path(line) for line in said(run(closed, "escrow", "--out", str(out), *words)).split()]
    piped = run(closed, "escrow", *words)
    printed = said(run(closed, "escrow", "--print", *words))

    over = run(closed, "restore", *map(str, papers))
    place.unlink()
    few = run(closed, "restore", *map(str, papers[: needed - 1]), "--fingerprint", "AAAA") if needed > 1 else None
    spoilt = papers[0].read_text()
    line = re.search(r"^  2  .*$", spoilt, re.MULTILINE)
    assert line is not None
    typo = spoilt.replace(line[0], line[0][:-1] + ("0" if line[0][-1] != "0" else "1"))
    wrong = run(closed, "restore", "-", typed=typo)
    other = run(closed, "restore", *map(str, papers), "--fingerprint", "AAAA-BBBB-CCCC-DDDD-EEEE")
    done = said(run(closed, "restore", *map(str, papers[-needed:])))

    assert [path.stat().st_mode & 0o777 for path in papers] == [0o600] * shares
    assert (piped.exit_code, "--out" in piped.stderr) == (2, True)
    assert printed.count("BEGIN MODELKEEP KEYS") == shares
    assert run(closed, "escrow", "--out", str(out), *words).exit_code == 1
    assert (over.exit_code, "never overwritten" in over.stderr) == (1, True)
    assert few is None or (few.exit_code, "1 more sheet needed" in few.stderr) == (1, True)
    assert (wrong.exit_code, "Line 2 is not as it was printed" in wrong.stderr) == (1, True)
    assert (other.exit_code, "another one was given" in other.stderr) == (1, True)
    assert place.read_bytes() == whole
    assert place.stat().st_mode & 0o777 == 0o600
    assert FINGERPRINT.findall(done)
    with opened(closed) as registry:
        client = Api(registry, portal).anonymous
        assert [client.get(url).content == content for url, content in files.items()] == [True] * 3
        copies = Make(registry).events(action="key.escrow")
    assert json.loads(copies[0].raw)["after"]["shares"] == shares


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_keys_of_another_registry_are_never_restored_over_this_data(
    closed: Settings, registries: Registries, tmp_path: Path
) -> None:
    """The sheet says whose it is, and the data whose it is; a new host without data takes either."""
    out = tmp_path / "sheet"
    said(run(closed, "escrow", "--out", str(out)))
    elsewhere = {"MODELKEEP_DATA_DIR": str(tmp_path / "empty"), "MODELKEEP_KEY_FILE": str(tmp_path / "new" / "key")}
    with registries.template("postgresql").closed(tmp_path / "other") as other:
        refused = run(other, "restore", str(out), "--to", str(tmp_path / "other-key"))

    taken = CliRunner().invoke(keys.app, ["restore", str(out)], env=elsewhere)
    inside = CliRunner().invoke(keys.app, ["restore", str(out), "--to", str(tmp_path / "empty" / "key")], env=elsewhere)
    none = CliRunner().invoke(keys.app, ["restore"], input="nothing of the kind\n", env=elsewhere)

    assert (refused.exit_code, "the data here is of mk-" in refused.stderr) == (1, True)
    assert (taken.exit_code, (tmp_path / "new" / "key").stat().st_mode & 0o777) == (0, 0o600)
    assert not (tmp_path / "empty").exists()
    assert (inside.exit_code, "inside the data folder" in inside.stderr) == (1, True)
    assert (none.exit_code, "Line 1 is missing" in none.stderr) == (1, True)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_sheets_are_typed_line_by_line(closed: Settings, tmp_path: Path) -> None:
    """At a terminal each line is checked when it is entered, and asked for again; a share of another set is told."""
    place = closed.key_file or Path()
    whole = place.read_bytes()
    papers = [tmp_path / "a.txt", tmp_path / "b.txt"]
    for paper in papers:
        said(run(closed, "escrow", "--out", str(paper), "--shares", "3", "--needed", "2"))
    pages = [(tmp_path / f"{name}.txt").read_text() for name in ("a-1-of-3", "b-2-of-3", "a-3-of-3")]
    first, other_set, second = (
        [line.split(maxsplit=1)[1] for line in lines] for page in pages for lines in split_text(page)
    )
    slip = ("0" if first[0][0] != "0" else "1") + first[0][1:]
    fingerprint = FINGERPRINT.findall(pages[0])[0].lower()
    place.unlink()
    with pty_of([slip, *first, "", *other_set, "", *second, "", fingerprint]) as terminal:
        done = subprocess.run(
            [sys.executable, "-c", "from modelkeep_server.operate.keys import app; app()", "restore"],
            check=False, stdin=terminal, capture_output=True, text=True, timeout=60,
            env={**os.environ, **environment_of(closed)},
        )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "Line 1 is not as it was printed" in done.stderr
    assert "1 more needed" in done.stderr
    assert "of another set of sheets" in done.stderr
    assert place.read_bytes() == whole


@contextmanager
def pty_of(lines: Sequence[str]) -> Iterator[int]:
    """A terminal at which somebody types these lines."""
    own, theirs = os.openpty()
    writing = threading.Thread(target=lambda: [os.write(own, f"{line}\n".encode()) for line in lines])
    reading = threading.Thread(target=_drain, args=(own,), daemon=True)
    writing.start()
    reading.start()
    try:
        yield theirs
    finally:
        os.close(theirs)
        writing.join()


def _drain(terminal: int) -> None:
    with suppress(OSError):
        while os.read(terminal, 4096):
            pass


def test_a_key_file_that_cannot_be_read_is_told(registries: Registries, tmp_path: Path) -> None:
    """Unreadable even to its own server: a sentence, no traceback."""
    with registries.template("sqlite").closed(tmp_path / "data") as made:
        place = tmp_path / "folder-as-key"
        place.mkdir(mode=0o700)
        result = run(make_settings(made.data_dir, None, place), "show")

    assert result.exit_code == 1
    assert f"The key file {place} cannot be read" in result.stderr
    assert place.is_dir()
