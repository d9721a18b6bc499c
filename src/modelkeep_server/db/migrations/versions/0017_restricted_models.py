"""Find the models that are not for everyone without going through all of them."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what this revision brings."""
    restricted = sa.text("visibility = 'RESTRICTED'")
    op.create_index(
        "ix_models_restricted", "models", ["id"], unique=False, sqlite_where=restricted, postgresql_where=restricted
    )
