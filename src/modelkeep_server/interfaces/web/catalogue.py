"""The catalogue: where is the model I need?"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from time import perf_counter
from typing import Annotated

from fastapi import Query, Request

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.search import queries as search
from modelkeep_server.features.search.language.editing import clauses, remove_span
from modelkeep_server.features.search.language.mistakes import QueryMistake
from modelkeep_server.features.search.language.reading import read_query
from modelkeep_server.features.search.language.tree import Everything, Node
from modelkeep_server.features.search.likening.meant import find_meant
from modelkeep_server.features.search.views import CatalogueFilter
from modelkeep_server.interfaces.web.contexts.catalogue import (
    PAGE_ROWS,
    Blame,
    CatalogueContext,
    PagePosition,
    QueryFault,
    Suggestion,
    read_address,
    say_models,
)
from modelkeep_server.interfaces.web.face import Cursor, Redirect, door, make_router
from modelkeep_server.interfaces.web.facets import draw_facets, draw_spans
from modelkeep_server.interfaces.web.folding import FOLDED_FILTERS, fold_filters
from modelkeep_server.interfaces.web.forms import href_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.interfaces.web.searches import read_menu
from modelkeep_server.rules.digests import find_digest

router = make_router()

SORT_CHARS_MAX = 40
#: Of a query that nothing fits: how many terms are tried without each.
BLAMED_MAX = 6
#: A search that took this long is not asked again without each of its terms.
CHEAP_MS = 200

Before = Annotated[int, Query(ge=0, le=100_000_000)]


@dataclass(frozen=True)
class _Asked:
    """What the address asks for. `fault` where the query cannot be read; `meant` is then what it probably meant."""

    query: str
    sort: str
    meant: str | None
    node: Node
    fault: QueryFault | None = None

    def href(self, query: str) -> str:
        """The first page of another query, sorted alike."""
        said = {"q": query.strip(), "sort": self.sort}
        return href_of("/models", {name: value for name, value in said.items() if value})


@router.get("/models")
@door.reads("model.read")
def show_catalogue(
    work: Work, actor: Actor, request: Request, cursor: Cursor = "", trail: Cursor = "", before: Before = 0
) -> Page | Redirect:
    """
    Where is the model I need? Whoever searches for a SHA-256 is led to the files that have it.

    The query in the address is the truth: an address that filters by names of its own is led to the query that says so.
    """
    given = request.query_params
    digest = find_digest(given.get("q", ""))
    if digest is not None:
        return Redirect(f"/digests/{digest}")
    if any(given.get(name, "").strip() for name in FOLDED_FILTERS):
        told = {"q": fold_filters(given), "sort": given.get("sort", "")}
        return Redirect(href_of("/models", {name: value for name, value in told.items() if value}))
    asked = _read(given, work.now)
    unknown_sort = "" if asked.sort else given.get("sort", "")[:SORT_CHARS_MAX]
    drawn = CatalogueContext(
        query=asked.query, sort=asked.sort, unknown_sort=unknown_sort, node=asked.node, fault=asked.fault
    )
    drawn = replace(drawn, saved=read_menu(work, actor, asked.query, asked.sort))
    if asked.meant is None:
        return Page.of(drawn)
    position = PagePosition(cursor, tuple(trail.split()), before) if cursor else PagePosition()
    return Page.of(_find(work, actor, asked, replace(drawn, position=position)))


def _read(given: Mapping[str, str], now: datetime) -> _Asked:
    query, sort = read_address(given)
    asked = _Asked(query, sort, query, Everything())
    try:
        return replace(asked, node=read_query(query, now=now))
    except QueryMistake as mistake:
        meant = mistake.suggestion
        fault = QueryFault.of(query, mistake, asked.href(meant or ""))
    try:
        return replace(asked, meant=meant, node=read_query(meant, now=now) if meant else Everything(), fault=fault)
    except QueryMistake:
        return replace(asked, meant=None, fault=fault)


def _find(work: Work, actor: Actor, asked: _Asked, drawn: CatalogueContext) -> CatalogueContext:
    meant = asked.meant or ""
    wanted = CatalogueFilter(text=meant, sort=asked.sort)
    started = perf_counter()
    rows = search.list_models(work, actor, wanted, limit=PAGE_ROWS, cursor=drawn.position.cursor or None, facets=True)
    took_ms = round((perf_counter() - started) * 1000)
    drawn = replace(
        drawn,
        rows=rows,
        took_ms=took_ms,
        facets=draw_facets(meant, asked.node, rows.facets, asked.href),
        spans=draw_spans(meant, asked.href),
    )
    if rows.items:
        return drawn
    if search.count_models(work, actor) == 0:
        return replace(drawn, registry_empty=True)
    blames = _blame(work, actor, asked) if took_ms < CHEAP_MS else ()
    nearest = tuple(Suggestion(one, asked.href(one.query)) for one in find_meant(work, actor, meant, asked.node))
    return replace(drawn, blames=blames, nearest=nearest)


def _blame(work: Work, actor: Actor, asked: _Asked) -> tuple[Blame, ...]:
    """The terms without which something fits, those first that most fits without."""
    query = asked.meant or ""
    said = clauses(query)
    if not 1 < len(said) <= BLAMED_MAX:
        return ()
    fits: list[tuple[int, Blame]] = []
    for one in said:
        rest = remove_span(query, one.span)
        found = search.glance(work, actor, rest)
        if found is not None and found.total:
            words = query[one.span.start : one.span.end]
            fits.append((found.total, Blame(words, say_models(found), asked.href(rest))))
    return tuple(blame for _, blame in sorted(fits, key=lambda pair: -pair[0]))
