"""A large file up and down, beside `openssl dgst -sha256` of the same file."""

import hashlib
import json
import statistics
import struct
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench import pump
from bench.calls import ask
from bench.pump import Transfer
from bench.server import Running

MIB = 1024 * 1024


@dataclass(frozen=True)
class FileSpeed:
    """Medians of the rounds: MiB/s, and the speed of the registry over that of openssl beside it."""

    openssl: float
    upload: float
    download: float
    upload_of_openssl: float
    download_of_openssl: float


def measure_files(registry: Running, mib: int, rounds: int) -> FileSpeed:
    """Rounds of openssl, upload, openssl, download. Raises SystemExit where other bytes came back."""
    path = registry.folder / "weights.safetensors"
    sha256 = write_safetensors(path, mib)
    version = f"/api/v1/models/{registry.seeded.addresses[0]}/versions/1.0.0"
    _digest(path)
    speeds = []
    for number in range(rounds):
        before = _digest(path)
        address = f"{version}/artifacts/round-{number}/weights.safetensors"
        up = _upload(registry, address, path)
        between = _digest(path)
        down = _download(registry, address, sha256, check=number == 0)
        speeds.append((mib / before, mib / up, mib / between, mib / down))
    return FileSpeed(
        statistics.median(speed for before, _, between, _ in speeds for speed in (before, between)),
        statistics.median(up for _, up, _, _ in speeds),
        statistics.median(down for _, _, _, down in speeds),
        statistics.median(up / before for before, up, _, _ in speeds),
        statistics.median(down / between for _, _, between, down in speeds),
    )


def write_safetensors(path: Path, mib: int) -> str:
    """A valid safetensors file of one tensor, every block different. Gives its SHA-256."""
    tensor_bytes = mib * MIB - 4096
    header = {"weight": {"dtype": "U8", "shape": [tensor_bytes], "data_offsets": [0, tensor_bytes]}}
    text = json.dumps(header).encode().ljust(4088)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        left, number = tensor_bytes, 0
        while left:
            block = hashlib.shake_128(number.to_bytes(8, "big")).digest(min(left, MIB))
            file.write(block)
            left, number = left - len(block), number + 1
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(path: Path) -> float:
    began = time.perf_counter()
    subprocess.run(["openssl", "dgst", "-sha256", path], check=True, capture_output=True)
    return time.perf_counter() - began


def _upload(registry: Running, address: str, path: Path) -> float:
    head = ask("PUT", f"{address}?type=WEIGHTS", registry.seeded.token, length=path.stat().st_size)
    return pump.run(Transfer(registry.port, head, body=str(path))).seconds


def _download(registry: Running, address: str, sha256: str, *, check: bool) -> float:
    if check and pump.run(_open_link(registry, address, digest=True)).sha256 != sha256:
        raise SystemExit("The file that came back is not the one that was sent.")
    return pump.run(_open_link(registry, address, digest=False)).seconds


def _open_link(registry: Running, address: str, *, digest: bool) -> Transfer:
    made = pump.run(Transfer(registry.port, ask("POST", f"{address}/links", registry.seeded.token)))
    path = urlsplit(json.loads(made.body)["url"]).path
    return Transfer(registry.port, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", digest=digest)
