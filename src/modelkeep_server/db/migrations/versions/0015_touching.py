"""Tell who did what to an object from the index alone, and find the notices that still ask for something."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what this revision brings."""
    op.drop_index("ix_audit_events_object", table_name="audit_events")
    op.create_index(
        "ix_audit_events_object", "audit_events", ["object_id", "sequence", "actor", "action", "outcome"], unique=False
    )
    unread = sa.text("read_at IS NULL")
    op.create_index(
        "ix_notices_unread", "notices", ["model_id", "href"], unique=False, sqlite_where=unread, postgresql_where=unread
    )
