"""People, programs and teams, their roles and credentials, and the one row that names this registry."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, text

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

#: One-time links, by `kind`: FIRST_START, INVITATION, or RESET for somebody who has an account.
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

#: Who a person is to an issuer of OpenID Connect: the pair (issuer, subject), never the e-mail alone. One that was
#: disconnected keeps its row.
identities = Table(
    "identities",
    metadata,
    key_column(),
    public_id_column(),
    Column("person_id", BigKey, ForeignKey("people.id"), nullable=False, index=True),
    Column("issuer", Text, nullable=False),
    veiled("subject", Text, nullable=False),
    Column("linked_at", UtcMicros, nullable=False),
    Column("ended_at", UtcMicros),
    salt_column(),
    Index(
        "uq_identities_open", "issuer", "subject", unique=True,
        sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL"),
    ),
)  # fmt: skip

#: Grants of MRC, Security and Admin that wait for a second Admin, where the setting `dual_control` asks for one.
role_requests = Table(
    "role_requests",
    metadata,
    key_column(),
    public_id_column(),
    Column("person_id", BigKey, ForeignKey("people.id"), nullable=False, index=True),
    Column("role", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("asked_by", BigKey, ForeignKey("people.id")),
    veiled("asked_by_name", Text, nullable=False),
    Column("asked_at", UtcMicros, nullable=False),
    veiled("reason", Text),
    Column("status", Text, nullable=False),
    Column("decided_by", BigKey, ForeignKey("people.id")),
    Column("decided_at", UtcMicros),
    salt_column(),
    Index("ix_role_requests_status", "status", "id"),
)

#: People under one shared address. A team that was ended keeps its row: its address can be revived, never reused.
teams = Table(
    "teams",
    metadata,
    key_column(),
    public_id_column(),
    veiled("name", Text, nullable=False),
    veiled("name_key", Text, nullable=False, unique=True),
    veiled("email", Text, nullable=False),
    veiled("email_key", Text, nullable=False, unique=True),
    Column("created_at", UtcMicros, nullable=False),
    Column("updated_at", UtcMicros, nullable=False),
    Column("ended_at", UtcMicros),
    Column("revision", Integer, nullable=False),
    salt_column(),
)

#: A former member keeps the row: whoever ever owned a model through a team is known.
team_members = Table(
    "team_members",
    metadata,
    key_column(),
    Column("team_id", BigKey, ForeignKey("teams.id"), nullable=False),
    Column("person_id", BigKey, ForeignKey("people.id"), nullable=False),
    Column("added_at", UtcMicros, nullable=False),
    Column("ended_at", UtcMicros),
    Index("ix_team_members_team", "team_id", "ended_at"),
    Index("ix_team_members_person", "person_id", "ended_at"),
)

#: Programs that act for themselves. Each is also a row of `people`, with the e-mail `service:NAME`, so that whatever
#: names a person can name it; `sponsor_id` is the person who answers for it.
service_accounts = Table(
    "service_accounts",
    metadata,
    key_column(),
    public_id_column(),
    Column("person_id", BigKey, ForeignKey("people.id"), nullable=False, unique=True),
    veiled("name", Text, nullable=False),
    veiled("purpose", Text, nullable=False),
    Column("sponsor_id", BigKey, ForeignKey("people.id"), nullable=False, index=True),
    Column("scopes", JsonText, nullable=False),
    Column("created_at", UtcMicros, nullable=False),
    Column("ended_at", UtcMicros),
    Column("revision", Integer, nullable=False),
    salt_column(),
)

#: Who answers for a service account, and who did before: what the program touched, all of them touched.
service_sponsors = Table(
    "service_sponsors",
    metadata,
    key_column(),
    Column("service_account_id", BigKey, ForeignKey("service_accounts.id"), nullable=False),
    Column("person_id", BigKey, ForeignKey("people.id"), nullable=False, index=True),
    Column("since", UtcMicros, nullable=False),
    Column("until", UtcMicros),
    Index("ix_service_sponsors_service_account", "service_account_id", "until"),
)

#: Somebody said that a copy of the keys with this fingerprint is kept elsewhere. `confirmed_by` is null for an operator
#: on the registry's host.
key_escrows = Table(
    "key_escrows",
    metadata,
    key_column(),
    public_id_column(),
    Column("fingerprint", Text, nullable=False),
    Column("confirmed_by", BigKey, ForeignKey("people.id")),
    Column("confirmed_at", UtcMicros, nullable=False),
)
