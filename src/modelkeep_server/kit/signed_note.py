"""
Checkpoints as signed notes: C2SP signed-note v1.0.0 and tlog-checkpoint v1.0.0, with Ed25519 keys.

A note is a text, an empty line, and signature lines `— <name> base64(key hash || signature)`. Signing and verifying are
handed in, so that this file needs no cryptography of its own.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

ED25519 = b"\x01"
_DASH = "\u2014"


class NoteRefused(ValueError):
    """The note is malformed, or no signature of the key holds."""


@dataclass(frozen=True)
class TreeHead:
    """What a checkpoint says: which log, how many events, which root."""

    origin: str
    size: int
    root: bytes


def key_hash(name: str, public_key: bytes) -> bytes:
    """The first four bytes of SHA-256(name || newline || algorithm || key)."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public_key).digest()[:4]


def make_vkey(name: str, public_key: bytes) -> str:
    """The verifier key: `name+hash+base64(algorithm || key)`. Raises ValueError for a name with a space or a plus."""
    if not _is_name(name):
        raise ValueError("The name of a key is text without spaces and plus signs.")
    return f"{name}+{key_hash(name, public_key).hex()}+{base64.b64encode(ED25519 + public_key).decode()}"


def parse_vkey(vkey: str) -> tuple[str, bytes]:
    """The name and the raw public key of a verifier key. Raises NoteRefused."""
    try:
        name, hashed, encoded = vkey.strip().split("+", 2)
        key = _decode(encoded)
    except ValueError as error:
        raise NoteRefused("This is not a verifier key.") from error
    if not _is_name(name) or len(key) != 33 or key[:1] != ED25519 or key_hash(name, key[1:]).hex() != hashed:
        raise NoteRefused("This is not an Ed25519 verifier key, or it was changed.")
    return name, key[1:]


def sign_note(text: str, name: str, public_key: bytes, sign: Callable[[bytes], bytes]) -> str:
    """The text, which must end in a newline, with its signature line."""
    if not text.endswith("\n"):
        raise ValueError("A note's text ends in a newline.")
    signature = base64.b64encode(key_hash(name, public_key) + sign(text.encode())).decode()
    return f"{text}\n{_DASH} {name} {signature}\n"


def open_note(note: str, vkey: str, verify: Callable[[bytes, bytes, bytes], bool]) -> str:
    """
    The text of a note signed by this key; signatures of other keys are left alone.

    Args:
        verify: Takes the public key, the message and the signature.
    Raises:
        NoteRefused: Malformed, or not signed by this key.
    """
    name, public_key = parse_vkey(vkey)
    text, separator, lines = note.rpartition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise NoteRefused("This is not a signed note.")
    text += "\n"
    ours = key_hash(name, public_key)
    signatures = [_parse_signature(line) for line in lines[:-1].split("\n")]
    mine = [signature[4:] for signer, signature in signatures if signer == name and signature[:4] == ours]
    if not any(verify(public_key, text.encode(), signature) for signature in mine):
        raise NoteRefused("The note is not signed by this key.")
    return text


def checkpoint_text(head: TreeHead) -> str:
    """The body of a checkpoint: origin, size and root, a line each."""
    return f"{head.origin}\n{head.size}\n{base64.b64encode(head.root).decode()}\n"


def parse_checkpoint(text: str) -> TreeHead:
    """The head that a checkpoint's body names; extension lines are left alone. Raises NoteRefused."""
    origin, *rest = text.split("\n")
    try:
        size, root = int(rest[0]), _decode(rest[1])
    except (IndexError, ValueError) as error:
        raise NoteRefused("This is not a checkpoint.") from error
    if not origin or len(root) != 32 or str(size) != rest[0] or size < 0 or not text.endswith("\n"):
        raise NoteRefused("This is not a checkpoint.")
    return TreeHead(origin, size, root)


def _parse_signature(line: str) -> tuple[str, bytes]:
    try:
        dash, name, encoded = line.split(" ")
        signature = _decode(encoded)
    except ValueError as error:
        raise NoteRefused("This is not a signed note: a signature line is malformed.") from error
    if dash != _DASH or not _is_name(name) or len(signature) < 5:
        raise NoteRefused("This is not a signed note: a signature line is malformed.")
    return name, signature


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(map(str.isspace, name))


def _decode(encoded: str) -> bytes:
    """
    Strict base64: Python's own ignores what stands in the unused bits, so that two texts would mean one signature.
    """
    decoded = base64.b64decode(encoded, validate=True)
    if base64.b64encode(decoded).decode() != encoded:
        raise ValueError("not canonical base64")
    return decoded
