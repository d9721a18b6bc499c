"""What people and programs are told: how each person wants it, and where webhooks go. Notices: housekeeping.py."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, text

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

_STANDING = text("ended_at IS NULL")

#: Where a person wants other than the rule: of one kind of notice, whether in the app and by mail.
notice_settings = Table(
    "notice_settings",
    metadata,
    key_column(),
    Column("person_id", BigKey, ForeignKey("people.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("in_app", Boolean, nullable=False),
    Column("by_mail", Boolean, nullable=False),
    Column("updated_at", UtcMicros, nullable=False),
    UniqueConstraint("person_id", "kind"),
)

#: `kinds` are those of notices. `groups` empty: of all models that are not RESTRICTED. Both secrets are sealed, and
#: gone once it ended; the former one signs too until `former_until`. `off_reason`: why the registry turned it off.
webhooks = Table(
    "webhooks",
    metadata,
    key_column(),
    public_id_column(),
    Column("name", Text, nullable=False),
    veiled("url", Text, nullable=False),
    Column("kinds", JsonText, nullable=False),
    Column("groups", JsonText, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("former_secret", LargeBinary),
    Column("former_until", UtcMicros),
    Column("enabled", Boolean, nullable=False),
    Column("off_reason", Text),
    Column("created_by", BigKey, ForeignKey("people.id"), nullable=False),
    Column("created_at", UtcMicros, nullable=False),
    Column("ended_by", BigKey, ForeignKey("people.id")),
    Column("ended_at", UtcMicros),
    Column("revision", Integer, nullable=False),
    salt_column(),
    Index("uq_webhooks_name", "name", unique=True, sqlite_where=_STANDING, postgresql_where=_STANDING),
)
