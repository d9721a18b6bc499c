"""
MLflow's registry beside ours: `search_registered_models` over the same models, in its own SQLite store, by its own
server and by its own Python store.

Measured where the command `mlflow` is found on the PATH, or where `--mlflow` names it; it is no dependency of anything
here. Its server runs as it comes, with its four workers.
"""

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from bench.asking import Asked
from bench.calls import ask
from bench.catalogue import DOMAINS, TAG_NAMES, DrawnModel, draw_catalogue
from bench.load import Job, Load, run
from bench.server import free_port, serving
from modelkeep_server.kit import clock

CLIENTS = (1, 8)
PAGE = 50
#: How many times as many searches a second are answered here.
TIMES_MLFLOW = 20.0
MISSING = "mlflow: not installed (pip install mlflow, in an environment of its own, then --mlflow PATH/bin/mlflow)"
#: Runs in MLflow's own Python: a search after the other, for so many seconds.
_WITHIN = """
import json, sys, time
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore
job = json.load(sys.stdin)
store, times, began = SqlAlchemyStore(job["uri"]), [], time.perf_counter()
while time.perf_counter() - began < job["seconds"]:
    at = time.perf_counter()
    store.search_registered_models(job["filters"][len(times) % len(job["filters"])], max_results=job["page"])
    times.append(time.perf_counter() - at)
print(json.dumps(len(times) / sum(times)))
"""


@dataclass(frozen=True)
class Pair:
    """The same question to both: MLflow's filters, and what the catalogue is asked."""

    name: str
    filters: Sequence[str]
    asked: Sequence[Asked]


@dataclass(frozen=True)
class Beside:
    """Searches a second at so many clients; 0 clients: in process, without a server."""

    name: str
    clients: int
    mlflow: float
    ours: float

    @property
    def times(self) -> float:
        """How many times as many ours are."""
        return self.ours / self.mlflow


PAIRS = (
    Pair(
        "a word of the name",
        [f"name ILIKE '%{word}%'" for word in DOMAINS],
        [{"q": f"name:{word}"} for word in DOMAINS],
    ),
    Pair(
        "a tag",
        [f"tags.`{tag}` = 'true'" for tag in TAG_NAMES[:40]],
        [{"q": f"tag:{tag}"} for tag in TAG_NAMES[:40]],
    ),
    Pair(
        "a word and a tag",
        [f"name ILIKE '%{word}%' AND tags.`{tag}` = 'true'" for word, tag in zip(DOMAINS, TAG_NAMES, strict=False)],
        [{"q": f"name:{word} tag:{tag}"} for word, tag in zip(DOMAINS, TAG_NAMES, strict=False)],
    ),
)


def find_mlflow(named: str | None) -> Path | None:
    """Where its command is."""
    found = named or shutil.which("mlflow")
    return Path(found) if found else None


class MLflow:
    """A store of so many of the models that a registry of this size has, in that folder."""

    def __init__(self, command: Path, folder: Path, models: int) -> None:
        self._command = command.absolute()
        self._folder = folder
        self._uri = f"sqlite:///{folder / 'mlflow.db'}"
        folder.mkdir()
        subprocess.run([self._command, "db", "upgrade", self._uri], cwd=folder, check=True, capture_output=True)
        with closing(sqlite3.connect(folder / "mlflow.db")) as connection, connection:
            _plant(connection, models)

    def measure_within(self, pair: Pair, seconds: float) -> float:
        """Searches a second in one process, one after the other."""
        job = {"uri": self._uri, "filters": pair.filters, "seconds": seconds, "page": PAGE}
        done = subprocess.run(
            [self._command.parent / "python", "-c", _WITHIN],
            cwd=self._folder, input=json.dumps(job), text=True, check=True, stdout=subprocess.PIPE,
        )  # fmt: skip
        return float(done.stdout)

    def measure_served(self, seconds: float) -> dict[tuple[str, int], Load]:
        """Each of the pairs over HTTP, at each number of clients."""
        port = free_port()
        command = [str(self._command), "server", "--backend-store-uri", self._uri, "--port", str(port)]
        env = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_ARTIFACTS_DESTINATION": str(self._folder / "artifacts")}
        with serving(command, env, port, health="/health", quiet=True):
            return {
                (pair.name, clients): run(Job(port, _requests(pair), clients, seconds, least=20, warm_up=8))
                for pair in PAIRS
                for clients in CLIENTS
            }


def _requests(pair: Pair) -> list[str]:
    place = "/api/2.0/mlflow/registered-models/search"
    asked = [urlencode({"filter": filter_, "max_results": PAGE}) for filter_ in pair.filters]
    return [ask("GET", f"{place}?{query}", "") for query in asked]


def _plant(connection: sqlite3.Connection, count: int) -> None:
    for model in draw_catalogue(count):
        name = f"{model.group}.{model.name}"
        at = clock.to_us(model.updated_at) // 1000
        connection.execute(
            "INSERT INTO registered_models (workspace, name, creation_time, last_updated_time, description) "
            "VALUES ('default', ?, ?, ?, ?)",
            (name, at, at, model.description),
        )
        connection.executemany(
            "INSERT INTO registered_model_tags (workspace, name, key, value) VALUES ('default', ?, ?, ?)",
            [(name, key, value) for key, value in _tags_of(model)],
        )
        connection.executemany(
            "INSERT INTO model_versions (workspace, name, version, creation_time, last_updated_time, current_stage, "
            "source, status) VALUES ('default', ?, ?, ?, ?, 'None', 'models:/planted', 'READY')",
            [(name, number, at, at) for number, _ in enumerate(model.versions, 1)],
        )
    connection.execute("ANALYZE")


def _tags_of(model: DrawnModel) -> list[tuple[str, str]]:
    return [*((tag, "true") for tag in model.tags), ("riskTier", model.tier)]
