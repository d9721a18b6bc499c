"""What the catalogue's index has of models, read as it is stored, and whether that is right."""

from dataclasses import dataclass

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.search import queries
from modelkeep_server.features.search.indexing import checking, reindexing
from modelkeep_server.features.search.indexing.checking import Checked
from modelkeep_server.features.search.indexing.codes import read_code, split_codes
from modelkeep_server.features.search.language.fields import FIELDS
from modelkeep_server.features.search.views import CatalogueFilter
from tests.support.registries import Registry

NAMES = {field.letter: name for name, field in FIELDS.items() if field.letter}
#: Its tables, in which nothing refers to another.
TABLES = ("search_models", "search_versions", "search_values", "search_postings", "search_words", "search_texts")


@dataclass(frozen=True)
class Document:
    """A model as the index has it. `values` are spelled as a query would, `group:nlp`."""

    number: int
    name_key: str
    visibility: str
    updated_at: int
    values: frozenset[str]
    texts: tuple[str, str, str]


def read_documents(registry: Registry) -> dict[str, Document]:
    """All documents by the address of their model in small letters; the values are those of their postings."""
    values = {row.id: f"{NAMES[row.field]}:{row.shown}" for row in registry.look("SELECT * FROM search_values")}
    postings: dict[int, set[str]] = {}
    for row in registry.look("SELECT value_id, doc FROM search_postings"):
        postings.setdefault(row.doc, set()).add(values[row.value_id])
    rows = registry.look(
        "SELECT m.*, t.name, t.keys, t.description FROM search_models m JOIN search_texts t ON t.doc = m.doc"
    )
    for row in rows:
        told = {values[read_code(code)[1]] for code in split_codes(row.facets)}
        assert told == postings.get(row.doc, set())
    return {
        row.path_key: Document(
            row.doc, row.name_key, row.visibility, row.updated_at, frozenset(postings.get(row.doc, ())),
            (row.name, row[-2], row.description),
        )
        for row in rows
    }  # fmt: skip


def document_of(registry: Registry, address: str) -> Document:
    """The document of one model."""
    return read_documents(registry)[address.lower()]


def values_of(registry: Registry, address: str, *fields: str) -> set[str]:
    """The values that a model has of these fields."""
    return {value for value in document_of(registry, address).values if value.partition(":")[0] in fields}


def check(registry: Registry) -> Checked:
    """What `modelkeep admin reindex --check` finds."""
    return checking.check(registry.house.database, registry.house.parts, lambda *_: None)


def found_by(registry: Registry, text: str) -> list[str]:
    """The names of the models that a query finds, for somebody who sees everything."""
    auditor = registry.auditor
    with registry.reading() as work:
        return found_within(work, auditor, text)


def found_within(work: Work, actor: Actor, text: str) -> list[str]:
    """The names of the models that a query finds in a transaction."""
    page = queries.list_models(work, actor, CatalogueFilter(text=text), limit=100)
    return [row.model.name for row in page.items]


def reindex(registry: Registry) -> int:
    """Write the index anew, as `modelkeep admin reindex` does."""
    return reindexing.reindex(registry.house.database, registry.house.parts, lambda *_: None)
