"""People, models, versions and files."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """People, models, versions and files."""
    _create_registry()
    _create_people()
    _create_role_grants()
    _create_invitations()
    _create_sessions()
    _create_tokens()
    _create_models()
    _create_model_owners()
    _create_versions()
    _create_version_passages()
    _create_blobs()
    _create_artifacts()
    _create_links()


def _create_registry() -> None:
    op.create_table(
        "registry",
        sa.Column("id", BIG_KEY, autoincrement=False, nullable=False),
        sa.Column("registry_id", sa.Text(), nullable=False),
        sa.Column("key_fingerprint", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=("pk_registry")),
    )


def _create_people() -> None:
    op.create_table(
        "people",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("passphrase_hash", sa.Text(), nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=("pk_people")),
        sa.UniqueConstraint("email_key", name=("uq_people_email_key")),
        sa.UniqueConstraint("pseudonym", name=("uq_people_pseudonym")),
        sa.UniqueConstraint("public_id", name=("uq_people_public_id")),
    )


def _create_role_grants() -> None:
    op.create_table(
        "role_grants",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("person_id", BIG_KEY, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=("fk_role_grants_person_id")),
        sa.PrimaryKeyConstraint("id", name=("pk_role_grants")),
    )
    op.create_index(("ix_role_grants_person_id"), "role_grants", ["person_id"], unique=False)


def _create_invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=("pk_invitations")),
        sa.UniqueConstraint("public_id", name=("uq_invitations_public_id")),
        sa.UniqueConstraint("secret_hash", name=("uq_invitations_secret_hash")),
    )


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("person_id", BIG_KEY, nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("authenticated_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=("fk_sessions_person_id")),
        sa.PrimaryKeyConstraint("id", name=("pk_sessions")),
        sa.UniqueConstraint("public_id", name=("uq_sessions_public_id")),
        sa.UniqueConstraint("secret_hash", name=("uq_sessions_secret_hash")),
    )
    op.create_index("ix_sessions_person", "sessions", ["person_id", "ended_at"], unique=False)


def _create_tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("person_id", BIG_KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=("fk_tokens_person_id")),
        sa.PrimaryKeyConstraint("id", name=("pk_tokens")),
        sa.UniqueConstraint("handle", name=("uq_tokens_handle")),
        sa.UniqueConstraint("public_id", name=("uq_tokens_public_id")),
    )
    op.create_index(("ix_tokens_person_id"), "tokens", ["person_id"], unique=False)


def _create_models() -> None:
    op.create_table(
        "models",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("group_name", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("path_key", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("registrar_id", BIG_KEY, nullable=True),
        sa.Column("risk_rationale", sa.Text(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("risk_tier", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("documentation_url", sa.Text(), nullable=True),
        sa.Column("repository_url", sa.Text(), nullable=True),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", BIG_KEY, nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name=("fk_models_created_by")),
        sa.ForeignKeyConstraint(["registrar_id"], ["people.id"], name=("fk_models_registrar_id")),
        sa.PrimaryKeyConstraint("id", name=("pk_models")),
        sa.UniqueConstraint("path_key", name=("uq_models_path_key")),
        sa.UniqueConstraint("public_id", name=("uq_models_public_id")),
    )
    op.create_index(("ix_models_registrar_id"), "models", ["registrar_id"], unique=False)


def _create_model_owners() -> None:
    op.create_table(
        "model_owners",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("model_id", BIG_KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=("fk_model_owners_model_id")),
        sa.PrimaryKeyConstraint("id", name=("pk_model_owners")),
        sa.UniqueConstraint("model_id", "position", "added_at", name=("uq_model_owners_model_id_position_added_at")),
    )
    op.create_index("ix_model_owners_email", "model_owners", ["email_key", "model_id"], unique=False)


def _create_versions() -> None:
    op.create_table(
        "versions",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("model_id", BIG_KEY, nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("commit_sha", sa.Text(), nullable=True),
        sa.Column("training_job_id", sa.Text(), nullable=True),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", BIG_KEY, nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("submitted_at", sa.BigInteger(), nullable=True),
        sa.Column("submitted_by", BIG_KEY, nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name=("fk_versions_created_by")),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=("fk_versions_model_id")),
        sa.ForeignKeyConstraint(["submitted_by"], ["people.id"], name=("fk_versions_submitted_by")),
        sa.PrimaryKeyConstraint("id", name=("pk_versions")),
        sa.UniqueConstraint("model_id", "number", name=("uq_versions_model_id_number")),
        sa.UniqueConstraint("model_id", "version", name=("uq_versions_model_id_version")),
        sa.UniqueConstraint("public_id", name=("uq_versions_public_id")),
    )


def _create_version_passages() -> None:
    op.create_table(
        "version_passages",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("version_id", BIG_KEY, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("person_id", BIG_KEY, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=("fk_version_passages_person_id")),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=("fk_version_passages_version_id")),
        sa.PrimaryKeyConstraint("id", name=("pk_version_passages")),
    )
    op.create_index("ix_version_passages_version", "version_passages", ["version_id", "id"], unique=False)


def _create_blobs() -> None:
    op.create_table(
        "blobs",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("model_id", BIG_KEY, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=("fk_blobs_model_id")),
        sa.PrimaryKeyConstraint("id", name=("pk_blobs")),
        sa.UniqueConstraint("model_id", "sha256", name=("uq_blobs_model_id_sha256")),
        sa.UniqueConstraint("public_id", name=("uq_blobs_public_id")),
    )
    op.create_index(("ix_blobs_sha256"), "blobs", ["sha256"], unique=False)


def _create_artifacts() -> None:
    op.create_table(
        "artifacts",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("version_id", BIG_KEY, nullable=False),
        sa.Column("blob_id", BIG_KEY, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("path_key", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("uploaded_at", sa.BigInteger(), nullable=False),
        sa.Column("uploaded_by", BIG_KEY, nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name=("fk_artifacts_blob_id")),
        sa.ForeignKeyConstraint(["uploaded_by"], ["people.id"], name=("fk_artifacts_uploaded_by")),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=("fk_artifacts_version_id")),
        sa.PrimaryKeyConstraint("id", name=("pk_artifacts")),
        sa.UniqueConstraint("public_id", name=("uq_artifacts_public_id")),
    )
    op.create_index(
        "uq_artifacts_version_path",
        "artifacts",
        ["version_id", "path_key"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )


def _create_links() -> None:
    op.create_table(
        "links",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("handle_hash", sa.Text(), nullable=False),
        sa.Column("artifact_id", BIG_KEY, nullable=False),
        sa.Column("person_id", BIG_KEY, nullable=False),
        sa.Column("session_id", BIG_KEY, nullable=True),
        sa.Column("token_id", BIG_KEY, nullable=True),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["artifact_id"], ["artifacts.id"], name=("fk_links_artifact_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=("fk_links_person_id")),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name=("fk_links_session_id")),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name=("fk_links_token_id")),
        sa.PrimaryKeyConstraint("id", name=("pk_links")),
        sa.UniqueConstraint("handle_hash", name=("uq_links_handle_hash")),
        sa.UniqueConstraint("public_id", name=("uq_links_public_id")),
    )
