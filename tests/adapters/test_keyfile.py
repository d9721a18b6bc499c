"""The key file: private, checked, outside the data, and able to rotate."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import platformdirs
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from modelkeep_server.adapters.keys.keyfile import KeyFile, check_outside, default_path
from modelkeep_server.ports import KeyMissing, KeyUnusable, WrapBroken, WrappedKey

REGISTRY = "0197a000-0000-7000-8000-00000000abcd"
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "keys" / f"{REGISTRY}.key"


@pytest.fixture
def keys(path: Path) -> KeyFile:
    return KeyFile.create(path, REGISTRY, now=NOW)


def test_a_new_key_file_is_private_and_loads_again(path, keys):
    """0600 in a folder of 0700, and what was wrapped before a restart is unwrapped after it."""
    wrapped = keys.wrap(b"d" * 32, b"blob 1")

    again = KeyFile.load(path, REGISTRY)

    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert again.unwrap(wrapped, b"blob 1") == b"d" * 32
    assert (REGISTRY, keys.fingerprint()) == (again.registry_id, again.fingerprint())
    assert (keys.public_key(), keys.derive("cursor")) == (again.public_key(), again.derive("cursor"))


def test_a_key_file_is_never_overwritten(path, keys):
    """A second create is refused and the first file stays as it was."""
    before = path.read_bytes()

    with pytest.raises(KeyUnusable, match="already"):
        KeyFile.create(path, REGISTRY)

    assert path.read_bytes() == before


def test_a_missing_key_file_says_what_to_do(path):
    """The sentence names the place and the escrow copy."""
    with pytest.raises(KeyMissing, match=r"no key file at .*escrow"):
        KeyFile.load(path, REGISTRY)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610, 0o666])
def test_a_key_file_open_to_others_is_refused(mode, path, keys):
    """Any right of group or others is refused, with the line that mends it."""
    path.chmod(mode)

    with pytest.raises(KeyUnusable) as refused:
        KeyFile.load(path, REGISTRY)

    assert f"chmod 600 {path}" in str(refused.value)


def test_a_key_file_of_another_registry_is_refused(path, keys):
    """The wrong key is told by name, before anything is tried with it."""
    with pytest.raises(KeyUnusable, match=f"belongs to registry {REGISTRY}, not to another"):
        KeyFile.load(path, "another")


def test_every_changed_character_is_noticed(path, keys):
    """Each character of the file, changed: refused, or so that the keys are the same."""
    text = path.read_text()

    for at in range(len(text)):
        changed = text[:at] + ("x" if text[at] != "x" else "y") + text[at + 1 :]
        try:
            found = KeyFile.from_text(changed, REGISTRY)
        except (KeyUnusable, KeyMissing):
            continue
        assert found.fingerprint() == keys.fingerprint()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"{}", b"\xff\xfe", b'{"checksum": 1}', b"[" * 100_000])
def test_what_is_no_key_file_is_refused(content, path, keys):
    """Empty, cut, foreign or hostile content is a clear refusal."""
    path.write_bytes(content)

    with pytest.raises(KeyUnusable, match="damaged"):
        KeyFile.load(path, REGISTRY)


def test_a_folder_in_place_of_the_file_is_refused(path):
    """Something that is no file is unusable, not a crash."""
    path.mkdir(parents=True)

    with pytest.raises(KeyUnusable):
        KeyFile.load(path, REGISTRY)


def test_a_newer_version_of_the_file_is_named(path, keys):
    """A file of a later program says so."""
    members = json.loads(path.read_text()) | {"version": 2}
    path.write_text(json.dumps(members))

    with pytest.raises(KeyUnusable, match="version 2"):
        KeyFile.load(path, REGISTRY)


def test_keys_come_from_a_variable_too(path, keys):
    """The text of the file or the base64 of it gives the same ring; an empty or other value is told."""
    text = path.read_text()

    for material in (text, base64.b64encode(text.encode()).decode(), base64.encodebytes(text.encode()).decode()):
        assert KeyFile.from_text(material, REGISTRY).fingerprint() == keys.fingerprint()
    with pytest.raises(KeyMissing, match="empty"):
        KeyFile.from_text("  ", REGISTRY)
    for wrong in ("secret", "ä", base64.b64encode(b"\xff").decode()):
        with pytest.raises(KeyUnusable):
            KeyFile.from_text(wrong, REGISTRY)


def test_a_wrapped_key_opens_only_as_it_was_wrapped(keys, tmp_path):
    """Another context, any flipped bit, a cut, another key id or another ring: refused."""
    wrapped = keys.wrap(b"d" * 32, b"blob 1")
    stranger = KeyFile.create(tmp_path / "other.key", REGISTRY)
    damaged = [
        bytes(byte ^ (1 << bit) if at == place else byte for place, byte in enumerate(wrapped.blob))
        for at in range(len(wrapped.blob))
        for bit in (0, 7)
    ]

    for blob in [*damaged, wrapped.blob[:-1], wrapped.blob[:12], b"", wrapped.blob + b"\0"]:
        with pytest.raises(WrapBroken):
            keys.unwrap(WrappedKey(wrapped.key_id, blob), b"blob 1")
    with pytest.raises(WrapBroken):
        keys.unwrap(wrapped, b"blob 2")
    with pytest.raises(WrapBroken, match="does not hold"):
        stranger.unwrap(wrapped, b"blob 1")


def test_wrapping_twice_never_gives_the_same(keys):
    """Each wrap has its own nonce."""
    blobs = {keys.wrap(b"d" * 32, b"blob 1").blob for _ in range(1000)}

    assert len({blob[:12] for blob in blobs}) == 1000


def test_a_new_key_wraps_and_the_old_ones_still_unwrap(path, keys):
    """Rotation: what was wrapped stays readable, what comes now uses the new key, all else stays the same."""
    old = keys.wrap(b"d" * 32, b"blob 1")

    KeyFile.load(path, REGISTRY).add_key(now=NOW)

    rotated = KeyFile.load(path, REGISTRY)
    new = rotated.wrap(b"d" * 32, b"blob 1")
    assert (2, old.key_id, new.key_id) == (len(rotated.key_ids), *rotated.key_ids)
    assert rotated.unwrap(old, b"blob 1") == rotated.unwrap(new, b"blob 1") == b"d" * 32
    assert (keys.public_key(), keys.derive("csrf")) == (rotated.public_key(), rotated.derive("csrf"))
    assert keys.fingerprint() != rotated.fingerprint()
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o600


def test_signatures_verify_with_the_public_key(keys):
    """Ed25519 by the library's own verifier; another message raises."""
    signature = keys.sign(b"checkpoint")

    Ed25519PublicKey.from_public_bytes(keys.public_key()).verify(signature, b"checkpoint")
    assert (len(signature), len(keys.public_key())) == (64, 32)


def test_derived_secrets_differ_by_purpose_and_registry(keys, tmp_path):
    """32 bytes for each purpose, none the same as another's, nor as another registry's."""
    other = KeyFile.create(tmp_path / "other.key", "other")

    derived = {ring.derive(purpose) for ring in (keys, other) for purpose in ("cursor", "csrf", "")}

    assert (6, {32}) == (len(derived), set(map(len, derived)))


def test_no_secret_shows_in_a_repr(path, keys):
    """What a log or a traceback may show of the ring and of a wrapped key holds no key."""
    wrapped = keys.wrap(b"d" * 32, b"blob 1")
    secrets = [kek["key"] for kek in json.loads(path.read_text())["keys"]]

    shown = f"{keys!r} {vars(keys)!r} {wrapped!r}"

    assert not [secret for secret in secrets if secret in shown or repr(base64.b64decode(secret)) in shown]
    assert repr(wrapped.blob) not in shown


def test_the_fingerprint_is_fit_to_be_read_out(keys):
    """Five groups of four letters and digits."""
    groups = keys.fingerprint().split("-")

    assert [len(group) for group in groups] == [4] * 5
    assert all(set(group) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for group in groups)


def test_the_default_place_is_the_configuration_folder(tmp_path):
    """Named by registry, in the person's configuration folder; a place inside the data folder is refused."""
    assert default_path("reg-1") == platformdirs.user_config_path("modelkeep") / "keys" / "reg-1.key"
    with pytest.raises(ValueError, match="registry id"):
        default_path("../reg")
    check_outside(tmp_path / "config" / "a.key", tmp_path / "data")
    with pytest.raises(KeyUnusable, match="inside the data folder"):
        check_outside(tmp_path / "data" / "keys" / "a.key", tmp_path / "data")
