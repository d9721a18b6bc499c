"""In a few words, which browser a session is of."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Sessions that began before have none."""
    op.add_column("session_activity", sa.Column("device", sa.Text(), nullable=True))
