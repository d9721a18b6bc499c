"""What the tests of documentation share: the texts of the tree, and registries on which their examples run."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from modelkeep_server.interfaces.reference.samples import PERSON
from tests.support.programs import make_program
from tests.support.running import COMMAND, RunningRegistry, running_registry
from tests.support.safetensors import make_safetensors

ROOT = Path(__file__).parents[2]
EVERY_ROLE = "MODEL_OWNER,MRC,SECURITY_ARCHITECT,SRE,AUDITOR,ADMIN"
#: curl as the examples write it, but with an exit code that tells of a refusal.
PRELUDE = 'set -euo pipefail\ncurl() { command curl --fail-with-body "$@"; }\n'


@dataclass(frozen=True)
class Reader:
    """Somebody who tries the examples: a folder with a model file, a registry, and a token of every role."""

    running: RunningRegistry
    folder: Path
    environment: dict[str, str]

    def run(self, script: str) -> None:
        """Run a script of bash. One that fails raises with what it said."""
        done = subprocess.run(
            ["bash", "-c", PRELUDE + script], env=self.environment, cwd=self.folder, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise AssertionError(f"exit code {done.returncode}\n{script}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")


@contextlib.contextmanager
def reading(folder: Path) -> Iterator[Reader]:
    """A reader with an empty registry of their own."""
    with running_registry(folder) as running:
        place = folder / "reader"
        place.mkdir()
        (place / "model.safetensors").write_bytes(make_safetensors(50_000))
        (place / "src").symlink_to(ROOT / "src")
        token = running.token("reader@company.com", EVERY_ROLE)
        # The examples name her as a member and a sponsor, and read the program that she made.
        make_program(running, PERSON, "nightly-training")
        yield Reader(
            running,
            place,
            {
                **running.environment,
                "MODELKEEP_URL": running.url,
                "MODELKEEP_TOKEN": token,
                "TOKEN": token,
                "PATH": f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}",
            },
        )


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """A reader with an empty registry of their own."""
    with reading(tmp_path) as made:
        yield made
