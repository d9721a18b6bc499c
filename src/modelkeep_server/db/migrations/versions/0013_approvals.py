"""Approvals that Admins add, and reviews of versions that are in production."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """The tables, in the order in which they refer to each other."""
    _approval_additions()
    _attestations()
    op.create_index("ix_versions_state", "versions", ["state", "model_id"], unique=False)
    op.create_index("ix_models_updated_at_id", "models", ["updated_at", "id"], unique=False)
    op.create_index("ix_artifacts_version", "artifacts", ["version_id", "uploaded_by"], unique=False)


def _approval_additions() -> None:
    op.create_table(
        "approval_additions",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("risk_tier", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("added_by", BIG_KEY, nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("ending_by", BIG_KEY, nullable=True),
        sa.Column("ending_at", sa.BigInteger(), nullable=True),
        sa.Column("ending_reason", sa.Text(), nullable=True),
        sa.Column("ended_by", BIG_KEY, nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["added_by"], ["people.id"], name="fk_approval_additions_added_by"),
        sa.ForeignKeyConstraint(["ending_by"], ["people.id"], name="fk_approval_additions_ending_by"),
        sa.ForeignKeyConstraint(["ended_by"], ["people.id"], name="fk_approval_additions_ended_by"),
        sa.PrimaryKeyConstraint("id", name="pk_approval_additions"),
        sa.UniqueConstraint("public_id", name="uq_approval_additions_public_id"),
    )
    op.create_index("ix_approval_additions_standing", "approval_additions", ["ended_at", "risk_tier"], unique=False)


def _attestations() -> None:
    op.create_table(
        "attestations",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("version_id", BIG_KEY, nullable=False),
        sa.Column("person_id", BIG_KEY, nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("risk_tier", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_attestations_person_id"),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name="fk_attestations_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_attestations"),
        sa.UniqueConstraint("public_id", name="uq_attestations_public_id"),
    )
    op.create_index("ix_attestations_version", "attestations", ["version_id", "id"], unique=False)
