"""Running Alembic's migrations. Loaded by schema.py where one is missing."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from modelkeep_server.db.engine import Database


def upgrade(database: Database) -> None:
    """Run every migration that is missing, in one transaction."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with database.writer.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
