"""The rules that promotions are checked against, what came of checking, and what lifts one for a time."""

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

_PROPOSED = text("status = 'PROPOSED'")

#: `revision` is the number of the revision in force, 0 while the first waits for a second person. `name_key` is the
#: name in lower case. `starter` names the row of the starter pack that it came from.
policies = Table(
    "policies",
    metadata,
    key_column(),
    public_id_column(),
    Column("name_key", Text, nullable=False, unique=True),
    Column("starter", Text, unique=True),
    Column("revision", Integer, nullable=False),
    Column("created_at", UtcMicros, nullable=False),
    Column("created_by", BigKey, ForeignKey("people.id")),
    Column("updated_at", UtcMicros, nullable=False),
)

#: A policy as it was, is, or is proposed to be. `status` is IN_FORCE, PROPOSED, SUPERSEDED or DECLINED. `scope` is
#: `{riskTiers, targets, groups}`, empty lists meaning all; `rules` is `[{expression, message, detail?}]`.
#: No `proposed_by`: the registry brought it along. `decided_by` is the second person, where one was needed.
policy_revisions = Table(
    "policy_revisions",
    metadata,
    key_column(),
    Column("policy_id", BigKey, ForeignKey("policies.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("name", Text, nullable=False),
    veiled("description", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("scope", JsonText, nullable=False),
    Column("rules", JsonText, nullable=False),
    Column("language", Text, nullable=False),
    veiled("reason", Text),
    Column("proposed_by", BigKey, ForeignKey("people.id")),
    Column("proposed_at", UtcMicros, nullable=False),
    Column("decided_by", BigKey, ForeignKey("people.id")),
    Column("decided_at", UtcMicros),
    veiled("decision_reason", Text),
    salt_column(),
    UniqueConstraint("policy_id", "revision"),
    Index("uq_policy_revisions_proposed", "policy_id", unique=True, sqlite_where=_PROPOSED, postgresql_where=_PROPOSED),
    Index("ix_policy_revisions_status", "status", "policy_id"),
)

#: What all policies in scope said of a version at one occasion: REQUEST, APPROVAL, MOVE. `results` is
#: `[{policy, name, revision, severity, passed, message, detail?, exception?}]`; `facts` the inputs they saw.
assessments = Table(
    "assessments",
    metadata,
    key_column(),
    public_id_column(),
    Column("version_id", BigKey, ForeignKey("versions.id"), nullable=False),
    Column("promotion_id", BigKey, ForeignKey("promotions.id")),
    Column("occasion", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("passed", Boolean, nullable=False),
    veiled("results", JsonText, nullable=False),
    veiled("facts", JsonText, nullable=False),
    Column("facts_digest", Text, nullable=False),
    Column("person_id", BigKey, ForeignKey("people.id"), nullable=False),
    Column("at", UtcMicros, nullable=False),
    salt_column(),
    Index("ix_assessments_version", "version_id", "id"),
)

#: One policy lifted for one version until a time. `status` is OPEN, GRANTED, REFUSED, WITHDRAWN or ENDED; a granted one
#: whose time is over counts for nothing.
exceptions = Table(
    "exceptions",
    metadata,
    key_column(),
    public_id_column(),
    Column("policy_id", BigKey, ForeignKey("policies.id"), nullable=False),
    Column("version_id", BigKey, ForeignKey("versions.id"), nullable=False),
    veiled("justification", Text, nullable=False),
    veiled("risk", Text, nullable=False),
    veiled("mitigation", Text, nullable=False),
    Column("expires_at", UtcMicros, nullable=False),
    Column("status", Text, nullable=False),
    Column("risk_tier", Text, nullable=False),
    Column("asked_by", BigKey, ForeignKey("people.id"), nullable=False),
    Column("asked_at", UtcMicros, nullable=False),
    Column("ended_by", BigKey, ForeignKey("people.id")),
    Column("ended_at", UtcMicros),
    veiled("end_reason", Text),
    Column("revision", Integer, nullable=False),
    salt_column(),
    Index("ix_exceptions_version", "version_id", "status"),
    Index("ix_exceptions_status", "status", "expires_at", "id"),
    Index("ix_exceptions_policy", "policy_id", "status"),
)

#: Who granted an exception, and in which role: one person grants one once.
exception_grants = Table(
    "exception_grants",
    metadata,
    key_column(),
    Column("exception_id", BigKey, ForeignKey("exceptions.id"), nullable=False),
    Column("person_id", BigKey, ForeignKey("people.id"), nullable=False),
    Column("role", Text, nullable=False),
    veiled("comment", Text),
    Column("at", UtcMicros, nullable=False),
    salt_column(),
    UniqueConstraint("exception_id", "person_id"),
    UniqueConstraint("exception_id", "role"),
)
