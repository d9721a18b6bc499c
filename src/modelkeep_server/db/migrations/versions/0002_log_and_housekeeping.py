"""The log with its empty head, and housekeeping with the text index of the database at hand."""

import sqlalchemy as sa
from alembic import op

from modelkeep_server.kit.merkle import Frontier

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """The log with its empty head, and housekeeping with the text index of the database at hand."""
    _create_audit_events()
    _create_audit_leaves()
    _create_audit_head()
    _create_audit_checkpoints()
    _create_audit_texts()
    _create_audit_people()
    _create_audit_labels()
    _create_session_activity()
    _create_token_activity()
    _create_rate_counters()
    _create_idempotency_answers()
    _create_search_models()
    _create_search_tags()
    _create_search_owners()
    _start_log()
    _create_text_index()


def _create_audit_events() -> None:
    op.create_table(
        "audit_events",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("object_kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=("pk_audit_events")),
        sa.UniqueConstraint("id", name=("uq_audit_events_id")),
    )
    op.create_index("ix_audit_events_action", "audit_events", ["action", "sequence"], unique=False)
    op.create_index("ix_audit_events_actor", "audit_events", ["actor", "sequence"], unique=False)
    op.create_index(("ix_audit_events_at"), "audit_events", ["at"], unique=False)
    op.create_index("ix_audit_events_object", "audit_events", ["object_id", "sequence"], unique=False)
    op.create_index(("ix_audit_events_request_id"), "audit_events", ["request_id"], unique=False)


def _create_audit_leaves() -> None:
    op.create_table(
        "audit_leaves",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=("pk_audit_leaves")),
    )


def _create_audit_head() -> None:
    op.create_table(
        "audit_head",
        sa.Column("id", BIG_KEY, autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=("pk_audit_head")),
    )


def _create_audit_checkpoints() -> None:
    op.create_table(
        "audit_checkpoints",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=("pk_audit_checkpoints")),
    )


def _create_audit_texts() -> None:
    op.create_table(
        "audit_texts",
        sa.Column("commitment", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("commitment", name=("pk_audit_texts")),
    )


def _create_audit_people() -> None:
    op.create_table(
        "audit_people",
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("pseudonym", name=("pk_audit_people")),
        sa.UniqueConstraint("email_key", name=("uq_audit_people_email_key")),
    )


def _create_audit_labels() -> None:
    op.create_table(
        "audit_labels",
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("object_id", name=("pk_audit_labels")),
    )
    op.create_index(("ix_audit_labels_label"), "audit_labels", ["label"], unique=False)


def _create_session_activity() -> None:
    op.create_table(
        "session_activity",
        sa.Column("session_id", BIG_KEY, autoincrement=False, nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name=("pk_session_activity")),
    )


def _create_token_activity() -> None:
    op.create_table(
        "token_activity",
        sa.Column("token_id", BIG_KEY, autoincrement=False, nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_id", name=("pk_token_activity")),
    )


def _create_rate_counters() -> None:
    op.create_table(
        "rate_counters",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("window", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "window", name=("pk_rate_counters")),
    )


def _create_idempotency_answers() -> None:
    op.create_table(
        "idempotency_answers",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_digest", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=("pk_idempotency_answers")),
    )
    op.create_index(("ix_idempotency_answers_expires_at"), "idempotency_answers", ["expires_at"], unique=False)


def _create_search_models() -> None:
    op.create_table(
        "search_models",
        sa.Column("model_id", BIG_KEY, autoincrement=False, nullable=False),
        sa.Column("group_key", sa.Text(), nullable=False),
        sa.Column("path_key", sa.Text(), nullable=False),
        sa.Column("risk_tier", sa.Text(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("model_id", name=("pk_search_models")),
    )
    op.create_index("ix_search_models_created", "search_models", ["created_at", "model_id"], unique=False)
    op.create_index("ix_search_models_group", "search_models", ["group_key", "updated_at", "model_id"], unique=False)
    op.create_index(("ix_search_models_path_key"), "search_models", ["path_key"], unique=False)
    op.create_index("ix_search_models_tier", "search_models", ["risk_tier", "updated_at", "model_id"], unique=False)
    op.create_index("ix_search_models_updated", "search_models", ["updated_at", "model_id"], unique=False)


def _create_search_tags() -> None:
    op.create_table(
        "search_tags",
        sa.Column("tag_key", sa.Text(), nullable=False),
        sa.Column("model_id", BIG_KEY, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("tag_key", "model_id", name=("pk_search_tags")),
    )
    op.create_index(("ix_search_tags_model_id"), "search_tags", ["model_id"], unique=False)


def _create_search_owners() -> None:
    op.create_table(
        "search_owners",
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("model_id", BIG_KEY, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("email_key", "model_id", name=("pk_search_owners")),
    )
    op.create_index(("ix_search_owners_model_id"), "search_owners", ["model_id"], unique=False)


def _start_log() -> None:
    head = sa.table("audit_head", sa.column("id"), sa.column("size"), sa.column("frontier", sa.LargeBinary))
    op.execute(head.insert().values(id=1, size=0, frontier=Frontier().to_bytes()))


def _create_text_index() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE search_text USING fts5(words, tokenize = 'unicode61 remove_diacritics 0')")
        return
    # Not to_tsvector: its parser would cut words that begin like numbers, and drop long ones.
    op.execute(
        "CREATE TABLE search_text (rowid BIGINT PRIMARY KEY, words TEXT NOT NULL, document TSVECTOR "
        "GENERATED ALWAYS AS (array_to_tsvector(string_to_array(words, ' '))) STORED)"
    )
    op.execute("CREATE INDEX ix_search_text_document ON search_text USING gin (document)")
