"""Model cards: their revisions, and what people wrote beside them."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, text

from modelkeep_server.db.tables.base import (
    BigKey,
    JsonText,
    UtcMicros,
    key_column,
    metadata,
    public_id_column,
    salt_column,
    veiled,
)

_DRAFT = text("status = 'DRAFT'")

#: `revision` counts the cards of a version from 1; at most one is a DRAFT, and it is the last. `document` is the card
#: as features/cards/documents.py writes it: of a draft its facts as they were generated, of a published one the
#: annotations too, and then `digest` is the SHA-256 of its canonical JSON. `coverage` is in hundredths of a percent:
#: 10000 is all of it. `edition` counts what was done to the row.
card_revisions = Table(
    "card_revisions",
    metadata,
    key_column(),
    public_id_column(),
    Column("version_id", BigKey, ForeignKey("versions.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("status", Text, nullable=False),
    veiled("document", JsonText, nullable=False),
    Column("coverage", Integer, nullable=False),
    Column("digest", Text),
    Column("generated_by", BigKey, ForeignKey("people.id"), nullable=False),
    Column("generated_at", UtcMicros, nullable=False),
    Column("published_by", BigKey, ForeignKey("people.id")),
    Column("published_at", UtcMicros),
    Column("edition", Integer, nullable=False),
    salt_column(),
    UniqueConstraint("version_id", "revision"),
    Index("uq_card_revisions_draft", "version_id", unique=True, sqlite_where=_DRAFT, postgresql_where=_DRAFT),
)

#: What a person says of a section: at most one stands of a person, a version and a section. One that was changed or
#: taken back keeps its row, with `ended_at`.
card_annotations = Table(
    "card_annotations",
    metadata,
    key_column(),
    public_id_column(),
    Column("version_id", BigKey, ForeignKey("versions.id"), nullable=False),
    Column("section", Text, nullable=False),
    Column("person_id", BigKey, ForeignKey("people.id"), nullable=False),
    veiled("markdown", Text, nullable=False),
    Column("at", UtcMicros, nullable=False),
    Column("ended_at", UtcMicros),
    salt_column(),
    Index(
        "uq_card_annotations_standing",
        "version_id",
        "section",
        "person_id",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)
