"""`modelkeep service-accounts`: list and show."""

from typing import Annotated

import typer

from modelkeep.cli.options import Json, Limit
from modelkeep.cli.output import moment, note, note_rest, print_facts, print_json, print_table
from modelkeep.client import Client

app = typer.Typer(
    help="List and show service accounts: programs that act for themselves, and who answers for each. Making one, "
    "changing it and making its tokens ask for a signed-in session, so that no stolen token makes another program: "
    "that is done on the page Service accounts.",
    add_completion=False,
    no_args_is_help=True,
)


@app.command("list")
def list_service_accounts(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Part of the name or the purpose.")] = "",
    mine: Annotated[bool, typer.Option("--mine", help="Only those that you sponsor.")] = False,
    ended: Annotated[bool, typer.Option("--ended", help="Those that were ended, too.")] = False,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List service accounts by name."""
    with Client() as client:
        page = client.list_service_accounts(text, mine=mine, ended=ended).first(limit)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note("No service account matches.")
        return
    print_table(
        ("account", "sponsor", "scopes", "ended", "purpose"),
        [
            (account.account, account.sponsor, ", ".join(account.scopes), moment(account.ended_at), account.purpose)
            for account in page.items
        ],
    )
    note_rest(len(page.items), page.total, page.next_cursor is not None)


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name, with or without service: before it.")],
    as_json: Json = False,
) -> None:
    """Show one service account."""
    with Client() as client:
        account = client.get_service_account(name)
    if as_json:
        print_json(account)
        return
    print_facts(
        [
            ("account", account.account),
            ("purpose", account.purpose),
            ("sponsor", account.sponsor),
            ("scopes", ", ".join(account.scopes)),
            ("made", moment(account.created_at)),
            ("ended", moment(account.ended_at) if account.ended_at else None),
        ]
    )
