"""Versions and the states they passed through."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

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

versions = Table(
    "versions",
    metadata,
    key_column(),
    public_id_column(),
    Column("model_id", BigKey, ForeignKey("models.id"), nullable=False),
    Column("version", Text, nullable=False),
    Column("number", Integer, nullable=False),
    veiled("description", Text),
    Column("state", Text, nullable=False),
    Column("commit_sha", Text),
    veiled("training_job_id", Text),
    veiled("metadata", JsonText, nullable=False),
    Column("created_at", UtcMicros, nullable=False),
    Column("created_by", BigKey, ForeignKey("people.id"), nullable=False),
    Column("updated_at", UtcMicros, nullable=False),
    Column("submitted_at", UtcMicros),
    Column("submitted_by", BigKey, ForeignKey("people.id")),
    Column("revision", Integer, nullable=False),
    salt_column(),
    UniqueConstraint("model_id", "version"),
    UniqueConstraint("model_id", "number"),
    Index("ix_versions_state", "state", "model_id"),
)

version_passages = Table(
    "version_passages",
    metadata,
    key_column(),
    Column("version_id", BigKey, ForeignKey("versions.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("at", UtcMicros, nullable=False),
    Column("person_id", BigKey, ForeignKey("people.id"), nullable=False),
    Index("ix_version_passages_version", "version_id", "id"),
)

#: What stands beside the state: `kind` CLOSED (it goes no further) or HOLD (all its moves are stopped). One that was
#: lifted keeps its row.
version_flags = Table(
    "version_flags",
    metadata,
    key_column(),
    public_id_column(),
    Column("version_id", BigKey, ForeignKey("versions.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("set_by", BigKey, ForeignKey("people.id"), nullable=False),
    Column("set_at", UtcMicros, nullable=False),
    veiled("reason", Text, nullable=False),
    Column("lifted_by", BigKey, ForeignKey("people.id")),
    Column("lifted_at", UtcMicros),
    veiled("lift_reason", Text),
    salt_column(),
    Index("ix_version_flags_version", "version_id", "lifted_at"),
)
