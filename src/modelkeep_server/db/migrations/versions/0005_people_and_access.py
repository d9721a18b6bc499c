"""People, programs and teams: how they sign in, what they are let into, and what is told of the registry itself."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Tables only: nothing that is there is changed."""
    _create_device_logins()
    _create_jobs()
    _create_sign_in_attempts()
    _create_teams()
    _create_identities()
    _create_incidents()
    _create_role_requests()
    _create_service_accounts()
    _create_team_members()
    _create_collaborators()
    _create_incident_updates()
    _create_access_requests()
    _create_version_flags()


def _create_device_logins() -> None:
    op.create_table(
        "device_logins",
        sa.Column("device_hash", sa.Text(), nullable=False),
        sa.Column("user_code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("polled_at", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("session_id", BIG_KEY, nullable=True),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("device_hash", name=("pk_device_logins")),
        sa.UniqueConstraint("user_code", name=("uq_device_logins_user_code")),
    )
    op.create_index(("ix_device_logins_expires_at"), "device_logins", ["expires_at"], unique=False)


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_by", sa.Text(), nullable=True),
        sa.Column("leased_until", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=("pk_jobs")),
        sa.UniqueConstraint("key", name=("uq_jobs_key")),
    )
    op.create_index("ix_jobs_due", "jobs", ["status", "due_at", "id"], unique=False)


def _create_sign_in_attempts() -> None:
    op.create_table(
        "sign_in_attempts",
        sa.Column("state_hash", sa.Text(), nullable=False),
        sa.Column("browser_hash", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name=("pk_sign_in_attempts")),
    )
    op.create_index(("ix_sign_in_attempts_expires_at"), "sign_in_attempts", ["expires_at"], unique=False)


def _create_teams() -> None:
    op.create_table(
        "teams",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=("pk_teams")),
        sa.UniqueConstraint("email_key", name=("uq_teams_email_key")),
        sa.UniqueConstraint("name_key", name=("uq_teams_name_key")),
        sa.UniqueConstraint("public_id", name=("uq_teams_public_id")),
    )


def _create_identities() -> None:
    op.create_table(
        "identities",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("person_id", BIG_KEY, nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("linked_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=("fk_identities_person_id")),
        sa.PrimaryKeyConstraint("id", name=("pk_identities")),
        sa.UniqueConstraint("public_id", name=("uq_identities_public_id")),
    )
    is_open = sa.text("ended_at IS NULL")
    op.create_index(
        ("uq_identities_open"), "identities", ["issuer", "subject"],
        unique=True, sqlite_where=is_open, postgresql_where=is_open,
    )  # fmt: skip
    op.create_index(("ix_identities_person_id"), "identities", ["person_id"], unique=False)


def _create_incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("components", sa.Text(), nullable=False),
        sa.Column("impact", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", BIG_KEY, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name=("fk_incidents_created_by")),
        sa.PrimaryKeyConstraint("id", name=("pk_incidents")),
        sa.UniqueConstraint("public_id", name=("uq_incidents_public_id")),
    )
    op.create_index("ix_incidents_resolved", "incidents", ["resolved_at", "id"], unique=False)


def _create_role_requests() -> None:
    op.create_table(
        "role_requests",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("person_id", BIG_KEY, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("asked_by", BIG_KEY, nullable=True),
        sa.Column("asked_by_name", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("decided_by", BIG_KEY, nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=("fk_role_requests_asked_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=("fk_role_requests_decided_by")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=("fk_role_requests_person_id")),
        sa.PrimaryKeyConstraint("id", name=("pk_role_requests")),
        sa.UniqueConstraint("public_id", name=("uq_role_requests_public_id")),
    )
    op.create_index(("ix_role_requests_person_id"), "role_requests", ["person_id"], unique=False)
    op.create_index("ix_role_requests_status", "role_requests", ["status", "id"], unique=False)


def _create_service_accounts() -> None:
    op.create_table(
        "service_accounts",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("person_id", BIG_KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("sponsor_id", BIG_KEY, nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=("fk_service_accounts_person_id")),
        sa.ForeignKeyConstraint(["sponsor_id"], ["people.id"], name=("fk_service_accounts_sponsor_id")),
        sa.PrimaryKeyConstraint("id", name=("pk_service_accounts")),
        sa.UniqueConstraint("person_id", name=("uq_service_accounts_person_id")),
        sa.UniqueConstraint("public_id", name=("uq_service_accounts_public_id")),
    )
    op.create_index(("ix_service_accounts_sponsor_id"), "service_accounts", ["sponsor_id"], unique=False)


def _create_team_members() -> None:
    op.create_table(
        "team_members",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("team_id", BIG_KEY, nullable=False),
        sa.Column("person_id", BIG_KEY, nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=("fk_team_members_person_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=("fk_team_members_team_id")),
        sa.PrimaryKeyConstraint("id", name=("pk_team_members")),
    )
    op.create_index("ix_team_members_person", "team_members", ["person_id", "ended_at"], unique=False)
    op.create_index("ix_team_members_team", "team_members", ["team_id", "ended_at"], unique=False)


def _create_collaborators() -> None:
    op.create_table(
        "collaborators",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("model_id", BIG_KEY, nullable=False),
        sa.Column("person_id", BIG_KEY, nullable=False),
        sa.Column("access", sa.Text(), nullable=False),
        sa.Column("granted_by", BIG_KEY, nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["granted_by"], ["people.id"], name=("fk_collaborators_granted_by")),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=("fk_collaborators_model_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=("fk_collaborators_person_id")),
        sa.PrimaryKeyConstraint("id", name=("pk_collaborators")),
        sa.UniqueConstraint("public_id", name=("uq_collaborators_public_id")),
    )
    op.create_index("ix_collaborators_model", "collaborators", ["model_id", "ended_at"], unique=False)
    op.create_index("ix_collaborators_person", "collaborators", ["person_id", "ended_at", "model_id"], unique=False)


def _create_incident_updates() -> None:
    op.create_table(
        "incident_updates",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("incident_id", BIG_KEY, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("person_id", BIG_KEY, nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=("fk_incident_updates_incident_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=("fk_incident_updates_person_id")),
        sa.PrimaryKeyConstraint("id", name=("pk_incident_updates")),
    )
    op.create_index(("ix_incident_updates_incident_id"), "incident_updates", ["incident_id"], unique=False)


def _create_access_requests() -> None:
    op.create_table(
        "access_requests",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("model_id", BIG_KEY, nullable=False),
        sa.Column("version_id", BIG_KEY, nullable=True),
        sa.Column("person_id", BIG_KEY, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", BIG_KEY, nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=("fk_access_requests_decided_by")),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=("fk_access_requests_model_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=("fk_access_requests_person_id")),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=("fk_access_requests_version_id")),
        sa.PrimaryKeyConstraint("id", name=("pk_access_requests")),
        sa.UniqueConstraint("public_id", name=("uq_access_requests_public_id")),
    )
    op.create_index("ix_access_requests_model", "access_requests", ["model_id", "status", "id"], unique=False)
    op.create_index("ix_access_requests_person", "access_requests", ["person_id", "id"], unique=False)


def _create_version_flags() -> None:
    op.create_table(
        "version_flags",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("version_id", BIG_KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("set_by", BIG_KEY, nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("lifted_by", BIG_KEY, nullable=True),
        sa.Column("lifted_at", sa.BigInteger(), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["lifted_by"], ["people.id"], name=("fk_version_flags_lifted_by")),
        sa.ForeignKeyConstraint(["set_by"], ["people.id"], name=("fk_version_flags_set_by")),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=("fk_version_flags_version_id")),
        sa.PrimaryKeyConstraint("id", name=("pk_version_flags")),
        sa.UniqueConstraint("public_id", name=("uq_version_flags_public_id")),
    )
    op.create_index("ix_version_flags_version", "version_flags", ["version_id", "lifted_at"], unique=False)
