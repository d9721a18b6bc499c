"""
Three real models and what they really do, measured on data that every machine has.

Runs in an environment of its own (`requirements.txt` beside this file) and needs nothing of the registry: it writes a
folder a model, with its files and `facts.json`, which `bench.real_models` sends to one.
"""

import sys
from pathlib import Path

from bench.real_models.file_types import measure_magika
from bench.real_models.minilm import measure_minilm
from bench.real_models.progression import measure_progression


def main() -> None:
    """Arguments: the folder of unpacked packages, the folder to write to."""
    packages, out = Path(sys.argv[1]), Path(sys.argv[2])
    for name, measure in (
        ("minilm", lambda folder: measure_minilm(packages, folder)),
        ("magika", lambda folder: measure_magika(packages, folder)),
        ("progression", measure_progression),
    ):
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        measure(folder)
        print(name, "measured")


if __name__ == "__main__":
    main()
