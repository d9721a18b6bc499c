"""What versions were made from and what uses them, as it was told. The graph over it is in housekeeping.py."""

from sqlalchemy import Column, ForeignKey, Index, Table, Text

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

#: `kind` and the keys of `facts` are those of rules/lineage.py. The first training dataset and the base model of a
#: version stand in its metadata, its commit and its training job in columns of their own, and not here again.
#: `inputs` in `facts` are the ids of nodes that other items of the version lead to. `source` is FORM, API, OPENLINEAGE
#: or CARRIED. One that was taken off keeps its row; what stood in the metadata has one from then on, of the source
#: VERSION.
lineage_items = Table(
    "lineage_items",
    metadata,
    key_column(),
    public_id_column(),
    Column("version_id", BigKey, ForeignKey("versions.id"), nullable=False),
    Column("kind", Text, nullable=False),
    veiled("facts", JsonText, nullable=False),
    Column("source", Text, nullable=False),
    Column("added_by", BigKey, ForeignKey("people.id"), nullable=False),
    Column("added_at", UtcMicros, nullable=False),
    Column("removed_by", BigKey, ForeignKey("people.id")),
    Column("removed_at", UtcMicros),
    salt_column(),
    Index("ix_lineage_items_version", "version_id", "removed_at", "id"),
)
