"""`modelkeep todo`: what waits for me."""

from typing import Annotated

import typer

from modelkeep.cli.options import Json
from modelkeep.cli.output import moment, note, print_json, print_table
from modelkeep.client import Client

app = typer.Typer(add_completion=False)


@app.command()
def todo(
    mine: Annotated[bool, typer.Option("--mine", help="Only what waits for you, not what waits for others.")] = False,
    as_json: Json = False,
) -> None:
    """Show what waits for you by your roles, and what of yours waits for others; what is due first stands first."""
    with Client() as client:
        found = [one for one in client.list_todo() if one.waits_for_you or not mine]
    if as_json:
        print_json(found)
        return
    if not found:
        note("Nothing waits for you.")
        return
    rows = [
        ("you" if one.waits_for_you else "others", one.address or one.title, one.what, one.risk_tier or "",
         moment(one.since), f"{moment(one.due_at)}{' OVERDUE' if one.overdue else ''}" if one.due_at else "", one.text)
        for one in found
    ]  # fmt: skip
    print_table(("waits for", "on", "what", "tier", "since", "due", "to do"), rows)
