"""The catalogue's index anew: models as numbered documents, values with their postings, words, and full text."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """The new tables are empty; what opens the registry next fills them."""
    for table in ("search_models", "search_tags", "search_owners", "search_text"):
        op.execute(f"DROP TABLE IF EXISTS {table}")
    _create_models()
    _create_versions()
    _create_values()
    _create_texts()
    if op.get_bind().dialect.name == "sqlite":
        _index_on_sqlite()
    else:
        _index_on_postgresql()


def _create_models() -> None:
    op.create_table(
        "search_models",
        sa.Column("doc", BIG_KEY, autoincrement=False, nullable=False),
        sa.Column("model_id", BIG_KEY, nullable=False),
        sa.Column("path_key", KEY_TEXT, nullable=False),
        sa.Column("name_key", KEY_TEXT, nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("facets", KEY_TEXT, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("doc", name="pk_search_models"),
        sa.UniqueConstraint("model_id", name="uq_search_models_model_id"),
        sa.UniqueConstraint("path_key", name="uq_search_models_path_key"),
    )
    op.create_index("ix_search_models_name_key", "search_models", ["name_key"], unique=False)
    # With the number, so that what only counts reads no rows.
    op.create_index(
        "ix_search_models_created",
        "search_models",
        ["created_at", "model_id"],
        unique=False,
        postgresql_include=["doc"],
    )
    op.create_index("ix_search_models_updated", "search_models", ["updated_at", "doc"], unique=False)
    restricted = sa.text("visibility = 'RESTRICTED'")
    op.create_index(
        "ix_search_models_restricted",
        "search_models",
        ["doc"],
        unique=False,
        sqlite_where=restricted,
        postgresql_where=restricted,
    )


def _create_versions() -> None:
    op.create_table(
        "search_versions",
        sa.Column("model_id", BIG_KEY, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("is_closed", sa.Boolean(), nullable=False),
        sa.Column("has_card", sa.Boolean(), nullable=False),
        sa.Column("has_files", sa.Boolean(), nullable=False),
        sa.Column("framework", sa.Text(), nullable=False),
        sa.Column("model_type", sa.Text(), nullable=False),
        sa.Column("license", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("model_id", "number", name="pk_search_versions"),
        sqlite_with_rowid=False,
    )


def _create_values() -> None:
    op.create_table(
        "search_values",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("field", KEY_TEXT, nullable=False),
        sa.Column("key", KEY_TEXT, nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_search_values"),
    )
    op.create_index("ix_search_values_key", "search_values", ["field", "key"], unique=True)
    op.create_table(
        "search_postings",
        sa.Column("value_id", BIG_KEY, autoincrement=False, nullable=False),
        sa.Column("doc", BIG_KEY, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("value_id", "doc", name="pk_search_postings"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "search_renewals",
        sa.Column("id", BIG_KEY, autoincrement=False, nullable=False),
        sa.Column("doc", BIG_KEY, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_search_renewals"),
    )


def _create_texts() -> None:
    op.create_table(
        "search_words",
        sa.Column("word", KEY_TEXT, nullable=False),
        sa.Column("in_name", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("word", name="pk_search_words"),
        sqlite_with_rowid=False,
    )
    in_name = sa.text("in_name")
    op.create_index(
        "ix_search_words_of_names",
        "search_words",
        ["word"],
        unique=False,
        sqlite_where=in_name,
        postgresql_where=in_name,
    )
    op.create_table(
        "search_texts",
        sa.Column("doc", BIG_KEY, autoincrement=False, nullable=False),
        sa.Column("name", KEY_TEXT, nullable=False),
        sa.Column("keys", KEY_TEXT, nullable=False),
        sa.Column("description", KEY_TEXT, nullable=False),
        sa.PrimaryKeyConstraint("doc", name="pk_search_texts"),
    )


def _index_on_sqlite() -> None:
    # Once more what is looked for in the name (¹) or in name, group and tags (²) alone, values by their codes (³), and
    # the year and the month of registration (⁴), as words of their own: a word that half of all descriptions have is
    # then no long list where a few names are asked for, and all that is asked of words, values and months is one
    # question. They come first, since FTS5 says of each place that is not in the first column in which it is.
    keys = "' ²' || replace(t.name, ' ', ' ²') || ' ²' || replace(t.keys, ' ', ' ²')"
    codes = "' ³' || replace(rtrim(m.facets), ' ', ' ³')"
    months = "strftime(' ⁴%Y ⁴%Y%m', m.created_at / 1000000, 'unixepoch')"
    op.execute(
        f"CREATE VIEW search_marked AS SELECT t.doc AS doc, '¹' || replace(t.name, ' ', ' ¹') || {keys} || {codes} || "  # noqa: S608 - constants
        f"{months} AS marks, t.name AS name, t.keys AS keys, t.description AS description, "
        "pair_words(t.name, t.keys, t.description) AS pairs "
        "FROM search_texts AS t JOIN search_models AS m ON m.doc = t.doc"
    )
    # `ascii` takes every character beyond ASCII as part of a word: words are cut and folded before they come here.
    op.execute(
        "CREATE VIRTUAL TABLE search_index USING fts5(marks, name, keys, description, content = 'search_marked', "
        "content_rowid = 'doc', tokenize = 'ascii', prefix = '1 2 3')"
    )
    # Apart from all else, and without places, a pair takes two bytes of a document instead of nine.
    op.execute(
        "CREATE VIRTUAL TABLE search_pairs USING fts5(pairs, content = 'search_marked', content_rowid = 'doc', "
        "tokenize = 'ascii', detail = 'none', columnsize = 0)"
    )


def _index_on_postgresql() -> None:
    op.execute("CREATE SEQUENCE search_docs OWNED BY search_models.doc")
    # All of a document side by side: whatever is tested, one row is read for it.
    op.create_table(
        "search_whole",
        sa.Column("doc", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("headed", sa.Integer(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("facets", KEY_TEXT, nullable=False),
        sa.Column("name_key", KEY_TEXT, nullable=False),
        sa.Column("words", KEY_TEXT, nullable=False),
        sa.Column("path_key", KEY_TEXT, nullable=False),
        sa.PrimaryKeyConstraint("doc", name="search_whole_pkey"),
    )
    op.execute("CREATE INDEX ix_search_whole_created ON search_whole (created_at)")
    op.execute("CREATE INDEX ix_search_whole_updated ON search_whole (updated_at)")
    _make_lexemes()
    # What the index finds must be read: of rows so narrow a hundred lie on a page, of whole documents ten.
    op.create_table(
        "search_entries",
        sa.Column("doc", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("doc", name="search_entries_pkey"),
    )
    # Without fastupdate, since every search would go through what was put aside by it.
    op.execute(
        "CREATE INDEX ix_search_entries_lexemes ON search_entries USING gin (search_lexemes(doc)) "
        "WITH (fastupdate = off)"
    )
    # Thousands of rows would be made lexemes of for what no plan depends on.
    op.execute("ALTER INDEX ix_search_entries_lexemes ALTER COLUMN 1 SET STATISTICS 0")
    _index_within_words()


def _make_lexemes() -> None:
    # Not to_tsvector: its parser would cut words that begin like numbers, and drop long ones. What it costs is told
    # to the planner as so much that it never makes lexemes of rows where the index has them. It is as immutable as a
    # document is under its number: who changes one takes its entry out first, and enters it anew.
    op.execute(
        """
        CREATE OR REPLACE FUNCTION search_lexemes(entry bigint) RETURNS tsvector
        LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100000 SET search_path FROM CURRENT AS $$
        SELECT array_to_tsvector(
            array_remove(string_to_array(
                replace(words, ' ¶', '') || '¶ ¶11/' || (doc >> 11) || ' ¶13/' || (doc >> 13) || ' ¶15/' || (doc >> 15)
                || ' ¶17/' || (doc >> 17) || ' ¶/' || left(month, 4) || ' ¶/' || month
                || ' n/' || replace(name_key, ' ', ' n/')
                || replace(rtrim(replace(left(words, headed), ' ¶', '')), ' ', ' k/')
                || ' v/' || replace(rtrim(facets), ' ', ' v/'), ' '
            ), '')
            || ARRAY(
                SELECT 'p/' || substr(last, 1, 1) || substr(first, 1, 1) || substr(last, 2, 1) || substr(first, 2, 1)
                    || substr(last, 3, 1) || substr(first, 3, 1)
                FROM (
                    SELECT rpad(reverse(right(one, 3)), 3, '¶') AS last, rpad(left(other, 3), 3, '¶') AS first
                    FROM unnest(each, each[2:]) AS pairs (one, other)
                    WHERE one <> '¶' AND other <> '¶' AND one <> '' AND other <> ''
                ) AS meeting
            )
        )
        FROM (
            SELECT *, string_to_array(words, ' ') AS each,
            to_char((date '1970-01-01' + floor(created_at / 86400000000.0)::integer)::timestamp, 'YYYYMM') AS month
            FROM search_whole WHERE doc = entry
        ) AS told
        $$
        """
    )


def _index_within_words() -> None:
    """By trigrams, where this server has them and this user may ask for them; words are found without, only slower."""
    connection = op.get_bind()
    try:
        with connection.begin_nested():
            connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
            connection.execute(
                sa.text(
                    "CREATE INDEX ix_search_words_within ON search_words USING gin (word gin_trgm_ops) "
                    "WITH (fastupdate = off)"
                )
            )
    except sa.exc.DBAPIError:
        return
