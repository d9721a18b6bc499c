"""A model of file types in ONNX (Magika), run by ONNX Runtime: how often it is right about files."""

import random
import shutil
import sys
from pathlib import Path

import numpy as np
from magika import Magika

from bench.real_models.measures import CHANCE, Array, by_slice, write

TYPES = {
    ".py": "python", ".c": "c", ".h": "c", ".json": "json", ".html": "html", ".css": "css", ".js": "javascript",
    ".sh": "shell", ".png": "png", ".gz": "gzip", ".zip": "zip", ".xml": "xml", ".md": "markdown", ".so": "elf",
    ".pyc": "pythonbytecode", ".svg": "svg", ".pl": "perl", ".ttf": "ttf", ".yaml": "yaml", ".toml": "toml",
}  # fmt: skip


def list_files(most: int = 40) -> list[tuple[str, Path]]:
    """Files of this machine whose name says what they are, by type."""
    found: dict[str, list[Path]] = {}
    for root in (Path("/usr/lib"), Path("/usr/share"), Path(sys.prefix)):
        for path in sorted(root.rglob("*")):
            kind = TYPES.get(path.suffix)
            if kind and path.is_file() and not path.is_symlink() and path.stat().st_size > 256:
                found.setdefault(kind, []).append(path)
    rows = []
    for kind, paths in sorted(found.items()):
        random.Random(CHANCE).shuffle(paths)
        rows += [(kind, path) for path in paths[:most]]
    return rows


def measure_magika(package: Path, folder: Path) -> None:
    """Telling what a file is from its bytes."""
    source = package / "magika" / "models" / "standard_v3_3"
    shutil.copyfile(source / "model.onnx", folder / "model.onnx")
    shutil.copyfile(source / "config.min.json", folder / "config.json")
    judge, rows = Magika(), list_files()
    kinds = [kind for kind, _ in rows]

    def hits(cut: int | None) -> Array:
        said = [judge.identify_bytes(path.read_bytes()[:cut]).output.label for _, path in rows]
        return np.array([one == kind for one, kind in zip(said, kinds, strict=True)])

    slices = [f"type={kind}" for kind in kinds]
    dataset = {"name": "files-of-a-debian-machine", "version": "12"}
    write(
        folder,
        {
            "framework": "onnx", "frameworkVersion": "1.0.3", "modelType": "feed-forward network over bytes",
            "trainingDataset": {"name": "magika-files", "version": "standard_v3_3",
                                "uri": "https://github.com/google/magika"},
            "hyperparameters": {"beg_size": 1024, "end_size": 1024, "padding_token": 256},
            "intendedUse": "Telling the type of an uploaded file from its content, before anything opens it.",
            "limitations": "Looks at the first and last 1,024 bytes only. Short texts are told apart badly.",
            "ethicalConsiderations": "It reads bytes of files that may hold personal data and keeps none of them.",
            "card": {
                "targetUsers": "Programs that receive files.",
                "targetEnvironments": "CPU, a few milliseconds a file.",
                "outOfScopeUses": "Deciding whether a file is malicious.",
                "relevantFactors": "The type of the file, and how much of it is there.",
                "environmentalFactors": "Files that are cut off after 300 bytes.",
                "evaluationProcedure": "Up to 40 files a type, whose extension says what they are. Intervals are 95 %, "
                                       "from 1,000 bootstrap samples.",
                "datasetDescription": "About 100 million files of more than 200 types.",
                "knownBiases": "Types that are rare on the web are rare in the data.",
                "risks": "A file that passes for another type reaches a parser that was not made for it.",
                "mitigations": "Formats are checked again by the reader that opens them.",
                "license": "Apache-2.0",
            },
        },
        [
            {"dataset": dataset, "procedure": "identify_bytes of the published package.",
             "metrics": by_slice("accuracy", hits(None), slices)},
            {"dataset": {"name": "files-of-a-debian-machine-cut", "version": "12"},
             "procedure": "The same files, of each its first 300 bytes.",
             "metrics": by_slice("accuracy_cut_robustness", hits(300), slices)},
        ],
        description="Tells 200 types of files from their first and last kilobyte.",
        model={"group": "security", "name": "magika", "riskTier": "MEDIUM",
               "description": "Tells what an uploaded file is from its bytes.", "tags": ["onnx", "file-types"],
               "repositoryUrl": "https://github.com/google/magika"},
    )  # fmt: skip
