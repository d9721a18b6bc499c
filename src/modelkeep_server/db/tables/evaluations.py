"""What versions are measured against, and what was measured."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

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

#: `revision` is the number of the revision in force; `name_key` the name in lower case.
evaluation_suites = Table(
    "evaluation_suites",
    metadata,
    key_column(),
    public_id_column(),
    Column("name_key", Text, nullable=False, unique=True),
    Column("revision", Integer, nullable=False),
    Column("created_at", UtcMicros, nullable=False),
    Column("created_by", BigKey, ForeignKey("people.id"), nullable=False),
    Column("updated_at", UtcMicros, nullable=False),
)

#: `scope` is `{riskTiers, groups}`, empty lists meaning all; `thresholds` is `[{metric, slice?, comparison, value}]`.
suite_revisions = Table(
    "suite_revisions",
    metadata,
    key_column(),
    Column("suite_id", BigKey, ForeignKey("evaluation_suites.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("name", Text, nullable=False),
    veiled("description", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("scope", JsonText, nullable=False),
    Column("thresholds", JsonText, nullable=False),
    Column("saved_by", BigKey, ForeignKey("people.id"), nullable=False),
    Column("saved_at", UtcMicros, nullable=False),
    veiled("reason", Text),
    salt_column(),
    UniqueConstraint("suite_id", "revision"),
)

#: One run: `metrics` is `[{name, value, slice?, confidenceInterval?}]`, `thresholds` those of the suite then,
#: each with what came of it; `passed` is null without a suite. `source` is FORM, API or IMPORT (then `format` too).
evaluation_runs = Table(
    "evaluation_runs",
    metadata,
    key_column(),
    public_id_column(),
    Column("version_id", BigKey, ForeignKey("versions.id"), nullable=False),
    Column("suite_id", BigKey, ForeignKey("evaluation_suites.id")),
    Column("suite_revision", Integer),
    veiled("dataset_name", Text, nullable=False),
    veiled("dataset_version", Text),
    veiled("procedure", Text),
    veiled("metrics", JsonText, nullable=False),
    veiled("thresholds", JsonText, nullable=False),
    Column("passed", Boolean),
    Column("source", Text, nullable=False),
    Column("format", Text),
    Column("recorded_by", BigKey, ForeignKey("people.id"), nullable=False),
    Column("recorded_at", UtcMicros, nullable=False),
    Column("signed_by", BigKey, ForeignKey("people.id")),
    Column("signed_at", UtcMicros),
    veiled("sign_comment", Text),
    Column("revision", Integer, nullable=False),
    salt_column(),
    Index("ix_evaluation_runs_version", "version_id", "id"),
    Index("ix_evaluation_runs_suite", "suite_id", "version_id", "id"),
)
