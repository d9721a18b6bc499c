"""All files of a version as one ZIP, by client and command: verified, or not there."""

import hashlib
import io
import json
import stat
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from modelkeep.client import Client
from modelkeep.errors import BadFile, Conflict, DigestMismatch, NotFound, UnexpectedAnswer
from modelkeep.models import Version
from tests.client.balancer import Balancer
from tests.client.conftest import Cli

_FULL = 0xFFFFFFFF
MODEL, VOCAB = "model.safetensors", "tokenizer/vocab.json"


@pytest.fixture
def sent(client: Client, version: Version, weights: Path, tmp_path: Path) -> Mapping[str, bytes]:
    """Files of the version, in folders and one without bytes, by path."""
    vocab, empty = tmp_path / "vocab.json", tmp_path / "__init__.py"
    vocab.write_text('{"a": 1}')
    empty.touch()
    client.upload(version.address, weights, type="WEIGHTS")
    client.upload(f"{version.address}/{VOCAB}", vocab)
    client.upload(f"{version.address}/tokenizer/__init__.py", empty, type="CONFIG")
    return {MODEL: weights.read_bytes(), VOCAB: vocab.read_bytes(), "tokenizer/__init__.py": b""}


@pytest.mark.usefixtures("as_owner")
def test_a_version_comes_as_one_zip(cli: Cli, version: Version, sent: Mapping[str, bytes], tmp_path: Path) -> None:
    """
    `download --zip` leaves one verified file and prints its SHA-256; one that is there stays unless it may be replaced;
    what is held back is left out, with exit code 3, as for files.
    """
    there = tmp_path / "there"
    name = f"{version.address.rpartition('/')[2].replace(':', '-')}.zip"

    fetched = cli("download", version.address, "--zip", "--to", str(there))
    again = cli("download", version.address, "--zip", "--to", str(there))
    named = cli("download", version.address, "--zip", "--output", str(there / name), "--overwrite", "--json")
    chosen = cli("download", version.address, "--zip", "--include", "*.json")
    alone = cli("download", version.address, "--output", "x.zip")

    file = there / name
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert [fetched.code, again.code, named.code, chosen.code, alone.code] == [0, 1, 0, 2, 2], fetched.err + named.err
    assert (fetched.out, list(there.iterdir())) == (f"{digest}  {file}\n", [file])
    assert "is there already" in again.err
    told = json.loads(named.out)
    assert (told["file"], told["sizeBytes"], told["sha256"]) == (str(file), file.stat().st_size, digest)
    assert [(one["path"], one["sha256"]) for one in told["items"]] == [
        (path, hashlib.sha256(content).hexdigest()) for path, content in sent.items()
    ]
    with zipfile.ZipFile(file) as archive:
        assert {path: archive.read(path) for path in sent} == sent
    (tmp_path / "model.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    cli("upload", version.address, str(tmp_path / "model.pkl"))
    less = cli("download", version.address, "--zip", "-o", str(there / "less.zip"), "--json")
    assert (less.code, [one["path"] for one in json.loads(less.out)["heldBack"]]) == (3, ["model.pkl"])
    assert "QUARANTINED: model.pkl" in less.err


def test_a_zip_that_was_cut_is_fetched_anew(
    balanced: Client, balancer: Balancer, version: Version, sent: Mapping[str, bytes], tmp_path: Path
) -> None:
    """In the same run, from its beginning and through a fresh link; a version without files has none."""
    balancer.cut_after_bytes = 1_500_000
    (tmp_path / "there").mkdir()

    fetched = balanced.download_zip(version.address, tmp_path / "there")

    assert [len({one.path for one in balancer.downloads()}), len(balancer.downloads())] == [2, 2]
    assert [one.path for one in fetched.artifacts] == list(sent)
    assert list((tmp_path / "there").iterdir()) == [fetched.file]
    empty = balanced.create_version(f"{version.model}:2.0.0", commit_sha="7be41c9").address
    for address, target, error in (
        (empty, "none.zip", Conflict), (f"{empty}1", "none.zip", NotFound),
        (version.address, "sent/model.safetensors", BadFile),
    ):  # fmt: skip
        with pytest.raises(error):
            balanced.download_zip(address, tmp_path / target)
    assert not (tmp_path / "none.zip").exists()


Members = list[tuple[zipfile.ZipInfo, bytes]]


def _packed(original: bytes, change: Callable[[Members], None]) -> bytes:
    """The ZIP with other members, filled up to the length that was announced."""
    with zipfile.ZipFile(io.BytesIO(original)) as archive:
        members = [(zipfile.ZipInfo(one.filename), archive.read(one)) for one in archive.infolist()]
    change(members)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for info, content in members:
            archive.writestr(info, content)
    # Space behind the last member's bytes and before the directory may hold anything.
    missing = len(original) - len(packed.getvalue())
    end = packed.getvalue()[-22:]
    at = int.from_bytes(end[16:20], "little")
    moved = end[:16] + (at + missing).to_bytes(4, "little") + end[20:]
    return packed.getvalue()[:at] + bytes(missing) + packed.getvalue()[at:-22] + moved


def _rename(path: str) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        members[1] = (zipfile.ZipInfo(path), b"x")

    return change


def _add(path: str, mode: int = 0, compressed: bool = False) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        info = zipfile.ZipInfo(path)
        info.external_attr = mode << 16
        info.compress_type = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
        members[1:] = [(info, b"x" * 200), (info, b"") if path == MODEL and not mode and not compressed else members[2]]

    return change


def _forge(members: Members) -> None:
    """Another file, and the list of digests as it would be of that."""
    other = bytes(len(members[1][1]))
    sums = members[0][1].replace(
        hashlib.sha256(members[1][1]).hexdigest().encode(), hashlib.sha256(other).hexdigest().encode()
    )
    members[:2] = [(members[0][0], sums), (members[1][0], other)]


def _name_twice(members: Members) -> None:
    """A file with another name for those who read the extra field of Info-ZIP (0x7075)."""
    info, other = members[1][0], b"evil.sh"
    info.extra = struct.pack("<HHBL", 0x7075, 5 + len(other), 1, zlib.crc32(info.filename.encode())) + other


def _send_away(content: bytes) -> bytes:
    """A ZIP whose only file begins beyond what a system counts."""
    record = struct.pack(
        "<4s6H3L5H2L", b"PK\x01\x02", 45, 45, 0, 0, 0, 33, 0, 9, 9, 10, 12, 0, 0, 0, 0, _FULL
    ) + b"SHA256SUMS" + struct.pack("<HHQ", 1, 8, 2**63 + 5)  # fmt: skip
    begins = len(content) - len(record) - 22
    return bytes(begins) + record + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(record), begins, 0)


def _flip(content: bytes) -> bytes:
    """One changed byte of a file."""
    return content[:1_000_000] + bytes([content[1_000_000] ^ 1]) + content[1_000_001:]


SPOILT: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "flipped": (_flip, "CRC"),
    "garbage": (lambda content: bytes(len(content)), "no ZIP"),
    "forged": (lambda content: _packed(content, _forge), "vouches for"),
    "out": (lambda content: _packed(content, _rename("../../evil.sh")), "no harmless path"),
    "absolute": (lambda content: _packed(content, _rename("/etc/evil")), "no harmless path"),
    "strange": (lambda content: _packed(content, _rename("evil.sh")), "no file of the version"),
    "without": (lambda content: _packed(content, lambda members: members.pop(1)), f"is without {MODEL}"),
    "no sums": (lambda content: _packed(content, lambda members: members.pop(0)), "no list of digests"),
    "link": (lambda content: _packed(content, _add(MODEL, stat.S_IFLNK | 0o777)), "no plain file"),
    "packed": (lambda content: _packed(content, _add(MODEL, compressed=True)), "compressed"),
    "twice": (lambda content: _packed(content, _add(MODEL)), "twice"),
    "two names": (lambda content: _packed(content, _name_twice), "twice"),
    "gap": (lambda content: _packed(content, lambda _: None), "other bytes than its files"),
    "far": (_send_away, "no ZIP"),
}


@pytest.mark.usefixtures("sent")
def test_a_zip_that_is_not_the_registrys_is_not_kept(
    balanced: Client, balancer: Balancer, version: Version, tmp_path: Path
) -> None:
    """Wrong bytes, digests, names and kinds of members are told for what they are, and leave nothing behind."""
    there = tmp_path / "there"
    told = {}
    for name, (spoil, _) in SPOILT.items():
        balancer.spoil = spoil
        with pytest.raises(DigestMismatch) as refused:
            balanced.download_zip(version.address, there / "all.zip")
        told[name] = refused.value.detail
    balancer.spoil = lambda content: content + b"more"
    with pytest.raises(UnexpectedAnswer, match="longer"):
        balanced.download_zip(version.address, there / "all.zip")

    assert [name for name, (_, words) in SPOILT.items() if words not in told[name]] == [], told
    assert list(there.iterdir()) == []
