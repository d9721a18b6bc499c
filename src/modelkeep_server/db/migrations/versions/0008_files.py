"""What was found in files and who answers for it, uploads under way, checks, links to whole versions."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Tables, and an index for what each key wraps: files that were there before are looked through by a job."""
    _housekeeping()
    _uploads()
    _formats()
    _links()
    _scans()
    _waivers()
    op.create_index("ix_blobs_key_id", "blobs", ["key_id", "id"], unique=False)


def _housekeeping() -> None:
    op.create_table(
        "blob_checks",
        sa.Column("blob_id", BIG_KEY, autoincrement=False, nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("blob_id", name="pk_blob_checks"),
    )
    op.create_index("ix_blob_checks_checked_at", "blob_checks", ["checked_at"], unique=False)
    op.create_table(
        "link_transfers",
        sa.Column("link_id", sa.Text(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("running", sa.Integer(), nullable=False),
        sa.Column("sent_bytes", sa.BigInteger(), nullable=False),
        sa.Column("spans", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("link_id", name="pk_link_transfers"),
    )
    op.create_index("ix_link_transfers_last_at", "link_transfers", ["last_at"], unique=False)
    op.create_table(
        "upload_parts",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("upload_id", BIG_KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("plain_size", sa.Integer(), nullable=False),
        sa.Column("sealed_size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_upload_parts"),
    )
    op.create_index("ix_upload_parts_upload_id", "upload_parts", ["upload_id"], unique=False)


def _uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("person_id", BIG_KEY, nullable=False),
        sa.Column("model_id", BIG_KEY, nullable=False),
        sa.Column("version_id", BIG_KEY, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("blob_id", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("offset_bytes", sa.BigInteger(), nullable=False),
        sa.Column("artifact_id", BIG_KEY, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_uploads"),
        sa.UniqueConstraint("blob_id", name="uq_uploads_blob_id"),
        sa.UniqueConstraint("public_id", name="uq_uploads_public_id"),
    )
    op.create_index("ix_uploads_expires_at", "uploads", ["expires_at"], unique=False)
    op.create_index("ix_uploads_person", "uploads", ["person_id", "id"], unique=False)


def _formats() -> None:
    op.create_table(
        "accepted_formats",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("types", sa.Text(), nullable=False),
        sa.Column("ending", sa.Text(), nullable=False),
        sa.Column("magic", sa.Text(), nullable=True),
        sa.Column("magic_offset", sa.Integer(), nullable=False),
        sa.Column("added_by", BIG_KEY, nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_by", BIG_KEY, nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["added_by"], ["people.id"], name="fk_accepted_formats_added_by"),
        sa.ForeignKeyConstraint(["ended_by"], ["people.id"], name="fk_accepted_formats_ended_by"),
        sa.PrimaryKeyConstraint("id", name="pk_accepted_formats"),
        sa.UniqueConstraint("public_id", name="uq_accepted_formats_public_id"),
    )
    op.create_index(
        "uq_accepted_formats_name",
        "accepted_formats",
        ["name"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "key_escrows",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("confirmed_by", BIG_KEY, nullable=True),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["confirmed_by"], ["people.id"], name="fk_key_escrows_confirmed_by"),
        sa.PrimaryKeyConstraint("id", name="pk_key_escrows"),
        sa.UniqueConstraint("public_id", name="uq_key_escrows_public_id"),
    )


def _links() -> None:
    op.create_table(
        "bundle_links",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("handle_hash", sa.Text(), nullable=False),
        sa.Column("version_id", BIG_KEY, nullable=False),
        sa.Column("person_id", BIG_KEY, nullable=False),
        sa.Column("session_id", BIG_KEY, nullable=True),
        sa.Column("token_id", BIG_KEY, nullable=True),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_bundle_links_person_id"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_bundle_links_session_id"),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name="fk_bundle_links_token_id"),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name="fk_bundle_links_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_bundle_links"),
        sa.UniqueConstraint("handle_hash", name="uq_bundle_links_handle_hash"),
        sa.UniqueConstraint("public_id", name="uq_bundle_links_public_id"),
    )


def _scans() -> None:
    op.create_table(
        "damages",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("blob_id", BIG_KEY, nullable=False),
        sa.Column("found_by", sa.Text(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("mended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name="fk_damages_blob_id"),
        sa.PrimaryKeyConstraint("id", name="pk_damages"),
        sa.UniqueConstraint("public_id", name="uq_damages_public_id"),
    )
    op.create_index(
        "uq_damages_blob",
        "damages",
        ["blob_id"],
        unique=True,
        sqlite_where=sa.text("mended_at IS NULL"),
        postgresql_where=sa.text("mended_at IS NULL"),
    )
    op.create_table(
        "scans",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("blob_id", BIG_KEY, nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("format", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("findings", sa.LargeBinary(), nullable=False),
        sa.Column("header", sa.LargeBinary(), nullable=False),
        sa.Column("image_digest", sa.Text(), nullable=True),
        sa.Column("scanned_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name="fk_scans_blob_id"),
        sa.PrimaryKeyConstraint("id", name="pk_scans"),
        sa.UniqueConstraint("public_id", name="uq_scans_public_id"),
    )
    op.create_index("ix_scans_image_digest", "scans", ["image_digest"], unique=False)
    op.create_index(
        "uq_scans_blob",
        "scans",
        ["blob_id"],
        unique=True,
        sqlite_where=sa.text("superseded_at IS NULL"),
        postgresql_where=sa.text("superseded_at IS NULL"),
    )


def _waivers() -> None:
    op.create_table(
        "waivers",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("artifact_id", BIG_KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_by", BIG_KEY, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_by", BIG_KEY, nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["artifact_id"], ["artifacts.id"], name="fk_waivers_artifact_id"),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name="fk_waivers_created_by"),
        sa.ForeignKeyConstraint(["ended_by"], ["people.id"], name="fk_waivers_ended_by"),
        sa.PrimaryKeyConstraint("id", name="pk_waivers"),
        sa.UniqueConstraint("public_id", name="uq_waivers_public_id"),
    )
    op.create_index("ix_waivers_artifact_id", "waivers", ["artifact_id"], unique=False)
