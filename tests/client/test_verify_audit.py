"""The stand-alone verifier: whatever was done to a log is noticed, and the event is named."""

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelkeep import verify_audit
from modelkeep.verify_audit import Malformed, verify_bundle
from modelkeep_server.kit.merkle import leaf_hash
from modelkeep_server.kit.signed_note import make_vkey
from tests.support.bundles import ORIGIN, VKEY, checkpoint_of, files_of, frame_all, log_of, pack

SIZE = 600
LOG = log_of(SIZE)
FILES = files_of(LOG)
ENTRIES = "tile/entries/000"
CHANGED = "its text does not match the recorded hash: it was changed"
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder for the bundles of this file."""
    return tmp_path_factory.mktemp("bundles") / "bundle.zip"


def said(place, changes, **asked):
    """What the verifier says of the bundle after these files were replaced, or removed where None."""
    files = {path: content for path, content in {**FILES, **changes}.items() if content is not None}
    return [sentence for _, sentence in verify_bundle(pack(place, files), VKEY, **asked).problems]


def first_tile(*changes):
    """The first 256 events after each change, as files."""
    bodies = list(LOG[:256])
    for change in changes:
        change(bodies)
    return {ENTRIES: frame_all(bodies)}


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 600])
def test_an_honest_log_holds(place, size):
    """A log of any size verifies with every older checkpoint of it."""
    bundle = pack(place, files_of(LOG[:size]))

    reports = [
        verify_bundle(bundle, VKEY, checkpoint_of(LOG[:old])) for old in {0, 1, 255, 256, 257, size} if old <= size
    ]

    assert all([] == report.problems for report in reports)
    assert {size} == {report.size for report in reports}


def test_two_levels_of_tiles_hold(place):
    """A log with a full tile of level 1 verifies; its root is that of the tree."""
    bodies = log_of(65_536 + 2)

    report = verify_bundle(pack(place, files_of(bodies)), VKEY)

    assert ([], len(bodies)) == (report.problems, report.size)


@given(st.integers(0, 255), st.data())
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_changed_byte_of_an_event_names_it(place, event, data):
    """Any one byte of an event changed, its length and braces too: exactly that event is named."""
    start = len(frame_all(LOG[:event]))
    at = data.draw(st.integers(start, start + len(LOG[event]) + 1))
    content = bytearray(FILES[ENTRIES])
    content[at] ^= data.draw(st.integers(1, 255))

    assert [f"event {event}: {CHANGED}"] == said(place, {ENTRIES: bytes(content)})


@given(st.sets(st.integers(0, 255), min_size=1, max_size=20))
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_all_changed_events_are_named(place, events):
    """Several changed events are all named, and no other."""
    bodies = [body.replace(b"create", b"delete") if n in events else body for n, body in enumerate(LOG[:256])]

    assert [f"event {n}: {CHANGED}" for n in sorted(events)] == said(place, {ENTRIES: frame_all(bodies)})


@given(st.sets(st.integers(0, 255), min_size=1, max_size=20))
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_all_removed_events_are_named(place, events):
    """Removed events are all named as missing, and no other."""
    bodies = [body for n, body in enumerate(LOG[:256]) if n not in events]

    assert [f"event {n}: missing: it was removed" for n in sorted(events)] == said(place, {ENTRIES: frame_all(bodies)})


def test_swapped_events_are_named(place):
    """Two events that changed places are both named, with the place."""

    def swap(bodies):
        bodies[17], bodies[30] = bodies[30], bodies[17]

    assert {
        "event 17: out of order: it stands in the place of event 30",
        "event 30: out of order: it stands in the place of event 17",
    } == set(said(place, first_tile(swap)))


def test_events_swapped_across_tiles_are_named(place):
    """Two events of different tiles that changed places are both named."""
    bodies = list(LOG)
    bodies[17], bodies[300] = bodies[300], bodies[17]

    found = said(place, {ENTRIES: frame_all(bodies[:256]), "tile/entries/001": frame_all(bodies[256:512])})

    assert [f"event {n}: {CHANGED}" for n in (17, 300)] == found


@pytest.mark.parametrize("body", [LOG[5], LOG[40], b'{"sequence":9}', b"", b"{" * 3000])
def test_an_inserted_event_is_noticed(place, body):
    """A text put among the events, new or a copy, is noticed and no event is blamed."""
    found = said(place, first_tile(lambda bodies: bodies.insert(9, body)))

    assert ["events 0 to 255: texts stand among them that were never recorded"] == found


def test_an_event_replaced_by_a_copy_of_another_is_missing(place):
    """Where another event's text stands in its place, the one that is gone is named."""
    found = said(place, first_tile(lambda bodies: bodies.__setitem__(3, bodies[5])))

    assert [f"event 3: {CHANGED}"] == found


@pytest.mark.parametrize("path", [path for path in FILES if path.startswith("tile/") and "entries" not in path])
def test_one_changed_byte_of_a_hash_is_noticed(place, path):
    """A changed byte in a tile of hashes is noticed; events that still lead to the signed root are not blamed."""
    content = bytearray(FILES[path])
    content[40 % len(content)] ^= 1

    (found,) = said(place, {path: bytes(content)})

    assert "tile/0 was changed; its text is the one that was signed" in found or found.startswith(f"{path}: ")


@pytest.mark.parametrize("path", [path for path in FILES if path.startswith("tile/")])
def test_a_removed_tile_is_noticed(place, path):
    """A bundle without one of its tiles is refused, and what is missing is named."""
    found = said(place, {path: None})

    assert found
    assert all("missing" in sentence for sentence in found)


@pytest.mark.parametrize("path", [path for path in FILES if path.startswith("tile/")])
@pytest.mark.parametrize("change", [lambda content: content + b"\0", lambda content: content[:-1]])
def test_a_tile_of_another_length_is_noticed(place, path, change):
    """A byte more or less at the end of any tile is noticed."""
    assert said(place, {path: change(FILES[path])})


@pytest.mark.parametrize("at", range(len(FILES["checkpoint"])))
def test_one_changed_byte_of_the_checkpoint_is_noticed(place, at):
    """No byte of the checkpoint can change unnoticed."""
    content = bytearray(FILES["checkpoint"])
    content[at] ^= 1
    bundle = pack(place, {**FILES, "checkpoint": bytes(content)})

    try:
        problems = verify_bundle(bundle, VKEY).problems
    except Malformed:
        problems = [(None, "malformed")]

    assert 1 == len(problems)


def test_a_hash_rewritten_with_its_event_is_noticed(place):
    """An event changed together with its hash no longer leads to the signed root, and its tile is named."""
    bodies = list(LOG[:256])
    bodies[17] = bodies[17].replace(b"create", b"delete")
    hashes = b"".join(map(leaf_hash, bodies))

    found = said(place, {ENTRIES: frame_all(bodies), "tile/0/000": hashes})

    assert ["ROOT: these events do not lead to the signed root: hashes were changed along with texts"] == found[:1]
    assert ["tile/1/000.p/2: missing, or it does not agree with the tiles below it"] == found[1:]


def test_a_cut_log_signed_anew_needs_an_old_checkpoint(place):
    """Whoever holds the key can cut the end off; one old checkpoint shows it."""
    bundle = pack(place, files_of(LOG[:590]))

    without, with_one = verify_bundle(bundle, VKEY), verify_bundle(bundle, VKEY, checkpoint_of(LOG))

    assert [] == without.problems
    assert [(None, "LOG SHRANK: 600 events were signed before, 590 are left")] == with_one.problems


@pytest.mark.parametrize("old", [1, 18, 256, 300, 512, 600])
def test_a_rewritten_log_signed_anew_needs_an_old_checkpoint(place, old):
    """Whoever holds the key can rewrite everything; any one old checkpoint shows it."""
    bundle = pack(place, files_of(log_of(SIZE, "told twice")))

    without, with_one = verify_bundle(bundle, VKEY), verify_bundle(bundle, VKEY, checkpoint_of(LOG[:old]))

    assert [] == without.problems
    (problem,) = with_one.problems
    assert problem[1].startswith(f"HISTORY REWRITTEN before event {old}: ")


def test_an_old_checkpoint_of_another_key_or_log_is_no_proof(place):
    """An old checkpoint counts only if the same key signed it for the same log."""
    strange_key = checkpoint_of(LOG[:300], key=OTHER_KEY)
    strange_log = checkpoint_of(LOG[:300], origin="modelkeep/elsewhere")

    assert ["OLD CHECKPOINT"] == [found.split(":")[0] for found in said(place, {}, old_checkpoint=strange_key)]
    assert ["OLD CHECKPOINT"] == [found.split(":")[0] for found in said(place, {}, old_checkpoint=strange_log)]


def test_a_bundle_signed_with_another_key_is_refused(place):
    """A bundle that brings its own key does not pass for the one whose key was kept apart."""
    forged = {
        "checkpoint": checkpoint_of(LOG, key=OTHER_KEY).encode(),
        "vkey": make_vkey(ORIGIN, OTHER_KEY.public_key().public_bytes_raw()).encode(),
    }

    assert ["CHECKPOINT: not signed by this key: it was changed, or signed with another key"] == said(place, forged)


def test_numbers_that_disagree_with_the_place_are_named(place):
    """A registry that recorded events under another's number is found out, though all hashes hold."""
    bodies = [LOG[0], LOG[2], LOG[1], b"no JSON"]

    problems = verify_bundle(pack(place, files_of(bodies)), VKEY).problems

    assert [1, 2, 3] == [event for event, _ in problems]
    assert "event 1: its text says that it is event 2: reordered" == problems[0][1]


def test_a_tile_that_belongs_to_nothing_is_noticed(place):
    """A tile beyond the signed size is not passed over."""
    assert ["tile/0/009: no part of this log"] == said(place, {"tile/0/009": b"x"})


def test_a_bundle_may_be_packed_again(place):
    """Unpacking the bundle and packing it with its folders is no change."""
    assert [] == said(place, {"tile/": b"", "tile/0/": b""})


def test_one_event_can_be_asked_for(place):
    """The text of an event that holds is given; of one that was changed it is not; one beyond the log is refused."""
    whole = verify_bundle(pack(place, FILES), VKEY, event=17).text
    changed = {**FILES, **first_tile(lambda bodies: bodies.__setitem__(17, b"{}"))}

    assert LOG[17].decode() == whole
    assert verify_bundle(pack(place, changed), VKEY, event=17).text is None
    with pytest.raises(Malformed, match="no event 600; the log has 600"):
        verify_bundle(pack(place, FILES), VKEY, event=SIZE)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "not the verifier key"),
        ({"vkey": b"\xff\xfe"}, "not the verifier key"),
        ({"vkey": FILES["vkey"]}, "not the signed checkpoint"),
        ({"vkey": FILES["vkey"].replace(b"+A", b"+B")}, "not the verifier key"),
        ({"vkey": FILES["vkey"], "checkpoint": b"\0\xff" * 50}, "not the signed checkpoint"),
    ],
)
def test_what_is_no_bundle_is_refused(place, files, sentence):
    """A bundle without key or checkpoint, or with garbage for them, gets a sentence."""
    with pytest.raises(Malformed, match=sentence):
        verify_bundle(pack(place, files))


def test_what_is_no_zip_is_refused(place):
    """A file that is not a ZIP, a cut one, one that is not there and one with a damaged member get a sentence."""
    whole = pack(place, FILES).read_bytes()
    damaged = whole.replace(LOG[300], LOG[300].replace(b"create", b"delete"))

    for content in (b"", b"no zip", whole[: len(whole) // 2], damaged):
        place.write_bytes(content)
        with pytest.raises(Malformed, match="cannot be read"):
            verify_bundle(place, VKEY)
    with pytest.raises(Malformed, match="cannot be read"):
        verify_bundle(place.with_name("nowhere.zip"), VKEY)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused(place):
    """A bundle in which two readers could see different files is refused."""
    with zipfile.ZipFile(pack(place, FILES), "a") as archive:
        archive.writestr("checkpoint", b"another")

    with pytest.raises(Malformed, match="two files of the same name"):
        verify_bundle(place, VKEY)


def run(*arguments):
    """Run the file as an auditor would: alone, isolated from everything installed."""
    command = [sys.executable, "-I", "-S", verify_audit.__file__, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def test_it_runs_alone_and_says_ok(place, tmp_path):
    """The file runs without any installed package, says what holds, and whether the key was one kept apart."""
    bundle = pack(place, FILES)
    (tmp_path / "key").write_text(VKEY + "\n", encoding="utf-8")
    (tmp_path / "old").write_text(checkpoint_of(LOG[:300]), encoding="utf-8")

    with_key, with_own = run(bundle, tmp_path / "key", tmp_path / "old"), run(bundle)

    first = f"OK: 600 events, root {verify_bundle(bundle).root}, signed by {ORIGIN}\n"
    assert (0, first, "") == (with_key.returncode, with_key.stdout, with_key.stderr)
    assert (0, first, True) == (with_own.returncode, with_own.stdout[: len(first)], VKEY in with_own.stdout)


def test_it_runs_alone_and_names_what_is_wrong(place):
    """Findings go to standard output with exit status 1."""
    done = run(pack(place, {**FILES, **first_tile(lambda bodies: bodies.pop(17))}), VKEY)

    assert (1, "") == (done.returncode, done.stderr)
    assert "event 17: missing: it was removed\nFAILED: 1 finding in 600 events\n" == done.stdout


@pytest.mark.parametrize("arguments", [[], ["nowhere.zip"], ["nowhere.zip", ""], ["a", "b+c+d"], ["a", "b", "c", "d"]])
def test_it_says_in_one_line_what_it_cannot_read(arguments):
    """Wrong arguments and unreadable files get one line and exit status 2."""
    done = run(*arguments)

    assert (2, "", 1) == (done.returncode, done.stdout, len(done.stderr.splitlines()))


def test_older_pythons_can_run_it():
    """The file keeps to the grammar of Python 3.9 and to the standard library, for an auditor's machine."""
    source = Path(verify_audit.__file__).read_text(encoding="utf-8")

    tree = ast.parse(source, feature_version=(3, 9))

    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert imported <= sys.stdlib_module_names
