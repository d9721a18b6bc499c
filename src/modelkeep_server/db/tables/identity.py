"""People, their roles, sessions, tokens and invitations, and the one row that names this registry."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text

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

registry = Table(
    "registry",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=False),
    Column("registry_id", Text, nullable=False),
    Column("key_fingerprint", Text, nullable=False),
    Column("created_at", UtcMicros, nullable=False),
)

people = Table(
    "people",
    metadata,
    key_column(),
    public_id_column(),
    Column("pseudonym", Text, nullable=False, unique=True),
    veiled("email", Text, nullable=False),
    veiled("email_key", Text, nullable=False, unique=True),
    veiled("name", Text, nullable=False),
    veiled("passphrase_hash", Text),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("created_at", UtcMicros, nullable=False),
    salt_column(),
)

role_grants = Table(
    "role_grants",
    metadata,
    key_column(),
    Column("person_id", BigKey, ForeignKey("people.id"), nullable=False, index=True),
    Column("role", Text, nullable=False),
    Column("source", Text, nullable=False),
    veiled("granted_by", Text, nullable=False),
    Column("granted_at", UtcMicros, nullable=False),
    Column("ended_at", UtcMicros),
    salt_column(),
)

#: One-time links: of the first start (kind FIRST_START) and of invitations (kind INVITATION).
invitations = Table(
    "invitations",
    metadata,
    key_column(),
    public_id_column(),
    Column("kind", Text, nullable=False),
    veiled("email", Text),
    Column("roles", JsonText, nullable=False),
    Column("secret_hash", Text, nullable=False, unique=True),
    veiled("created_by", Text, nullable=False),
    Column("created_at", UtcMicros, nullable=False),
    Column("expires_at", UtcMicros, nullable=False),
    Column("used_at", UtcMicros),
    salt_column(),
)

sessions = Table(
    "sessions",
    metadata,
    key_column(),
    public_id_column(),
    Column("person_id", BigKey, ForeignKey("people.id"), nullable=False),
    Column("secret_hash", Text, nullable=False, unique=True),
    Column("method", Text, nullable=False),
    Column("started_at", UtcMicros, nullable=False),
    Column("authenticated_at", UtcMicros, nullable=False),
    Column("expires_at", UtcMicros, nullable=False),
    Column("ended_at", UtcMicros),
    Index("ix_sessions_person", "person_id", "ended_at"),
)

tokens = Table(
    "tokens",
    metadata,
    key_column(),
    public_id_column(),
    Column("person_id", BigKey, ForeignKey("people.id"), nullable=False, index=True),
    veiled("name", Text, nullable=False),
    Column("handle", Text, nullable=False, unique=True),
    Column("secret_hash", Text, nullable=False),
    Column("scopes", JsonText, nullable=False),
    Column("roles", JsonText),
    Column("created_at", UtcMicros, nullable=False),
    Column("expires_at", UtcMicros, nullable=False),
    Column("revoked_at", UtcMicros),
    Column("revision", Integer, nullable=False, default=1),
    salt_column(),
)
