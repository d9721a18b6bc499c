"""Indexes for the filters of the audit log that had none: refused acts, and the role used."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two indexes, each over the few events it is for."""
    refused, has_role = sa.text("outcome = 'REFUSED'"), sa.text("role IS NOT NULL")
    op.create_index(
        "ix_audit_events_refused", "audit_events", ["sequence"], sqlite_where=refused, postgresql_where=refused
    )
    op.create_index(
        "ix_audit_events_role", "audit_events", ["role", "sequence"], sqlite_where=has_role, postgresql_where=has_role
    )
