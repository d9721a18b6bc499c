"""What a search gives: pages of models in an order, how many there are, and whether one model is among them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from modelkeep_server.features.search.compiling.ranking import LIVE, Position, is_ranked, select_ranked, steps_of
from modelkeep_server.features.search.compiling.starts import Source
from modelkeep_server.features.search.compiling.ways import Search
from modelkeep_server.features.search.language.tree import Node

#: Counting ends here.
COUNTED_MAX = 10_000


@dataclass(frozen=True)
class Order:
    """How rows are sorted: by columns of `search_models`, all rising or all falling; `doc` of the way that is taken."""

    columns: tuple[str, ...]
    is_falling: bool = True


RELEVANCE = "relevance"
ORDERS = {
    "updated": Order(("doc",)),
    "created": Order(("created_at", "model_id")),
    "name": Order(("path_key",), is_falling=False),
}


@dataclass(frozen=True)
class Row:
    """A model that fits, and where it stands in the order, for the cursor behind it."""

    model_key: int
    position: tuple[int | str, ...]


def list_rows(
    search: Search, sort: str, *, limit: int, after: Sequence[int | str] | None = None, counted: bool = True
) -> tuple[list[Row], int | None]:
    """
    So many models from behind a position, and how many fit in all: `COUNTED_MAX` and one for more than that, None where
    it was not counted. A statement, a look beside it where the way must be chosen, one more where a rank has fewer than
    it seemed, and one to count behind the end.
    """
    look_at(search, sort)
    rows, total = list[Row](), None
    for page in _select_page(search, sort, limit, after):
        counts = counted and total is None
        also = f", ({_select_count(search)}) AS total" if counts else ""
        told = search.all(f"SELECT page.*{also} FROM ({page}) AS page")  # noqa: S608 - values are bound
        if counts and told:
            total = int(str(told[0][-1]))
        rows += [Row(int(str(row[0])), _position(row[1:-1] if counts else row[1:])) for row in told]
        if len(rows) >= limit:
            break
    if counted and total is None:
        total = 0 if after is None else count(search)
    return rows[:limit], total


def look_at(search: Search, sort: str, also: Sequence[Node] = ()) -> None:
    """Look at the newest models before the way is chosen, for other trees as well. One statement at most."""
    search.shares.look([search.node, *(([*steps_of(search.node), LIVE]) if sort == RELEVANCE else []), *also])


def sort_of(node: Node, sort: str) -> str:
    """The sort that was asked for, or what suits the query: by relevance where there is a text to be relevant to."""
    return sort or (RELEVANCE if is_ranked(node) else "updated")


def count(search: Search) -> int:
    """How many models fit: `COUNTED_MAX` and one for more than that. One statement."""
    return int(str(search.all(_select_count(search))[0][0]))


def is_among(search: Search, model_key: int) -> bool:
    """Whether this model fits, and is seen. One statement."""
    compiler = search.compiler
    is_it = f"search_models.model_id = {compiler.binds.of(model_key)}"
    where = f"{is_it} AND {compiler.visible} AND {compiler.test(search.node)}"
    return bool(search.all(f"SELECT 1 FROM {compiler.with_texts('search_models', where)} WHERE {where}"))  # noqa: S608


def _select_count(search: Search) -> str:
    source = search.source(search.node, wanted=COUNTED_MAX, bare=True)
    told = source.select("1", COUNTED_MAX + 1, is_sorted=False)
    return f"SELECT count(*) FROM ({told}) AS counted"  # noqa: S608 - values are bound


def _select_page(search: Search, sort: str, limit: int, after: Sequence[int | str] | None) -> Iterator[str]:
    if sort == RELEVANCE:
        position: Position | None = None if after is None else [int(one) for one in after]
        yield from select_ranked(search, limit, position)
    else:
        yield _select_sorted(search, sort, limit, after)


def _select_sorted(search: Search, sort: str, limit: int, after: Sequence[int | str] | None) -> str:
    order = ORDERS[sort]
    newest_first = sort == "updated"
    source = search.source(
        search.node, wanted=limit, newest_first=newest_first, before=after[0] if after and newest_first else None
    )
    columns = [_column(source, column) for column in order.columns]
    beyond = ""
    if after is not None:
        sign = "<" if order.is_falling else ">"
        at = ", ".join(search.compiler.binds.of(one) for one in after)
        # A row of one value is none to PostgreSQL, and a list to SQLite.
        beyond = f" AND {columns[0]} {sign} {at}" if len(columns) == 1 else f" AND ({', '.join(columns)}) {sign} ({at})"
    by = ", ".join(f"{column} DESC" if order.is_falling else column for column in columns)
    places = ", ".join(f"{column} AS place{number}" for number, column in enumerate(columns))
    told = f"search_models.model_id AS model_key, {places}"
    if newest_first:
        return source.select(told, limit, beyond)
    return f"SELECT {told} FROM {source.tables} WHERE {source.where}{beyond} ORDER BY {by} LIMIT {limit}"  # noqa: S608


def _column(source: Source, column: str) -> str:
    return source.doc if column == "doc" else f"search_models.{column}"


def _position(values: Sequence[object]) -> tuple[int | str, ...]:
    return tuple(value if isinstance(value, int | str) else str(value) for value in values)
