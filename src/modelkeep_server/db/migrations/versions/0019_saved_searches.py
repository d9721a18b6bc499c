"""Searches that people saved, whom they tell of new models, and what was told."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STANDING = sa.text("ended_at IS NULL")
TAKEN_DOWN = sa.text("ended_at IS NULL AND taken_down_at IS NOT NULL")


def upgrade() -> None:
    """The tables, in the order in which they refer to each other."""
    _saved_searches()
    _search_alerts()
    op.create_table(
        "search_needles",
        sa.Column("needle", sa.Text(), nullable=False),
        sa.Column("search_id", BIG_KEY, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("needle", "search_id", name="pk_search_needles"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_search_needles_search", "search_needles", ["search_id"], unique=False)
    op.create_table(
        "search_news",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("model_id", BIG_KEY, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_search_news"),
    )
    op.create_table(
        "search_matches",
        sa.Column("model_id", BIG_KEY, autoincrement=False, nullable=False),
        sa.Column("alert_id", BIG_KEY, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("model_id", "alert_id", name="pk_search_matches"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_search_matches_alert", "search_matches", ["alert_id", "model_id"], unique=False)


def _saved_searches() -> None:
    op.create_table(
        "saved_searches",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("person_id", BIG_KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("sort", sa.Text(), nullable=False),
        sa.Column("sharing", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("taken_down_at", sa.BigInteger(), nullable=True),
        sa.Column("taken_down_reason", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_saved_searches_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_saved_searches"),
        sa.UniqueConstraint("public_id", name="uq_saved_searches_public_id"),
    )
    op.create_index(
        "uq_saved_searches_name", "saved_searches", ["person_id", "name_key"], unique=True,
        sqlite_where=STANDING, postgresql_where=STANDING,
    )  # fmt: skip
    op.create_index(
        "ix_saved_searches_sharing", "saved_searches", ["sharing", "name_key", "id"], unique=False,
        sqlite_where=STANDING, postgresql_where=STANDING,
    )  # fmt: skip
    op.create_index(
        "ix_saved_searches_taken_down", "saved_searches", ["taken_down_at", "id"], unique=False,
        sqlite_where=TAKEN_DOWN, postgresql_where=TAKEN_DOWN,
    )  # fmt: skip


def _search_alerts() -> None:
    op.create_table(
        "search_alerts",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("search_id", BIG_KEY, nullable=False),
        sa.Column("person_id", BIG_KEY, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_search_alerts_person_id"),
        sa.ForeignKeyConstraint(["search_id"], ["saved_searches.id"], name="fk_search_alerts_search_id"),
        sa.PrimaryKeyConstraint("id", name="pk_search_alerts"),
    )
    op.create_index(
        "uq_search_alerts_person", "search_alerts", ["search_id", "person_id"], unique=True,
        sqlite_where=STANDING, postgresql_where=STANDING,
    )  # fmt: skip
    for name, columns in (("ix_search_alerts_person", ["person_id", "since"]), ("ix_search_alerts_since", ["since"])):
        op.create_index(name, "search_alerts", columns, unique=False, sqlite_where=STANDING, postgresql_where=STANDING)
