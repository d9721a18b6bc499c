"""Whether the catalogue's index is what it would be if it were written anew. Nothing is changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Row, ScalarSelect, Select, Table, Text, and_, func, select
from sqlalchemy.types import TypeEngine

from modelkeep_server.db.engine import Database
from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.row_lists import given_rows
from modelkeep_server.db.tables import (
    models,
    search_models,
    search_postings,
    search_texts,
    search_values,
    search_words,
)
from modelkeep_server.db.work import Parts, Work
from modelkeep_server.features.search.indexing import works
from modelkeep_server.features.search.indexing.changes import find_change
from modelkeep_server.features.search.indexing.codes import CODE_CHARS, read_code, split_codes
from modelkeep_server.features.search.indexing.documents import list_values, write_texts
from modelkeep_server.features.search.indexing.gathering import Gathered, Touched, read_models, read_versions
from modelkeep_server.features.search.indexing.reindexing import BATCH, NEXT, Step
from modelkeep_server.features.search.indexing.sweeping import is_full_text_sound
from modelkeep_server.features.search.indexing.texts import PLACES
from modelkeep_server.features.search.indexing.writing import narrow

#: So many models are named.
NAMED_MAX = 20


@dataclass(frozen=True)
class Checked:
    """How many models were looked at, the addresses of some that the index has otherwise, and what else is wrong."""

    models: int
    differing: int
    named: tuple[str, ...]
    faults: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found."""
        return not self.differing and not self.faults


def check(database: Database, parts: Parts, step: Step) -> Checked:
    """
    Look at every model. What is written meanwhile is right on either side of it.

    On SQLite nobody can write while the full-text index is checked, some ten seconds for a million models.
    """
    with works.reading(database, parts) as work:
        total = int(work.scalar(select(func.count()).select_from(models)))
    done, at, key = 0, -1, 0
    differing: list[str] = []
    while True:
        with works.reading(database, parts) as work:
            rows = work.all(NEXT, {"at": at, "key": key, "count": BATCH})
            if rows:
                differing += _find_differing(work, [row.id for row in rows])
        if not rows:
            break
        done, at, key = done + len(rows), rows[-1].at, rows[-1].id
        step(min(done, total), total)
    with works.reading(database, parts) as work:
        faults = _count_strays(work)
    with (works.writing if database.is_sqlite else works.reading)(database, parts) as work:
        if not is_full_text_sound(work):
            faults.append("The full-text index holds other words than the documents.")
    return Checked(done, len(differing), tuple(differing[:NAMED_MAX]), tuple(faults))


def _find_differing(work: Work, keys: Sequence[int]) -> list[str]:
    outdated = {row["model_id"] for row in read_versions(work, Touched(frozenset(keys), is_whole=True))}
    stored = {row.model_id: row for row in work.all(_STORED, {"keys": keys})}
    gathered = read_models(work, keys)
    kept = _Kept(work, gathered)
    return [
        f"{one.model.group}/{one.model.name}"
        for one in gathered
        if one.model.key in outdated or find_change(one) is not None or not kept.fits(one, stored[one.model.key])
    ]


class _Kept:
    """Values, postings and words of some documents, as the index has them."""

    def __init__(self, work: Work, gathered: Sequence[Gathered]) -> None:
        standings = [one.standing for one in gathered if one.standing is not None]
        had = [(read_code(code)[1], one.doc) for one in standings for code in split_codes(one.facets)]
        values = work.all(_VALUES, {"keys": {value for value, _ in had}})
        self._postings = {tuple(row) for row in work.all(_POSTINGS, {"rows": had})}
        self._values = {row.id: (row.field, row.key) for row in values}
        self._texts = {one.model.key: write_texts(one.model) for one in gathered}
        words = {(word,) for texts in self._texts.values() for word, _ in texts.words}
        kept = {(row.word, bool(row.in_name)) for row in work.all(_WORDS, {"rows": sorted(words)})}
        # That a name held it once is no fault.
        self._words = kept | {(word, False) for word, _ in kept}

    def fits(self, one: Gathered, stored: Row[Any]) -> bool:
        """Whether the rows of a model are those that it should have."""
        texts, had = self._texts[one.model.key], [read_code(code)[1] for code in split_codes(stored.facets)]
        return (
            {self._values.get(value) for value in had} == set(list_values(one.model))
            and all((value, stored.doc) in self._postings for value in had)
            and texts.places == tuple(stored[-len(PLACES) :])
            and texts.words <= self._words
            and narrow(one.model) == tuple(stored[1:7])
        )


def _count_strays(work: Work) -> list[str]:
    """What is there beside the documents of models, and models that are not."""
    row = work.first(_COUNTS)
    assert row is not None
    wrong = {
        "models without a document": row.models_count - row.documents,
        "texts too many": row.texts - row.documents,
        "postings too many": row.postings - row.facets_chars // CODE_CHARS,
    }
    return [f"{count:,} {what}." for what, count in wrong.items() if count]


_STORED = (
    select(search_models, *(search_texts.c[name] for name in PLACES))
    .outerjoin(search_texts, search_texts.c.doc == search_models.c.doc)
    .where(in_keys(search_models.c.model_id, "keys"))
)
_VALUES = select(search_values.c.id, search_values.c.field, search_values.c.key).where(
    in_keys(search_values.c.id, "keys")
)


def _among(table: Table, **columns: TypeEngine[Any]) -> Select[Any]:
    given = given_rows(**columns)
    same = and_(*(table.c[name] == given.c[name] for name in columns))
    return select(*(table.c[name] for name in columns)).join(given, same)


_POSTINGS = _among(search_postings, value_id=BigInteger(), doc=BigInteger())
_WORDS = _among(search_words, word=Text()).add_columns(search_words.c.in_name)


def _count(table: Table) -> ScalarSelect[int]:
    return select(func.count()).select_from(table).scalar_subquery()


_COUNTS = select(
    _count(models).label("models_count"),
    _count(search_models).label("documents"),
    _count(search_texts).label("texts"),
    _count(search_postings).label("postings"),
    select(func.coalesce(func.sum(func.length(search_models.c.facets)), 0)).scalar_subquery().label("facets_chars"),
)
