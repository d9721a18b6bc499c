"""The codes of the newest models that fit, side by side as one text: as many models as are counted and one."""

from collections.abc import Iterator
from dataclasses import dataclass

from modelkeep_server.features.search.compiling.compiler import FACETS
from modelkeep_server.features.search.compiling.pages import COUNTED_MAX
from modelkeep_server.features.search.compiling.starts import Way
from modelkeep_server.features.search.compiling.ways import Search, Source
from modelkeep_server.features.search.language.tree import Node

_MOST = COUNTED_MAX + 1
#: How many models, their codes, their documents.
_Read = tuple[int, bytes, bytes]


@dataclass(frozen=True)
class Codes:
    """The codes of so many models, out of this column, and the documents of these with a comma between two."""

    column: str
    models: int
    codes: bytes
    docs: bytes


def read_codes(search: Search, node: Node, letter: str = "", *, with_docs: bool = False) -> Codes:
    """
    Of the newest models that fit; where a letter is given, those of its field at least. One statement, and a few where
    the database must sort rows.
    """
    source = search.source(node, wanted=COUNTED_MAX, counts=True)
    column = search.compiler.codes_of(source.tables)
    told = search.compiler.code_in_facets(letter) if letter and column == FACETS else f"search_models.{column}"
    piece = search.compiler.piece_of(source.doc) if source.way is Way.GATHER else None
    if piece is None:
        rows = [_read_sorted(search, source, told, with_docs=with_docs)]
    else:
        rows = list(_read_pieces(search, node, source, told, piece, with_docs=with_docs))
    models, codes, docs = zip(*rows, strict=True) if rows else ((), (), ())
    return Codes(column, sum(models), b"".join(codes), b",".join(docs))


def _read_sorted(search: Search, source: Source, column: str, *, with_docs: bool, most: int = _MOST) -> _Read:
    counted = source.select(f"{column} AS codes, {source.doc} AS doc", most)
    told = _say_codes(search, "codes", "doc", with_docs=with_docs)
    ((models, codes, docs),) = search.all(f"SELECT {told} FROM ({counted}) AS counted")  # noqa: S608
    return int(str(models)), _as_bytes(codes), _as_bytes(docs)


def _read_pieces(
    search: Search, node: Node, source: Source, column: str, piece: str, *, with_docs: bool
) -> Iterator[_Read]:
    """
    Piece by piece of documents, from the newest: to sort thousands of rows takes longer than to find them. Of the piece
    that has more than are wanted, the newest are read apart.
    """
    found = 0
    told = _say_codes(search, "codes", "doc", with_docs=with_docs)
    columns = f"{piece} AS piece, {column} AS codes, {source.doc} AS doc"
    for span in source.spans:
        # OFFSET keeps from the planner of how many documents these are pieces: it would sort by them.
        pieces = f"SELECT {columns} FROM {source.tables} WHERE {source.where}{span} OFFSET 0"  # noqa: S608
        rows = search.all(f"SELECT piece, {told} FROM ({pieces}) AS pieces GROUP BY piece")  # noqa: S608
        for number, count, codes, docs in sorted(rows, key=lambda row: -int(str(row[0]))):
            models, wanted = int(str(count)), _MOST - found
            if models > wanted:
                within = search.source_within(node, int(str(number)))
                yield _read_sorted(search, within, column, with_docs=with_docs, most=wanted)
                return
            yield models, _as_bytes(codes), _as_bytes(docs)
            found += models


def _say_codes(search: Search, column: str, doc: str, *, with_docs: bool) -> str:
    join_texts = search.compiler.join_texts
    return f"count(*), {join_texts(column)}, {join_texts(doc, ',') if with_docs else 'NULL'}"


def _as_bytes(told: object) -> bytes:
    return told if isinstance(told, bytes) else str(told or "").encode("ascii")
