"""
Measure searching, in registries of the sizes that are asked for.

    python -m bench.searching --models 100000
    python -m bench.searching --models 1000000 --database postgresql://... --keep DIR

Models are planted by SQL (bench/planting_models.py), and the index is filled as it is after an upgrade.
Each kind of query is then asked with many different words: in process, as a page of 50 with all facets, by somebody
without a role and by an MRC, who sees everything; and over HTTP. With `--keep` the folder, or the database, is used
again. MLflow's `search_registered_models` stands beside them at 10,000 models, where the command `mlflow` is found.
"""

import argparse
import gc
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from itertools import cycle, islice, zip_longest
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import Connection, text

from bench.asking import Asked, Kind, list_kinds
from bench.beside_mlflow import PAIRS, Beside, MLflow, find_mlflow
from bench.calls import ask
from bench.load import Job, Load, run
from bench.planting_models import is_planted, plant_models
from bench.report import draw_aims, machine
from bench.search_figures import (
    Asking,
    Built,
    Mixed,
    SearchFigures,
    Served,
    TakenOut,
    aims_of_search,
    draw_search,
    find_aim_ms,
)
from bench.server import Place, Running, lay_out, serve
from modelkeep_server.app import House, open_house
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import actors
from modelkeep_server.features.identity.tokens import service as tokens
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.search import queries
from modelkeep_server.features.search.facets.counting import load_tallying
from modelkeep_server.features.search.indexing import reindexing
from modelkeep_server.interfaces.query_strings import read_catalogue_filter
from modelkeep_server.rules.errors import TookTooLong
from modelkeep_server.rules.permissions import Role

ROLES: dict[str, list[Role]] = {"reader": [], "mrc": [Role.MRC]}
PAGE = 50
#: A deep page is one of these, counted from the first.
DEEP_FROM, DEEP_TO = 20, 60
#: A kind is not asked further once so many answers took longer than a search may.
LATE_MAX = 5
CLIENTS = 16
#: At which size MLflow is compared.
MODELS_BESIDE = 10_000

Step = Callable[[Asked, str | None], str | None]


@dataclass(frozen=True)
class Effort:
    """How much is measured: `times` of each kind, `seconds` of each that is told a second, kinds named like `only`."""

    models: int
    times: int
    seconds: float
    only: str = ""
    takes_out: bool = False
    mlflow: Path | None = None


def plant(place: Place, count: int) -> Built:
    """Plant so many models where none were planted before, and index what is not yet."""
    with open_house(place.settings) as house:
        began = time.perf_counter()
        if not is_planted(house):
            plant_models(house, count)
        planted = time.perf_counter()
        before = _size_mib(house)
        with house.reading() as work:
            missing = reindexing.count_missing(work)
        if missing:
            reindexing.fill(house.database, house.parts, lambda *_: None)
        indexed = time.perf_counter()
        return Built(count, planted - began, indexed - planted, _size_mib(house) - before)


def _size_mib(house: House) -> float:
    """Of the whole database: the index is what it grows by."""
    with house.database.writer.begin() as connection:
        if house.settings.is_sqlite:
            pages = _number(connection, "PRAGMA page_count") - _number(connection, "PRAGMA freelist_count")
            return pages * _number(connection, "PRAGMA page_size") / 2**20
        return _number(connection, "SELECT pg_database_size(current_database())") / 2**20


def _number(connection: Connection, statement: str) -> int:
    return int(connection.scalar(text(statement)) or 0)


def _make_token(place: Place, who: str) -> str:
    with open_house(place.settings) as house, house.writing() as work:
        email = f"{who}@company.com"
        return tokens.create_token_by_operator(work, host="bench", email=email, roles=ROLES[who]).secret


def measure_within(place: Place, kinds: Sequence[Kind], times: int) -> list[Asking]:
    """Ask in process, each kind so many times by each of the readers."""
    asked = []
    for who in ROLES:
        token = _make_token(place, who)
        with open_house(place.settings) as house:
            # As the command has it: codes are remembered ahead, what is loaded stays, and is not gone through anew.
            load_tallying().remember_ahead(house.database, house.parts, house.stopping)
            gc.freeze()
            reader = _Reader(house, who, _find_actor(house, token))
            asked += [answered for kind in kinds if (answered := reader.ask(kind, times))]
    return asked


def _find_actor(house: House, token: str) -> Actor:
    with house.reading() as work:
        actor = actors.find_actor_by_token(work, token)
    assert actor is not None
    return actor


class _Reader:
    """Somebody who asks in process, a reading work for each page."""

    def __init__(self, house: House, who: str, actor: Actor) -> None:
        self._house = house
        self._who = who
        self._actor = actor

    def ask(self, kind: Kind, times: int) -> Asking | None:
        """None where there are too few models for a page that far down."""
        wholes, pages, late = list[float](), list[float](), 0
        for asked, cursor in islice(cycle(_places(kind, self._step_soon)), times):
            for times_of, facets in ((wholes, True), (pages, False)):
                began = time.perf_counter()
                late += not self._answers(asked, cursor, facets=facets)
                times_of.append((time.perf_counter() - began) * 1000)
            if late >= LATE_MAX:
                break
        if len(wholes) < 2:
            return None
        p95, page_p95 = (statistics.quantiles(found, n=20)[18] for found in (wholes, pages))
        return Asking(kind.name, self._who, len(wholes), statistics.median(wholes), p95, page_p95, late)

    def _answers(self, asked: Asked, cursor: str | None, *, facets: bool) -> bool:
        """Ask; False where that took longer than a search may."""
        try:
            with self._house.reading() as work:
                self._list(work, asked, cursor, facets=facets)
        except TookTooLong:
            return False
        return True

    def _step_soon(self, asked: Asked, cursor: str | None) -> str | None:
        """No further page where one took too long."""
        with suppress(TookTooLong):
            return self._step(asked, cursor)
        return None

    def per_second(self, asked: Sequence[Asked], seconds: float) -> float:
        """Pages a second without facets, one after the other."""
        count, began = 0, time.perf_counter()
        for one in cycle(asked):
            self._step(one, None)
            count += 1
            if time.perf_counter() - began > seconds:
                break
        return count / (time.perf_counter() - began)

    def _step(self, asked: Asked, cursor: str | None) -> str | None:
        with self._house.reading() as work:
            return self._list(work, asked, cursor)

    def _list(self, work: Work, asked: Asked, cursor: str | None, *, facets: bool = False) -> str | None:
        found = read_catalogue_filter(asked)
        return queries.list_models(
            work, self._actor, found, limit=PAGE, cursor=cursor, facets=facets
        ).next_cursor  # fmt: skip


def _places(kind: Kind, step: Step) -> list[tuple[Asked, str | None]]:
    """The first page of each query, or the pages far down it."""
    if not kind.goes_deep:
        return [(asked, None) for asked in kind.asked]
    return [(asked, cursor) for asked in kind.asked for cursor in islice(_walk(asked, step), DEEP_FROM, DEEP_TO)]


def _walk(asked: Asked, step: Step) -> Iterator[str]:
    cursor = step(asked, None)
    while cursor is not None:
        yield cursor
        cursor = step(asked, cursor)


def measure_served(
    place: Place, kinds: Sequence[Kind], asked: Effort
) -> tuple[list[Served], Mixed | None, TakenOut | None]:
    """
    Ask over HTTP as somebody without a role: each kind so many times, then all in turn at 16 clients, and at last those
    while everything is taken out.
    """
    token = _make_token(place, "reader")
    with serve(place) as registry, registry.watched() as own_mib:
        desk = _Desk(registry, token)
        # In a small registry there is no page far down.
        requests = {kind.name: found for kind in kinds if (found := desk.requests(kind))}
        served = []
        for name, found in requests.items():
            load = _demand(name, run(Job(registry.port, found, 1, 0.1, least=asked.times, warm_up=3)))
            served.append(Served(name, load.answered, load.p50_ms, load.p95_ms, load.late))
        mixed = [request for some in zip_longest(*requests.values()) for request in some if request]
        if not mixed:
            return served, None, None
        job = Job(registry.port, mixed, CLIENTS, asked.seconds, least=asked.times)
        load = _demand("all kinds", run(job))
        told = Mixed(CLIENTS, load.per_second, load.p50_ms, load.p95_ms, own_mib(), load.late)
        return served, told, measure_taken_out(registry, token, job, own_mib) if asked.takes_out else None


def measure_taken_out(registry: Running, token: str, job: Job, own_mib: Callable[[], float]) -> TakenOut:
    """Take all models out as CSV and as JSON at the same time, while the job is done over and over."""
    began = time.perf_counter()
    with ThreadPoolExecutor() as pool:
        taken = {form: pool.submit(_take_out, registry, token, form) for form in ("csv", "json")}
        while not all(one.done() for one in taken.values()):
            _demand("searches beside exports", run(job))
        seconds = time.perf_counter() - began
        csv_mib, json_mib = (taken[form].result() / 2**20 for form in ("csv", "json"))
    return TakenOut(CLIENTS, csv_mib, json_mib, seconds, own_mib())


def _take_out(registry: Running, token: str, form: str) -> int:
    """How many bytes an export has, read as they come."""
    with closing(HTTPConnection("127.0.0.1", registry.port, timeout=600)) as connection:
        head = {"Authorization": f"Bearer {token}"}
        connection.request("GET", f"/api/v1/models/export?format={form}", headers=head)
        answer = connection.getresponse()
        if answer.status != HTTPStatus.OK:
            raise SystemExit(f"export as {form}: {answer.status} {answer.read()[:500]!r}")
        return sum(len(part) for part in iter(lambda: answer.read(2**16), b""))


def _demand(name: str, load: Load) -> Load:
    if load.failed > load.late:
        raise SystemExit(f"{name}: {load.failed} of {load.answered} answers were not 2xx.")
    return load


class _Desk:
    """Writes requests for a server, whose cursors are taken from its answers."""

    def __init__(self, registry: Running, token: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", registry.port, timeout=60)
        self._token = token

    def requests(self, kind: Kind) -> list[str]:
        return [ask("GET", _address(asked, cursor), self._token) for asked, cursor in _places(kind, self._step)]

    def _step(self, asked: Asked, cursor: str | None) -> str | None:
        self._connection.request("GET", _address(asked, cursor), headers={"Authorization": f"Bearer {self._token}"})
        answer = self._connection.getresponse()
        told = answer.read()
        if answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
            return None
        if answer.status != HTTPStatus.OK:
            raise SystemExit(f"{asked}: {answer.status} {told[:500]!r}")
        found: str | None = json.loads(told)["nextCursor"]
        return found


def _address(asked: Asked, cursor: str | None, *, facets: bool = True) -> str:
    more = {"limit": str(PAGE), **({"cursor": cursor} if cursor else {}), **({"facets": "true"} if facets else {})}
    return f"/api/v1/models?{urlencode({**asked, **more})}"


def measure_beside(place: Place, mlflow: Path, folder: Path, models: int, seconds: float) -> list[Beside]:
    """Ask MLflow and this registry the same, at 1 and at 8 clients, and in process."""
    peer = MLflow(mlflow, folder, models)
    token = _make_token(place, "reader")
    within = {pair.name: peer.measure_within(pair, seconds) for pair in PAIRS}
    theirs = peer.measure_served(seconds)
    found = []
    with open_house(place.settings) as house:
        reader = _Reader(house, "reader", _find_actor(house, token))
        found += [Beside(pair.name, 0, within[pair.name], reader.per_second(pair.asked, seconds)) for pair in PAIRS]
    with serve(place) as registry:
        for (name, clients), load in theirs.items():
            asked = next(pair.asked for pair in PAIRS if pair.name == name)
            requests = [ask("GET", _address(one, None, facets=False), token) for one in asked]
            ours = _demand(name, run(Job(registry.port, requests, clients, seconds, warm_up=8)))
            found.append(Beside(name, clients, _demand(f"MLflow, {name}", load).per_second, ours.per_second))
    return found


def measure_search(place: Place, asked: Effort) -> SearchFigures:
    """Plant, index and ask."""
    kinds = [kind for kind in list_kinds() if asked.only in kind.name]
    built = plant(place, asked.models)
    within = measure_within(place, kinds, asked.times)
    late = {row.kind for row in within if row.late and row.who == "reader"}
    served, mixed, taken_out = measure_served(place, [kind for kind in kinds if kind.name not in late], asked)
    beside = None
    if asked.mlflow is not None and asked.models == MODELS_BESIDE:
        with tempfile.TemporaryDirectory(prefix="modelkeep-bench-") as folder:
            beside = measure_beside(place, asked.mlflow, Path(folder) / "mlflow", asked.models, asked.seconds)
    database = "sqlite" if place.settings.is_sqlite else "postgresql"
    return SearchFigures(built, within, served, mixed, taken_out, beside, find_aim_ms(database, asked.models))


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench.searching", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=int, default=10_000, help="models in the registry (10000)")
    parser.add_argument("--times", type=int, default=200, help="how often each kind is asked (200)")
    parser.add_argument("--seconds", type=float, default=5.0, help="for all kinds in turn at 16 clients (5)")
    parser.add_argument("--only", default="", metavar="WORDS", help="only kinds whose name holds this")
    parser.add_argument("--take-out", action="store_true", help="take all models out, too, while 16 clients search")
    parser.add_argument("--database", metavar="URL", help="a PostgreSQL database, empty or kept (SQLite in the folder)")
    parser.add_argument("--mlflow", metavar="COMMAND", help="where MLflow's command is (mlflow on the PATH)")
    parser.add_argument("--keep", metavar="DIR", type=Path, help="keep the registry there, and use it again")
    parser.add_argument("--json", metavar="PATH", type=Path, help="write the figures there too")
    return parser.parse_args()


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is None:
        with tempfile.TemporaryDirectory(prefix="modelkeep-bench-") as folder:
            yield Path(folder)
    else:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept


def main() -> None:
    """Measure and print."""
    asked = _read_arguments()
    with _folder(asked.keep) as folder:
        mlflow = find_mlflow(asked.mlflow)
        effort = Effort(asked.models, asked.times, asked.seconds, asked.only, asked.take_out, mlflow)
        figures = measure_search(lay_out(folder, asked.database), effort)
    print("\n".join([*draw_search(figures), "", *draw_aims(aims_of_search(figures))]))
    if asked.json:
        told = {"database": "postgresql" if asked.database else "sqlite", "machine": machine(), **asdict(figures)}
        asked.json.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
