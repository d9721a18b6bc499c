"""Indexes for the filters of the audit log: refused acts, the role used, and what stands below an address."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two indexes over the few events they are for; on PostgreSQL that of labels byte by byte, not by language."""
    refused, has_role = sa.text("outcome = 'REFUSED'"), sa.text("role IS NOT NULL")
    op.create_index(
        "ix_audit_events_refused", "audit_events", ["sequence"], sqlite_where=refused, postgresql_where=refused
    )
    op.create_index(
        "ix_audit_events_role", "audit_events", ["role", "sequence"], sqlite_where=has_role, postgresql_where=has_role
    )
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_audit_labels_label", "audit_labels")
        op.create_index(
            "ix_audit_labels_label", "audit_labels", ["label"], postgresql_ops={"label": "text_pattern_ops"}
        )
