"""Folders and several files at once, up and down."""

import json
from pathlib import Path

import pytest

from modelkeep.client import Client
from modelkeep.folders import is_chosen
from modelkeep.kinds import guess_kind
from modelkeep.models import Version
from tests.client.conftest import Cli
from tests.support.running import RunningRegistry
from tests.support.safetensors import make_safetensors

pytestmark = pytest.mark.usefixtures("as_owner")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as a training run leaves it, with what is not meant to be sent."""
    made = tmp_path / "run"
    for name in ("tokenizer", ".git", "logs"):
        (made / name).mkdir(parents=True)
    (made / "model.safetensors").write_bytes(make_safetensors(2048))
    (made / "config.json").write_text('{"layers": 2}')
    (made / "tokenizer" / "vocab.json").write_text('{"a": 1}')
    (made / "logs" / "train.txt").write_text("step 1\n")
    (made / "logs" / "__init__.py").touch()
    (made / ".git" / "HEAD").write_text("ref\n")
    (made / "link.json").symlink_to(made / "config.json")
    return made


def test_a_folder_goes_up_and_comes_down_as_it_was(
    cli: Cli, client: Client, version: Version, folder: Path, tmp_path: Path
) -> None:
    """Paths and guessed types are kept, hidden files and links are left out with a word, patterns choose both ways."""
    sent = cli("upload", version.address, str(folder), "--exclude", "*.txt")
    listed = {file.path: file.type for file in client.list_artifacts(version.address)}
    fetched = cli("download", version.address, "--to", str(tmp_path / "all"))
    some = cli("download", version.address, "--to", str(tmp_path / "some"), "--include", "*.json", "--json")
    none = cli("download", version.address, "--to", str(tmp_path / "none"), "--include", "*.onnx")

    assert (sent.code, fetched.code, some.code, none.code) == (0, 0, 0, 1), sent.err
    expected = {"model.safetensors": "WEIGHTS", "config.json": "CONFIG", "tokenizer/vocab.json": "TOKENIZER"}
    expected["logs/__init__.py"] = "CONFIG"
    assert listed == expected
    assert "link.json (a link)" in sent.err
    assert ".git (hidden)" in sent.err
    assert "config.json is CONFIG" in sent.err
    assert sorted(sent.out.splitlines()) == sorted(fetched.out.splitlines())
    for path in expected:
        assert (tmp_path / "all" / path).read_bytes() == (folder / path).read_bytes()
    assert sorted(
        item["artifact"] if "artifact" in item else item["path"] for item in json.loads(some.out)["items"]
    ) == [
        "config.json",
        "tokenizer/vocab.json",
    ]
    assert "None of the 4 files" in none.err


def test_one_file_that_fails_does_not_stop_the_others(cli: Cli, client: Client, version: Version, folder: Path) -> None:
    """What fails is named with its reason and its exit code, and the rest is there; a second run sends only that."""
    client.upload(f"{version.address}/config.json", folder / "tokenizer" / "vocab.json")

    told = cli("upload", version.address, str(folder), "--json")

    entries = {entry["path"]: entry for entry in json.loads(told.out)}
    assert told.code == 1
    assert "1 of 5 failed" in told.err
    assert "error: " in told.err
    assert entries.pop("config.json")["error"]["status"] == 409
    assert {path for path, entry in entries.items() if entry["sha256"]} == {
        "model.safetensors",
        "tokenizer/vocab.json",
        "logs/train.txt",
        "logs/__init__.py",
    }


def test_a_link_in_the_folder_leads_no_download_out_of_it(
    cli: Cli, version: Version, folder: Path, tmp_path: Path
) -> None:
    """A file whose folder here is a link to elsewhere is not written there."""
    cli("upload", f"{version.address}/tokenizer/vocab.json", str(folder / "config.json"))
    (tmp_path / "outside").mkdir()
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "tokenizer").symlink_to(tmp_path / "outside")

    told = cli("download", version.address, "--to", str(tmp_path / "there"))

    assert (told.code, "leads out of" in told.err) == (1, True)
    assert list((tmp_path / "outside").iterdir()) == []


def test_what_cannot_be_meant_is_a_usage_error(cli: Cli, version: Version, folder: Path, tmp_path: Path) -> None:
    """A path for a whole folder, and two files for one path, are refused before anything is sent."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.json").write_text("{}")

    one_path = cli("upload", f"{version.address}/x.bin", str(folder))
    twice = cli("upload", version.address, str(folder), str(other))
    nowhere = cli("upload", f"{version.model}:9.9.9", str(folder))

    assert (one_path.code, twice.code, nowhere.code) == (2, 1, 1)
    assert "would both be 'config.json'" in twice.err
    assert nowhere.err.count("error: ") == 1


def test_a_version_is_made_from_single_facts_and_its_files_are_listed(
    cli: Cli, model: str, folder: Path, tmp_path: Path
) -> None:
    """Each field of the metadata can be given by --set or --metadata; `versions files` says what each file is."""
    (tmp_path / "schema.json").write_text('{"type": "object"}')
    (tmp_path / "known.json").write_text('{"framework": "pytorch", "limitations": "Only Europe."}')
    address = f"{model}:1.0.0"
    facts = ("--set", "framework=xgboost", "--set", f"input-schema=@{tmp_path / 'schema.json'}")

    made = cli("versions", "create", address, "--metadata", f"@{tmp_path / 'known.json'}", *facts, "--json")
    edited = cli("versions", "edit", address, "--set", "limitations=", "--json")
    wrong = cli("versions", "edit", address, "--set", "limitations")
    cli("upload", address, str(folder / "config.json"))
    files = cli("versions", "files", address)

    known = {"framework": "xgboost", "limitations": "Only Europe.", "inputSchema": {"type": "object"}}
    assert json.loads(made.out)["metadata"] == known
    assert "limitations" not in json.loads(edited.out)["metadata"]
    assert (wrong.code, "KEY=TEXT" in wrong.err) == (2, True)
    path, kind, *_, sha256 = files.out.strip().split("\t")
    assert (path, kind, len(sha256)) == ("config.json", "CONFIG", 64)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("model.safetensors", "WEIGHTS"),
        ("a/tokenizer/x.bin", "TOKENIZER"),
        ("spiece.model", "TOKENIZER"),
        ("image.tar.gz", "CONTAINER"),
        ("MLmodel", "CONFIG"),
        ("conf/train.YAML", "CONFIG"),
    ],
)
def test_types_are_guessed_by_names(path: str, kind: str) -> None:
    """The end of a name says what a file most likely is, as in the pages."""
    assert kind == guess_kind(path)


@pytest.mark.parametrize(
    ("include", "exclude", "chosen"),
    [((), (), True), (("*.json",), (), True), (("a/*",), (), True), (("b/*",), (), False), ((), ("v*",), False)],
)
def test_patterns_choose_paths(include: tuple[str, ...], exclude: tuple[str, ...], chosen: bool) -> None:
    """A pattern with a slash is held against the path, another against the name; what is excluded is out."""
    assert chosen is is_chosen("a/vocab.json", include, exclude)


def test_a_file_that_is_held_back_ends_with_a_code_of_its_own(
    cli: Cli,
    registry: RunningRegistry,
    version: Version,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A pickle that runs a command ends an upload with 3; downloads leave it out until somebody answers for it."""
    (folder / "model.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")

    sent = cli("upload", version.address, str(folder), "--include", "*.pkl", "--include", "*.safetensors")
    fetched = cli("download", version.address, "--to", str(tmp_path / "there"), "--json")

    told = json.loads(fetched.out)
    assert (sent.code, fetched.code) == (3, 3), sent.err
    assert "QUARANTINED: model.pkl" in sent.err
    assert "system" in sent.err
    assert [item["path"] for item in told["items"]] == ["model.safetensors"]
    assert [item["path"] for item in told["heldBack"]] == ["model.pkl"]
    assert not (tmp_path / "there" / "model.pkl").exists()
    file = f"{version.address}/model.pkl"
    refused = cli("artifacts", "waive", file, "--reason", "It is ours.")
    monkeypatch.setenv("MODELKEEP_TOKEN", registry.token("sally@company.com", "SECURITY_ARCHITECT"))
    waived = cli("artifacts", "waive", file, "--reason", "Seen by two of us.", "--days", "2")
    released = cli("download", version.address, "--to", str(tmp_path / "there"))
    shown = cli("artifacts", "waivers", file, "--json")
    ended = cli("artifacts", "end-waiver", file, waived.out.strip())
    again = cli("artifacts", "rescan", file)
    assert [refused.code, waived.code, released.code, ended.code, again.code] == [1, 0, 0, 0, 0], waived.err + shown.err
    assert [(one["kind"], one["by"]) for one in json.loads(shown.out)] == [("RELEASE", "sally@company.com")]
    assert again.out == "model.pkl QUARANTINED BLOCKED\n"


def test_a_version_without_files_has_nothing_to_fill(cli: Cli, client: Client, version: Version) -> None:
    """`versions fill` says so, and changes nothing."""
    told = cli("versions", "fill", version.address)

    assert (told.code, "Nothing to fill" in told.err) == (0, True), told.err
    assert client.get_version(version.address) == version
