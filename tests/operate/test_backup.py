"""Backups of a registry on SQLite: taken while it works, restored whole or not at all, honest about what is gone."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal
from typer.testing import CliRunner

from modelkeep.verify_audit import verify_bundle
from modelkeep_server.features.audit import bundle, head
from modelkeep_server.features.audit import service as audit_service
from modelkeep_server.operate import backing_up, backup, control, restore, restoring
from modelkeep_server.operate.progress import Tell
from modelkeep_server.operate.restoring import Restored, Wishes
from modelkeep_server.operate.terminal import OperationRefused
from modelkeep_server.rules.permissions import Role
from modelkeep_server.settings import Settings
from tests.support.accounts import make_account
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.registries import Registries, Registry, environment_of, make_settings, make_template, opened
from tests.support.safetensors import exactly

CONTENT = exactly(800_000)


def silent(_: str) -> None:
    """Nobody listens."""


def back_up(registry: Registry, to: Path) -> dict[str, object]:
    """Take a backup, as the running server does."""
    return backing_up.back_up(registry.house, {"to": str(to)}, silent)


def put_back(settings: Settings, source: Path, *, accept_findings: bool = False) -> Restored:
    """Restore a backup, as the command does."""
    return restoring.restore(settings, source, Wishes(read_back=20, accept_findings=accept_findings), silent)


@dataclass(frozen=True)
class Kept:
    """A registry with one file, closed, and two backups of it: a folder and a tar file."""

    folder: Path
    tar: Path
    key_file: Path
    address: str
    token: str
    session: str
    checkpoint: str
    vkey: str

    def settings(self, data_dir: Path) -> Settings:
        """The settings of a registry with the same key elsewhere."""
        return make_settings(data_dir, None, self.key_file)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """See Kept."""
    folder = tmp_path_factory.mktemp("kept")
    with make_template(folder, "sqlite").copied(folder / "data") as registry:
        make = Make(registry)
        owner = make.owner()
        version = make.version(make.model(owner), owner)
        make.file(version, owner, content=CONTENT, path="w.safetensors")
        session = make_account(registry).session
        with registry.writing() as work:
            checkpoint = audit_service.sign_head(work)
            vkey = head.vkey_of(work)
        back_up(registry, folder / "b")
        back_up(registry, folder / "b.tar")
    group, _, rest = version.address.partition("/")
    name, _, number = rest.partition(":")
    address = f"/api/v1/models/{group}/{name}/versions/{number}/artifacts/w.safetensors"
    key_file = registry.settings.key_file
    assert key_file is not None
    return Kept(folder / "b", folder / "b.tar", key_file, address, owner.token, session, checkpoint.note, vkey)


@pytest.mark.parametrize("form", ["folder", "tar"])
def test_a_restored_registry_is_the_one_that_was_backed_up(
    kept: Kept, form: str, tmp_path: Path, portal: BlockingPortal
) -> None:
    """People, models and files are there and open, the log verifies and names the restore, and nobody is signed in."""
    settings = kept.settings(tmp_path / "new")

    done = put_back(settings, getattr(kept, form))

    with opened(settings) as registry:
        client = Api(registry, portal).with_token(kept.token)
        link = client.post(f"{kept.address}/links").json()["url"]
        content = client.get(link.removeprefix("http://127.0.0.1:8000")).content
        auditor = Api(registry, portal).as_(Make(registry).person(Role.AUDITOR))
        signed = auditor.get("/api/v1/audit/checkpoint").json()
        proven = [auditor.get(f"/api/v1/audit/events/{number}/proof").status_code for number in (0, done.verdict.size)]
        signed_in = Api(registry, portal).browser_of(kept.session).get("/")
        page = auditor.get(f"/audit/{done.verdict.size}", headers={"accept": "text/html"})
        events = Make(registry).events(action="registry.restore")
        backups = Make(registry).events(action="registry.backup")
    assert (done.verdict.findings, done.files.read, list(done.files.broken)) == ((), 1, [])
    assert content == CONTENT
    assert signed_in.headers["location"].startswith("/login")
    assert (signed["vkey"].partition("+")[0], proven) == (done.vkey.partition("+")[0], [200, 200])
    assert "restored this registry from a backup" in page.text
    (event,) = events
    assert event.actor.id.startswith("operator@")
    assert json.loads(event.raw)["after"]["events"] == event.sequence == done.verdict.size
    assert backups[0].actor.id.startswith("operator@")
    assert {path.name for path in settings.data_dir.iterdir()} == {"modelkeep.db", "modelkeep.lock", "files"}


def test_no_key_and_no_plain_byte_is_in_a_backup(kept: Kept) -> None:
    """Who finds the tar file finds neither the key file's secrets nor a byte of a file; all of it is the owner's."""
    content = kept.tar.read_bytes()
    secrets = json.loads(kept.key_file.read_text())

    assert secrets["signingSeed"].encode() not in content
    assert [] == [key for key in secrets["keys"] if key["key"].encode() in content]
    assert b"weights weights" not in content
    assert [kept.tar.stat().st_mode & 0o777, kept.folder.stat().st_mode & 0o777] == [0o600, 0o700]


def flip(path: Path) -> None:
    """Change one bit in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def a_file_of(root: Path) -> Path:
    """The one sealed part."""
    return next(path for path in (root / "files").rglob("*") if path.is_file())


def edit_manifest(root: Path, **members: object) -> None:
    """Change what the manifest says."""
    path = root / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **members}))


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a flipped bit in the database": (lambda root: flip(root / "modelkeep.db"), "modelkeep.db in .* is damaged"),
    "a flipped bit in a file": (lambda root: flip(a_file_of(root)), r"files/[\w-]+/1-1 in .* is damaged"),
    "a file that is gone": (lambda root: a_file_of(root).unlink(), r"files/[\w-]+/1-1 is missing"),
    "a file that is cut": (lambda root: os.truncate(a_file_of(root), 9), r"files/[\w-]+/1-1 in .* is damaged"),
    "no manifest": (lambda root: (root / "manifest.json").unlink(), "has no manifest.json"),
    "a manifest of nothing": (lambda root: (root / "manifest.json").write_text("[]"), "manifest.json is damaged"),
    "a manifest that climbs out": (
        lambda root: edit_manifest(root, missing=["files/../../x"]), "manifest.json is damaged",
    ),
    "a manifest that leaves a file out": (
        lambda root: edit_manifest(root, files=json.loads((root / "manifest.json").read_text())["files"][:1]),
        r"files/[\w-]+/1-1 is not in the backup, and its database names it",
    ),
    "another form": (lambda root: edit_manifest(root, format=2), "format 2, and this release reads 1"),
    "another log than it says": (lambda root: edit_manifest(root, log_size=1), "not the database that the manifest"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_backup_is_refused_by_name(kept: Kept, damage: str, tmp_path: Path) -> None:
    """What is wrong is named, and the data folder is as empty as it was: not there."""
    spoil, says = DAMAGE[damage]
    root = shutil.copytree(kept.folder, tmp_path / "spoilt")
    spoil(root)

    with pytest.raises(OperationRefused, match=says):
        put_back(kept.settings(tmp_path / "new"), root)

    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("left", [0.2, 0.9, 0.999])
def test_a_tar_file_that_was_cut_is_refused(kept: Kept, left: float, tmp_path: Path) -> None:
    """Wherever it was cut."""
    cut = tmp_path / "cut.tar"
    content = kept.tar.read_bytes()
    end = content.rindex(b"manifest.json")
    cut.write_bytes(content[: int((end + 600) * left)])

    with pytest.raises(OperationRefused, match=r"cut\.tar"):
        put_back(kept.settings(tmp_path / "new"), cut)

    assert not (tmp_path / "new").exists()


def test_a_tar_file_is_never_unpacked_by_its_own_names(kept: Kept, tmp_path: Path) -> None:
    """Members that climb out, links and strangers are left alone; a link in the place of a file is no file."""
    evil = tmp_path / "evil.tar"
    with tarfile.open(kept.tar) as source, tarfile.open(evil, "w") as target:
        stray = tarfile.TarInfo("../stray")
        stray.size = 1
        target.addfile(stray, io.BytesIO(b"x"))
        for member in source.getmembers():
            if member.name.startswith("files/"):
                member.type, member.linkname, member.size = tarfile.SYMTYPE, "/etc/passwd", 0
                target.addfile(member)
            else:
                target.addfile(member, source.extractfile(member))

    with pytest.raises(OperationRefused, match=r"files/[\w-]+/1-1 is missing"):
        put_back(kept.settings(tmp_path / "new"), evil)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["evil.tar"]


def test_a_restore_asks_for_the_right_key(kept: Kept, registries: Registries, tmp_path: Path) -> None:
    """Without the key file it says where it belongs; another registry's is refused; either way nothing is restored."""
    elsewhere = kept.settings(tmp_path / "new").model_copy(update={"key_file": tmp_path / "none.json"})
    foreign = elsewhere.model_copy(update={"key_file": registries.template("sqlite").folder.parent / "key.json"})

    with pytest.raises(OperationRefused, match=r"none\.json.*Put the key file back, or name it in MODELKEEP_KEY_FILE"):
        put_back(elsewhere, kept.folder)
    with pytest.raises(OperationRefused, match="belongs to registry"):
        put_back(foreign, kept.folder)

    assert not (tmp_path / "new").exists()


def test_a_folder_that_holds_something_is_left_alone(kept: Kept, tmp_path: Path) -> None:
    """A restore never mixes with what is there."""
    (tmp_path / "mine").write_text("mine")

    with pytest.raises(OperationRefused, match=r"is not empty \(mine\)"):
        put_back(kept.settings(tmp_path), kept.folder)

    assert [path.name for path in tmp_path.iterdir() if path.name != "modelkeep.lock"] == ["mine"]


def test_what_was_tampered_with_before_is_told_and_restored_only_when_asked(
    kept: Kept, registries: Registries, tmp_path: Path
) -> None:
    """A log that did not hold when it was backed up does not come back unnoticed, and is not lost either."""
    with registries.template("sqlite").copied(tmp_path / "data") as registry:
        Make(registry).owner()
        registry.tamper("UPDATE audit_events SET body = replace(body, 'operator', 'nobody') WHERE sequence = 7")
        back_up(registry, tmp_path / "b")
    settings = replace_folder(registry.settings, tmp_path / "new")

    with pytest.raises(OperationRefused, match=r"event 7: its text is not the one.*\n.*--accept-findings"):
        put_back(settings, tmp_path / "b")
    done = put_back(settings, tmp_path / "b", accept_findings=True)

    assert [finding.sequence for finding in done.verdict.findings] == [7]


def test_a_backup_of_a_later_release_is_refused(registries: Registries, tmp_path: Path) -> None:
    """Its database has a schema that this program does not know, so nothing is touched."""
    with registries.template("sqlite").copied(tmp_path / "data") as registry:
        registry.tamper("UPDATE alembic_version SET version_num = '9999'")
        back_up(registry, tmp_path / "b")

    with pytest.raises(OperationRefused, match="this release does not know"):
        put_back(replace_folder(registry.settings, tmp_path / "new"), tmp_path / "b")


def replace_folder(settings: Settings, folder: Path) -> Settings:
    """The same settings with another data folder."""
    return settings.model_copy(update={"data_dir": folder})


def test_a_backup_overwrites_nothing_and_leaves_no_half(kept: Kept, registries: Registries, tmp_path: Path) -> None:
    """A taken name, a leftover, no parent and the data folder itself are refused; so is a file that the store lost."""
    (tmp_path / "taken").mkdir()
    (tmp_path / "left.partial").mkdir()
    with registries.template("sqlite").copied(tmp_path / "data") as registry:
        for name, says in {
            "taken": "overwrites nothing", "left": "cut short left it: remove it", "no/parent": "Make it first",
            "data/b": "lies in the data folder",
        }.items():  # fmt: skip
            with pytest.raises(OperationRefused, match=says):
                back_up(registry, tmp_path / name)
        registry.house.stopping.set()
        with pytest.raises(OperationRefused, match="The server is stopping"):
            back_up(registry, tmp_path / "stopped")

    assert {path.name for path in tmp_path.iterdir()} == {"taken", "left.partial", "data"}


def test_who_hangs_up_ends_the_operation(portal: BlockingPortal) -> None:
    """An operator who presses Ctrl-C leaves no work behind that goes on at the server."""
    ended = threading.Event()

    def job(tell: Tell) -> tuple[dict[str, object], int]:
        try:
            while True:
                tell("on it")
                time.sleep(0.01)
        except OperationRefused:
            ended.set()
        return {}, 422

    async def listen_once() -> bytes:
        lines = control.lines_of(job)
        first = await anext(lines)
        await lines.aclose()
        return first

    assert json.loads(portal.call(listen_once)) == {"progress": "on it"}
    assert ended.wait(5)


def test_files_that_the_store_lost_are_named(tmp_path: Path, kept: Kept) -> None:
    """The backup is kept without them, says so, and so does the restore."""
    settings = kept.settings(tmp_path / "data")
    put_back(settings, kept.folder)
    a_file_of(settings.data_dir).unlink()
    with opened(settings) as registry:
        told = back_up(registry, tmp_path / "b")

    done = put_back(kept.settings(tmp_path / "new"), tmp_path / "b")

    assert len(told["missing"]) == 1  # type: ignore[arg-type]
    assert [told["missing"], len(done.files.broken)] == [list(done.manifest.missing), 1]


def test_an_auditor_sees_a_restore_and_no_contradiction(kept: Kept, registries: Registries, tmp_path: Path) -> None:
    """
    Two restores of one backup go on under two names. A checkpoint from before the backup stands; with the old key the
    bundle says RESTORED; one from between the backup and the loss says what happened to it.
    """
    bundles, vkeys, later = [], [], []
    for name in ("one", "two"):
        settings = kept.settings(tmp_path / name)
        put_back(settings, kept.folder)
        with opened(settings) as registry:
            auditor = Make(registry).person(Role.AUDITOR)
            with registry.writing() as work:
                checkpoint = bundle.begin_bundle(work, auditor.actor)
                later.append(checkpoint.note)
            with registry.reading() as work:
                bundles.append(tmp_path / f"{name}.zip")
                with bundle.write_bundle(work, checkpoint) as written:
                    bundles[-1].write_bytes(written.read())
                vkeys.append(head.vkey_of(work))

    fits = verify_bundle(bundles[0], vkeys[0], kept.checkpoint)
    by_old_key = verify_bundle(bundles[0], kept.vkey, kept.checkpoint)
    crossed = verify_bundle(bundles[0], vkeys[0], later[1])

    assert vkeys[0] != vkeys[1]
    assert fits.problems == []
    assert [sentence.partition(":")[0] for _, sentence in by_old_key.problems] == ["RESTORED"]
    assert vkeys[0] in by_old_key.problems[0][1]
    assert "restored from a backup" in crossed.problems[0][1]
    assert crossed.problems[0][1].startswith(("HISTORY REWRITTEN", "LOG SHRANK"))


def test_a_full_disk_leaves_nothing_of_a_backup(kept: Kept, tmp_path: Path) -> None:
    """The command says what could not be written and ends with 1; no partial is left."""
    settings = kept.settings(tmp_path / "data")
    put_back(settings, kept.folder)
    environment = {**os.environ, **environment_of(settings)}
    room = (settings.data_dir / "modelkeep.db").stat().st_size + 50_000

    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}));"
    command = "from modelkeep_server.operate.backup import app; app()"

    done = subprocess.run(
        [sys.executable, "-c", limited + command, str(tmp_path / "b.tar")],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, "Nothing of the backup was kept" in done.stderr) == (1, True), done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


@pytest.mark.parametrize(("app", "word"), [(backup.app, "to"), (restore.app, "from")])
def test_on_postgresql_the_commands_say_what_does_the_job(app: object, word: str) -> None:
    """Exit code 2, and the order: database, then files."""
    asked = {"MODELKEEP_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}

    result = CliRunner().invoke(app, [word], env=asked)  # type: ignore[arg-type]

    assert (result.exit_code, "pg_dump" in result.stderr, "First the database" in result.stderr) == (2, True, True)
