"""
Which schema a database has, and bringing it up to date: at start on SQLite, by `modelkeep migrate` on PostgreSQL.

Alembic is loaded only where a migration has to run: it costs a third of a second, and nearly every start finds the
schema current. Hence the one import by name.
"""

import importlib

from sqlalchemy import Column, MetaData, Table, Text, inspect, select

from modelkeep_server.db.engine import Database
from modelkeep_server.db.tables import registry

#: The newest migration; a test ties it to the files in migrations/versions/.
NEWEST = "0019"

_alembic_version = Table("alembic_version", MetaData(), Column("version_num", Text))


def is_current(database: Database) -> bool:
    """Whether the schema is the one of this release. Raises Unavailable where the database does not answer."""
    database.ping()
    with database.writer.connect() as connection:
        if not inspect(connection).has_table(_alembic_version.name):
            return False
        return connection.execute(select(_alembic_version.c.version_num)).scalar() == NEWEST


def upgrade(database: Database) -> None:
    """Run every migration that is missing, in one transaction."""
    if not is_current(database):
        importlib.import_module("modelkeep_server.db.migrate").upgrade(database)


def find_registry_id(database: Database) -> str | None:
    """The id of the registry that this database holds, or None where it is new. Asked before the keys can be opened."""
    with database.writer.connect() as connection:
        if not inspect(connection).has_table(registry.name):
            return None
        return connection.execute(select(registry.c.registry_id)).scalar()
