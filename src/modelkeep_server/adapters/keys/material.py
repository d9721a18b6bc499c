"""
What a registry's keys are, whatever they are kept in, and the JSON of a key file.

The JSON can be looked at: the registry it belongs to, the key-encryption keys (oldest first), the seed of the signing
key, and a checksum against a damaged copy. Whoever has it and the data can read everything; whoever loses it loses
everything.
"""

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from modelkeep_server.ports import HeldKey, KeyMissing, KeyUnusable

KEY_BYTES = 32
_VERSION = 1
_REGISTRY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


@dataclass(frozen=True)
class Kek:
    """A key-encryption key. `created_at` is ISO 8601, as the file has it."""

    id: str
    key: bytes = field(repr=False)
    created_at: str

    @property
    def held(self) -> HeldKey:
        """The same without the key."""
        return HeldKey(self.id, datetime.fromisoformat(self.created_at))


@dataclass(frozen=True)
class Material:
    """All keys of a registry."""

    registry_id: str
    keks: tuple[Kek, ...]
    seed: bytes = field(repr=False)


def new_material(registry_id: str, now: datetime | None = None) -> Material:
    """Fresh keys. Raises ValueError for what is no registry id."""
    return Material(known_id(registry_id), (new_kek(now),), secrets.token_bytes(KEY_BYTES))


def new_kek(now: datetime | None = None) -> Kek:
    """A fresh key-encryption key."""
    created_at = (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds")
    return Kek(f"kek-{secrets.token_hex(8)}", secrets.token_bytes(KEY_BYTES), created_at)


def known_id(registry_id: str) -> str:
    """The same, where it is a registry id. Raises ValueError."""
    if not _REGISTRY_ID.fullmatch(registry_id):
        raise ValueError(f"{registry_id!r} is not a registry id.")
    return registry_id


def parse(text: str, registry_id: str, what: str) -> Material:
    """The keys of a key file's text. `what` begins the sentences of KeyUnusable."""
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


def parse_setting(text: str, registry_id: str) -> Material:
    """
    The keys of an environment variable: the text of a key file, or the base64 of it.

    Raises KeyMissing where it is empty, KeyUnusable as `parse` does.
    """
    if not text.strip():
        raise KeyMissing("The variable that should hold the keys is empty.")
    if not text.lstrip().startswith("{"):
        try:
            text = base64.b64decode("".join(text.split()), validate=True).decode("utf-8")
        except ValueError as error:
            raise KeyUnusable("The key material is neither the text of a key file nor the base64 of it.") from error
    return parse(text, registry_id, "The key material")


def dump(material: Material) -> bytes:
    """The text of a key file."""
    members = _members(material)
    return (json.dumps({**members, "checksum": _checksum(members)}, indent=2) + "\n").encode("ascii")


def fingerprint_of(material: Material) -> str:
    """See KeyRing.fingerprint. Changes when a key is added, since older copies then lack it."""
    digest = hashlib.sha256(b"mk1|fingerprint|" + _canonical(_members(material))).digest()
    text = base64.b32encode(digest).decode("ascii")[:20]
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def _read_members(members: Mapping[str, Any]) -> Material:
    keks = tuple(Kek(str(kek["id"]), _decode(kek["key"]), _moment(kek["createdAt"])) for kek in members["keys"])
    if not keks or len({kek.id for kek in keks}) != len(keks):
        raise ValueError("no keys, or two of one id")
    return Material(str(members["registryId"]), keks, _decode(members["signingSeed"]))


def _moment(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("a time without its zone")
    return text


def _members(material: Material) -> dict[str, object]:
    keys: Sequence[dict[str, str]] = [
        {"id": kek.id, "key": _encode(kek.key), "createdAt": kek.created_at} for kek in material.keks
    ]
    return {
        "version": _VERSION,
        "registryId": material.registry_id,
        "keys": keys,
        "signingSeed": _encode(material.seed),
    }


def _checksum(members: Mapping[str, object]) -> str:
    return "sha256:" + hashlib.sha256(_canonical(members)).hexdigest()


def _canonical(members: Mapping[str, object]) -> bytes:
    return json.dumps(members, sort_keys=True, separators=(",", ":")).encode("ascii")


def _encode(key: bytes) -> str:
    return base64.b64encode(key).decode("ascii")


def _decode(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError("a key has 32 bytes")
    return key
