"""
Files: what a version lists (artifacts), the sealed bytes behind it (blobs), what was found in them, and download links.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, text

from modelkeep_server.db.tables.base import (
    BigKey,
    JsonText,
    UtcMicros,
    key_column,
    metadata,
    public_id_column,
    salt_column,
    veiled,
)

#: `parts` is `[[number, attempt, plain_size, sealed_size], ...]`, so that the row's digest covers the layout:
#: a part that is cut, reordered or swapped is noticed before a byte is opened. `seal` numbers the format of the bytes.
blobs = Table(
    "blobs",
    metadata,
    key_column(),
    public_id_column(),
    Column("model_id", BigKey, ForeignKey("models.id"), nullable=False),
    Column("sha256", Text, nullable=False, index=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("seal", Integer, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("parts", JsonText, nullable=False),
    Column("created_at", UtcMicros, nullable=False),
    UniqueConstraint("model_id", "sha256"),
    Index("ix_blobs_key_id", "key_id", "id"),
)

artifacts = Table(
    "artifacts",
    metadata,
    key_column(),
    public_id_column(),
    Column("version_id", BigKey, ForeignKey("versions.id"), nullable=False),
    Column("blob_id", BigKey, ForeignKey("blobs.id"), nullable=False),
    veiled("path", Text, nullable=False),
    veiled("path_key", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("format", Text),
    Column("status", Text, nullable=False),
    Column("uploaded_at", UtcMicros, nullable=False),
    Column("uploaded_by", BigKey, ForeignKey("people.id"), nullable=False),
    Column("removed_at", UtcMicros),
    salt_column(),
    Index("ix_artifacts_version", "version_id", "uploaded_by"),
    Index(
        "uq_artifacts_version_path",
        "version_id",
        "path_key",
        unique=True,
        sqlite_where=text("removed_at IS NULL"),
        postgresql_where=text("removed_at IS NULL"),
    ),
)

links = Table(
    "links",
    metadata,
    key_column(),
    public_id_column(),
    Column("handle_hash", Text, nullable=False, unique=True),
    Column("artifact_id", BigKey, ForeignKey("artifacts.id"), nullable=False),
    Column("person_id", BigKey, ForeignKey("people.id"), nullable=False),
    Column("session_id", BigKey, ForeignKey("sessions.id")),
    Column("token_id", BigKey, ForeignKey("tokens.id")),
    veiled("purpose", Text),
    Column("created_at", UtcMicros, nullable=False),
    Column("expires_at", UtcMicros, nullable=False),
    salt_column(),
)

#: What looking through the bytes found, by the rules of one version. The one without `superseded_at` counts.
#: `findings` and `header` are sealed (features/artifacts/sealed_words.py): they may hold words of the file.
#: `image_digest` is that of the container image which the file holds or refers to, `sha256:<hex>`.
scans = Table(
    "scans",
    metadata,
    key_column(),
    public_id_column(),
    Column("blob_id", BigKey, ForeignKey("blobs.id"), nullable=False),
    Column("rule_version", Integer, nullable=False),
    Column("format", Text),
    Column("verdict", Text, nullable=False),
    Column("findings", LargeBinary, nullable=False),
    Column("header", LargeBinary, nullable=False),
    Column("image_digest", Text, index=True),
    Column("scanned_at", UtcMicros, nullable=False),
    Column("superseded_at", UtcMicros),
    Index(
        "uq_scans_blob",
        "blob_id",
        unique=True,
        sqlite_where=text("superseded_at IS NULL"),
        postgresql_where=text("superseded_at IS NULL"),
    ),
)

#: A Security Architect answers for a file until a time: RELEASE opens one that is BLOCKED, WAIVE accepts an UNKNOWN.
waivers = Table(
    "waivers",
    metadata,
    key_column(),
    public_id_column(),
    Column("artifact_id", BigKey, ForeignKey("artifacts.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    veiled("reason", Text, nullable=False),
    Column("created_by", BigKey, ForeignKey("people.id"), nullable=False),
    Column("created_at", UtcMicros, nullable=False),
    Column("expires_at", UtcMicros, nullable=False),
    Column("ended_by", BigKey, ForeignKey("people.id")),
    Column("ended_at", UtcMicros),
    salt_column(),
)

#: Stored bytes that were found changed, cut or gone. `found_by` is DOWNLOAD, CHECK or RESTORE. `mended_at` is when the
#: same bytes were uploaded again and stand in their place.
damages = Table(
    "damages",
    metadata,
    key_column(),
    public_id_column(),
    Column("blob_id", BigKey, ForeignKey("blobs.id"), nullable=False),
    Column("found_by", Text, nullable=False),
    Column("found_at", UtcMicros, nullable=False),
    Column("mended_at", UtcMicros),
    Index(
        "uq_damages_blob",
        "blob_id",
        unique=True,
        sqlite_where=text("mended_at IS NULL"),
        postgresql_where=text("mended_at IS NULL"),
    ),
)

#: A link to all files of a version as one ZIP; else as `links`.
bundle_links = Table(
    "bundle_links",
    metadata,
    key_column(),
    public_id_column(),
    Column("handle_hash", Text, nullable=False, unique=True),
    Column("version_id", BigKey, ForeignKey("versions.id"), nullable=False),
    Column("person_id", BigKey, ForeignKey("people.id"), nullable=False),
    Column("session_id", BigKey, ForeignKey("sessions.id")),
    Column("token_id", BigKey, ForeignKey("tokens.id")),
    veiled("purpose", Text),
    Column("created_at", UtcMicros, nullable=False),
    Column("expires_at", UtcMicros, nullable=False),
    salt_column(),
)

#: Formats that an Admin lists beside those of rules/formats.py. `magic` is hex, expected at `magic_offset`; `types` are
#: artifact types. Files of such a format count as UNKNOWN.
accepted_formats = Table(
    "accepted_formats",
    metadata,
    key_column(),
    public_id_column(),
    Column("name", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("types", JsonText, nullable=False),
    Column("ending", Text, nullable=False),
    Column("magic", Text),
    Column("magic_offset", Integer, nullable=False),
    Column("added_by", BigKey, ForeignKey("people.id"), nullable=False),
    Column("added_at", UtcMicros, nullable=False),
    Column("ended_by", BigKey, ForeignKey("people.id")),
    Column("ended_at", UtcMicros),
    Index(
        "uq_accepted_formats_name",
        "name",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)
