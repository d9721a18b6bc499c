"""`modelkeep migrate`: bring a database's schema up to date."""

import typer

from modelkeep_server.db import schema
from modelkeep_server.db.engine import open_database
from modelkeep_server.operate.terminal import fail
from modelkeep_server.rules.errors import Unavailable
from modelkeep_server.settings.loading import SettingsRefused, load_settings

app = typer.Typer(help="Bring a PostgreSQL database up to date.", add_completion=False)


@app.command()
def migrate() -> None:
    """Run the migrations that are missing. On SQLite the server does this itself when it starts."""
    try:
        database = open_database(load_settings().database, connections=2)
    except (SettingsRefused, ValueError) as error:
        fail(str(error))
    try:
        if schema.is_current(database):
            print("The schema is up to date.")
            return
        schema.upgrade(database)
        print("The schema was brought up to date.")
    except Unavailable as error:
        fail(f"{error.detail} Check MODELKEEP_DATABASE_URL.")
    finally:
        database.close()
