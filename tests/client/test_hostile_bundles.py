"""Bundles made to mislead the stand-alone verifier, to keep it busy or to break it."""

import random
import subprocess
import sys
import zipfile

import pytest

from modelkeep import verify_audit
from modelkeep.verify_audit import Malformed, verify_bundle
from modelkeep_server.kit.signed_note import TreeHead, checkpoint_text, sign_note
from tests.support.bundles import KEY, ORIGIN, PUBLIC, VKEY, files_of, log_of, pack

LOG = log_of(600)
FILES = files_of(LOG)


def entries_of(content):
    """The (start, end) of each entry of a tile, its length included."""
    at = 0
    while at < len(content):
        start, at = at, at + 2 + int.from_bytes(content[at : at + 2], "big")
        yield start, at


def test_300_random_bits_are_located_exactly(tmp_path):
    """Of 300 single bits flipped anywhere in the entries, every one is found, and names its event and no other."""
    chance = random.Random(17)
    spans = [
        (path, start, end, 256 * number + slot)
        for number, path in enumerate(path for path in FILES if path.startswith("tile/entries/"))
        for slot, (start, end) in enumerate(entries_of(FILES[path]))
    ]
    located = []

    for path, start, end, event in chance.choices(spans, k=300):
        content = bytearray(FILES[path])
        content[chance.randrange(start, end)] ^= 1 << chance.randrange(8)
        report = verify_bundle(pack(tmp_path / "b.zip", {**FILES, path: bytes(content)}), VKEY)
        located.append([event] == [named for named, _ in report.problems])

    assert [True] * 300 == located


@pytest.mark.parametrize("size", [10**6, 10**15, 2**63, 10**30])
def test_a_made_up_size_does_not_keep_it_busy(tmp_path, size):
    """A checkpoint over more events than the files could hold is answered at once."""
    head = checkpoint_text(TreeHead(ORIGIN, size, bytes(32)))
    bundle = pack(tmp_path / "b.zip", {**FILES, "checkpoint": sign_note(head, ORIGIN, PUBLIC, KEY.sign).encode()})

    report = verify_bundle(bundle, VKEY)

    assert ["LOG CUT"] == [sentence.partition(":")[0] for _, sentence in report.problems]


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packings_that_need_more_than_bare_python_are_refused(tmp_path, packing):
    """A bundle packed with an optional module is refused alike by every Python, damaged or not."""
    with zipfile.ZipFile(tmp_path / "b.zip", "w", packing) as archive:
        for path, content in FILES.items():
            archive.writestr(path, content)

    with pytest.raises(Malformed, match="packed in a way"):
        verify_bundle(tmp_path / "b.zip", VKEY)


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_damaged_archives_never_raise_anything_else(tmp_path, packing):
    """A ZIP with random bytes overwritten or cut off either verifies, has findings, or is refused with a sentence."""
    chance = random.Random(18)
    with zipfile.ZipFile(tmp_path / "b.zip", "w", packing) as archive:
        for path, content in FILES.items():
            archive.writestr(path, content)
    whole = (tmp_path / "b.zip").read_bytes()
    answers = []

    for number in range(120):
        damaged = bytearray(whole)
        at = chance.randrange(len(whole) - 1500 if number % 2 else 0, len(whole))
        damaged[at] = chance.randrange(256)
        (tmp_path / "d.zip").write_bytes(damaged[: at if number % 9 == 0 else None])
        try:
            answers.append(str(verify_bundle(tmp_path / "d.zip", VKEY)))
        except Malformed as refused:
            answers.append(str(refused))

    assert 120 == len(list(filter(None, answers)))


def test_a_file_name_cannot_draw_on_the_terminal(tmp_path):
    """Control characters and line ends in names out of the bundle are shown escaped, also where only ASCII is shown."""
    bundle = pack(tmp_path / "b.zip", {**FILES, "tile/\x1b[2K\nOK: 600 events é": b""})

    done = subprocess.run(
        [sys.executable, "-I", "-S", verify_audit.__file__, bundle, VKEY],
        capture_output=True, check=False, env={"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    )  # fmt: skip

    shown = done.stdout.decode("ascii")
    assert (1, b"") == (done.returncode, done.stderr)
    assert r"tile/\x1b[2K\nOK: 600 events \xe9: no part of this log" == shown.splitlines()[0]
    assert not any(line.startswith("OK") for line in shown.splitlines())
