"""Evaluation suites by revision, and runs."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """The tables, in the order in which they refer to each other."""
    _evaluation_suites()
    _suite_revisions()
    _evaluation_runs()


def _evaluation_suites() -> None:
    op.create_table(
        "evaluation_suites",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", BIG_KEY, nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name="fk_evaluation_suites_created_by"),
        sa.PrimaryKeyConstraint("id", name="pk_evaluation_suites"),
        sa.UniqueConstraint("name_key", name="uq_evaluation_suites_name_key"),
        sa.UniqueConstraint("public_id", name="uq_evaluation_suites_public_id"),
    )


def _suite_revisions() -> None:
    op.create_table(
        "suite_revisions",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("suite_id", BIG_KEY, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("thresholds", sa.Text(), nullable=False),
        sa.Column("saved_by", BIG_KEY, nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["saved_by"], ["people.id"], name="fk_suite_revisions_saved_by"),
        sa.ForeignKeyConstraint(["suite_id"], ["evaluation_suites.id"], name="fk_suite_revisions_suite_id"),
        sa.PrimaryKeyConstraint("id", name="pk_suite_revisions"),
        sa.UniqueConstraint("suite_id", "revision", name="uq_suite_revisions_suite_id_revision"),
    )


def _evaluation_runs() -> None:
    op.create_table(
        "evaluation_runs",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("version_id", BIG_KEY, nullable=False),
        sa.Column("suite_id", BIG_KEY, nullable=True),
        sa.Column("suite_revision", sa.Integer(), nullable=True),
        sa.Column("dataset_name", sa.Text(), nullable=False),
        sa.Column("dataset_version", sa.Text(), nullable=True),
        sa.Column("procedure", sa.Text(), nullable=True),
        sa.Column("metrics", sa.Text(), nullable=False),
        sa.Column("thresholds", sa.Text(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=True),
        sa.Column("recorded_by", BIG_KEY, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("signed_by", BIG_KEY, nullable=True),
        sa.Column("signed_at", sa.BigInteger(), nullable=True),
        sa.Column("sign_comment", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["recorded_by"], ["people.id"], name="fk_evaluation_runs_recorded_by"),
        sa.ForeignKeyConstraint(["signed_by"], ["people.id"], name="fk_evaluation_runs_signed_by"),
        sa.ForeignKeyConstraint(["suite_id"], ["evaluation_suites.id"], name="fk_evaluation_runs_suite_id"),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name="fk_evaluation_runs_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_evaluation_runs"),
        sa.UniqueConstraint("public_id", name="uq_evaluation_runs_public_id"),
    )
    op.create_index("ix_evaluation_runs_suite", "evaluation_runs", ["suite_id", "version_id", "id"], unique=False)
    op.create_index("ix_evaluation_runs_version", "evaluation_runs", ["version_id", "id"], unique=False)
