"""
Writing documents into the index by what differs: nothing where a model is as it was, and where it only changed later
than it did, no more than another number for the same rows.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import compress
from typing import Any

from sqlalchemy import Insert, Update, func, insert, select, update

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.row_lists import given_rows
from modelkeep_server.db.tables import search_models, search_renewals
from modelkeep_server.db.work import Work
from modelkeep_server.features.search.indexing.changes import Change
from modelkeep_server.features.search.indexing.codes import code_of, read_code, split_codes
from modelkeep_server.features.search.indexing.documents import ModelFacts
from modelkeep_server.features.search.indexing.row_writes import BIG, add_rows, keep, remove_docs
from modelkeep_server.features.search.indexing.texts import index, keep_texts, remove_texts, unindex
from modelkeep_server.features.search.indexing.values import (
    TURN,
    find_or_make_values,
    forget_values,
    remove_postings,
    spell,
    write_postings,
)
from modelkeep_server.features.search.language.fields import FIELDS
from modelkeep_server.kit.words import split_words

_OWNER = FIELDS["owner"].letter


def write_changes(work: Work, changes: Sequence[Change]) -> None:
    """Write all that is different of these models. Each table takes one statement of a kind, however many they are."""
    if not changes:
        return
    renewed = [change for change in changes if change.has_other_values]
    if any(change.has_other_texts or change.has_other_values for change in changes):
        work.take_turn(TURN)
    ids = find_or_make_values(work, spell(renewed))
    facets = [_facets_of(change, ids) for change in changes]
    unindex(work, [(change.old.doc,) for change in changes if change.old])
    _write_models(work, changes, facets)
    keep(work, search_renewals, _RENEW, [(change.doc,) for change in renewed if not change.is_moved])
    gone = write_postings(work, changes, facets)
    keep_texts(work, changes)
    index(work, [(change.doc,) for change in changes])
    if owners := [value for letter, value in map(read_code, gone) if letter == _OWNER]:
        forget_values(work, owners)


def remove_documents(work: Work, keys: Collection[int]) -> None:
    """Take what the index has of these models out of it. Their values stay, and so do words."""
    rows = work.all(_DOCUMENTS, {"keys": keys})
    docs = [(row.doc,) for row in rows]
    had = ((read_code(code)[1], row.doc) for row in rows for code in split_codes(row.facets))
    remove_postings(work, had)
    remove_texts(work, docs)
    keep(work, search_models, _REMOVE_MODELS, docs)


def _facets_of(change: Change, ids: Mapping[tuple[str, str], int]) -> str:
    if change.old is not None and not change.has_other_values:
        return change.old.facets
    return "".join(sorted(code_of(pair[0], ids[pair]) for pair in change.values))


def _write_models(work: Work, changes: Sequence[Change], facets: Sequence[str]) -> None:
    rows = [
        (change.doc, *narrow(change.model), codes, change.digest) for change, codes in zip(changes, facets, strict=True)
    ]
    is_new = [change.old is None for change in changes]
    keep(work, search_models, _ADD_MODELS, list(compress(rows, is_new)))
    keep(work, search_models, _CHANGE_MODELS, list(compress(rows, (not one for one in is_new))))


def narrow(model: ModelFacts) -> tuple[Any, ...]:
    """What `search_models` has of a model between the number of its document and its values."""
    name_key = " ".join(split_words(model.name))
    return model.key, model.path_key, name_key, model.visibility, model.created_at, model.updated_at


def _change_models() -> Update:
    given = given_rows(**{column.name: column.type for column in search_models.c})
    values = {name: given.c[name] for name in given.c.keys() if name != "model_id"}  # noqa: SIM118
    return update(search_models).where(search_models.c.model_id == given.c.model_id).values(values)


def _renew() -> Insert:
    given = given_rows(doc=BIG)
    last = select(func.coalesce(func.max(search_renewals.c.id), 0)).scalar_subquery()
    # Each number once and none left out: whoever has a turn at values is alone here until all that is committed.
    rows = select(last + func.row_number().over(), given.c.doc)
    return insert(search_renewals).from_select(search_renewals.c.keys(), rows)


_ADD_MODELS = add_rows(search_models, given_rows(**{column.name: column.type for column in search_models.c}))
_CHANGE_MODELS = _change_models()
_REMOVE_MODELS = remove_docs(search_models)
_RENEW = _renew()
_DOCUMENTS = select(search_models.c.doc, search_models.c.facets).where(in_keys(search_models.c.model_id, "keys"))
