"""
Writing the catalogue's index anew while it is read and written: batch after batch, each a transaction of its own, in
the order in which models last changed, so that the numbers of documents follow it.

Readers find everything all the while, and writers wait for one batch at most. What was broken off is run again.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from typing import Any, TypeVar

import structlog
from sqlalchemy import BigInteger, Row, bindparam, delete, func, select, text, tuple_, type_coerce

from modelkeep_server.db.engine import Database
from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.tables import models, search_entries, search_models, search_versions, search_words
from modelkeep_server.db.work import Parts, Work
from modelkeep_server.features.search.indexing import works
from modelkeep_server.features.search.indexing.changes import Change, find_change
from modelkeep_server.features.search.indexing.gathering import Gathered, Touched, find_last_document
from modelkeep_server.features.search.indexing.projection import index_models, take_turns
from modelkeep_server.features.search.indexing.sweeping import mend_full_text, sweep
from modelkeep_server.features.search.indexing.writing import remove_documents
from modelkeep_server.rules.errors import Contended

T = TypeVar("T")

log = structlog.get_logger()

BATCH = 500
#: More at a time where the index is filled: it then rewrites fewer of its pages.
FILL_BATCH = 2_000
#: So many models are indexed before a registry opens; more than that, and it serves meanwhile.
FILLED_AT_ONCE = 2_000
#: Whoever waits to write comes in between two batches.
PAUSE_SECONDS = 0.002
_TRIES = 20
_WAIT_SECONDS = 0.5

#: Told how many models are done, of how many, after each batch. What it raises ends the work.
Step = Callable[[int, int], None]


def reindex(database: Database, parts: Parts, step: Step) -> int:
    """Write all documents anew, then take out what stands beside them. Gives back how many models there are."""
    # FTS5 refuses to forget words that it does not hold.
    mend_full_text(database, parts)
    done = _walk(database, parts, _renew, step, BATCH)
    sweep(database, parts)
    return done


def fill(database: Database, parts: Parts, step: Step) -> int:
    """Index the models that the index lacks, or has otherwise than they are; it is in order then."""
    with works.reading(database, parts) as work:
        is_much = count_missing(work) > FILLED_AT_ONCE
    with _loading(database, parts) if is_much and not database.is_sqlite else nullcontext():
        return _walk(database, parts, _Filling().index, step, FILL_BATCH)


def count_missing(work: Work) -> int:
    """How many models the index lacks. No model is ever deleted. One statement."""
    every = select(func.count()).select_from(models).scalar_subquery()
    indexed = select(func.count()).select_from(search_models).scalar_subquery()
    return int(work.scalar(select(every - indexed)))


def is_filled(work: Work) -> bool:
    """Whether the index has every model, and the one that changed last as its last document. Two statements."""
    newest = work.scalar(_NEWEST)
    return count_missing(work) == 0 and newest == work.scalar(select(func.max(search_models.c.doc)))


def fill_few_missing(database: Database, parts: Parts) -> None:
    """Fill the index of a registry that comes from a release with another one, where that is soon done."""
    with works.reading(database, parts) as work:
        is_soon_done = not is_filled(work) and count_missing(work) <= FILLED_AT_ONCE
    if is_soon_done:
        fill(database, parts, lambda *_: None)


class Filler:
    """
    The worker that fills the index of a registry with many models while it serves, and has nothing to do afterwards.

    Where the server stops meanwhile, the next start goes on. Several servers may do so at once.
    """

    name = "search"

    def __init__(self, database: Database, parts: Parts) -> None:
        self._database = database
        self._parts = parts

    def run(self, stop: threading.Event) -> None:
        """Fill what is missing, then wait until `stop` is set."""
        with works.reading(self._database, self._parts) as work:
            missing, is_done = count_missing(work), is_filled(work)
        if not is_done:
            log.info("the catalogue's index is being filled", models=missing)
            began = time.monotonic()

            def demand(*_: int) -> None:
                if stop.is_set():
                    raise _Stopped

            with suppress(_Stopped):
                fill(self._database, self._parts, demand)
                log.info("the catalogue's index is filled", seconds=round(time.monotonic() - began))
        stop.wait()


class _Stopped(Exception):
    """The server ends."""


@contextmanager
def _loading(database: Database, parts: Parts) -> Iterator[None]:
    """
    PostgreSQL alone: have GIN put new words aside and enter them many at a time, in a third of the time. Searches go
    through what was put aside, so that it is not done otherwise.
    """
    _patiently(partial(_put_aside, database, parts, "on"))
    try:
        yield
    finally:
        _patiently(partial(_put_aside, database, parts, "off"))


def _put_aside(database: Database, parts: Parts, value: str) -> None:
    for table, name in ((search_entries, "ix_search_entries_lexemes"), (search_words, "ix_search_words_within")):
        with works.writing(database, parts) as work:
            # The second is not there where the server has no pg_trgm.
            work.keep(table, text(f"ALTER INDEX IF EXISTS {name} SET (fastupdate = {value})"))
            work.scalar(select(func.gin_clean_pending_list(func.to_regclass(name))))


def _walk(
    database: Database, parts: Parts, handle: Callable[[Work, dict[int, int]], None], step: Step, batch: int
) -> int:
    """Hand on all models in the order in which they changed last, those that change meanwhile once more at the end."""
    with works.reading(database, parts) as work:
        total = int(work.scalar(select(func.count()).select_from(models)))
    done, at, key = 0, -1, 0
    while True:
        rows = _patiently(partial(_hand_on, database, parts, handle, {"at": at, "key": key, "count": batch}))
        if not rows:
            return total
        done, at, key = done + len(rows), rows[-1].at, rows[-1].id
        step(min(done, total), total)
        time.sleep(PAUSE_SECONDS)


def _hand_on(
    database: Database, parts: Parts, handle: Callable[[Work, dict[int, int]], None], after: dict[str, int]
) -> Sequence[Row[Any]]:
    with works.writing(database, parts) as work:
        rows = work.all(NEXT, after)
        if rows:
            handle(work, {row.id: row.at for row in rows})
    return rows


def _patiently(job: Callable[[], T]) -> T:
    """Do it, again where others were at the same models and took longer than the database waits."""
    for _ in range(_TRIES - 1):
        try:
            return job()
        except Contended:
            time.sleep(_WAIT_SECONDS)
    return job()


def _renew(work: Work, listed: dict[int, int]) -> None:
    """Write these documents as though the index had none of them."""
    take_turns(work, listed)
    last = find_last_document(work)
    remove_documents(work, listed)
    work.keep(search_versions, _REMOVE_VERSIONS, {"keys": list(listed)})
    index_models(work, Touched(frozenset(listed), is_whole=True), last=last)


class _Filling:
    """Goes through models, and gives another number to those whose document is not after all those before."""

    def __init__(self) -> None:
        self._last = 0

    def index(self, work: Work, listed: dict[int, int]) -> None:
        """Index these models where it needs to be done. `listed` says when they had changed last."""

        def find(gathered: Gathered) -> Change | None:
            model, old = gathered.model, gathered.standing
            if old is not None and model.updated_at != listed[model.key]:
                # Changed since it was listed: it comes again at the end.
                return None
            change = find_change(gathered, is_late=old is not None and old.doc <= self._last)
            self._last = change.doc if change is not None else old.doc if old is not None else self._last
            return change

        index_models(work, Touched(frozenset(listed), is_whole=True), find)


_AT = type_coerce(models.c.updated_at, BigInteger)
#: The next models in the order in which they changed last, and when they did.
NEXT = (
    select(models.c.id, _AT.label("at"))
    .where(tuple_(_AT, models.c.id) > tuple_(bindparam("at", type_=BigInteger), bindparam("key", type_=BigInteger)))
    .order_by(models.c.updated_at, models.c.id)
    .limit(bindparam("count", type_=BigInteger))
)
_NEWEST = select(search_models.c.doc).order_by(search_models.c.updated_at.desc(), search_models.c.doc.desc()).limit(1)
_REMOVE_VERSIONS = delete(search_versions).where(in_keys(search_versions.c.model_id, "keys"))
