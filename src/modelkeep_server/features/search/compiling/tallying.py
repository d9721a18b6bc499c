"""Codes on their way from the database to tallies: all that needs numpy, loaded by `counting` when it counts."""

from collections.abc import Mapping

import numpy as np

from modelkeep_server.features.search.compiling.newest import Newest, as_bytes
from modelkeep_server.features.search.compiling.pages import COUNTED_MAX
from modelkeep_server.features.search.compiling.remembered import BETWEEN, RememberedCodes
from modelkeep_server.features.search.compiling.tallies import Numbers, Packed, Tally, pack, tally
from modelkeep_server.features.search.compiling.ways import Search


def tally_text(codes: str) -> Mapping[str, Tally]:
    """How often each code stands in a text of codes side by side, by the letter of its field."""
    return tally(pack(codes.encode("ascii")))


def tally_newest(search: Search, found: Newest) -> Mapping[str, Tally]:
    """
    How many of the newest that were found have each value, by the letter of its field. No statement where the codes of
    all of them are remembered, and nothing was renewed.
    """
    docs = _read_docs(found.docs)
    if len(docs) > COUNTED_MAX + 1:
        docs = np.sort(docs)[-COUNTED_MAX - 1 :]
    return tally(_take_codes(search, docs, found.renewal))


def _take_codes(search: Search, docs: Numbers, renewal: int) -> Packed:
    def read(missing: Numbers) -> tuple[bytes, Numbers]:
        compiler = search.compiler
        told = f"{compiler.join_texts('facets', BETWEEN)}, {compiler.join_texts('doc', ',')}"
        among = compiler.docs_among(",".join(map(str, missing.tolist())))
        ((codes, read_docs),) = search.all(f"SELECT {told} FROM search_models WHERE doc IN ({among})")  # noqa: S608
        return as_bytes(codes), _read_docs(as_bytes(read_docs))

    def find_renewed(last: int) -> Numbers:
        since, upto = search.compiler.binds.of(last), search.compiler.binds.of(renewal)
        rows = search.all(f"SELECT doc FROM search_renewals WHERE id > {since} AND id <= {upto}")  # noqa: S608
        return np.array([row[0] for row in rows], np.int64)

    if search.work.writes:
        # What is not committed yet may never be.
        return RememberedCodes(0).take(docs, renewal, find_renewed, read)
    return search.work.parts.shelf.find(RememberedCodes).take(docs, renewal, find_renewed, read)


def _read_docs(told: bytes) -> Numbers:
    return np.fromstring(told.decode("ascii"), np.int64, sep=",") if told else np.empty(0, np.int64)
