"""Models and their owners."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, text

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

_RESTRICTED = text("visibility = 'RESTRICTED'")

#: `path_key` is `group/name` in lower case: unique ignoring case, while case is kept in `group` and `name`.
models = Table(
    "models",
    metadata,
    key_column(),
    public_id_column(),
    Column("group_name", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("path_key", Text, nullable=False, unique=True),
    veiled("description", Text, nullable=False),
    Column("registrar_id", BigKey, ForeignKey("people.id"), index=True),
    veiled("risk_rationale", Text),
    Column("origin", Text, nullable=False),
    Column("risk_tier", Text, nullable=False),
    veiled("tags", JsonText, nullable=False),
    veiled("documentation_url", Text),
    veiled("repository_url", Text),
    Column("visibility", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("created_at", UtcMicros, nullable=False),
    Column("created_by", BigKey, ForeignKey("people.id"), nullable=False),
    Column("updated_at", UtcMicros, nullable=False),
    Column("revision", Integer, nullable=False),
    salt_column(),
    Index("ix_models_updated_at_id", "updated_at", "id"),
    # What is hidden from somebody is among these few.
    Index("ix_models_restricted", "id", sqlite_where=_RESTRICTED, postgresql_where=_RESTRICTED),
)

#: Owners as sent, in order. A former owner keeps the row, with `removed_at`: whoever ever owned a model is known.
model_owners = Table(
    "model_owners",
    metadata,
    key_column(),
    Column("model_id", BigKey, ForeignKey("models.id"), nullable=False),
    Column("position", Integer, nullable=False),
    veiled("email", Text, nullable=False),
    veiled("email_key", Text, nullable=False),
    Column("added_at", UtcMicros, nullable=False),
    Column("removed_at", UtcMicros),
    salt_column(),
    UniqueConstraint("model_id", "position", "added_at"),
    Index("ix_model_owners_email", "email_key", "model_id"),
)

#: Who was let in: access READ or WRITE, until a moment where one is given. A former collaborator keeps the row.
collaborators = Table(
    "collaborators",
    metadata,
    key_column(),
    public_id_column(),
    Column("model_id", BigKey, ForeignKey("models.id"), nullable=False),
    Column("person_id", BigKey, ForeignKey("people.id"), nullable=False),
    Column("access", Text, nullable=False),
    Column("granted_by", BigKey, ForeignKey("people.id"), nullable=False),
    Column("granted_at", UtcMicros, nullable=False),
    Column("until", UtcMicros),
    Column("ended_at", UtcMicros),
    Column("revision", Integer, nullable=False),
    Index("ix_collaborators_model", "model_id", "ended_at"),
    Index("ix_collaborators_person", "person_id", "ended_at", "model_id"),
)

#: Somebody asked an owner to be let in. `version_id` is set where one version was asked for; `status` is OPEN, GRANTED,
#: REFUSED or WITHDRAWN.
access_requests = Table(
    "access_requests",
    metadata,
    key_column(),
    public_id_column(),
    Column("model_id", BigKey, ForeignKey("models.id"), nullable=False),
    Column("version_id", BigKey, ForeignKey("versions.id")),
    Column("person_id", BigKey, ForeignKey("people.id"), nullable=False),
    veiled("purpose", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("asked_at", UtcMicros, nullable=False),
    Column("decided_by", BigKey, ForeignKey("people.id")),
    Column("decided_at", UtcMicros),
    veiled("answer", Text),
    Column("until", UtcMicros),
    Column("revision", Integer, nullable=False),
    salt_column(),
    Index("ix_access_requests_model", "model_id", "status", "id"),
    Index("ix_access_requests_person", "person_id", "id"),
)
