"""Around the catalogue: what may come next in a query, a whole result as a file, and groups and tags to browse by."""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import Response, StreamingResponse

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.search import browsing, exporting
from modelkeep_server.features.search.completion import completing
from modelkeep_server.features.search.views import CatalogueFilter, ExportedModel, ModelExport
from modelkeep_server.interfaces.api.catalogue_filters import Asked
from modelkeep_server.interfaces.api.face import Cursor, Limit, door, make_router
from modelkeep_server.interfaces.api.shapes.base import PageOut
from modelkeep_server.interfaces.api.shapes.finding import BrowsedOut, ExportedOut, OffersOut
from modelkeep_server.interfaces.door import asking_of
from modelkeep_server.interfaces.doorway import Desk
from modelkeep_server.interfaces.places import place_among
from modelkeep_server.interfaces.query_strings import read_catalogue_filter
from modelkeep_server.kit import clock
from modelkeep_server.kit.sheets import csv_line

router = make_router("models")

Typed = Annotated[str, Query(max_length=2_000, description="The query as it is typed so far; it may be broken.")]
Caret = Annotated[
    int | None,
    Query(ge=0, le=2_000, description="Which character stands behind the caret; unless said, it is at the end."),
]
Begun = Annotated[str, Query(max_length=200, description="Only names that begin with this, or hold it.")]
Order = Annotated[
    Literal["name", "use"],
    Query(description="By name; or the most used first, among the 10,000 models that changed last, the first 100."),
]
AskedFormat = Annotated[
    Literal["csv", "json"], Query(alias="format", description="csv; or json, one array with a model on each line.")
]

#: Exports that may be waited for, until their first byte.
EXPORTS_WAITING, EXPORTS_OF_ONE = 16, 4

COLUMNS = (
    "group", "name", "id", "riskTier", "status", "visibility", "origin", "owners", "tags", "newestVersion",
    "newestState", "productionVersions", "frameworks", "versionCount", "createdAt", "updatedAt", "url", "description",
)  # fmt: skip


@router.get("/models/completions", response_model=OffersOut)
@door.reads("model.read")
def complete_query(work: Work, actor: Actor, q: Typed = "", at: Caret = None) -> OffersOut:
    """
    What may stand next where somebody types a query: fields, values that models have, operators, and models themselves.
    At most 10, the likeliest first; none is no error, and neither is a query that is broken.
    """
    return OffersOut.of(completing.complete(work, actor, q, len(q) if at is None else at))


@router.get(
    "/models/export",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}, "application/json": {}}, "description": "The models."}},
)
@door.streams("model.export")
async def export_models(desk: Desk, asked: Asked, format_: AskedFormat = "csv") -> Response:
    """
    Every model that fits and that the caller may see, in the order of the list, as a file: all of them, however many.
    It is itself an event, recorded before.
    """
    wanted = read_catalogue_filter(asked)
    found = await _measure(desk, wanted)
    await desk.write(lambda work, actor: exporting.begin(work, actor, found, format=format_))
    base_url = desk.door.parts.public_url
    kind_of_text = "text/csv; charset=utf-8; header=present" if format_ == "csv" else "application/json"
    name = f"modelkeep-models-{clock.utc_now().date().isoformat()}.{format_}"
    return StreamingResponse(
        _write_csv(desk, found, base_url) if format_ == "csv" else _write_json(desk, found, base_url),
        media_type=kind_of_text,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.get("/groups", response_model=PageOut[BrowsedOut])
@door.reads("model.read")
def list_groups(
    work: Work, actor: Actor, q: Begun = "", sort: Order = "name", limit: Limit = 50, cursor: Cursor = None
) -> PageOut[BrowsedOut]:
    """Groups of models that the caller may see, with how many are in each. `query` finds them in the catalogue."""
    page = browsing.list_values(work, actor, "group", q, sort=sort, limit=limit, cursor=cursor)
    return PageOut[BrowsedOut].of(page, BrowsedOut.of)


@router.get("/tags", response_model=PageOut[BrowsedOut])
@door.reads("model.read")
def list_tags(
    work: Work, actor: Actor, q: Begun = "", sort: Order = "name", limit: Limit = 50, cursor: Cursor = None
) -> PageOut[BrowsedOut]:
    """Tags of models that the caller may see, with how many have each. `query` finds them in the catalogue."""
    page = browsing.list_values(work, actor, "tag", q, sort=sort, limit=limit, cursor=cursor)
    return PageOut[BrowsedOut].of(page, BrowsedOut.of)


async def _measure(desk: Desk, wanted: CatalogueFilter) -> ModelExport:
    """
    Few at a time, so that they leave threads to everybody else, and one of one person. Raises Unavailable where too
    many wait.
    """
    await desk.read(lambda work, actor: exporting.look_into(work, actor, wanted))
    door, who = desk.door, asking_of(desk.request).actor.pseudonym
    full = "Too many exports of models are being made at this moment."
    with place_among(door.exports, who, of_all=EXPORTS_WAITING, of_one=EXPORTS_OF_ONE, full=full):
        async with door.export_turns.taken(who):
            return await desk.read(lambda work, actor: exporting.measure(work, actor, wanted), among=door.exporting)


async def _runs_of(desk: Desk, found: ModelExport) -> AsyncIterator[tuple[ExportedModel, ...]]:
    for keys in found.runs():
        yield await desk.read(partial(_read_run, keys=keys))


def _read_run(work: Work, actor: Actor, keys: Sequence[int]) -> tuple[ExportedModel, ...]:
    return exporting.read_run(work, actor, keys)


async def _write_csv(desk: Desk, found: ModelExport, base_url: str) -> AsyncIterator[bytes]:
    yield csv_line(COLUMNS).encode()
    async for run in _runs_of(desk, found):
        yield "".join(csv_line(_cells_of(row, base_url)) for row in run).encode("utf-8", "backslashreplace")


async def _write_json(desk: Desk, found: ModelExport, base_url: str) -> AsyncIterator[bytes]:
    before = "[\n"
    async for run in _runs_of(desk, found):
        texts = [ExportedOut.told(row, base_url).model_dump_json(by_alias=True) for row in run]
        if texts:
            yield (before + ",\n".join(texts)).encode("utf-8", "backslashreplace")
            before = ",\n"
    yield b"[]\n" if before == "[\n" else b"\n]\n"


def _cells_of(row: ExportedModel, base_url: str) -> tuple[object, ...]:
    model, newest = row.model, row.newest
    return (
        model.group, model.name, model.id, model.risk_tier.value, model.status.value, model.visibility.value,
        model.origin.value, " ".join(model.owners), " ".join(model.tags), newest.version if newest else None,
        newest.state.value if newest else None, " ".join(row.live), "; ".join(row.frameworks), row.version_count,
        clock.iso_seconds(model.created_at), clock.iso_seconds(model.updated_at),
        f"{base_url}/models/{model.address}", model.description,
    )  # fmt: skip
