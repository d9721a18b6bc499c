"""Keep where versions come from, the graph over it, and model cards."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """The tables, in the order in which they refer to each other."""
    _lineage_items()
    _lineage_nodes()
    _lineage_edges()
    _card_revisions()
    _card_annotations()


def _lineage_items() -> None:
    op.create_table(
        "lineage_items",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("version_id", BIG_KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("added_by", BIG_KEY, nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_by", BIG_KEY, nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name="fk_lineage_items_version_id"),
        sa.ForeignKeyConstraint(["added_by"], ["people.id"], name="fk_lineage_items_added_by"),
        sa.ForeignKeyConstraint(["removed_by"], ["people.id"], name="fk_lineage_items_removed_by"),
        sa.PrimaryKeyConstraint("id", name="pk_lineage_items"),
        sa.UniqueConstraint("public_id", name="uq_lineage_items_public_id"),
    )
    op.create_index("ix_lineage_items_version", "lineage_items", ["version_id", "removed_at", "id"], unique=False)


def _lineage_nodes() -> None:
    op.create_table(
        "lineage_nodes",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_digest", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("label_key", sa.Text(), nullable=False),
        sa.Column("version_id", BIG_KEY, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_lineage_nodes"),
        sa.UniqueConstraint("name_digest", name="uq_lineage_nodes_name_digest"),
        sa.UniqueConstraint("version_id", name="uq_lineage_nodes_version_id"),
    )
    op.create_index("ix_lineage_nodes_label_key", "lineage_nodes", ["label_key"], unique=False)


def _lineage_edges() -> None:
    op.create_table(
        "lineage_edges",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("from_id", BIG_KEY, nullable=False),
        sa.Column("to_id", BIG_KEY, nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("version_id", BIG_KEY, nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lineage_edges"),
    )
    op.create_index("ix_lineage_edges_version_id", "lineage_edges", ["version_id"], unique=False)
    op.create_index("ix_lineage_edges_from", "lineage_edges", ["from_id", "to_id"], unique=False)
    op.create_index("ix_lineage_edges_to", "lineage_edges", ["to_id", "from_id"], unique=False)


def _card_revisions() -> None:
    op.create_table(
        "card_revisions",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("version_id", BIG_KEY, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("coverage", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("generated_by", BIG_KEY, nullable=False),
        sa.Column("generated_at", sa.BigInteger(), nullable=False),
        sa.Column("published_by", BIG_KEY, nullable=True),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name="fk_card_revisions_version_id"),
        sa.ForeignKeyConstraint(["generated_by"], ["people.id"], name="fk_card_revisions_generated_by"),
        sa.ForeignKeyConstraint(["published_by"], ["people.id"], name="fk_card_revisions_published_by"),
        sa.PrimaryKeyConstraint("id", name="pk_card_revisions"),
        sa.UniqueConstraint("public_id", name="uq_card_revisions_public_id"),
        sa.UniqueConstraint("version_id", "revision", name="uq_card_revisions_version_id_revision"),
    )
    draft = sa.text("status = 'DRAFT'")
    op.create_index(
        "uq_card_revisions_draft",
        "card_revisions",
        ["version_id"],
        unique=True,
        sqlite_where=draft,
        postgresql_where=draft,
    )


def _card_annotations() -> None:
    op.create_table(
        "card_annotations",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("version_id", BIG_KEY, nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("person_id", BIG_KEY, nullable=False),
        sa.Column("markdown", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name="fk_card_annotations_version_id"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_card_annotations_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_card_annotations"),
        sa.UniqueConstraint("public_id", name="uq_card_annotations_public_id"),
    )
    standing = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_card_annotations_standing",
        "card_annotations",
        ["version_id", "section", "person_id"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
