"""The values that models have, and which documents have which."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Delete, Row, Select, Text, Update, delete, select, tuple_, update

from modelkeep_server.db.row_lists import given_rows
from modelkeep_server.db.tables import search_postings, search_values
from modelkeep_server.db.work import Work
from modelkeep_server.features.models.views import Visibility
from modelkeep_server.features.search.indexing.changes import Change
from modelkeep_server.features.search.indexing.codes import read_code, split_codes
from modelkeep_server.features.search.indexing.row_writes import BIG, add_rows, keep
from modelkeep_server.features.search.language.fields import FIELDS, Kind

#: Whose turn it is to find or make values and words: nobody else does until all that is committed.
TURN = "search.values"
#: Fields of a few values that are the same everywhere.
_CHOSEN = frozenset(field.letter for field in FIELDS.values() if field.kind is Kind.CHOICE)


def spell(changes: Sequence[Change]) -> dict[tuple[str, str], str]:
    """
    How values are shown: as a model that everybody sees spells them. Those that hidden models alone have are shown as
    their keys, so that no spelling tells whoever has the same value that there is such a model.
    """
    told: dict[tuple[str, str], str] = {}
    for change in changes:
        is_open = change.model.visibility == Visibility.INTERNAL
        for (letter, key), shown in change.values.items():
            if told.get((letter, key), key) == key:
                told[letter, key] = shown if is_open or letter in _CHOSEN else key
    return told


def find_or_make_values(work: Work, wanted: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], int]:
    """
    The numbers of values, by letter and key; `wanted` says how they are shown, where they are shown as their keys so
    far, or new. Up to four statements.
    """
    found = _find_values(work, sorted(wanted))
    new = [(*pair, wanted[pair]) for pair in sorted(set(wanted) - set(found))]
    if new:
        keep(work, search_values, _ADD_VALUES, new)
        found |= _find_values(work, [row[:2] for row in new])
    spelled = [(row.id, wanted[pair]) for pair, row in found.items() if row.shown == row.key != wanted[pair]]
    keep(work, search_values, _SPELL_VALUES, spelled)
    return {pair: row.id for pair, row in found.items()}


def forget_values(work: Work, ids: Sequence[int]) -> None:
    """Take out those of these values that no document has."""
    in_use = select(search_postings.c.doc).where(search_postings.c.value_id == search_values.c.id).exists()
    work.keep(search_values, delete(search_values).where(search_values.c.id.in_(ids), ~in_use))


def write_postings(work: Work, changes: Sequence[Change], facets: Sequence[str]) -> set[str]:
    """Write which documents have which values now. Gives back the codes that were taken off a model."""
    added, moved, removed = list[tuple[int, int]](), list[tuple[int, int, int]](), list[tuple[int, int]]()
    gone = set[str]()
    for change, codes in zip(changes, facets, strict=True):
        has = set(split_codes(codes))
        had = set(split_codes(change.old.facets)) if change.old else set[str]()
        added += [(read_code(code)[1], change.doc) for code in has - had]
        if change.old is None:
            continue
        removed += [(read_code(code)[1], change.old.doc) for code in had - has]
        gone |= had - has
        if change.is_moved:
            moved += [(read_code(code)[1], change.old.doc, change.doc) for code in has & had]
    remove_postings(work, removed)
    keep(work, search_postings, _MOVE_POSTINGS, sorted(moved))
    keep(work, search_postings, _ADD_POSTINGS, sorted(added))
    return gone


def remove_postings(work: Work, had: Iterable[tuple[int, int]]) -> None:
    """Take these values off these documents."""
    keep(work, search_postings, _REMOVE_POSTINGS, sorted(had))


def _find_values(work: Work, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Row[Any]]:
    if not wanted:
        return {}
    return {(row.field, row.key): row for row in work.all(_VALUES, {"rows": wanted})}


def _find_pairs() -> Select[Any]:
    given = given_rows(field=Text(), key=Text())
    same = (search_values.c.field == given.c.field) & (search_values.c.key == given.c.key)
    return select(search_values).join(given, same)


def _spell_values() -> Update:
    given = given_rows(id=BIG, shown=Text())
    return update(search_values).where(search_values.c.id == given.c.id).values(shown=given.c.shown)


def _remove_postings() -> Delete:
    given = given_rows(value_id=BIG, doc=BIG)
    return delete(search_postings).where(
        tuple_(search_postings.c.value_id, search_postings.c.doc).in_(select(given.c.value_id, given.c.doc))
    )


def _move_postings() -> Update:
    given = given_rows(value_id=BIG, old=BIG, new=BIG)
    return (
        update(search_postings)
        .where(search_postings.c.value_id == given.c.value_id, search_postings.c.doc == given.c.old)
        .values(doc=given.c.new)
    )


_VALUES = _find_pairs()
_SPELL_VALUES = _spell_values()
_ADD_VALUES = add_rows(search_values, given_rows(field=Text(), key=Text(), shown=Text()))
_ADD_POSTINGS = add_rows(search_postings, given_rows(value_id=BIG, doc=BIG))
_REMOVE_POSTINGS = _remove_postings()
_MOVE_POSTINGS = _move_postings()
