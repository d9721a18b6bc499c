"""What searching costs, as a table and with the aim beside each figure."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.beside_mlflow import MISSING, TIMES_MLFLOW, Beside
from bench.report import Aimed
from modelkeep_server.features.search.queries import SECONDS_MAX

#: p95 of a page with facets in milliseconds, up to so many models.
AIMS_MS = {"sqlite": {100_000: 20.0, 1_000_000: 150.0}, "postgresql": {100_000: 20.0, 1_000_000: 60.0}}

TOO_LONG_MS = SECONDS_MAX * 1000


@dataclass(frozen=True)
class Built:
    """What it took to plant models, where they were not there yet, and to build their index."""

    models: int
    plant_seconds: float
    index_seconds: float
    index_mib: float


@dataclass(frozen=True)
class Asking:
    """
    One kind of query as one of the readers asked it: times of a page with facets, and of the page alone. `late` answers
    took longer than a search may; what they took until they were given up counts among the times.
    """

    kind: str
    who: str
    count: int
    p50_ms: float
    p95_ms: float
    page_p95_ms: float
    late: int = 0


@dataclass(frozen=True)
class Served:
    """The same over HTTP, by somebody without a role, one after the other. What was late in process is not asked."""

    kind: str
    count: int
    p50_ms: float
    p95_ms: float
    late: int = 0


@dataclass(frozen=True)
class Mixed:
    """All kinds in turn over HTTP at so many clients, and the most memory that the server held until then."""

    clients: int
    per_second: float
    p50_ms: float
    p95_ms: float
    peak_mib: float
    late: int = 0


@dataclass(frozen=True)
class TakenOut:
    """All models as CSV and as JSON at the same time, while so many clients search; the most memory held by then."""

    clients: int
    csv_mib: float
    json_mib: float
    seconds: float
    peak_mib: float


@dataclass(frozen=True)
class SearchFigures:
    """
    All that was measured. `mixed` is None where every kind was late, `taken_out` where exports are not asked for, and
    `beside` where there is no MLflow here; `aim_ms` is the p95 that is aimed at.
    """

    built: Built
    asked: Sequence[Asking]
    served: Sequence[Served]
    mixed: Mixed | None
    taken_out: TakenOut | None
    beside: Sequence[Beside] | None
    aim_ms: float


def find_aim_ms(database: str, models: int) -> float:
    """The p95 that is aimed at, in a registry of this size."""
    aims = AIMS_MS[database]
    return next((aim for size, aim in aims.items() if models <= size), max(aims.values()))


def aims_of_search(figures: SearchFigures) -> list[Aimed]:
    """The slower reader of each kind, at least what a search may take where one was late; the least beside MLflow."""
    slowest: dict[str, float] = {}
    for row in figures.asked:
        took = max(row.p95_ms, TOO_LONG_MS) if row.late else row.p95_ms
        slowest[row.kind] = max(took, slowest.get(row.kind, 0.0))
    aims = [Aimed(f"{kind}, p95 ms", value, figures.aim_ms, at_least=False) for kind, value in slowest.items()]
    if figures.beside:
        least = min(pair.times for pair in figures.beside)
        aims.append(Aimed("searches a second, of MLflow's", least, TIMES_MLFLOW, at_least=True))
    return aims


def draw_search(figures: SearchFigures) -> list[str]:
    """The tables."""
    built, mixed = figures.built, figures.mixed
    over_http = {row.kind: row for row in figures.served}
    built_in = f"planted in {built.plant_seconds:.0f} s, indexed in {built.index_seconds:.1f} s"
    head = f"{'search, 50 with facets':34}{'who':>7}{'p50 ms':>9}{'p95 ms':>9}{'alone p95':>11}"
    lines = [
        f"{built.models} models: {built_in}, an index of {built.index_mib:.0f} MiB",
        head + f"{'HTTP p50':>10}{'HTTP p95':>10}",
    ]
    for row in figures.asked:
        served = over_http.get(row.kind) if row.who == "reader" else None
        told = f"{served.p50_ms:10.2f}{served.p95_ms:10.2f}" if served else ""
        late = row.late + (served.late if served else 0)
        told += f"  {late} took longer than a search may" if late else ""
        lines.append(f"{row.kind:34}{row.who:>7}{row.p50_ms:9.2f}{row.p95_ms:9.2f}{row.page_p95_ms:11.2f}{told}")
    if mixed:
        lines.append(
            f"all kinds in turn at {mixed.clients} clients: {mixed.per_second:.0f} a second, p50 {mixed.p50_ms:.1f} "
            f"ms, p95 {mixed.p95_ms:.1f} ms, {mixed.late} answered 503, "
            f"memory of the server {mixed.peak_mib:.0f} MiB at most"
        )
    if out := figures.taken_out:
        lines.append(
            f"all models taken out at once beside {out.clients} clients: CSV {out.csv_mib:.0f} MiB, "
            f"JSON {out.json_mib:.0f} MiB, in {out.seconds:.0f} s, memory of the server {out.peak_mib:.0f} MiB at most"
        )
    return [*lines, "", *_draw_beside(figures.beside)]


def _draw_beside(beside: Sequence[Beside] | None) -> list[str]:
    if beside is None:
        return [MISSING]
    lines = [f"{'searches a second, 10,000 models':34}{'clients':>12}{'MLflow':>9}{'ours':>9}{'times':>9}"]
    for pair in beside:
        clients = str(pair.clients) if pair.clients else "in process"
        lines.append(f"{pair.name:34}{clients:>12}{pair.mlflow:9.1f}{pair.ours:9.0f}{pair.times:9.1f}")
    return [*lines, "50 models a page; ours counts all that fit, too"]
