"""Governance of a version: what was asked and decided, on which content, and what was said and found on the way."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, text

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

_OPEN = text("status = 'OPEN'")

#: What a version held when it was submitted, under its digest: one row a submission, the last one counts.
#: `content` is the document that was digested (features/versions/content.py).
version_contents = Table(
    "version_contents",
    metadata,
    key_column(),
    Column("version_id", BigKey, ForeignKey("versions.id"), nullable=False),
    Column("digest", Text, nullable=False),
    veiled("content", JsonText, nullable=False),
    Column("frozen_at", UtcMicros, nullable=False),
    Column("frozen_by", BigKey, ForeignKey("people.id"), nullable=False),
    salt_column(),
    Index("ix_version_contents_version", "version_id", "id"),
)

#: A request to move a version on: one round of review. `target` is STAGING or PRODUCTION; `status` is OPEN, APPROVED,
#: CHANGES_REQUESTED or WITHDRAWN (also by closing the version or retiring its model). `round` counts a version's.
promotions = Table(
    "promotions",
    metadata,
    key_column(),
    public_id_column(),
    Column("version_id", BigKey, ForeignKey("versions.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("target", Text, nullable=False),
    veiled("justification", Text, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("status", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("risk_tier", Text, nullable=False),
    Column("requested_by", BigKey, ForeignKey("people.id"), nullable=False),
    Column("requested_at", UtcMicros, nullable=False),
    Column("due_at", UtcMicros, nullable=False),
    Column("ended_by", BigKey, ForeignKey("people.id")),
    Column("ended_at", UtcMicros),
    veiled("end_reason", Text),
    Column("revision", Integer, nullable=False),
    salt_column(),
    UniqueConstraint("version_id", "round"),
    Index("uq_promotions_open", "version_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index("ix_promotions_status", "status", "due_at", "id"),
)

#: One reviewer's decision in a round: one person decides once for a risk tier. `role` is the approval it fills,
#: `digest` and `risk_tier` what it was made on, `saw` what lay before the reviewer, `checklist` the Architect's.
reviews = Table(
    "reviews",
    metadata,
    key_column(),
    public_id_column(),
    Column("promotion_id", BigKey, ForeignKey("promotions.id"), nullable=False),
    Column("person_id", BigKey, ForeignKey("people.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("decision", Text, nullable=False),
    veiled("comment", Text),
    Column("digest", Text, nullable=False),
    Column("risk_tier", Text, nullable=False),
    Column("saw", JsonText, nullable=False),
    Column("checklist", JsonText),
    Column("at", UtcMicros, nullable=False),
    salt_column(),
    UniqueConstraint("promotion_id", "person_id", "risk_tier"),
    Index("ix_reviews_person", "person_id", "id"),
)

#: A reviewer's remark with an owner and a due date. `status` is OPEN, RESOLVED or ACCEPTED; a blocking one that is
#: open stops every move.
findings = Table(
    "findings",
    metadata,
    key_column(),
    public_id_column(),
    Column("version_id", BigKey, ForeignKey("versions.id"), nullable=False),
    Column("promotion_id", BigKey, ForeignKey("promotions.id")),
    Column("severity", Text, nullable=False),
    Column("blocking", Boolean, nullable=False),
    veiled("text", Text, nullable=False),
    veiled("owner_email", Text, nullable=False),
    Column("due_at", UtcMicros, nullable=False),
    Column("status", Text, nullable=False),
    Column("raised_by", BigKey, ForeignKey("people.id"), nullable=False),
    Column("raised_at", UtcMicros, nullable=False),
    Column("settled_by", BigKey, ForeignKey("people.id")),
    Column("settled_at", UtcMicros),
    veiled("answer", Text),
    Column("revision", Integer, nullable=False),
    salt_column(),
    Index("ix_findings_version", "version_id", "status"),
    Index("ix_findings_status", "status", "due_at", "id"),
)

#: What people say of a version while it is reviewed. `about` names what it is on: `metadata.limitations`.
comments = Table(
    "comments",
    metadata,
    key_column(),
    public_id_column(),
    Column("version_id", BigKey, ForeignKey("versions.id"), nullable=False),
    Column("promotion_id", BigKey, ForeignKey("promotions.id")),
    Column("person_id", BigKey, ForeignKey("people.id"), nullable=False),
    Column("about", Text),
    veiled("text", Text, nullable=False),
    Column("at", UtcMicros, nullable=False),
    salt_column(),
    Index("ix_comments_version", "version_id", "id"),
)

#: Approvals that Admins ask for beyond the floor of rules/approvals.py: `count` people more with one of `roles`. It
#: stands until `ended_at`; `ending_*` is the wish of an Admin to end it, which waits for a second person.
approval_additions = Table(
    "approval_additions",
    metadata,
    key_column(),
    public_id_column(),
    Column("risk_tier", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("roles", JsonText, nullable=False),
    Column("count", Integer, nullable=False),
    veiled("reason", Text, nullable=False),
    Column("added_by", BigKey, ForeignKey("people.id"), nullable=False),
    Column("added_at", UtcMicros, nullable=False),
    Column("ending_by", BigKey, ForeignKey("people.id")),
    Column("ending_at", UtcMicros),
    veiled("ending_reason", Text),
    Column("ended_by", BigKey, ForeignKey("people.id")),
    Column("ended_at", UtcMicros),
    Column("revision", Integer, nullable=False),
    salt_column(),
    Index("ix_approval_additions_standing", "ended_at", "risk_tier"),
)

#: An MRC looked at a version in production anew and it may stay: the next review is counted from here.
attestations = Table(
    "attestations",
    metadata,
    key_column(),
    public_id_column(),
    Column("version_id", BigKey, ForeignKey("versions.id"), nullable=False),
    Column("person_id", BigKey, ForeignKey("people.id"), nullable=False),
    veiled("comment", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("risk_tier", Text, nullable=False),
    Column("at", UtcMicros, nullable=False),
    salt_column(),
    Index("ix_attestations_version", "version_id", "id"),
)
