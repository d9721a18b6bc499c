"""The numbers of the newest documents that fit: as many as are counted, and one."""

from collections.abc import Iterator
from dataclasses import dataclass

from modelkeep_server.features.search.compiling.pages import COUNTED_MAX
from modelkeep_server.features.search.compiling.starts import Source
from modelkeep_server.features.search.compiling.ways import Search
from modelkeep_server.features.search.language.tree import Node

_MOST = COUNTED_MAX + 1
#: The last document that has other values under the same number.
_RENEWAL = "(SELECT max(id) FROM search_renewals)"


@dataclass(frozen=True)
class Newest:
    """
    Documents with a comma between two, and the last renewal when they were found. Where they came unsorted, older ones
    are among them.
    """

    count: int
    docs: str
    renewal: int


def find_newest(search: Search, node: Node) -> Newest:
    """Of the models that fit. One statement, and more where the database must sort rows and the newest are too few."""
    found, count, renewal = list[str](), 0, 0
    for select in _selects(search.source(node, wanted=COUNTED_MAX, bare=True)):
        told = f"count(*), {search.compiler.join_docs()}, {_RENEWAL}"
        ((more, docs, last),) = search.all(f"SELECT {told} FROM ({select}) AS found")  # noqa: S608 - values are bound
        found += [str(docs)] if docs else []
        count, renewal = count + int(str(more)), int(str(last or 0))
        if count >= _MOST:
            break
    return Newest(count, ",".join(found), renewal)


def _selects(source: Source) -> Iterator[str]:
    columns = f"{source.doc} AS doc"
    if not source.is_gathered:
        yield source.select(columns, _MOST)
        return
    # To sort thousands of rows takes longer there than to hand them on.
    for span in source.spans:
        yield f"SELECT {columns} FROM {source.tables} WHERE {source.where}{span}"  # noqa: S608 - values are bound
