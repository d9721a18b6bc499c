"""Searches that people saved, and whom they tell of new models. What was matched so far: housekeeping.py."""

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
_TAKEN_DOWN = text("ended_at IS NULL AND taken_down_at IS NOT NULL")

#: `name_key` is the name folded: no two of one person's are alike. `sharing` is PRIVATE or SHARED; `sort` as the
#: catalogue has it, empty for its own choice. One that was taken down is shared no more until an Admin allows it.
saved_searches = Table(
    "saved_searches",
    metadata,
    key_column(),
    public_id_column(),
    Column("person_id", BigKey, ForeignKey("people.id"), nullable=False),
    veiled("name", Text, nullable=False),
    veiled("name_key", Text, nullable=False),
    veiled("query", Text, nullable=False),
    Column("sort", Text, nullable=False),
    Column("sharing", Text, nullable=False),
    Column("created_at", UtcMicros, nullable=False),
    Column("updated_at", UtcMicros, nullable=False),
    Column("ended_at", UtcMicros),
    Column("taken_down_at", UtcMicros),
    Column("taken_down_reason", Text),
    Column("revision", Integer, nullable=False),
    salt_column(),
    Index(
        "uq_saved_searches_name", "person_id", "name_key", unique=True,
        sqlite_where=_STANDING, postgresql_where=_STANDING,
    ),
    Index(
        "ix_saved_searches_sharing", "sharing", "name_key", "id", sqlite_where=_STANDING, postgresql_where=_STANDING
    ),
    Index(
        "ix_saved_searches_taken_down", "taken_down_at", "id", sqlite_where=_TAKEN_DOWN, postgresql_where=_TAKEN_DOWN
    ),
)  # fmt: skip

#: Who is told of models that match a search and were registered after `since`.
search_alerts = Table(
    "search_alerts",
    metadata,
    key_column(),
    Column("search_id", BigKey, ForeignKey("saved_searches.id"), nullable=False),
    Column("person_id", BigKey, ForeignKey("people.id"), nullable=False),
    Column("since", UtcMicros, nullable=False),
    Column("ended_at", UtcMicros),
    Index(
        "uq_search_alerts_person", "search_id", "person_id", unique=True,
        sqlite_where=_STANDING, postgresql_where=_STANDING,
    ),
    Index("ix_search_alerts_person", "person_id", "since", sqlite_where=_STANDING, postgresql_where=_STANDING),
    Index("ix_search_alerts_since", "since", sqlite_where=_STANDING, postgresql_where=_STANDING),
)  # fmt: skip
