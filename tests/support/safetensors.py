"""Valid safetensors files, made on the spot: 8 bytes of length, a JSON header, one tensor of bytes."""

import json
import random
import struct
from typing import Any


def exactly(size_bytes: int, seed: int = 0) -> bytes:
    """A valid file of just this size, which is at least 100."""
    return make_safetensors(size_bytes - len(make_safetensors(size_bytes - 90)) + size_bytes - 90, seed)


def make_safetensors(size_bytes: int = 1024, seed: int = 0, **metadata: str) -> bytes:
    """A valid file of about `size_bytes`, the same for the same seed. `metadata` is what it says of itself."""
    body = random.Random(seed).randbytes(size_bytes)
    tensor = {"dtype": "U8", "shape": [size_bytes], "data_offsets": [0, size_bytes]}
    told: dict[str, Any] = {"embedding.weight": tensor}
    if metadata:
        told["__metadata__"] = metadata
    header = json.dumps(told).encode()
    header = header.ljust(-(-len(header) // 8) * 8)
    return struct.pack("<Q", len(header)) + header + body
