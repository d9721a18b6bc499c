"""
The tables, a file a feature.

Governed tables (all but those of housekeeping.py and audit.py) are written through `Work.insert` and `Work.change`
only, and every row's digest after the write stands in the event that wrote it. A column marked `veiled` holds free
text or a personal value: its digest is taken salted, with the row's own `salt`, so that erasing the value leaves
every proof valid.
"""

from modelkeep_server.db.tables.artifacts import artifacts, blobs, links
from modelkeep_server.db.tables.audit import (
    audit_checkpoints,
    audit_events,
    audit_head,
    audit_labels,
    audit_leaves,
    audit_people,
    audit_texts,
)
from modelkeep_server.db.tables.base import metadata
from modelkeep_server.db.tables.housekeeping import (
    HOUSEKEEPING,
    activity,
    idempotency_answers,
    rate_counters,
    search_models,
    search_owners,
    search_tags,
    search_text,
    session_activity,
    token_activity,
)
from modelkeep_server.db.tables.identity import invitations, people, registry, role_grants, sessions, tokens
from modelkeep_server.db.tables.models import model_owners, models
from modelkeep_server.db.tables.versions import version_passages, versions

GOVERNED = (
    registry,
    people,
    role_grants,
    invitations,
    sessions,
    tokens,
    models,
    model_owners,
    versions,
    version_passages,
    blobs,
    artifacts,
    links,
)

__all__ = [
    "GOVERNED",
    "HOUSEKEEPING",
    "activity",
    "artifacts",
    "audit_checkpoints",
    "audit_events",
    "audit_head",
    "audit_labels",
    "audit_leaves",
    "audit_people",
    "audit_texts",
    "blobs",
    "idempotency_answers",
    "invitations",
    "links",
    "metadata",
    "model_owners",
    "models",
    "people",
    "rate_counters",
    "registry",
    "role_grants",
    "search_models",
    "search_owners",
    "search_tags",
    "search_text",
    "session_activity",
    "sessions",
    "token_activity",
    "tokens",
    "version_passages",
    "versions",
]
