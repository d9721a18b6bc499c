"""`modelkeep backup`: a whole copy of a registry on SQLite, taken while it runs."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from modelkeep_server.operate.reach import load_or_fail, run
from modelkeep_server.operate.terminal import fail, say_aside
from modelkeep_server.settings import Settings

app = typer.Typer(help="Take a backup, while the server runs.", add_completion=False)

ON_POSTGRESQL = (
    "This registry is on PostgreSQL: take the backup with pg_dump, or with the backup of your provider. First the "
    "database, then the files in {storage}; keep the key file apart from both. See docs/operations/backup.md."
)
WRONG_DATABASE = 2


@app.command()
def backup(
    to: Annotated[Path, typer.Argument(help="A new folder, or one tar file where the name ends in .tar.")],
) -> None:
    """
    Copy the database and the sealed files into a new folder or tar file, with the server up or down.

    Everything that was saved before it began is in it. The key file is not: keep a copy of it apart.
    """
    settings = load_or_fail()
    demand_sqlite(settings)
    told = run("backup", {"to": str(to.absolute())})
    for path in told["missing"]:
        say_aside(f"not in the file store: {path}")
    if told["unsigned"]:
        say_aside(f"The head of the log is not signed: {told['unsigned']} Run: modelkeep audit verify")
    print(f"{told['path']}")
    print(f"  taken  {told['createdAt']}: {told['files']:,} files, {told['bytes'] / 1e9:,.3f} GB")
    print(f"  log    {told['events']:,} events, root {told['root']}")
    print(f"  key    fingerprint {told['fingerprint']}: not in the backup; without it nothing here can be opened")
    sys.stdout.flush()
    if told["missing"]:
        fail(
            f"The backup is kept, and incomplete: {len(told['missing'])} files that the database names are not in the "
            "file store."
        )


def demand_sqlite(settings: Settings) -> None:
    """End the command with exit code 2 where the registry is on PostgreSQL, saying what does the job there."""
    if not settings.is_sqlite:
        fail(ON_POSTGRESQL.format(storage=settings.storage), WRONG_DATABASE)
