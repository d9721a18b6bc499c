"""Incidents, as people who run the registry write them for the status page."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text

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

incidents = Table(
    "incidents",
    metadata,
    key_column(),
    public_id_column(),
    veiled("title", Text, nullable=False),
    Column("components", JsonText, nullable=False),
    Column("impact", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("started_at", UtcMicros, nullable=False),
    Column("resolved_at", UtcMicros),
    Column("created_by", BigKey, ForeignKey("people.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    salt_column(),
    Index("ix_incidents_resolved", "resolved_at", "id"),
)

incident_updates = Table(
    "incident_updates",
    metadata,
    key_column(),
    Column("incident_id", BigKey, ForeignKey("incidents.id"), nullable=False, index=True),
    Column("status", Text, nullable=False),
    veiled("text", Text, nullable=False),
    Column("at", UtcMicros, nullable=False),
    Column("person_id", BigKey, ForeignKey("people.id"), nullable=False),
    salt_column(),
)
