"""
What may be written without an event, and nothing else: `Work.keep` refuses every other table.

Losing these rows loses no fact: search tables can be rebuilt from the governed ones, the activity index from the log,
and checkpoints (which stand in audit.py) signed anew from the tree.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text, text

from modelkeep_server.db.tables.audit import audit_checkpoints
from modelkeep_server.db.tables.base import BigKey, JsonText, UtcMicros, metadata
from modelkeep_server.db.tables.search import (
    search_entries,
    search_index,
    search_models,
    search_pairs,
    search_postings,
    search_renewals,
    search_texts,
    search_values,
    search_versions,
    search_whole,
    search_words,
)

#: `device` says in a few words which browser it is, where it said so.
session_activity = Table(
    "session_activity",
    metadata,
    Column("session_id", BigKey, primary_key=True, autoincrement=False),
    Column("last_seen_at", UtcMicros, nullable=False),
    Column("device", Text),
)

token_activity = Table(
    "token_activity",
    metadata,
    Column("token_id", BigKey, primary_key=True, autoincrement=False),
    Column("last_used_at", UtcMicros, nullable=False),
)

#: `key` names what is counted, `window` is the start of the counted stretch in whole seconds.
rate_counters = Table(
    "rate_counters",
    metadata,
    Column("key", Text, primary_key=True),
    Column("window", BigInteger, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
)

idempotency_answers = Table(
    "idempotency_answers",
    metadata,
    Column("key", Text, primary_key=True),
    Column("body_digest", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", JsonText, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("expires_at", UtcMicros, nullable=False, index=True),
)

#: The lineage graph, drawn from versions and their lineage items: a node for each thing that they name, found by the
#: SHA-256 of its id (rules/lineage.py). A version's node has `version_id`, and its id is told from the version.
#: `label_key` begins with what it is called, in lower case.
lineage_nodes = Table(
    "lineage_nodes",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_digest", Text, nullable=False, unique=True),
    Column("label", Text, nullable=False),
    Column("label_key", Text, nullable=False, index=True),
    Column("version_id", BigKey, unique=True),
)

#: Edges point downstream. `version_id` is the version that tells of it, and so who may see it; `facts` what the edge
#: knows of the thing beyond its name, as the item has it. `relation` is the kind of the item.
lineage_edges = Table(
    "lineage_edges",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("from_id", BigKey, nullable=False),
    Column("to_id", BigKey, nullable=False),
    Column("relation", Text, nullable=False),
    Column("version_id", BigKey, nullable=False, index=True),
    Column("facts", JsonText, nullable=False),
    Index("ix_lineage_edges_from", "from_id", "to_id"),
    Index("ix_lineage_edges_to", "to_id", "from_id"),
)

#: Which events of the log are activity of which model and version, so that a list of them is an index walk however long
#: the log is. `version_id` is null where the event is about the model itself.
activity = Table(
    "activity",
    metadata,
    Column("sequence", BigKey, primary_key=True, autoincrement=False),
    Column("model_id", BigKey, nullable=False),
    Column("version_id", BigKey),
    Index("ix_activity_model", "model_id", "sequence"),
    Index("ix_activity_version", "version_id", "sequence"),
)

#: Work to be done after a commit, enqueued in its transaction. A worker leases a job for a while; one whose lease ran
#: out is taken again. `payload` is sealed, since it may hold a link; it is emptied once the job is done.
#: `key` names a job that needs to stand here once only.
jobs = Table(
    "jobs",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),
    Column("key", Text, unique=True),
    Column("payload", LargeBinary, nullable=False),
    Column("status", Text, nullable=False),
    Column("created_at", UtcMicros, nullable=False),
    Column("due_at", UtcMicros, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("leased_by", Text),
    Column("leased_until", UtcMicros),
    Column("finished_at", UtcMicros),
    Column("problem", Text),
    Index("ix_jobs_due", "status", "due_at", "id"),
)

#: A sign-in on its way to an issuer and back, found by the hash of its `state`, bound to a browser by that of a cookie.
#: Also what signing out at the issuer needs, found by the hash of the session's public id or of a one-time ticket.
sign_in_attempts = Table(
    "sign_in_attempts",
    metadata,
    Column("state_hash", Text, primary_key=True),
    Column("browser_hash", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("facts", LargeBinary, nullable=False),
    Column("expires_at", UtcMicros, nullable=False, index=True),
)

#: A command line that waits for somebody to let it in (RFC 8628). It leaves an event when a token is made of it.
device_logins = Table(
    "device_logins",
    metadata,
    Column("device_hash", Text, primary_key=True),
    Column("user_code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("scopes", JsonText, nullable=False),
    Column("source", Text),
    Column("created_at", UtcMicros, nullable=False),
    Column("expires_at", UtcMicros, nullable=False, index=True),
    Column("polled_at", UtcMicros),
    Column("status", Text, nullable=False),
    Column("session_id", BigKey),
    Column("days", Integer),
)

#: Files on their way in. `offset_bytes` counts what is stored and read back; `blob_id` names the stored bytes, sealed
#: under the wrapped key. `artifact_id` is set once the file is published: then every byte counts, and not before.
uploads = Table(
    "uploads",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("public_id", Text, nullable=False, unique=True),
    Column("person_id", BigKey, nullable=False),
    Column("model_id", BigKey, nullable=False),
    Column("version_id", BigKey, nullable=False),
    Column("path", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", Text),
    Column("blob_id", Text, nullable=False, unique=True),
    Column("key_id", Text, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("offset_bytes", BigInteger, nullable=False),
    Column("artifact_id", BigKey),
    Column("created_at", UtcMicros, nullable=False),
    Column("expires_at", UtcMicros, nullable=False, index=True),
    Index("ix_uploads_person", "person_id", "id"),
)

#: Stored stretches of an upload, by part number and where they begin in the file. `sha256` is of the plain bytes.
upload_parts = Table(
    "upload_parts",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("upload_id", BigKey, nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("attempt", BigInteger, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("plain_size", Integer, nullable=False),
    Column("sealed_size", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
)

#: When stored bytes were last read through, whatever was found.
blob_checks = Table(
    "blob_checks",
    metadata,
    Column("blob_id", BigKey, primary_key=True, autoincrement=False),
    Column("checked_at", UtcMicros, nullable=False, index=True),
)

#: What went out through a link so far, by the link's public id, so that many ranges leave one pair of events.
#: `spans` are the stretches of the file that went out, `[start, end)`, in order. Of a link to a ZIP, `running` counts.
link_transfers = Table(
    "link_transfers",
    metadata,
    Column("link_id", Text, primary_key=True),
    Column("requests", Integer, nullable=False),
    Column("running", Integer, nullable=False),
    Column("sent_bytes", BigInteger, nullable=False),
    Column("spans", JsonText, nullable=False),
    Column("begun_at", UtcMicros, nullable=False),
    Column("last_at", UtcMicros, nullable=False, index=True),
)

#: Which event wrote each governed row last, and about which object that event is, so that a row that was changed by
#: hand is noticed without reading the log: the digest stands in the event.
row_writers = Table(
    "row_writers",
    metadata,
    Column("table_name", Text, primary_key=True),
    Column("row_key", BigKey, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
    Column("object_id", Text, nullable=False, index=True),
)

_UNREAD = text("read_at IS NULL")

#: What a person is told in the pages. `facts` is what the sentence is made of, `href` where it leads.
notices = Table(
    "notices",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("public_id", Text, nullable=False, unique=True),
    Column("person_id", BigKey, nullable=False),
    Column("kind", Text, nullable=False),
    Column("facts", JsonText, nullable=False),
    Column("href", Text, nullable=False),
    Column("model_id", BigKey),
    Column("at", UtcMicros, nullable=False),
    Column("read_at", UtcMicros),
    Index("ix_notices_person", "person_id", "read_at", "id"),
    Index("ix_notices_unread", "model_id", "href", sqlite_where=_UNREAD, postgresql_where=_UNREAD),
)

#: What is told a single time, by its name, as a reminder of one day; so that it is not told again.
told = Table(
    "told",
    metadata,
    Column("key", Text, primary_key=True),
    Column("at", UtcMicros, nullable=False, index=True),
)

#: By what a saved search is found for a model that changed: one of its needles stands in every model that matches it
#: (features/search/saved/needles.py). Derived from the query.
search_needles = Table(
    "search_needles",
    metadata,
    Column("needle", Text, primary_key=True),
    Column("search_id", BigKey, primary_key=True, autoincrement=False),
    Index("ix_search_needles_search", "search_id"),
    sqlite_with_rowid=False,
)

#: Models that changed and were not held against saved searches since.
search_news = Table(
    "search_news",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("model_id", BigKey, nullable=False),
)

#: Which models somebody was told of by which alert, so that they are told of each once while it is new.
search_matches = Table(
    "search_matches",
    metadata,
    Column("model_id", BigKey, primary_key=True, autoincrement=False),
    Column("alert_id", BigKey, primary_key=True, autoincrement=False),
    Index("ix_search_matches_alert", "alert_id", "model_id"),
    sqlite_with_rowid=False,
)

#: What became of telling a webhook: the newest of each are kept for a while. `payload` is sealed.
webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("public_id", Text, nullable=False, unique=True),
    Column("webhook_id", BigKey, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("answered", Integer),
    Column("problem", Text),
    Column("created_at", UtcMicros, nullable=False),
    Column("tried_at", UtcMicros),
    Column("finished_at", UtcMicros),
    Index("ix_webhook_deliveries_webhook", "webhook_id", "id"),
)

#: Since when nothing arrives at a webhook. No row, or no moment: what was sent last arrived.
webhook_standing = Table(
    "webhook_standing",
    metadata,
    Column("webhook_id", BigKey, primary_key=True, autoincrement=False),
    Column("failing_since", UtcMicros),
)

HOUSEKEEPING = frozenset(
    {
        session_activity.name,
        token_activity.name,
        rate_counters.name,
        idempotency_answers.name,
        jobs.name,
        sign_in_attempts.name,
        device_logins.name,
        uploads.name,
        upload_parts.name,
        blob_checks.name,
        link_transfers.name,
        search_models.name,
        search_versions.name,
        search_values.name,
        search_postings.name,
        search_words.name,
        search_texts.name,
        search_index.name,
        search_whole.name,
        search_entries.name,
        search_pairs.name,
        search_renewals.name,
        lineage_nodes.name,
        lineage_edges.name,
        activity.name,
        row_writers.name,
        notices.name,
        told.name,
        search_needles.name,
        search_news.name,
        search_matches.name,
        webhook_deliveries.name,
        webhook_standing.name,
        audit_checkpoints.name,
    }
)
