"""Where models run: environments, and what was live in each from when to when."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, text

from modelkeep_server.db.tables.base import (
    BigKey,
    UtcMicros,
    key_column,
    metadata,
    public_id_column,
    salt_column,
    veiled,
)

_STANDING = text("ended_at IS NULL")
_CURRENT = text("superseded_at IS NULL")

#: `kind` is STAGING or PRODUCTION; `name_key` the name in lower case.
environments = Table(
    "environments",
    metadata,
    key_column(),
    public_id_column(),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("region", Text),
    Column("created_by", BigKey, ForeignKey("people.id"), nullable=False),
    Column("created_at", UtcMicros, nullable=False),
    Column("ended_by", BigKey, ForeignKey("people.id")),
    Column("ended_at", UtcMicros),
    Column("revision", Integer, nullable=False),
    Index("uq_environments_name", "name_key", unique=True, sqlite_where=_STANDING, postgresql_where=_STANDING),
)

#: From `at` to `superseded_at` the shares below were what is live of one model in one environment; no shares: nothing.
#: `cause` is RECORD, MOVE (it came with a move of a version) or ROLLBACK, which `restores` an earlier one.
deployments = Table(
    "deployments",
    metadata,
    key_column(),
    public_id_column(),
    Column("environment_id", BigKey, ForeignKey("environments.id"), nullable=False),
    Column("model_id", BigKey, ForeignKey("models.id"), nullable=False),
    Column("cause", Text, nullable=False),
    Column("restores", BigKey, ForeignKey("deployments.id")),
    Column("person_id", BigKey, ForeignKey("people.id"), nullable=False),
    Column("at", UtcMicros, nullable=False),
    Column("superseded_at", UtcMicros),
    veiled("reason", Text),
    salt_column(),
    Index(
        "uq_deployments_current",
        "environment_id",
        "model_id",
        unique=True,
        sqlite_where=_CURRENT,
        postgresql_where=_CURRENT,
    ),
    Index("ix_deployments_model", "model_id", "at"),
    Index("ix_deployments_environment", "environment_id", "at"),
)

#: A version's part of a live set. `share` is in hundredths of a percent: 10000 is all traffic.
deployment_shares = Table(
    "deployment_shares",
    metadata,
    key_column(),
    Column("deployment_id", BigKey, ForeignKey("deployments.id"), nullable=False),
    Column("version_id", BigKey, ForeignKey("versions.id"), nullable=False),
    Column("share", Integer, nullable=False),
    Column("region", Text),
    veiled("endpoint_url", Text),
    salt_column(),
    Index("ix_deployment_shares_deployment", "deployment_id"),
    Index("ix_deployment_shares_version", "version_id", "deployment_id"),
)
