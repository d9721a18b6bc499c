"""
Measure a registry beside a limit or a peer of the same run, and print a table and JSON.

    make bench                      1 GiB up and down, 500 reads and writes
    make bench ARGS="--mib 64"      smaller files
"""

import argparse
import hashlib
import json
import statistics
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2

from bench.server import Running, start_server

MIB = 1024 * 1024
CALLS = 500


def write_safetensors(path: Path, size_mib: int) -> None:
    """A valid safetensors file of one tensor, every block different."""
    tensor_bytes = size_mib * MIB - 4096
    header = {"weight": {"dtype": "U8", "shape": [tensor_bytes], "data_offsets": [0, tensor_bytes]}}
    text = json.dumps(header).encode().ljust(4088)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        left, number = tensor_bytes, 0
        while left:
            block = hashlib.shake_128(number.to_bytes(8, "big")).digest(min(left, MIB))
            file.write(block)
            left, number = left - len(block), number + 1


def seconds_of(job: Callable[[], Any]) -> float:
    """How long a job takes, in seconds."""
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


def measure_files(client: httpx2.Client, base: str, path: Path) -> dict[str, float]:
    """Upload and download beside `openssl dgst -sha256` of the same file, in MiB/s and as ratios."""
    mib = path.stat().st_size / MIB
    openssl = seconds_of(lambda: subprocess.run(["openssl", "dgst", "-sha256", path], check=True, capture_output=True))
    address = f"{base}/artifacts/weights.safetensors"

    def upload() -> None:
        answer = client.put(f"{address}?type=WEIGHTS", content=_blocks(path), timeout=600)
        answer.raise_for_status()

    up = seconds_of(upload)
    link = client.post(f"{address}/links").raise_for_status().json()

    def download() -> None:
        subprocess.run(["curl", "-fsS", "-o", path.with_suffix(".back"), link["url"]], check=True)

    down = seconds_of(download)
    same = hashlib.file_digest(path.with_suffix(".back").open("rb"), "sha256").hexdigest() == link["sha256"]
    return {
        "openssl MiB/s": mib / openssl,
        "upload MiB/s": mib / up,
        "download MiB/s": mib / down,
        "upload, of openssl": openssl / up,
        "download, of openssl": openssl / down,
        "digest equal": float(same),
    }


def measure_calls(name: str, call: Callable[[int], httpx2.Response]) -> dict[str, float]:
    """The median and 95th percentile of one call after another, in milliseconds."""
    times = []
    for number in range(CALLS):
        began = time.perf_counter()
        call(number).raise_for_status()
        times.append((time.perf_counter() - began) * 1000)
    return {f"{name} p50 ms": statistics.median(times), f"{name} p95 ms": statistics.quantiles(times, n=20)[18]}


def measure(running: Running, mib: int) -> dict[str, float]:
    """Every figure of one run."""
    figures = {"start s": running.start_seconds, "idle memory MiB": running.memory_mib()}
    with httpx2.Client(headers={"Authorization": f"Bearer {running.token}"}) as client:
        api = f"{running.url}/api/v1"
        model = {"group": "bench", "description": "Measured.", "owners": ["bench@company.com"], "riskTier": "LOW"}
        post = measure_calls("POST model", lambda n: client.post(f"{api}/models", json=model | {"name": f"model-{n}"}))
        figures |= post
        figures |= measure_calls("GET model", lambda n: client.get(f"{api}/models/bench/model-{n}"))
        figures |= measure_calls("list 50", lambda _: client.get(f"{api}/models"))
        base = f"{api}/models/bench/model-0/versions"
        client.post(base, json={"version": "1.0.0"}).raise_for_status()
        path = running.folder / "weights.safetensors"
        write_safetensors(path, mib)
        figures |= measure_files(client, f"{base}/1.0.0", path)
    return figures | {"peak memory MiB": running.memory_mib("VmHWM")}


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(MIB):
            yield block


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench", description="Measure a registry.")
    parser.add_argument("--mib", type=int, default=1024, help="size of the file sent up and down")
    with start_server() as running:
        figures = measure(running, parser.parse_args().mib)
    for name, value in figures.items():
        print(f"{name:24} {value:10.2f}")
    print(json.dumps({name: round(value, 4) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
