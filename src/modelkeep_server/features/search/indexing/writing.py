"""
Writing documents into the index by what differs: nothing where a model is as it was, and where it only changed later
than it did, no more than another number for the same rows.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import compress
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Delete,
    Executable,
    Insert,
    Row,
    Select,
    Subquery,
    Table,
    Text,
    Update,
    delete,
    func,
    insert,
    literal_column,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.row_lists import given_rows
from modelkeep_server.db.tables import (
    search_index,
    search_marked,
    search_models,
    search_pairs,
    search_postings,
    search_renewals,
    search_texts,
    search_values,
    search_whole,
    search_words,
)
from modelkeep_server.db.work import Work
from modelkeep_server.features.models.views import Visibility
from modelkeep_server.features.search.indexing.codes import code_of, read_code, split_codes
from modelkeep_server.features.search.indexing.documents import (
    BORDER,
    ModelFacts,
    digest_facts,
    digest_texts,
    list_values,
    write_texts,
)
from modelkeep_server.features.search.indexing.gathering import Gathered, Standing
from modelkeep_server.features.search.language.fields import FIELDS, Kind
from modelkeep_server.kit.words import split_words

#: Whose turn it is to find or make values and words: nobody else does until all that is committed.
TURN = "search.values"
_OWNER = FIELDS["owner"].letter
#: Fields of a few values that are the same everywhere.
_CHOSEN = frozenset(field.letter for field in FIELDS.values() if field.kind is Kind.CHOICE)
_HALF = 32
#: The columns of words.
PLACES = {"name": Text(), "keys": Text(), "description": Text()}


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
    ids = find_or_make_values(work, spell(renewed))
    facets = [_facets_of(change, ids) for change in changes]
    _unindex(work, [(change.old.doc,) for change in changes if change.old])
    _write_models(work, changes, facets)
    _keep(work, search_renewals, _RENEW, [(change.doc,) for change in renewed if not change.is_moved])
    gone = _write_postings(work, changes, facets)
    _write_texts(work, changes)
    index(work, [(change.doc,) for change in changes])
    if owners := [value for letter, value in map(read_code, gone) if letter == _OWNER]:
        forget_values(work, owners)


def remove_documents(work: Work, keys: Collection[int]) -> None:
    """Take what the index has of these models out of it. Their values stay, and so do words."""
    rows = work.all(_DOCUMENTS, {"keys": keys})
    docs = [(row.doc,) for row in rows]
    had = ((read_code(code)[1], row.doc) for row in rows for code in split_codes(row.facets))
    _keep(work, search_postings, _REMOVE_POSTINGS, sorted(had))
    remove_texts(work, docs)
    _keep(work, search_models, _REMOVE_MODELS, docs)


def remove_texts(work: Work, docs: Sequence[tuple[int]]) -> None:
    """Take the words of documents out of the index."""
    _unindex(work, docs)
    _keep(work, search_texts, _REMOVE_TEXTS, docs)


def index(work: Work, docs: Sequence[tuple[int]]) -> None:
    """Enter documents into the full-text index, as they stand."""
    if work.dialect == "sqlite":
        for table, statement in _INDEX.items():
            _keep(work, table, statement, docs)
    else:
        _keep(work, search_whole, _ADD_WHOLE, docs)


def renew_whole(work: Work, docs: Sequence[tuple[int]]) -> None:
    """PostgreSQL alone: these documents anew in the full-text index."""
    _unindex(work, docs)
    index(work, docs)


def _unindex(work: Work, docs: Sequence[tuple[int]]) -> None:
    if work.dialect == "sqlite":
        for table, statement in _UNINDEX.items():
            _keep(work, table, statement, docs)
    else:
        _keep(work, search_whole, _REMOVE_WHOLE, docs)


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
        _keep(work, search_values, _ADD_VALUES, new)
        found |= _find_values(work, [row[:2] for row in new])
    spelled = [(row.id, wanted[pair]) for pair, row in found.items() if row.shown == row.key != wanted[pair]]
    _keep(work, search_values, _SPELL_VALUES, spelled)
    return {pair: row.id for pair, row in found.items()}


def forget_values(work: Work, ids: Sequence[int]) -> None:
    """Take out those of these values that no document has."""
    in_use = select(search_postings.c.doc).where(search_postings.c.value_id == search_values.c.id).exists()
    work.keep(search_values, delete(search_values).where(search_values.c.id.in_(ids), ~in_use))


def _find_values(work: Work, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Row[Any]]:
    if not wanted:
        return {}
    return {(row.field, row.key): row for row in work.all(_VALUES, {"rows": wanted})}


def _facets_of(change: Change, ids: Mapping[tuple[str, str], int]) -> str:
    if change.old is not None and not change.has_other_values:
        return change.old.facets
    return "".join(sorted(code_of(pair[0], ids[pair]) for pair in change.values))


def _write_models(work: Work, changes: Sequence[Change], facets: Sequence[str]) -> None:
    rows = [
        (change.doc, *narrow(change.model), codes, change.digest) for change, codes in zip(changes, facets, strict=True)
    ]
    is_new = [change.old is None for change in changes]
    _keep(work, search_models, _ADD_MODELS, list(compress(rows, is_new)))
    _keep(work, search_models, _CHANGE_MODELS, list(compress(rows, (not one for one in is_new))))


def narrow(model: ModelFacts) -> tuple[Any, ...]:
    """What `search_models` has of a model between the number of its document and its values."""
    name_key = " ".join(split_words(model.name))
    return model.key, model.path_key, name_key, model.visibility, model.created_at, model.updated_at


def _write_postings(work: Work, changes: Sequence[Change], facets: Sequence[str]) -> set[str]:
    """Gives back the codes that were taken off a model."""
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
    _keep(work, search_postings, _REMOVE_POSTINGS, sorted(removed))
    _keep(work, search_postings, _MOVE_POSTINGS, sorted(moved))
    _keep(work, search_postings, _ADD_POSTINGS, sorted(added))
    return gone


def _write_texts(work: Work, changes: Sequence[Change]) -> None:
    moved = [(one.old.doc, one.doc) for one in changes if one.old and one.is_moved and not one.has_other_texts]
    rewritten = [(one, write_texts(one.model)) for one in changes if one.has_other_texts]
    added = [(one.doc, *texts.places) for one, texts in rewritten if one.old is None]
    changed = [(one.old.doc, one.doc, *texts.places) for one, texts in rewritten if one.old is not None]
    _keep(work, search_texts, _MOVE_TEXTS, moved)
    _keep(work, search_texts, _CHANGE_TEXTS, changed)
    _keep(work, search_texts, _ADD_TEXTS, added)
    words: dict[str, bool] = {}
    for _, texts in rewritten:
        for word, in_name in texts.words:
            words[word] = in_name or words.get(word, False)
    _keep(work, search_words, _add_words(work.dialect), sorted(words.items()))


def _keep(work: Work, table: Table, statement: Executable, rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        work.keep(table, statement, {"rows": rows})


def _add(table: Table, given: Subquery) -> Insert:
    return insert(table).from_select(given.c.keys(), select(given))


def _find_pairs() -> Select[Any]:
    given = given_rows(field=Text(), key=Text())
    same = (search_values.c.field == given.c.field) & (search_values.c.key == given.c.key)
    return select(search_values).join(given, same)


def _spell_values() -> Update:
    given = given_rows(id=_BIG, shown=Text())
    return update(search_values).where(search_values.c.id == given.c.id).values(shown=given.c.shown)


def _change_models() -> Update:
    given = given_rows(**{column.name: column.type for column in search_models.c})
    values = {name: given.c[name] for name in given.c.keys() if name != "model_id"}  # noqa: SIM118
    return update(search_models).where(search_models.c.model_id == given.c.model_id).values(values)


def _renew() -> Insert:
    given = given_rows(doc=_BIG)
    last = select(func.coalesce(func.max(search_renewals.c.id), 0)).scalar_subquery()
    # Each number once and none left out: whoever has a turn at values is alone here until all that is committed.
    rows = select(last + func.row_number().over(), given.c.doc)
    return insert(search_renewals).from_select(search_renewals.c.keys(), rows)


def _remove(table: Table) -> Delete:
    return delete(table).where(table.c.doc.in_(select(given_rows(doc=_BIG))))


def _remove_postings() -> Delete:
    given = given_rows(value_id=_BIG, doc=_BIG)
    return delete(search_postings).where(
        tuple_(search_postings.c.value_id, search_postings.c.doc).in_(select(given.c.value_id, given.c.doc))
    )


def _move_postings() -> Update:
    given = given_rows(value_id=_BIG, old=_BIG, new=_BIG)
    return (
        update(search_postings)
        .where(search_postings.c.value_id == given.c.value_id, search_postings.c.doc == given.c.old)
        .values(doc=given.c.new)
    )


def _change_texts(**places: Text) -> Update:
    given = given_rows(old=_BIG, doc=_BIG, **places)
    values = {name: given.c[name] for name in ("doc", *places)}
    return update(search_texts).where(search_texts.c.doc == given.c.old).values(values)


def _index(table: Table, *, forgets: bool) -> Insert:
    """Enter rows of `search_marked` into FTS5, or take them out: it keeps no words, and has to be told them again."""
    given = given_rows(doc=_BIG)
    doc, *names = [column.name for column in table.c if column.name != table.name]
    told = [search_marked.c[name] for name in names]
    texts = select(search_marked.c.doc, *told).join(given, given.c.doc == search_marked.c.doc)
    if not forgets:
        return insert(table).from_select([doc, *names], texts)
    told_again = texts.add_columns(literal_column("'delete'"))
    return insert(table).from_select([doc, *names, table.name], told_again)


def select_whole() -> Select[Any]:
    """What PostgreSQL's full-text index should have of documents."""
    name, keys, description = (search_texts.c[name] for name in PLACES)
    head = " " + name + f" {BORDER} " + keys + " "
    made = {"headed": func.length(head), "words": head + f"{BORDER} " + description + " "}
    names = [column.name for column in search_whole.c]
    columns = [made[name].label(name) if name in made else search_models.c[name] for name in names]
    return select(*columns).join(search_texts, search_texts.c.doc == search_models.c.doc)


def _add_whole() -> Insert:
    given = given_rows(doc=_BIG)
    rows = select_whole().where(search_models.c.doc.in_(select(given.c.doc)))
    return insert(search_whole).from_select([column.name for column in search_whole.c], rows)


@cache
def _add_words(dialect: str) -> Insert:
    adding = sqlite.insert(search_words) if dialect == "sqlite" else postgresql.insert(search_words)
    given = given_rows(word=Text(), in_name=Boolean())
    # Without a condition SQLite would take what follows for part of the join.
    rows = select(given.c.word, given.c.in_name).where(given.c.word != "").order_by(given.c.word)
    is_new_in_names = adding.excluded.in_name & ~search_words.c.in_name
    return adding.from_select(["word", "in_name"], rows).on_conflict_do_update(
        index_elements=["word"], set_={"in_name": adding.excluded.in_name}, where=is_new_in_names
    )


_BIG = BigInteger()
_VALUES = _find_pairs()
_SPELL_VALUES = _spell_values()
_ADD_VALUES = _add(search_values, given_rows(field=Text(), key=Text(), shown=Text()))
_ADD_MODELS = _add(search_models, given_rows(**{column.name: column.type for column in search_models.c}))
_CHANGE_MODELS = _change_models()
_REMOVE_MODELS = _remove(search_models)
_RENEW = _renew()
_DOCUMENTS = select(search_models.c.doc, search_models.c.facets).where(in_keys(search_models.c.model_id, "keys"))
_ADD_POSTINGS = _add(search_postings, given_rows(value_id=_BIG, doc=_BIG))
_REMOVE_POSTINGS = _remove_postings()
_MOVE_POSTINGS = _move_postings()
_ADD_TEXTS = _add(search_texts, given_rows(doc=_BIG, **PLACES))
_MOVE_TEXTS = _change_texts()
_CHANGE_TEXTS = _change_texts(**PLACES)
_REMOVE_TEXTS = _remove(search_texts)
_ADD_WHOLE = _add_whole()
_REMOVE_WHOLE = _remove(search_whole)
_INDEX = {table: _index(table, forgets=False) for table in (search_index, search_pairs)}
_UNINDEX = {table: _index(table, forgets=True) for table in (search_index, search_pairs)}
