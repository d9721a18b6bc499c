"""`modelkeep activity`: what happened to models, versions and files."""

from typing import Annotated

import typer

from modelkeep.cli.options import Json, Limit
from modelkeep.cli.output import moment, note, note_rest, print_json, print_table
from modelkeep.client import Client

app = typer.Typer(add_completion=False)


@app.command()
def activity(
    address: Annotated[str | None, typer.Argument(metavar="ADDRESS", help="GROUP/NAME or GROUP/NAME:VERSION.")] = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """Show what happened to a model or a version, newest first; without an address, to any model you may see."""
    with Client() as client:
        page = client.list_activity(address).first(limit)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note("Nothing happened yet.")
        return
    print_table(
        ("at", "who", "did", "on", "changed", "why"),
        [
            (moment(item.at), item.by, item.says, item.object.address, ", ".join(item.changed), item.reason or "")
            for item in page.items
        ],
    )
    note_rest(len(page.items), page.total, page.next_cursor is not None)
