"""Codes on their way from the database to tallies: all that needs numpy, loaded by `counting` when it counts."""

import threading
from collections.abc import Mapping

import numpy as np
from sqlalchemy import BigInteger, Text, bindparam, cast, func, select

from modelkeep_server.db.engine import Database
from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.tables import search_models, search_renewals
from modelkeep_server.db.work import Parts, Work
from modelkeep_server.features.search.compiling.pages import COUNTED_MAX
from modelkeep_server.features.search.facets.newest import Newest
from modelkeep_server.features.search.facets.remembered import BETWEEN, RememberedCodes
from modelkeep_server.features.search.facets.tallies import Numbers, Packed, Tally, pack, tally
from modelkeep_server.features.search.indexing import works

#: So many documents are remembered at a time, before anybody searches for them.
_AHEAD = 5_000


def tally_text(codes: str) -> Mapping[str, Tally]:
    """How often each code stands in a text of codes side by side, by the letter of its field."""
    return tally(pack(codes.encode("ascii")))


def tally_newest(work: Work, found: Newest) -> Mapping[str, Tally]:
    """
    How many of the newest that were found have each value, by the letter of its field. No statement where the codes of
    all of them are remembered, and nothing was renewed.
    """
    docs = _read_docs(found.docs)
    if len(docs) > COUNTED_MAX + 1:
        docs = np.sort(docs)[-COUNTED_MAX - 1 :]
    # What is not committed yet may never be.
    codes = RememberedCodes(0) if work.writes else work.parts.shelf.find(RememberedCodes)
    return tally(_take(work, codes, docs, found.renewal))


def remember_ahead(database: Database, parts: Parts, stop: threading.Event) -> None:
    """Remember the codes of all documents there is room for, from the newest on: the first searches wait for none."""
    codes = parts.shelf.find(RememberedCodes)
    before = 1 << 62
    while codes.has_room and not stop.is_set():
        with works.reading(database, parts) as work:
            docs = [row.doc for row in work.all(_NEXT, {"before": before})]
            if not docs:
                return
            _take(work, codes, np.array(docs, np.int64), work.scalar(_RENEWAL) or 0)
            before = docs[-1]


def _take(work: Work, codes: RememberedCodes, docs: Numbers, renewal: int) -> Packed:
    def read(missing: Numbers) -> tuple[bytes, Numbers]:
        row = work.first(_CODES, {"docs": missing.tolist()})
        assert row is not None
        return (row.codes or "").encode("ascii"), _read_docs(row.docs or "")

    def find_renewed(last: int) -> Numbers:
        return np.array([row.doc for row in work.all(_RENEWED, {"last": last, "renewal": renewal})], np.int64)

    return codes.take(docs, renewal, find_renewed, read)


def _read_docs(told: str) -> Numbers:
    return np.fromstring(told, np.int64, sep=",") if told else np.empty(0, np.int64)


_CODES = select(
    func.aggregate_strings(search_models.c.facets, BETWEEN).label("codes"),
    func.aggregate_strings(cast(search_models.c.doc, Text), ",").label("docs"),
).where(in_keys(search_models.c.doc, "docs"))
_NEXT = (
    select(search_models.c.doc)
    .where(search_models.c.doc < bindparam("before", type_=BigInteger))
    .order_by(search_models.c.doc.desc())
    .limit(_AHEAD)
)
_RENEWAL = select(func.max(search_renewals.c.id))
_RENEWED = select(search_renewals.c.doc).where(
    search_renewals.c.id > bindparam("last", type_=BigInteger),
    search_renewals.c.id <= bindparam("renewal", type_=BigInteger),
)
