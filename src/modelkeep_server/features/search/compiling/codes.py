"""The codes of the newest models that fit, side by side as one text: as many models as are counted and one."""

from collections.abc import Iterator
from dataclasses import dataclass

from modelkeep_server.features.search.compiling.pages import COUNTED_MAX
from modelkeep_server.features.search.compiling.starts import Way
from modelkeep_server.features.search.compiling.ways import Search, Source
from modelkeep_server.features.search.language.tree import Node

_MOST = COUNTED_MAX + 1


@dataclass(frozen=True)
class Codes:
    """The codes of so many models, and the documents of these with a comma between two."""

    models: int
    codes: bytes
    docs: bytes = b""


def read_codes(search: Search, node: Node, column: str, *, with_docs: bool = False) -> Codes:
    """What a column says of the newest models that fit. One statement, and a few where the database must sort them."""
    source = search.source(node, wanted=COUNTED_MAX)
    piece = search.compiler.piece_of(source.doc) if source.way is Way.GATHER else None
    if piece is None:
        rows = [_read_sorted(search, source, column, with_docs=with_docs)]
    else:
        rows = list(_read_pieces(search, node, source, column, piece, with_docs=with_docs))
    models = sum(told.models for told in rows)
    docs = b",".join(told.docs for told in rows)
    return Codes(models, b"".join(told.codes for told in rows), docs)


def _read_sorted(search: Search, source: Source, column: str, *, with_docs: bool, most: int = _MOST) -> Codes:
    counted = source.select(f"{column} AS codes, {source.doc} AS doc", most)
    told = _say_codes(search, "codes", "doc", with_docs=with_docs)
    ((models, codes, docs),) = search.all(f"SELECT {told} FROM ({counted}) AS counted")  # noqa: S608
    return Codes(int(str(models)), _as_bytes(codes), _as_bytes(docs))


def _read_pieces(
    search: Search, node: Node, source: Source, column: str, piece: str, *, with_docs: bool
) -> Iterator[Codes]:
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
            yield Codes(models, _as_bytes(codes), _as_bytes(docs))
            found += models


def _say_codes(search: Search, column: str, doc: str, *, with_docs: bool) -> str:
    join_texts = search.compiler.join_texts
    return f"count(*), {join_texts(column)}, {join_texts(doc, ',') if with_docs else 'NULL'}"


def _as_bytes(told: object) -> bytes:
    return told if isinstance(told, bytes) else str(told or "").encode("ascii")
