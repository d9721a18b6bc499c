"""
Measure a registry beside a limit or a peer of the same run, and print tables and JSON.

    make bench                                               10,000 models, 1 GiB up and down; some minutes
    make bench ARGS="--models 500 --mib 64 --rounds 1"       a look, under a minute
    make bench ARGS="--database postgresql://... --json FILE"
"""

import argparse
import json
import tempfile
from dataclasses import asdict
from http.client import HTTPConnection
from pathlib import Path

from bench.calls import measure_calls
from bench.files import measure_files
from bench.report import aims_of, draw, machine
from bench.server import Running, start_peer, start_registry


def _read_model(registry: Running) -> str:
    """The JSON of one model, which the peer answers with."""
    connection = HTTPConnection("127.0.0.1", registry.port)
    headers = {"Authorization": f"Bearer {registry.seeded.token}"}
    connection.request("GET", f"/api/v1/models/{registry.seeded.addresses[0]}", headers=headers)
    return connection.getresponse().read().decode()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench", description="Measure a registry.")
    parser.add_argument("--models", type=int, default=10_000, help="models in the registry (10000)")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each kind of request, in each round (3)")
    parser.add_argument("--rounds", type=int, default=3, help="how often all is measured; medians are told (3)")
    parser.add_argument("--mib", type=int, default=1024, help="size of the file sent up and down; 0 for none (1024)")
    parser.add_argument("--database", metavar="URL", help="an empty PostgreSQL database (SQLite in a fresh folder)")
    parser.add_argument("--json", metavar="PATH", type=Path, help="write the figures there too")
    asked = parser.parse_args()
    before = machine()
    with (
        tempfile.TemporaryDirectory(prefix="modelkeep-bench-") as folder,
        start_registry(Path(folder), asked.models, asked.database) as registry,
    ):
        with start_peer(_read_model(registry)) as peer_port:
            calls = measure_calls(registry, peer_port, asked.seconds, asked.rounds)
        files = measure_files(registry, asked.mib, asked.rounds) if asked.mib else None
        peak_mib = registry.memory_mib("VmHWM")
    aims = aims_of(registry.start_seconds, registry.idle_mib, calls, files)
    print(draw(calls, files, aims))
    figures = {
        "database": "postgresql" if asked.database else "sqlite",
        "models": asked.models,
        "machine": before,
        "start_seconds": registry.start_seconds,
        "idle_mib": registry.idle_mib,
        "peak_mib": peak_mib,
        "calls": [asdict(call) for call in calls],
        "files": asdict(files) if files else None,
        "aims": [{**asdict(aimed), "is_reached": aimed.is_reached} for aimed in aims],
    }
    print(f"\n{json.dumps(figures)}")
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
