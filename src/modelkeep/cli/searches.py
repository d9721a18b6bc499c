"""
`modelkeep searches`: list, show, edit, share, alert, copy, delete, restore, take-down and allow; `modelkeep search`
runs them.
"""

from typing import Annotated, Any

import typer

from modelkeep.cli.options import Json, Limit, Revision, SortOption
from modelkeep.cli.output import moment, note, note_rest, print_facts, print_json, print_table
from modelkeep.client import Client
from modelkeep.errors import ModelkeepError
from modelkeep.searches import SavedSearch

app = typer.Typer(
    help="Saved searches. `modelkeep search QUERY --save NAME` saves one, `modelkeep search --saved NAME` runs it.",
    add_completion=False,
    no_args_is_help=True,
)

SearchName = Annotated[str, typer.Argument(metavar="SEARCH", help="Its name, in any case, or its id.")]


@app.command("list")
def list_searches(
    mine: Annotated[bool, typer.Option("--mine", help="Only those that you saved.")] = False,
    shared: Annotated[bool, typer.Option("--shared", help="Only those that others share.")] = False,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List saved searches by name: yours, and those that others share."""
    if mine and shared:
        raise typer.BadParameter("Give --mine or --shared, not both.")
    with Client() as client:
        page = client.list_searches("mine" if mine else "shared" if shared else "all").first(limit)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note("No search is saved yet. Save one: modelkeep search QUERY --save NAME")
        return
    print_table(
        ("name", "saved by", "shared", "alert", "query"),
        [
            (
                one.name,
                one.saved_by,
                "yes" if one.sharing == "SHARED" else "no",
                "on" if one.alert else "off",
                one.query,
            )
            for one in page.items
        ],
    )
    note_rest(len(page.items), page.total, page.next_cursor is not None)


@app.command()
def show(name: SearchName, as_json: Json = False) -> None:
    """Show one saved search."""
    with Client() as client:
        found = find_search(client, name)
    tell(found, as_json=as_json)


@app.command()
def edit(
    name: SearchName,
    new_name: Annotated[str | None, typer.Option("--name", help="Another name.")] = None,
    query: Annotated[str | None, typer.Option("--query", help="Another query.")] = None,
    sort: SortOption = None,
    revision: Revision = None,
    as_json: Json = False,
) -> None:
    """Rename a search of yours, or change what it asks. What you do not name stays."""
    given: dict[str, Any] = {"name": new_name, "query": query, "sort": sort}
    changes = {field: value for field, value in given.items() if value is not None}
    if not changes:
        raise typer.BadParameter("Name what to change by an option.")
    with Client() as client:
        changed = client.update_search(find_search(client, name).id, changes, revision=revision)
    tell(changed, as_json=as_json)


@app.command()
def share(
    name: SearchName,
    off: Annotated[bool, typer.Option("--off", help="Keep it to yourself again.")] = False,
    as_json: Json = False,
) -> None:
    """Let everybody who signs in find a search of yours. Each sees by it what they may see."""
    with Client() as client:
        changed = client.share_search(find_search(client, name).id, shared=not off)
    tell(changed, as_json=as_json)


@app.command()
def alert(
    name: SearchName,
    off: Annotated[bool, typer.Option("--off", help="Be told no more.")] = False,
    as_json: Json = False,
) -> None:
    """Be told in the app of new models that match a search, yours or a shared one; `modelkeep notices` shows them."""
    with Client() as client:
        changed = client.set_alert(find_search(client, name).id, on=not off)
    tell(changed, as_json=as_json)


@app.command("copy")
def copy_search(
    name: SearchName,
    new_name: Annotated[str | None, typer.Option("--name", help="Under which name; left out: under its own.")] = None,
    as_json: Json = False,
) -> None:
    """Save a search that somebody shares as your own."""
    with Client() as client:
        made = client.copy_search(find_search(client, name).id, new_name)
    tell(made, as_json=as_json)


@app.command()
def delete(name: SearchName) -> None:
    """Delete a search of yours. It is told how to put it back."""
    with Client() as client:
        found = find_search(client, name)
        client.delete_search(found.id)
    note(f"Deleted: {found.name}. To put it back: modelkeep searches restore {found.id}")


@app.command()
def restore(search_id: Annotated[str, typer.Argument(metavar="ID", help="As `delete` told it.")]) -> None:
    """Put a search back that you deleted."""
    with Client() as client:
        found = client.restore_search(search_id)
    note(f"It is back: {found.name}.")


@app.command("take-down")
def take_down(
    name: SearchName, reason: Annotated[str, typer.Option("--reason", help="Why; whoever saved it reads it.")]
) -> None:
    """Let nobody but whoever saved it find a search that somebody shares. Admins only."""
    with Client() as client:
        found = find_search(client, name)
        client.take_down_search(found.id, reason=reason)
    note(f"Taken down: {found.name}, which {found.saved_by} keeps. To allow it: modelkeep searches allow {found.id}")


@app.command("allow")
def allow(
    search_id: Annotated[
        str, typer.Argument(metavar="ID", help="Its id, which `take-down` told, or from whoever saved it.")
    ],
) -> None:
    """Let a search that was taken down be shared again. Admins only, and none of their own."""
    with Client() as client:
        client.allow_search(search_id)
    note("Allowed: whoever saved it may share it again.")


def find_search(client: Client, name: str) -> SavedSearch:
    """A saved search by its name, your own before those of others, or by its id."""
    found = tuple(client.list_searches())
    # An id is of one search alone, whatever others are called.
    called = [one for one in found if one.id == name.casefold()]
    called = called or [one for one in found if one.name.casefold() == name.casefold()]
    mine = [one for one in called if one.is_mine]
    if len(mine or called) > 1:
        named = ", ".join(f"{one.id} of {one.saved_by}" for one in called)
        raise ModelkeepError(f"Several share a search called {name!r}.", remedy=f"Name one by its id: {named}.")
    if not called:
        raise ModelkeepError(f"There is no saved search {name!r}.", remedy="`modelkeep searches list` shows them.")
    return (mine or called)[0]


def tell(found: SavedSearch, *, as_json: bool) -> None:
    """One saved search, to a person or a program."""
    if as_json:
        print_json(found)
        return
    facts = [
        ("name", found.name),
        ("id", found.id),
        ("query", found.query),
        ("sort", found.sort or "as suits the query"),
        ("shared", "yes" if found.sharing == "SHARED" else "no"),
        ("saved by", found.saved_by),
        ("alert", f"on since {moment(found.alert_since)}" if found.alert_since else "off"),
        ("changed", moment(found.updated_at)),
    ]
    print_facts([*facts, ("cannot run", found.fault)] if found.fault else facts)
