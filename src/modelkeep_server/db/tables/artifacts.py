"""Files: what a version lists (artifacts), the sealed bytes behind it (blobs), and download links."""

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
