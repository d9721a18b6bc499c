"""
The catalogue's index: housekeeping that is derived from models and versions, and written anew by `reindex`.

Each model is one document. Documents are numbered in the order in which models last changed, so that the newest are
read first without sorting; a model that changes gets a new number.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, Table, Text, func, text

from modelkeep_server.db.tables.base import BigKey, KeyText, metadata

_RESTRICTED = text("visibility = 'RESTRICTED'")
_IN_NAME = text("in_name")

#: The narrow facts by which models are filtered, counted and sorted. `name_key` is the words of the name, `facets` the
#: codes of all values side by side (features/search/language/fields.py), `digest` what the rows of the model were
#: made from; times are microseconds since 1970 UTC. PostgreSQL takes numbers from the sequence `search_docs`.
search_models = Table(
    "search_models",
    metadata,
    Column("doc", BigKey, primary_key=True, autoincrement=False),
    Column("model_id", BigKey, nullable=False, unique=True),
    Column("path_key", KeyText, nullable=False, unique=True),
    Column("name_key", KeyText, nullable=False, index=True),
    Column("visibility", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("facets", KeyText, nullable=False),
    Column("digest", Text, nullable=False),
    Index("ix_search_models_created", "created_at", "model_id", postgresql_include=["doc"]),
    Index("ix_search_models_updated", "updated_at", "doc"),
    Index("ix_search_models_restricted", "doc", sqlite_where=_RESTRICTED, postgresql_where=_RESTRICTED),
)

#: What the index has of each version, so that a model with thousands of them is told from narrow rows. Texts are empty
#: where nothing is said.
search_versions = Table(
    "search_versions",
    metadata,
    Column("model_id", BigKey, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("is_closed", Boolean, nullable=False),
    Column("has_card", Boolean, nullable=False),
    Column("has_files", Boolean, nullable=False),
    Column("framework", Text, nullable=False),
    Column("model_type", Text, nullable=False),
    Column("license", Text, nullable=False),
    sqlite_with_rowid=False,
)

#: Every value of a field that a model has: `key` folded, `shown` as a model that everybody sees first spelled it, and
#: the key where hidden ones alone have it. `field` is its letter.
search_values = Table(
    "search_values",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("field", KeyText, nullable=False),
    Column("key", KeyText, nullable=False),
    Column("shown", Text, nullable=False),
    Index("ix_search_values_key", "field", "key", unique=True),
)

#: Which documents have which value.
search_postings = Table(
    "search_postings",
    metadata,
    Column("value_id", BigKey, primary_key=True, autoincrement=False),
    Column("doc", BigKey, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

#: Documents that have other values under the same number, in the order in which they were committed: where these are
#: remembered, they are read anew. Of long ago none are kept.
search_renewals = Table(
    "search_renewals",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=False),
    Column("doc", BigKey, nullable=False),
)

#: Every word that a document holds or held, by which wildcards are found, and whether a name holds or held it. On
#: PostgreSQL also by what stands within words (pg_trgm), where the server has that extension.
search_words = Table(
    "search_words",
    metadata,
    Column("word", KeyText, primary_key=True),
    Column("in_name", Boolean, nullable=False),
    Index("ix_search_words_of_names", "word", sqlite_where=_IN_NAME, postgresql_where=_IN_NAME),
    sqlite_with_rowid=False,
)

#: The words of each document, a blank between two; `keys` are those of its group and tags, `¶` before each of these.
search_texts = Table(
    "search_texts",
    metadata,
    Column("doc", BigKey, primary_key=True, autoincrement=False),
    Column("name", KeyText, nullable=False),
    Column("keys", KeyText, nullable=False),
    Column("description", KeyText, nullable=False),
)

#: PostgreSQL alone: all of each document side by side, made by hand in the migration. `words` are those of name, keys
#: and description, `¶` between these and a blank at both ends, so that one text is tested for what stands anywhere; the
#: first `headed` characters are name and keys.
search_whole = Table(
    "search_whole",
    MetaData(),
    Column("doc", BigInteger, primary_key=True, autoincrement=False),
    Column("model_id", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("headed", Integer, nullable=False),
    Column("visibility", Text, nullable=False),
    Column("facets", KeyText, nullable=False),
    Column("name_key", KeyText, nullable=False),
    Column("words", KeyText, nullable=False),
    Column("path_key", KeyText, nullable=False),
)

#: PostgreSQL alone: an entry of the full-text index for each document, with what tells who sees it. What the index
#: holds is made of `search_whole`, which is written before, by the function `search_lexemes`: all words as they are,
#: those of the name as `n/word`, those of name and keys as `k/word`, of each two neighbours the letters where they meet
#: (kit/pairs.py), `p/ddueat`, the codes of values, `v/code`, when the model was registered, `¶/year` and
#: `¶/yearmonth`, which 2,048 numbers it is of, `¶11/number`, and so on to 131,072, `¶17/number`, and `¶` always.
search_entries = Table(
    "search_entries",
    MetaData(),
    Column("doc", BigInteger, primary_key=True, autoincrement=False),
    Column("model_id", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("visibility", Text, nullable=False),
)
LEXEMES = func.search_lexemes(search_entries.c.doc)

#: SQLite alone: what the full-text index holds of each document, made by hand in the migration; hence a MetaData apart.
#: `marks` has the words of the name as `¹word`, those of name and keys as `²word`, the codes of values as `³code`, and
#: when the model was registered as `⁴year` and `⁴yearmonth`; `pairs` what is made of words side by side (kit/pairs.py).
search_marked = Table(
    "search_marked",
    MetaData(),
    Column("doc", BigKey, primary_key=True, autoincrement=False),
    Column("marks", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("keys", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("pairs", Text, nullable=False),
)


def _full_text(name: str, *columns: str) -> Table:
    """The column of its own name takes commands."""
    told = (Column(column, Text, nullable=False) for column in columns)
    return Table(
        name, MetaData(), Column("rowid", BigKey, primary_key=True, autoincrement=False), *told, Column(name, Text)
    )


#: SQLite alone: the full-text index over `search_marked` (FTS5, external content), and another one for its pairs.
search_index = _full_text("search_index", "marks", "name", "keys", "description")
search_pairs = _full_text("search_pairs", "pairs")
