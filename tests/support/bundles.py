"""Small logs and their bundles, made with the registry's own parts and signed by a real key."""

import zipfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from modelkeep_server.kit import canonical, tiles
from modelkeep_server.kit.merkle import Frontier, leaf_hash
from modelkeep_server.kit.signed_note import TreeHead, checkpoint_text, make_vkey, sign_note

ORIGIN = "modelkeep/0190f3c2"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
VKEY = make_vkey(ORIGIN, PUBLIC)


def holds(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Verify an Ed25519 signature by the cryptography package."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache
def log_of(size: int, story: str = "told once") -> tuple[bytes, ...]:
    """The bodies of a log of `size` events."""
    return tuple(
        canonical.dumps({"action": "model.create", "after": {"name": f"{story} {n}"}, "sequence": n}).encode()
        for n in range(size)
    )


def root_of(bodies: Sequence[bytes]) -> bytes:
    """The root of a log."""
    frontier = Frontier()
    for body in bodies:
        frontier = frontier.append(leaf_hash(body))
    return frontier.root()


def checkpoint_of(bodies: Sequence[bytes], *, key: Ed25519PrivateKey = KEY, origin: str = ORIGIN) -> str:
    """The signed head of a log."""
    text = checkpoint_text(TreeHead(origin, len(bodies), root_of(bodies)))
    return sign_note(text, origin, key.public_key().public_bytes_raw(), key.sign)


def files_of(bodies: Sequence[bytes]) -> dict[str, bytes]:
    """What the bundle of a log holds, by path."""
    leaves = [leaf_hash(body) for body in bodies]
    return {
        "checkpoint": checkpoint_of(bodies).encode(),
        "vkey": f"{VKEY}\n".encode(),
        **dict(tiles.write_tiles(len(bodies), lambda a, b: leaves[a:b], lambda a, b: bodies[a:b])),
    }


def pack(path: Path, files: Mapping[str, bytes]) -> Path:
    """Write the files into a ZIP at this path."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def frame_all(bodies: Sequence[bytes]) -> bytes:
    """The content of an entries tile."""
    return b"".join(map(tiles.frame, bodies))
