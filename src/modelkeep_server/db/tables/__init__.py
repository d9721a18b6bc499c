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
    device_logins,
    idempotency_answers,
    jobs,
    rate_counters,
    search_models,
    search_owners,
    search_tags,
    search_text,
    session_activity,
    sign_in_attempts,
    token_activity,
)
from modelkeep_server.db.tables.identity import (
    identities,
    invitations,
    people,
    registry,
    role_grants,
    role_requests,
    service_accounts,
    service_sponsors,
    sessions,
    team_members,
    teams,
    tokens,
)
from modelkeep_server.db.tables.models import access_requests, collaborators, model_owners, models
from modelkeep_server.db.tables.status import incident_updates, incidents
from modelkeep_server.db.tables.versions import version_flags, version_passages, versions

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
    identities,
    role_requests,
    teams,
    team_members,
    service_accounts,
    service_sponsors,
    collaborators,
    access_requests,
    version_flags,
    incidents,
    incident_updates,
)

__all__ = [
    "GOVERNED",
    "HOUSEKEEPING",
    "access_requests",
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
    "collaborators",
    "device_logins",
    "idempotency_answers",
    "identities",
    "incident_updates",
    "incidents",
    "invitations",
    "jobs",
    "links",
    "metadata",
    "model_owners",
    "models",
    "people",
    "rate_counters",
    "registry",
    "role_grants",
    "role_requests",
    "search_models",
    "search_owners",
    "search_tags",
    "search_text",
    "service_accounts",
    "service_sponsors",
    "session_activity",
    "sessions",
    "sign_in_attempts",
    "team_members",
    "teams",
    "token_activity",
    "tokens",
    "version_flags",
    "version_passages",
    "versions",
]
