"""`modelkeep incidents` and `modelkeep status`: is the registry up, and what is known where it is not."""

from collections.abc import Sequence
from typing import Annotated

import typer

from modelkeep.cli.options import Json, Limit
from modelkeep.cli.output import moment, note, note_rest, print_facts, print_json, print_table
from modelkeep.client import Client
from modelkeep.status import Incident

app = typer.Typer(help="What went wrong, or is planned.", add_completion=False, no_args_is_help=True)
status_app = typer.Typer(add_completion=False)

Text = Annotated[str, typer.Option("--text", "-m", help="What is known, and what people can do meanwhile.")]
_STATUS = "INVESTIGATING, IDENTIFIED or MONITORING"


@status_app.command()
def status(as_json: Json = False) -> None:
    """Show whether the registry and its parts are up, and what is open."""
    with Client() as client:
        found = client.get_status()
    if as_json:
        print_json(found)
        return
    print_facts([("state", found.state), ("looked at", moment(found.checked_at))])
    print_table(
        ("part", "status", "answered in"),
        [
            (part.name, part.status, "" if part.response_ms is None else f"{part.response_ms:.1f} ms")
            for part in found.components
        ],
    )
    _print_incidents([one for one in found.incidents if one.resolved_at is None])


@app.command("list")
def list_incidents(limit: Limit = 50, as_json: Json = False) -> None:
    """List incidents, newest first."""
    with Client() as client:
        page = client.list_incidents().first(limit)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note("There was no incident.")
        return
    _print_incidents(page.items)
    note_rest(len(page.items), page.total, page.next_cursor is not None)


@app.command()
def report(
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What happens, in a few words that anybody may read.")],
    components: Annotated[
        list[str], typer.Option("--component", help="WEB, DATABASE, STORAGE, AUDIT or MAIL. Repeat it.")
    ],
    impact: Annotated[str, typer.Option("--impact", help="DEGRADED, OUTAGE or MAINTENANCE.")],
    text: Text,
    status: Annotated[str, typer.Option("--status", help=f"{_STATUS}.")] = "INVESTIGATING",
    as_json: Json = False,
) -> None:
    """Report an incident (SRE). It stands on every page until it is resolved."""
    with Client() as client:
        made = client.report_incident(title, components, impact=impact.upper(), text=text, status=status.upper())
    if as_json:
        print_json(made)
        return
    print(made.id)


@app.command()
def update(
    id: Annotated[str, typer.Argument(metavar="ID", help="As the list has it.")],  # noqa: A002
    status: Annotated[str, typer.Option("--status", help=f"{_STATUS}, or RESOLVED, which ends it.")],
    text: Text,
    as_json: Json = False,
) -> None:
    """Tell how an incident goes on, or that it is resolved (SRE)."""
    with Client() as client:
        found = client.update_incident(id, status=status.upper(), text=text)
    if as_json:
        print_json(found)
        return
    note(f"{found.title}: {found.status}.")


def _print_incidents(incidents: Sequence[Incident]) -> None:
    print_table(
        ("id", "since", "status", "impact", "parts", "incident"),
        [
            (one.id, moment(one.started_at), one.status, one.impact, ", ".join(one.components), one.title)
            for one in incidents
        ],
    )
