"""Which event wrote each row last; what was asked, decided, found and said of versions."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """The tables, in the order in which they refer to each other."""
    _row_writers()
    _fill_row_writers()
    _version_contents()
    _promotions()
    _reviews()
    _findings()
    _comments()


def _row_writers() -> None:
    op.create_table(
        "row_writers",
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("row_key", BIG_KEY, autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("table_name", "row_key", name="pk_row_writers"),
    )
    op.create_index("ix_row_writers_object_id", "row_writers", ["object_id"], unique=False)


def _fill_row_writers() -> None:
    """What the log says so far. The last event that names a row wrote it."""
    connection = op.get_bind()
    newest: dict[tuple[str, int], dict[str, object]] = {}
    statement = sa.text("SELECT sequence, object_id, body FROM audit_events ORDER BY sequence")
    for sequence, object_id, body in connection.execute(statement, execution_options={"yield_per": 1000}):
        for table, key, _ in json.loads(body).get("rows", ()):
            newest[(table, key)] = {"table": table, "key": key, "sequence": sequence, "object": object_id}
    if newest:
        insert = sa.text(
            "INSERT INTO row_writers (table_name, row_key, sequence, object_id) "
            "VALUES (:table, :key, :sequence, :object)"
        )
        connection.execute(insert, list(newest.values()))


def _version_contents() -> None:
    op.create_table(
        "version_contents",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("version_id", BIG_KEY, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("frozen_at", sa.BigInteger(), nullable=False),
        sa.Column("frozen_by", BIG_KEY, nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["frozen_by"], ["people.id"], name="fk_version_contents_frozen_by"),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name="fk_version_contents_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_version_contents"),
    )
    op.create_index("ix_version_contents_version", "version_contents", ["version_id", "id"], unique=False)


def _promotions() -> None:
    op.create_table(
        "promotions",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("version_id", BIG_KEY, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("justification", sa.Text(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("risk_tier", sa.Text(), nullable=False),
        sa.Column("requested_by", BIG_KEY, nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_by", BIG_KEY, nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["ended_by"], ["people.id"], name="fk_promotions_ended_by"),
        sa.ForeignKeyConstraint(["requested_by"], ["people.id"], name="fk_promotions_requested_by"),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name="fk_promotions_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_promotions"),
        sa.UniqueConstraint("public_id", name="uq_promotions_public_id"),
        sa.UniqueConstraint("version_id", "round", name="uq_promotions_version_id_round"),
    )
    op.create_index("ix_promotions_status", "promotions", ["status", "due_at", "id"], unique=False)
    op.create_index(
        "uq_promotions_open",
        "promotions",
        ["version_id"],
        unique=True,
        sqlite_where=sa.text("status = 'OPEN'"),
        postgresql_where=sa.text("status = 'OPEN'"),
    )


def _reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("promotion_id", BIG_KEY, nullable=False),
        sa.Column("person_id", BIG_KEY, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("risk_tier", sa.Text(), nullable=False),
        sa.Column("saw", sa.Text(), nullable=False),
        sa.Column("checklist", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_reviews_person_id"),
        sa.ForeignKeyConstraint(["promotion_id"], ["promotions.id"], name="fk_reviews_promotion_id"),
        sa.PrimaryKeyConstraint("id", name="pk_reviews"),
        sa.UniqueConstraint(
            "promotion_id", "person_id", "risk_tier", name="uq_reviews_promotion_id_person_id_risk_tier"
        ),
        sa.UniqueConstraint("public_id", name="uq_reviews_public_id"),
    )
    op.create_index("ix_reviews_person", "reviews", ["person_id", "id"], unique=False)


def _findings() -> None:
    op.create_table(
        "findings",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("version_id", BIG_KEY, nullable=False),
        sa.Column("promotion_id", BIG_KEY, nullable=True),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("blocking", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("owner_email", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("raised_by", BIG_KEY, nullable=False),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_by", BIG_KEY, nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["promotion_id"], ["promotions.id"], name="fk_findings_promotion_id"),
        sa.ForeignKeyConstraint(["raised_by"], ["people.id"], name="fk_findings_raised_by"),
        sa.ForeignKeyConstraint(["settled_by"], ["people.id"], name="fk_findings_settled_by"),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name="fk_findings_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_findings"),
        sa.UniqueConstraint("public_id", name="uq_findings_public_id"),
    )
    op.create_index("ix_findings_status", "findings", ["status", "due_at", "id"], unique=False)
    op.create_index("ix_findings_version", "findings", ["version_id", "status"], unique=False)


def _comments() -> None:
    op.create_table(
        "comments",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("version_id", BIG_KEY, nullable=False),
        sa.Column("promotion_id", BIG_KEY, nullable=True),
        sa.Column("person_id", BIG_KEY, nullable=False),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_comments_person_id"),
        sa.ForeignKeyConstraint(["promotion_id"], ["promotions.id"], name="fk_comments_promotion_id"),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name="fk_comments_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_comments"),
        sa.UniqueConstraint("public_id", name="uq_comments_public_id"),
    )
    op.create_index("ix_comments_version", "comments", ["version_id", "id"], unique=False)
