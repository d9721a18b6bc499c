"""
Whether a query fits a model at hand, told by what the index holds of that one: of what thousands of saved searches ask
of a changed model the database is asked nothing, whatever wildcards they are made of.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import translate

from sqlalchemy import select

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.tables import models, search_models, search_texts, search_values, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.search.compiling.compiler import COLUMNS
from modelkeep_server.features.search.compiling.lookups import as_key, is_any
from modelkeep_server.features.search.compiling.shapes import glob_of, shape_of
from modelkeep_server.features.search.indexing.codes import read_code, split_codes
from modelkeep_server.features.search.indexing.documents import BORDER
from modelkeep_server.features.search.language.fields import FIELDS
from modelkeep_server.features.search.language.tree import (
    And,
    During,
    Everything,
    Fit,
    Node,
    Not,
    Or,
    Pattern,
    Place,
    Text,
    Value,
    WithId,
)
from modelkeep_server.features.search.saved.needles import list_held, stem_of
from modelkeep_server.kit.remembering import Remembered

#: So many characters of patterns of either kind are remembered, compiled.
_REMEMBERED_CHARS = 1_000_000


@dataclass(frozen=True)
class Document:
    """
    One model, as far as a query may ask of it. `texts` are by column of `search_texts`, `values` by the letter of their
    field, `needles` all that it holds of those; times are microseconds since 1970 UTC.
    """

    public_id: str
    created_at: int
    updated_at: int
    texts: Mapping[str, str]
    values: Mapping[str, frozenset[str]]
    versions: frozenset[str]
    needles: frozenset[str]


def read_documents(work: Work, model_keys: Collection[int]) -> dict[int, Document]:
    """These models by their inside ids, those that the index lacks left out. Three statements."""
    rows = work.all(_MODELS, {"models": model_keys})
    codes = {row.id: [read_code(code) for code in split_codes(row.facets)] for row in rows}
    named = work.all(_VALUES, {"values": {value_id for found in codes.values() for _, value_id in found}})
    keys = {row.id: row.key for row in named}
    numbers: dict[int, set[str]] = {row.id: set() for row in rows}
    for row in work.all(_VERSIONS, {"models": list(numbers)}):
        numbers[row.model_id].add(row.version.lower())
    found = {}
    for row in rows:
        values: dict[str, set[str]] = {}
        for letter, value_id in codes[row.id]:
            if value_id in keys:
                values.setdefault(letter, set()).add(keys[value_id])
        texts = {name: row._mapping[name] for name in COLUMNS[Place.ANYWHERE]}
        found[row.id] = Document(
            row.public_id, row.created_at, row.updated_at, texts,
            {letter: frozenset(held) for letter, held in values.items()}, frozenset(numbers[row.id]),
            list_held(texts.values(), values),
        )  # fmt: skip
    return found


def judge(node: Node, document: Document, *, is_mine: bool | None = None) -> bool | None:
    """Whether a query fits a model; None where that depends on whose it is, and `is_mine` does not tell."""
    match node:
        case And():
            each = [judge(part, document, is_mine=is_mine) for part in node.parts]
            return False if False in each else None if None in each else True
        case Or():
            each = [judge(part, document, is_mine=is_mine) for part in node.parts]
            return True if True in each else None if None in each else False
        case Not():
            fits = judge(node.part, document, is_mine=is_mine)
            return None if fits is None else not fits
        case Text():
            return _holds(node, document)
        case Value():
            return _has(node, document)
        case During():
            at = document.created_at if node.field == "created" else document.updated_at
            return (node.start is None or at >= node.start) and (node.end is None or at < node.end)
        case WithId():
            return document.public_id == node.public_id
        case Everything():
            return True
    return is_mine


def _holds(node: Text, document: Document) -> bool:
    """The same as compilers look for in texts."""
    stems = (stem_of(pattern) for pattern in node.patterns)
    if any(stem and f"w:{stem}" not in document.needles for stem in stems):
        return False
    within = f" {f' {BORDER} '.join(document.texts[column] for column in COLUMNS[node.place])} "
    shape = shape_of(node.patterns)
    if shape.literal is not None:
        return shape.literal in within
    return _compile(shape.as_python()).search(within) is not None


def _has(node: Value, document: Document) -> bool:
    held: Iterable[str] = document.versions
    if node.field != "version":
        held = document.values.get(FIELDS[node.field].letter, frozenset())
    return any((is_any(pattern) and bool(held)) or _fits_any(as_key(pattern), held) for pattern in node.patterns)


def _fits_any(pattern: Pattern, held: Iterable[str]) -> bool:
    if pattern.fit is Fit.WHOLE:
        return pattern.text in held
    fits = _compile_glob(glob_of(pattern))
    return any(fits.match(value) for value in held)


_compile = Remembered(lambda pattern: re.compile(pattern, re.DOTALL), _REMEMBERED_CHARS)
# fnmatch reads globs as SQLite does, and never tries again what an asterisk passed over.
_compile_glob = Remembered(lambda glob: re.compile(translate(glob)), _REMEMBERED_CHARS)

_MODELS = (
    select(models.c.id, models.c.public_id, search_models.c.created_at, search_models.c.updated_at,
           search_models.c.facets, search_texts.c.name, search_texts.c["keys"], search_texts.c.description)
    .join(search_models, search_models.c.model_id == models.c.id)
    .join(search_texts, search_texts.c.doc == search_models.c.doc)
    .where(in_keys(models.c.id, "models"))
)  # fmt: skip
_VALUES = select(search_values.c.id, search_values.c.key).where(in_keys(search_values.c.id, "values"))
_VERSIONS = select(versions.c.model_id, versions.c.version).where(in_keys(versions.c.model_id, "models"))
