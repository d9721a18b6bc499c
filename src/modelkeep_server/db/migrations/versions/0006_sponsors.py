"""Who answered for a service account, and from when until when: a change of sponsor forgets nobody."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """A table only: no service account was made before."""
    op.create_table(
        "service_sponsors",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("service_account_id", BIG_KEY, nullable=False),
        sa.Column("person_id", BIG_KEY, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=("fk_service_sponsors_person_id")),
        sa.ForeignKeyConstraint(
            ["service_account_id"], ["service_accounts.id"], name=("fk_service_sponsors_service_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=("pk_service_sponsors")),
    )
    op.create_index("ix_service_sponsors_service_account", "service_sponsors", ["service_account_id", "until"])
    op.create_index(("ix_service_sponsors_person_id"), "service_sponsors", ["person_id"])
