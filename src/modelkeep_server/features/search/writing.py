"""
Writing documents into the index by what differs: nothing where a model is as it was, and where it only changed later
than it did, no more than another number for the same rows.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, bindparam, delete, insert, select, text, tuple_, update

from modelkeep_server.db.tables import (
    search_index,
    search_models,
    search_postings,
    search_texts,
    search_values,
    search_words,
)
from modelkeep_server.db.work import Work
from modelkeep_server.features.search.codes import code_of, read_code, split_codes
from modelkeep_server.features.search.documents import (
    digest_facts,
    digest_texts,
    list_values,
    write_texts,
)
from modelkeep_server.features.search.gathering import Gathered, ModelFacts, Standing
from modelkeep_server.features.search.language.fields import FIELDS

#: Whose turn it is to find or make values and words: nobody else does until all that is committed.
TURN = "search.values"
_OWNER = FIELDS["owner"].letter
_HALF = 32


@dataclass(frozen=True)
class Change:
    """What is to be written of one model. `old` is what the index has, `doc` the number its document shall have."""

    model: ModelFacts
    old: Standing | None
    doc: int
    digest: str
    values: Mapping[tuple[str, str], str]

    @property
    def is_moved(self) -> bool:
        """Whether its document takes another number."""
        return self.old is None or self.old.doc != self.doc

    @property
    def has_other_texts(self) -> bool:
        """Whether its words are others."""
        return self.old is None or self.old.digest[:_HALF] != self.digest[:_HALF]

    @property
    def has_other_values(self) -> bool:
        """Whether its values, or how far it is seen, are others."""
        return self.old is None or self.old.digest[_HALF:] != self.digest[_HALF:]


def find_change(gathered: Gathered, *, is_late: bool = False) -> Change | None:
    """
    What is to be written of a model, or None where the index has it as it is.

    Args:
        is_late: Its document shall take another number even where it did not change.
    """
    model, old = gathered.model, gathered.standing
    values = list_values(model)
    digest = digest_texts(model) + digest_facts(model, values)
    is_moved = is_late or old is None or old.updated_at != model.updated_at
    if not is_moved and old is not None and old.digest == digest:
        return None
    doc = gathered.next_doc if is_moved or old is None else old.doc
    return Change(model, old, doc, digest, values)


def write_changes(work: Work, changes: Sequence[Change]) -> None:
    """Write all that is different of these models. Each table takes one statement of a kind, however many they are."""
    if not changes:
        return
    renewed = [change for change in changes if change.has_other_values]
    if any(change.has_other_texts or change.has_other_values for change in changes):
        work.take_turn(TURN)
    ids = find_or_make_values(work, {pair: shown for change in renewed for pair, shown in change.values.items()})
    facets = [_facets_of(change, ids) for change in changes]
    _write_models(work, changes, facets)
    gone = _write_postings(work, changes, facets)
    _write_texts(work, changes)
    if owners := [value for letter, value in map(read_code, gone) if letter == _OWNER]:
        forget_values(work, owners)


def find_or_make_values(work: Work, wanted: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], int]:
    """The numbers of values, by letter and key; `wanted` says how they are shown. Up to three statements."""
    if not wanted:
        return {}
    found = _find_values(work, wanted)
    new = [{"field": field, "key": key, "shown": wanted[field, key]} for field, key in sorted(set(wanted) - set(found))]
    if new:
        work.keep(search_values, _ADD[search_values], new)
        found |= _find_values(work, [(row["field"], row["key"]) for row in new])
    return found


def forget_values(work: Work, ids: Sequence[int]) -> None:
    """Take out those of these values that no document has."""
    in_use = select(search_postings.c.doc).where(search_postings.c.value_id == search_values.c.id).exists()
    work.keep(search_values, delete(search_values).where(search_values.c.id.in_(ids), ~in_use))


def _find_values(work: Work, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    rows = work.all(_VALUES, {"pairs": list(wanted)})
    return {(row.field, row.key): row.id for row in rows}


def _facets_of(change: Change, ids: Mapping[tuple[str, str], int]) -> str:
    if change.old is not None and not change.has_other_values:
        return change.old.facets
    return "".join(sorted(code_of(pair[0], ids[pair]) for pair in change.values))


def _write_models(work: Work, changes: Sequence[Change], facets: Sequence[str]) -> None:
    new, changed = [], []
    for change, codes in zip(changes, facets, strict=True):
        row = {
            "doc": change.doc,
            "path_key": change.model.path_key,
            "name_key": write_texts(change.model).name,
            "visibility": change.model.visibility,
            "created_at": change.model.created_at,
            "updated_at": change.model.updated_at,
            "facets": codes,
            "digest": change.digest,
        }
        if change.old is None:
            new.append({"model_id": change.model.key, **row})
        else:
            changed.append({"of_model": change.model.key, **row})
    _keep(work, search_models, _ADD[search_models], new)
    _keep(work, search_models, _CHANGE_MODEL, changed)


def _write_postings(work: Work, changes: Sequence[Change], facets: Sequence[str]) -> set[str]:
    """Gives back the codes that were taken off a model."""
    added, moved, removed, gone = [], [], [], set[str]()
    for change, codes in zip(changes, facets, strict=True):
        has, had = set(split_codes(codes)), set(split_codes(change.old.facets if change.old else ""))
        added += [{"value_id": read_code(code)[1], "doc": change.doc} for code in has - had]
        if change.old is not None:
            removed += [{"of_value": read_code(code)[1], "old": change.old.doc} for code in had - has]
            gone |= had - has
            if change.is_moved:
                kept = sorted(has & had)
                moved += [{"of_value": read_code(code)[1], "old": change.old.doc, "doc": change.doc} for code in kept]
    _keep(work, search_postings, _REMOVE_POSTING, removed)
    _keep(work, search_postings, _MOVE_POSTING, moved)
    _keep(work, search_postings, _ADD[search_postings], sorted(added, key=lambda row: (row["value_id"], row["doc"])))
    return gone


def _write_texts(work: Work, changes: Sequence[Change]) -> None:
    new, moved, rewritten = [], [], []
    words = set[str]()
    for change in changes:
        if change.old is not None and not change.has_other_texts:
            if change.is_moved:
                moved.append({"old": change.old.doc, "doc": change.doc})
            continue
        texts = write_texts(change.model)
        words |= texts.words
        row = {"doc": change.doc, **vars(texts)}
        if change.old is None:
            new.append(row)
        else:
            rewritten.append({"old": change.old.doc, **row})
    outdated = [{"old": row["old"]} for row in (*moved, *rewritten)]
    if work.dialect == "sqlite":
        _keep(work, search_index, _UNINDEX, outdated)
    _keep(work, search_texts, _CHANGE_TEXT, moved)
    _keep(work, search_texts, _CHANGE_TEXT, rewritten)
    _keep(work, search_texts, _ADD[search_texts], new)
    if work.dialect == "sqlite":
        _keep(work, search_index, _INDEX, [{"doc": row["doc"]} for row in (*moved, *rewritten, *new)])
    if words:
        adding = work.upsert(search_words).on_conflict_do_nothing()
        work.keep(search_words, adding, [{"word": word} for word in sorted(words)])


def _keep(work: Work, table: Table, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        work.keep(table, statement, rows)


_ADD = {table: insert(table) for table in (search_models, search_postings, search_texts, search_values)}
_VALUES = select(search_values.c.id, search_values.c.field, search_values.c.key).where(
    tuple_(search_values.c.field, search_values.c.key).in_(bindparam("pairs", expanding=True))
)
# Which columns these set, their rows say.
_CHANGE_MODEL = update(search_models).where(search_models.c.model_id == bindparam("of_model"))
_OF_POSTING = (
    search_postings.c.value_id == bindparam("of_value"),
    search_postings.c.doc == bindparam("old"),
)
_REMOVE_POSTING = delete(search_postings).where(*_OF_POSTING)
_MOVE_POSTING = update(search_postings).where(*_OF_POSTING)
_CHANGE_TEXT = update(search_texts).where(search_texts.c.doc == bindparam("old"))
# FTS5 has no copy of the words: what it forgets, it must be told once more.
_UNINDEX = text(
    "INSERT INTO search_index (search_index, rowid, name, keys, description) "
    "SELECT 'delete', doc, name, keys, description FROM search_texts WHERE doc = :old"
)
_INDEX = text(
    "INSERT INTO search_index (rowid, name, keys, description) "
    "SELECT doc, name, keys, description FROM search_texts WHERE doc = :doc"
)
