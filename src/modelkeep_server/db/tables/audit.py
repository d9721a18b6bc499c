"""
The log, its tree, and what is kept beside it.

Events are verbatim JSON in `body`; the columns beside it repeat parts of it for filtering, and verification compares
them. Leaf hashes stand apart, so that an edited body is named. Names, e-mails and free texts stand in side tables that
can be erased without touching a proof. Source: RFC 6962.
"""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text, text

from modelkeep_server.db.tables.base import BigKey, UtcMicros, metadata

_REFUSED, _HAS_ROLE = text("outcome = 'REFUSED'"), text("role IS NOT NULL")

audit_events = Table(
    "audit_events",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
    Column("id", Text, nullable=False, unique=True),
    Column("at", UtcMicros, nullable=False, index=True),
    Column("action", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", Text),
    Column("object_kind", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("request_id", Text, nullable=False, index=True),
    Index("ix_audit_events_action", "action", "sequence"),
    Index("ix_audit_events_actor", "actor", "sequence"),
    # With who did what, so that who touched a version is told from the index alone (features/models/separation.py).
    Index("ix_audit_events_object", "object_id", "sequence", "actor", "action", "outcome"),
    # The few events of their kind, so that most appends do not touch them.
    Index("ix_audit_events_refused", "sequence", sqlite_where=_REFUSED, postgresql_where=_REFUSED),
    Index("ix_audit_events_role", "role", "sequence", sqlite_where=_HAS_ROLE, postgresql_where=_HAS_ROLE),
)

audit_leaves = Table(
    "audit_leaves",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
)

audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("signed_at", UtcMicros, nullable=False),
    Column("note", Text, nullable=False),
)

#: commitment = HMAC-SHA-256(salt, text) in hex.
audit_texts = Table(
    "audit_texts",
    metadata,
    Column("commitment", Text, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("value", Text, nullable=False),
)

#: Which e-mail stands behind a pseudonym; `email_key` is the address in lower case.
audit_people = Table(
    "audit_people",
    metadata,
    Column("pseudonym", Text, primary_key=True),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False, unique=True),
    Column("name", Text),
)

#: The address under which people know an object: `group/name:version` for a version.
audit_labels = Table(
    "audit_labels",
    metadata,
    Column("object_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("label", Text, nullable=False),
    Index("ix_audit_labels_label", "label", postgresql_ops={"label": "text_pattern_ops"}),
)
