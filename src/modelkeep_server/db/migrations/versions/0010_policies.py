"""Policies by revision, what came of checking them, and exceptions."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """The tables, in the order in which they refer to each other."""
    _policies()
    _policy_revisions()
    _assessments()
    _exceptions()
    _exception_grants()


def _policies() -> None:
    op.create_table(
        "policies",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("starter", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", BIG_KEY, nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name="fk_policies_created_by"),
        sa.PrimaryKeyConstraint("id", name="pk_policies"),
        sa.UniqueConstraint("name_key", name="uq_policies_name_key"),
        sa.UniqueConstraint("public_id", name="uq_policies_public_id"),
        sa.UniqueConstraint("starter", name="uq_policies_starter"),
    )


def _policy_revisions() -> None:
    op.create_table(
        "policy_revisions",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("policy_id", BIG_KEY, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("proposed_by", BIG_KEY, nullable=True),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", BIG_KEY, nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name="fk_policy_revisions_decided_by"),
        sa.ForeignKeyConstraint(["policy_id"], ["policies.id"], name="fk_policy_revisions_policy_id"),
        sa.ForeignKeyConstraint(["proposed_by"], ["people.id"], name="fk_policy_revisions_proposed_by"),
        sa.PrimaryKeyConstraint("id", name="pk_policy_revisions"),
        sa.UniqueConstraint("policy_id", "revision", name="uq_policy_revisions_policy_id_revision"),
    )
    op.create_index("ix_policy_revisions_status", "policy_revisions", ["status", "policy_id"], unique=False)
    op.create_index(
        "uq_policy_revisions_proposed",
        "policy_revisions",
        ["policy_id"],
        unique=True,
        sqlite_where=sa.text("status = 'PROPOSED'"),
        postgresql_where=sa.text("status = 'PROPOSED'"),
    )


def _assessments() -> None:
    op.create_table(
        "assessments",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("version_id", BIG_KEY, nullable=False),
        sa.Column("promotion_id", BIG_KEY, nullable=True),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("results", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("facts_digest", sa.Text(), nullable=False),
        sa.Column("person_id", BIG_KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_assessments_person_id"),
        sa.ForeignKeyConstraint(["promotion_id"], ["promotions.id"], name="fk_assessments_promotion_id"),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name="fk_assessments_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_assessments"),
        sa.UniqueConstraint("public_id", name="uq_assessments_public_id"),
    )
    op.create_index("ix_assessments_version", "assessments", ["version_id", "id"], unique=False)


def _exceptions() -> None:
    op.create_table(
        "exceptions",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("policy_id", BIG_KEY, nullable=False),
        sa.Column("version_id", BIG_KEY, nullable=False),
        sa.Column("justification", sa.Text(), nullable=False),
        sa.Column("risk", sa.Text(), nullable=False),
        sa.Column("mitigation", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("risk_tier", sa.Text(), nullable=False),
        sa.Column("asked_by", BIG_KEY, nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_by", BIG_KEY, nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name="fk_exceptions_asked_by"),
        sa.ForeignKeyConstraint(["ended_by"], ["people.id"], name="fk_exceptions_ended_by"),
        sa.ForeignKeyConstraint(["policy_id"], ["policies.id"], name="fk_exceptions_policy_id"),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name="fk_exceptions_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_exceptions"),
        sa.UniqueConstraint("public_id", name="uq_exceptions_public_id"),
    )
    op.create_index("ix_exceptions_policy", "exceptions", ["policy_id", "status"], unique=False)
    op.create_index("ix_exceptions_status", "exceptions", ["status", "expires_at", "id"], unique=False)
    op.create_index("ix_exceptions_version", "exceptions", ["version_id", "status"], unique=False)


def _exception_grants() -> None:
    op.create_table(
        "exception_grants",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("exception_id", BIG_KEY, nullable=False),
        sa.Column("person_id", BIG_KEY, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["exception_id"], ["exceptions.id"], name="fk_exception_grants_exception_id"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_exception_grants_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_exception_grants"),
        sa.UniqueConstraint("exception_id", "person_id", name="uq_exception_grants_exception_id_person_id"),
        sa.UniqueConstraint("exception_id", "role", name="uq_exception_grants_exception_id_role"),
    )
