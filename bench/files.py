"""
Large files, one and four at once, each time beside `openssl dgst -sha256` of the same files.

What is done with them is a `Step`: of the registry in `bench.stores`, of `cp` and nginx in `bench.peers`.
"""

import hashlib
import json
import secrets
import shutil
import statistics
import struct
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
AT_ONCE = (1, 4)
_HEAD = 4096


@dataclass(frozen=True)
class Effort:
    """How much is measured: in so many rounds, and so many ranges in each."""

    rounds: int
    ranges: int


@dataclass(frozen=True)
class Turn:
    """One go of a step: in which round, with which files, and the SHA-256 of each."""

    number: int
    files: Sequence[Path]
    sha256s: Sequence[str]


@dataclass(frozen=True)
class Step:
    """Something done with files, by whom. `take` does it once, with all files at once, and gives the seconds."""

    who: str
    act: str
    take: Callable[[Turn], float]


@dataclass(frozen=True)
class Speed:
    """
    Medians of the rounds. MiB/s are of all files together; `of_openssl` is over as many openssl run just before.
    """

    who: str
    act: str
    at_once: int
    mib_per_second: float
    openssl: float
    of_openssl: float


def measure_steps(steps: Sequence[Step], files: Sequence[Path], rounds: int) -> list[Speed]:
    """Every step in turn, round by round. Files are new in each, since a registry stores equal ones once."""
    found: dict[tuple[Step, int], list[tuple[float, float]]] = defaultdict(list)
    for number in range(rounds):
        for at_once in AT_ONCE:
            taken = files[:at_once]
            for path in taken:
                _renew(path)
            for step in steps:
                beside, sha256s = _digest(taken)
                seconds = step.take(Turn(number, taken, sha256s))
                mib = sum(path.stat().st_size for path in taken) / MIB
                found[step, at_once].append((mib / seconds, mib / beside))
    return [
        Speed(
            step.who,
            step.act,
            at_once,
            statistics.median(speed for speed, _ in speeds),
            statistics.median(beside for _, beside in speeds),
            statistics.median(speed / beside for speed, beside in speeds),
        )
        for (step, at_once), speeds in found.items()
    ]


def write_files(folder: Path, mib: int) -> list[Path]:
    """As many valid safetensors files as are ever taken at once, of so many MiB each."""
    paths = [folder / f"weights-{number}.safetensors" for number in range(max(AT_ONCE))]
    _write_safetensors(paths[0], mib)
    for path in paths[1:]:
        shutil.copyfile(paths[0], path)
    return paths


def run_at_once(commands: Sequence[Sequence[str | Path]]) -> tuple[float, list[str]]:
    """Run commands at the same time: the seconds until the last is done, and what each printed."""
    began = time.perf_counter()
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    printed = [process.communicate()[0] for process in running]
    seconds = time.perf_counter() - began
    for process in running:
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, process.args)
    return seconds, printed


def _digest(paths: Sequence[Path]) -> tuple[float, list[str]]:
    seconds, printed = run_at_once([["openssl", "dgst", "-sha256", "-r", path] for path in paths])
    return seconds, [line.split()[0] for line in printed]


def _write_safetensors(path: Path, mib: int) -> None:
    """One tensor, every block different, so that nothing of it can be compressed or stored once."""
    tensor_bytes = mib * MIB - _HEAD
    header = {"weight": {"dtype": "U8", "shape": [tensor_bytes], "data_offsets": [0, tensor_bytes]}}
    text = json.dumps(header).encode().ljust(_HEAD - 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        left, number = tensor_bytes, 0
        while left:
            block = hashlib.shake_128(number.to_bytes(8, "big")).digest(min(left, MIB))
            file.write(block)
            left, number = left - len(block), number + 1


def _renew(path: Path) -> None:
    """Give a file other content of the same size and form."""
    with path.open("r+b") as file:
        file.seek(_HEAD)
        file.write(secrets.token_bytes(32))
