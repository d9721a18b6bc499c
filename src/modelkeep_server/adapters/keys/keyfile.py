"""The registry's keys in one file of the operator's configuration folder, away from the data they open."""

import fcntl
import glob
import os
import secrets
import shlex
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Self

import platformdirs
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from modelkeep_server.adapters.keys import material as materials
from modelkeep_server.adapters.keys.material import KEY_BYTES, Material
from modelkeep_server.ports import HeldKey, KeyMissing, KeyNotHeld, KeyUnusable, WrapBroken, WrappedKey

_NONCE_BYTES = 12
_MOST_FILE_BYTES = 1024 * 1024
_BESIDE = "[0-9a-f]" * 16

#: Inode, change time and size: a file that was replaced differs in one of them.
_Seen = tuple[int, int, int]


class _Held:
    """What a ring holds at one moment. Replaced as a whole, so that no thread meets half of it."""

    def __init__(self, material: Material, seen: _Seen | None) -> None:
        self.material = material
        self.seen = seen
        self.ciphers = {kek.id: AESGCM(kek.key) for kek in material.keks}
        self.signing = Ed25519PrivateKey.from_private_bytes(material.seed)
        self.fingerprint = materials.fingerprint_of(material)


@dataclass(frozen=True)
class _Read:
    text: str
    seen: _Seen


class KeyFile:
    """A KeyRing read from a key file, or from the same text in an environment variable."""

    def __init__(self, material: Material, place: Path | None = None, seen: _Seen | None = None) -> None:
        self._place = place
        self._held = _Held(material, seen)

    @classmethod
    def create(cls, path: Path, registry_id: str, *, now: datetime | None = None) -> Self:
        """
        Make a new key file, 0600 in folders of 0700, synced. Never overwrites one.

        Raises KeyUnusable where a file is there already or the place cannot be written.
        """
        return cls.put(path, materials.new_material(registry_id, now))

    @classmethod
    def put(cls, path: Path, material: Material) -> Self:
        """Write these keys where no file is yet. As `create`."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_new(path, materials.dump(material))
            return cls(material, path, _seen_of(path.stat()))
        except FileExistsError as error:
            raise KeyUnusable(f"There is a key file already: {path}. It is never overwritten.") from error
        except OSError as error:
            raise KeyUnusable(f"The key file {path} cannot be written: {error.strerror}.") from error

    @classmethod
    def load(cls, path: Path, registry_id: str) -> Self:
        """
        Read the key file of a registry.

        Raises:
            KeyMissing: No such file.
            KeyUnusable: Open to other people of the machine, another registry's, or damaged.
        """
        read = _read_private(path)
        return cls(materials.parse(read.text, registry_id, f"The key file {path}"), path, read.seen)

    @classmethod
    def from_text(cls, text: str, registry_id: str) -> Self:
        """
        Take the keys from the value of an environment variable: the text of a key file, or the base64 of it.

        Raises KeyMissing where it is empty, KeyUnusable as `load` does.
        """
        return cls(materials.parse_setting(text, registry_id))

    @property
    def material(self) -> Material:
        """The keys themselves, for a copy of them."""
        return self._held.material

    @property
    def registry_id(self) -> str:
        """See KeyRing.registry_id."""
        return self._held.material.registry_id

    @property
    def place(self) -> Path | None:
        """See KeyRing.place."""
        return self._place

    @property
    def keys(self) -> tuple[HeldKey, ...]:
        """See KeyRing.keys."""
        return tuple(kek.held for kek in self._held.material.keks)

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of the key-encryption keys, oldest first; the last one wraps."""
        return tuple(kek.id for kek in self._held.material.keks)

    def add_key(self, *, now: datetime | None = None) -> str:
        """See KeyRing.add_key. Earlier keys still unwrap. The file is replaced in one step."""
        kek = materials.new_kek(now)
        with self._changing() as (path, material):
            self._replace(path, replace(material, keks=(*material.keks, kek)))
        return kek.id

    def drop_keys(self, key_ids: Collection[str]) -> None:
        """See KeyRing.drop_keys."""
        with self._changing() as (path, material):
            if material.keks[-1].id in key_ids:
                raise ValueError("The key that wraps is never dropped.")
            self._replace(path, replace(material, keks=tuple(kek for kek in material.keks if kek.id not in key_ids)))

    def follow(self) -> None:
        """
        Take up keys that another process put into the file meanwhile. Where it cannot be read now, or is of another
        registry, what is held stays: a server that runs does not lose its keys because of a slip on its disk.
        """
        held = self._held
        if self._place is None:
            return
        with suppress(OSError, KeyMissing, KeyUnusable):
            if _seen_of(self._place.stat()) == held.seen:
                return
            read = _read_private(self._place)
            material = materials.parse(read.text, self.registry_id, f"The key file {self._place}")
            if material.seed == held.material.seed:
                self._held = _Held(material, read.seen)

    def wrap(self, dek: bytes, context: bytes) -> WrappedKey:
        """See KeyRing.wrap. The blob is nonce (12) | ciphertext (32) | tag (16), AES-256-GCM."""
        self.follow()
        held = self._held
        key_id = held.material.keks[-1].id
        nonce = os.urandom(_NONCE_BYTES)
        return WrappedKey(key_id, nonce + held.ciphers[key_id].encrypt(nonce, dek, _wrap_context(key_id, context)))

    def unwrap(self, wrapped: WrappedKey, context: bytes) -> bytes:
        """See KeyRing.unwrap."""
        if wrapped.key_id not in self._held.ciphers:
            self.follow()
        cipher = self._held.ciphers.get(wrapped.key_id)
        if cipher is None:
            raise KeyNotHeld(f"The key ring does not hold the key {wrapped.key_id!r} that this was wrapped with.")
        nonce, sealed = wrapped.blob[:_NONCE_BYTES], wrapped.blob[_NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, sealed, _wrap_context(wrapped.key_id, context))
        except (InvalidTag, ValueError) as error:
            raise WrapBroken("A wrapped key does not open: it was changed, or belongs elsewhere.") from error

    def sign(self, message: bytes) -> bytes:
        """See KeyRing.sign."""
        return self._held.signing.sign(message)

    def public_key(self) -> bytes:
        """See KeyRing.public_key."""
        return self._held.signing.public_key().public_bytes_raw()

    def derive(self, purpose: str) -> bytes:
        """See KeyRing.derive. Drawn from the signing seed, which rotation of the wrapping keys leaves alone."""
        info = b"mk1|derive|" + purpose.encode("utf-8")
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(self._held.material.seed)

    def fingerprint(self) -> str:
        """See KeyRing.fingerprint. Changes with the keys, since older copies then lack one, or hold one too many."""
        return self._held.fingerprint

    @contextmanager
    def _changing(self) -> Iterator[tuple[Path, Material]]:
        """The file and what it holds now, kept from every other process that would change it."""
        if self._place is None:
            raise KeyUnusable("The keys were given as a setting, and no program changes those.")
        path = self._place
        try:
            folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise KeyUnusable(f"The folder of the key file {path} cannot be opened: {error.strerror}.") from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            for left in path.parent.glob(f"{glob.escape(path.name)}.{_BESIDE}"):
                # What a process that was killed here left: keys that nobody uses, in a place nobody looks at.
                left.unlink(missing_ok=True)
            read = _read_private(path)
            yield path, materials.parse(read.text, self.registry_id, f"The key file {path}")
        finally:
            os.close(folder)

    def _replace(self, path: Path, material: Material) -> None:
        beside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        try:
            write_new(beside, materials.dump(material))
            seen = _seen_of(beside.stat())
            beside.replace(path)
            _sync_folder(path.parent)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise KeyUnusable(f"The key file {path} cannot be replaced: {error.strerror}.") from error
        self._held = _Held(material, seen)


def default_path(registry_id: str) -> Path:
    """Where the key file of a registry lies unless a setting says otherwise."""
    return platformdirs.user_config_path("modelkeep") / "keys" / f"{materials.known_id(registry_id)}.key"


def check_outside(path: Path, data_folder: Path) -> None:
    """Raise KeyUnusable where the key file would lie in the data folder: a copy of the data would then open itself."""
    if path.resolve().is_relative_to(data_folder.resolve()):
        raise KeyUnusable(f"The key file {path} lies inside the data folder {data_folder}. Keep it elsewhere.")


def write_new(path: Path, content: bytes) -> None:
    """A new file, 0600, whole and synced or not there. Raises FileExistsError, OSError."""
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


def _read_private(path: Path) -> _Read:
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if stat.S_IMODE(found.st_mode) & 0o077:
                raise KeyUnusable(
                    f"The key file {path} is open to other people here. Run: chmod 600 {shlex.quote(str(path))}"
                )
            return _Read(file.read(_MOST_FILE_BYTES).decode("utf-8"), _seen_of(found))
    except FileNotFoundError as error:
        raise KeyMissing(
            f"There is no key file at {path}. Restore it from its escrow copy: without it stored files cannot be read."
        ) from error
    except OSError as error:
        raise KeyUnusable(f"The key file {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise KeyUnusable(f"The key file {path} is damaged: it is not text.") from error


def _seen_of(found: os.stat_result) -> _Seen:
    return found.st_ino, found.st_mtime_ns, found.st_size


def _wrap_context(key_id: str, context: bytes) -> bytes:
    return b"mk1|wrap|" + key_id.encode("utf-8") + b"|" + context


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
