"""Bringing a database's schema up to date: at start on SQLite, by `modelkeep migrate` on PostgreSQL."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select

from modelkeep_server.db.engine import Database
from modelkeep_server.db.tables import registry


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def _newest() -> str | None:
    return ScriptDirectory(str(Path(__file__).parent / "migrations")).get_current_head()


def is_current(database: Database) -> bool:
    """Whether the schema is the one of this release. Raises Unavailable where the database does not answer."""
    database.ping()
    with database.writer.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == _newest()


def upgrade(database: Database) -> None:
    """Run every migration that is missing, in one transaction."""
    if is_current(database):
        return
    with database.writer.begin() as connection:
        command.upgrade(_config(connection), "head")


def find_registry_id(database: Database) -> str | None:
    """The id of the registry that this database holds, or None where it is new. Asked before the keys can be opened."""
    with database.writer.connect() as connection:
        if not inspect(connection).has_table(registry.name):
            return None
        return connection.execute(select(registry.c.registry_id)).scalar()
