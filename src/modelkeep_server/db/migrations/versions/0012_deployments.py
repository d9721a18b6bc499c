"""Environments, and what was live in them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """The tables, in the order in which they refer to each other."""
    _environments()
    _deployments()
    _deployment_shares()


def _environments() -> None:
    op.create_table(
        "environments",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("created_by", BIG_KEY, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_by", BIG_KEY, nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name="fk_environments_created_by"),
        sa.ForeignKeyConstraint(["ended_by"], ["people.id"], name="fk_environments_ended_by"),
        sa.PrimaryKeyConstraint("id", name="pk_environments"),
        sa.UniqueConstraint("public_id", name="uq_environments_public_id"),
    )
    op.create_index(
        "uq_environments_name",
        "environments",
        ["name_key"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _deployments() -> None:
    op.create_table(
        "deployments",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("environment_id", BIG_KEY, nullable=False),
        sa.Column("model_id", BIG_KEY, nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("restores", BIG_KEY, nullable=True),
        sa.Column("person_id", BIG_KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["environment_id"], ["environments.id"], name="fk_deployments_environment_id"),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name="fk_deployments_model_id"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_deployments_person_id"),
        sa.ForeignKeyConstraint(["restores"], ["deployments.id"], name="fk_deployments_restores"),
        sa.PrimaryKeyConstraint("id", name="pk_deployments"),
        sa.UniqueConstraint("public_id", name="uq_deployments_public_id"),
    )
    op.create_index("ix_deployments_environment", "deployments", ["environment_id", "at"], unique=False)
    op.create_index("ix_deployments_model", "deployments", ["model_id", "at"], unique=False)
    op.create_index(
        "uq_deployments_current",
        "deployments",
        ["environment_id", "model_id"],
        unique=True,
        sqlite_where=sa.text("superseded_at IS NULL"),
        postgresql_where=sa.text("superseded_at IS NULL"),
    )


def _deployment_shares() -> None:
    op.create_table(
        "deployment_shares",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("deployment_id", BIG_KEY, nullable=False),
        sa.Column("version_id", BIG_KEY, nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("endpoint_url", sa.Text(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["deployment_id"], ["deployments.id"], name="fk_deployment_shares_deployment_id"),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name="fk_deployment_shares_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_deployment_shares"),
    )
    op.create_index("ix_deployment_shares_deployment", "deployment_shares", ["deployment_id"], unique=False)
    op.create_index("ix_deployment_shares_version", "deployment_shares", ["version_id", "deployment_id"], unique=False)
