"""`modelkeep teams`: list and show."""

from typing import Annotated

import typer

from modelkeep.cli.options import Json, Limit
from modelkeep.cli.output import moment, note, note_rest, print_facts, print_json, print_table
from modelkeep.client import Client

app = typer.Typer(
    help="List and show teams: people who own models together. Admins make and change them in the pages.",
    add_completion=False,
    no_args_is_help=True,
)


@app.command("list")
def list_teams(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Part of the name or the address.")] = "",
    mine: Annotated[bool, typer.Option("--mine", help="Only those that you are in.")] = False,
    ended: Annotated[bool, typer.Option("--ended", help="Those that were ended, too.")] = False,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List teams by name."""
    with Client() as client:
        page = client.list_teams(text, mine=mine, ended=ended).first(limit)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note("No team matches.")
        return
    print_table(
        ("team", "address", "members", "ended"),
        [(team.name, team.email, ", ".join(team.members), moment(team.ended_at)) for team in page.items],
    )
    note_rest(len(page.items), page.total, page.next_cursor is not None)


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="TEAM", help="The shared address, or the name.")],
    as_json: Json = False,
) -> None:
    """Show one team."""
    with Client() as client:
        team = client.get_team(name)
    if as_json:
        print_json(team)
        return
    print_facts(
        [
            ("team", team.name),
            ("address", team.email),
            ("members", ", ".join(team.members) or "nobody"),
            ("made", moment(team.created_at)),
            ("ended", moment(team.ended_at) if team.ended_at else None),
        ]
    )
