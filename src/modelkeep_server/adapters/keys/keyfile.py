"""
The registry's keys in one file of the operator's configuration folder, away from the data they open.

The file is JSON, so that a copy can be looked at: the registry it belongs to, the key-encryption keys (oldest first),
the seed of the signing key, and a checksum against a damaged copy. Whoever has it and the data can read everything;
whoever loses it loses everything.
"""

import base64
import hashlib
import json
import os
import re
import secrets
import shlex
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import platformdirs
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from modelkeep_server.ports import KeyMissing, KeyUnusable, WrapBroken, WrappedKey

_VERSION = 1
_KEY_BYTES = 32
_NONCE_BYTES = 12
_MOST_FILE_BYTES = 1024 * 1024
_REGISTRY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


@dataclass(frozen=True)
class _Kek:
    id: str
    key: bytes = field(repr=False)
    created_at: str


@dataclass(frozen=True)
class _Material:
    registry_id: str
    keks: tuple[_Kek, ...]
    seed: bytes = field(repr=False)


class KeyFile:
    """A KeyRing read from a key file, or from the same text in an environment variable."""

    def __init__(self, material: _Material) -> None:
        self._material = material
        self._ciphers = {kek.id: AESGCM(kek.key) for kek in material.keks}
        self._signing = Ed25519PrivateKey.from_private_bytes(material.seed)

    @classmethod
    def create(cls, path: Path, registry_id: str, *, now: datetime | None = None) -> Self:
        """
        Make a new key file, 0600 in folders of 0700, synced. Never overwrites one.

        Raises KeyUnusable where a file is there already or the place cannot be written.
        """
        material = _Material(_known_id(registry_id), (_new_kek(now),), secrets.token_bytes(_KEY_BYTES))
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_new(path, _dump(material))
        except FileExistsError as error:
            raise KeyUnusable(f"There is a key file already: {path}. It is never overwritten.") from error
        except OSError as error:
            raise KeyUnusable(f"The key file {path} cannot be written: {error.strerror}.") from error
        return cls(material)

    @classmethod
    def load(cls, path: Path, registry_id: str) -> Self:
        """
        Read the key file of a registry.

        Raises:
            KeyMissing: No such file.
            KeyUnusable: Open to other people of the machine, another registry's, or damaged.
        """
        return cls(_parse(_read_private(path), registry_id, f"The key file {path}"))

    @classmethod
    def from_text(cls, text: str, registry_id: str) -> Self:
        """
        Take the keys from the value of an environment variable: the text of a key file, or the base64 of it.

        Raises KeyMissing where it is empty, KeyUnusable as `load` does.
        """
        if not text.strip():
            raise KeyMissing("The variable that should hold the keys is empty.")
        if not text.lstrip().startswith("{"):
            try:
                text = base64.b64decode("".join(text.split()), validate=True).decode("utf-8")
            except ValueError as error:
                raise KeyUnusable("The key material is neither the text of a key file nor the base64 of it.") from error
        return cls(_parse(text, registry_id, "The key material"))

    @classmethod
    def add_key(cls, path: Path, registry_id: str, *, now: datetime | None = None) -> Self:
        """
        Add a key-encryption key that wraps from now on; earlier ones still unwrap. The file is replaced in one step.

        Raises as `load` does, and KeyUnusable where the place cannot be written.
        """
        material = _parse(_read_private(path), registry_id, f"The key file {path}")
        material = replace(material, keks=(*material.keks, _new_kek(now)))
        beside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        try:
            _write_new(beside, _dump(material))
            beside.replace(path)
            _sync_folder(path.parent)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise KeyUnusable(f"The key file {path} cannot be replaced: {error.strerror}.") from error
        return cls(material)

    @property
    def registry_id(self) -> str:
        """See KeyRing.registry_id."""
        return self._material.registry_id

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of the key-encryption keys, oldest first; the last one wraps."""
        return tuple(kek.id for kek in self._material.keks)

    def wrap(self, dek: bytes, context: bytes) -> WrappedKey:
        """See KeyRing.wrap. The blob is nonce (12) | ciphertext (32) | tag (16), AES-256-GCM."""
        key_id = self.key_ids[-1]
        nonce = os.urandom(_NONCE_BYTES)
        return WrappedKey(key_id, nonce + self._ciphers[key_id].encrypt(nonce, dek, _wrap_context(key_id, context)))

    def unwrap(self, wrapped: WrappedKey, context: bytes) -> bytes:
        """See KeyRing.unwrap."""
        cipher = self._ciphers.get(wrapped.key_id)
        if cipher is None:
            raise WrapBroken(f"The key ring does not hold the key {wrapped.key_id!r} that this was wrapped with.")
        nonce, sealed = wrapped.blob[:_NONCE_BYTES], wrapped.blob[_NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, sealed, _wrap_context(wrapped.key_id, context))
        except (InvalidTag, ValueError) as error:
            raise WrapBroken("A wrapped key does not open: it was changed, or belongs elsewhere.") from error

    def sign(self, message: bytes) -> bytes:
        """See KeyRing.sign."""
        return self._signing.sign(message)

    def public_key(self) -> bytes:
        """See KeyRing.public_key."""
        return self._signing.public_key().public_bytes_raw()

    def derive(self, purpose: str) -> bytes:
        """See KeyRing.derive. Drawn from the signing seed, which rotation of the wrapping keys leaves alone."""
        info = b"mk1|derive|" + purpose.encode("utf-8")
        return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(self._material.seed)

    def fingerprint(self) -> str:
        """See KeyRing.fingerprint. Changes when a key is added, since older copies then lack it."""
        digest = hashlib.sha256(b"mk1|fingerprint|" + _canonical(_members(self._material))).digest()
        text = base64.b32encode(digest).decode("ascii")[:20]
        return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def default_path(registry_id: str) -> Path:
    """Where the key file of a registry lies unless a setting says otherwise."""
    return platformdirs.user_config_path("modelkeep") / "keys" / f"{_known_id(registry_id)}.key"


def check_outside(path: Path, data_folder: Path) -> None:
    """Raise KeyUnusable where the key file would lie in the data folder: a copy of the data would then open itself."""
    if path.resolve().is_relative_to(data_folder.resolve()):
        raise KeyUnusable(f"The key file {path} lies inside the data folder {data_folder}. Keep it elsewhere.")


def _read_private(path: Path) -> str:
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if stat.S_IMODE(found.st_mode) & 0o077:
                raise KeyUnusable(
                    f"The key file {path} is open to other people here. Run: chmod 600 {shlex.quote(str(path))}"
                )
            return file.read(_MOST_FILE_BYTES).decode("utf-8")
    except FileNotFoundError as error:
        raise KeyMissing(
            f"There is no key file at {path}. Restore it from its escrow copy: without it stored files cannot be read."
        ) from error
    except OSError as error:
        raise KeyUnusable(f"The key file {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise KeyUnusable(f"The key file {path} is damaged: it is not text.") from error


def _parse(text: str, registry_id: str, what: str) -> _Material:
    try:
        members = json.loads(text)
        checksum = members.pop("checksum")
        version = members["version"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise KeyUnusable(f"{what} is damaged: it is not a key file of Modelkeep.") from error
    if version != _VERSION:
        raise KeyUnusable(f"{what} has version {version!r}; this program reads version {_VERSION}.")
    if checksum != _checksum(members):
        raise KeyUnusable(f"{what} is damaged: its checksum does not match. Restore it from its escrow copy.")
    try:
        material = _read_members(members)
    except (ValueError, KeyError, TypeError) as error:
        raise KeyUnusable(f"{what} is damaged: a member is missing or malformed.") from error
    if material.registry_id != registry_id:
        raise KeyUnusable(f"{what} belongs to registry {material.registry_id}, not to {registry_id}.")
    return material


def _read_members(members: Mapping[str, Any]) -> _Material:
    keks = tuple(_Kek(str(kek["id"]), _decode(kek["key"]), str(kek["createdAt"])) for kek in members["keys"])
    if not keks or len({kek.id for kek in keks}) != len(keks):
        raise ValueError("no keys, or two of one id")
    return _Material(str(members["registryId"]), keks, _decode(members["signingSeed"]))


def _members(material: _Material) -> dict[str, object]:
    keys: Sequence[dict[str, str]] = [
        {"id": kek.id, "key": _encode(kek.key), "createdAt": kek.created_at} for kek in material.keks
    ]
    return {
        "version": _VERSION,
        "registryId": material.registry_id,
        "keys": keys,
        "signingSeed": _encode(material.seed),
    }


def _dump(material: _Material) -> bytes:
    members = _members(material)
    return (json.dumps({**members, "checksum": _checksum(members)}, indent=2) + "\n").encode("ascii")


def _checksum(members: Mapping[str, object]) -> str:
    return "sha256:" + hashlib.sha256(_canonical(members)).hexdigest()


def _canonical(members: Mapping[str, object]) -> bytes:
    return json.dumps(members, sort_keys=True, separators=(",", ":")).encode("ascii")


def _wrap_context(key_id: str, context: bytes) -> bytes:
    return b"mk1|wrap|" + key_id.encode("utf-8") + b"|" + context


def _new_kek(now: datetime | None) -> _Kek:
    created_at = (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds")
    return _Kek(f"kek-{secrets.token_hex(8)}", secrets.token_bytes(_KEY_BYTES), created_at)


def _known_id(registry_id: str) -> str:
    if not _REGISTRY_ID.fullmatch(registry_id):
        raise ValueError(f"{registry_id!r} is not a registry id.")
    return registry_id


def _encode(key: bytes) -> str:
    return base64.b64encode(key).decode("ascii")


def _decode(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != _KEY_BYTES:
        raise ValueError("a key has 32 bytes")
    return key


def _write_new(path: Path, content: bytes) -> None:
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(path.parent)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
