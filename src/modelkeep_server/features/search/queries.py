"""The catalogue: models that fit what was asked and that the actor may see, page by page, with counts beside them."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict

from sqlalchemy import func, select

from modelkeep_server.db.tables import models
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.visibility import visible_to
from modelkeep_server.features.search.asking import read_filter
from modelkeep_server.features.search.compiling import pages
from modelkeep_server.features.search.compiling.ranking import LIVE
from modelkeep_server.features.search.compiling.ways import Search
from modelkeep_server.features.search.facets import counting
from modelkeep_server.features.search.language.tree import Everything, Node
from modelkeep_server.features.search.rows import read_shown
from modelkeep_server.features.search.views import CatalogueFilter, CataloguePage, Facet
from modelkeep_server.kit.paging import DEFAULT_LIMIT
from modelkeep_server.rules.errors import FieldError, Invalid, TookTooLong
from modelkeep_server.rules.saved_searches import SORTS

#: How long the database may work on one question.
SECONDS_MAX = 2.0
#: The same for what is only asked beside it, and is left out where it takes longer.
GLANCE_SECONDS = 0.5
_STREAMED_ROWS = 5_000


def list_models(
    work: Work,
    actor: Actor,
    asked: CatalogueFilter,
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    facets: bool = False,
) -> CataloguePage:
    """
    One page of the catalogue. At most four statements, and three more where facets are counted beside it.

    Raises:
        QueryMistake: The query cannot be read.
        Invalid: An unknown sort, tier, status or state.
        CursorRefused: The cursor is foreign, edited, or of another filter or sort.
        TookTooLong: More than the database may work on one question.
    """
    node, sort = _read(work, asked)
    filters = _as_mapping(asked)
    after = work.parts.cursors.read(cursor, filters) if cursor else None
    with work.hurried(SECONDS_MAX):
        search = Search(work, actor, node, beside=[LIVE] if sort == pages.RELEVANCE else ())
        pages.look_at(search, sort, counting.trees_counted(search.node) if facets else ())
        counts = counting.count_values(search) if facets else None
        rows, total = pages.list_rows(search, sort, limit=limit + 1, after=after, counted=counts is None)
        # Planned like the search: PostgreSQL would else read all models for these few.
        items = read_shown(work, actor, [row.model_key for row in rows[:limit]])
        named = () if counts is None else _name(work, counts)
    total = total if counts is None else counts.models
    return CataloguePage(
        items=items,
        next_cursor=work.parts.cursors.make(rows[limit - 1].position, filters) if len(rows) > limit else None,
        total=min(total or 0, pages.COUNTED_MAX),
        is_capped=(total or 0) > pages.COUNTED_MAX,
        sort=sort,
        facets=named,
    )


def glance(work: Work, actor: Actor, text: str) -> CataloguePage | None:
    """One of the models that fit a query, and how many do; None where that is not known soon. Raises QueryMistake."""
    try:
        with work.hurried(GLANCE_SECONDS, apart=True):
            return list_models(work, actor, CatalogueFilter(text=text), limit=1)
    except TookTooLong:
        return None


def matches(work: Work, actor: Actor, node: Node, model_key: int) -> bool:
    """Whether a query finds this model for the actor. At most two statements."""
    return pages.is_among(Search(work, actor, node), model_key)


def stream_keys(work: Work, actor: Actor, asked: CatalogueFilter) -> Iterator[int]:
    """The inside ids of all that is found, in its order, however much that is. Raises as `list_models`, once read."""
    node, sort = _read(work, asked)
    search = Search(work, actor, node, beside=[LIVE] if sort == pages.RELEVANCE else ())
    after = None
    while True:
        rows, _ = pages.list_rows(search, sort, limit=_STREAMED_ROWS, after=after, counted=False)
        yield from (row.model_key for row in rows)
        if len(rows) < _STREAMED_ROWS:
            return
        after = rows[-1].position


def demand_readable(work: Work, asked: CatalogueFilter) -> None:
    """Raises what `list_models` would of a filter that cannot be read. No statement."""
    _read(work, asked)


def count_models(work: Work, actor: Actor) -> int:
    """How many models the actor can see. One statement."""
    return int(work.scalar(select(func.count()).select_from(models).where(visible_to(actor))))


def list_groups(work: Work, actor: Actor, *, limit: int = 100) -> tuple[tuple[str, int], ...]:
    """The groups of the newest models the actor sees, with how many each holds, the fullest first. Two statements."""
    counts = counting.count_values(Search(work, actor, Everything()))
    named = counting.name_values(work, counts, ["group"], limit)
    return tuple((told.shown, told.count) for told in named["group"])


def _read(work: Work, asked: CatalogueFilter) -> tuple[Node, str]:
    if asked.sort and asked.sort not in SORTS:
        raise Invalid.of([FieldError("sort", f"Choose one of {', '.join(SORTS)}.")])
    node = read_filter(asked, work.now)
    return node, pages.sort_of(node, asked.sort)


def _name(work: Work, counts: counting.Counts) -> tuple[Facet, ...]:
    named = counting.name_values(work, counts, counting.COUNTED_FIELDS, counting.SHOWN_MAX)
    return tuple(
        Facet(
            field,
            values,
            others=counts.others_than(field, len(values)),
            is_capped=counts.models > pages.COUNTED_MAX,
        )
        for field, values in named.items()
    )


def _as_mapping(asked: CatalogueFilter) -> Mapping[str, object]:
    return {"list": "models", **asdict(asked)}
