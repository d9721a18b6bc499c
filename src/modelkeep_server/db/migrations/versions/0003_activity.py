"""The activity index, filled from the log."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

ACTIONS = (
    "model.create",
    "model.update",
    "version.create",
    "version.update",
    "version.deprecate",
    "version.stage",
    "version.release",
    "version.retire",
    "promotion.request",
    "promotion.approve",
    "promotion.request_changes",
    "artifact.upload",
    "artifact.remove",
    "artifact.quarantine",
)

#: Kind of object, and the FROM, model and version that lead from `o`, the row that the event names.
SUBJECTS = (
    ("model", "models o", "o.id", "NULL"),
    ("version", "versions o", "o.model_id", "o.id"),
    ("artifact", "artifacts o JOIN versions v ON v.id = o.version_id", "v.model_id", "v.id"),
)


def upgrade() -> None:
    """The activity index, filled from the log."""
    op.create_table(
        "activity",
        sa.Column("sequence", BIG_KEY, autoincrement=False, nullable=False),
        sa.Column("model_id", BIG_KEY, nullable=False),
        sa.Column("version_id", BIG_KEY, nullable=True),
        sa.PrimaryKeyConstraint("sequence", name=("pk_activity")),
    )
    for kind, tables, model, version in SUBJECTS:
        rows = sa.text(
            f"INSERT INTO activity (sequence, model_id, version_id) "  # noqa: S608 - every part is written above
            f"SELECT e.sequence, {model}, {version} FROM {tables} JOIN audit_events e ON e.object_id = o.public_id "
            "WHERE e.object_kind = :kind AND e.outcome = 'ALLOWED' AND e.action IN :actions"
        ).bindparams(sa.bindparam("actions", ACTIONS, expanding=True), kind=kind)
        op.execute(rows)
    op.create_index("ix_activity_model", "activity", ["model_id", "sequence"], unique=False)
    op.create_index("ix_activity_version", "activity", ["version_id", "sequence"], unique=False)
