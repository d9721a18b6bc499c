"""`modelkeep events`: the audit log."""

from typing import Annotated

import typer

from modelkeep.cli.options import Json, Limit
from modelkeep.cli.output import moment, note, note_rest, print_json, print_table
from modelkeep.client import Client

app = typer.Typer(add_completion=False)


@app.command()
def events(
    about: Annotated[str, typer.Option("--object", metavar="ADDRESS", help="Only about this: an address or id.")] = "",
    action: Annotated[str, typer.Option(help="Only this act, such as model.create.")] = "",
    person: Annotated[str, typer.Option(help="Only by this person: an e-mail or a pseudonym.")] = "",
    outcome: Annotated[str, typer.Option(help="ALLOWED or REFUSED.")] = "",
    request_id: Annotated[str, typer.Option(help="Only of this request.")] = "",
    since: Annotated[str, typer.Option("--from", metavar="WHEN", help="2026-01-31 or 2026-01-31T09:00:00Z.")] = "",
    until: Annotated[str, typer.Option("--to", metavar="WHEN", help="As --from; a day is meant whole.")] = "",
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """Read the audit log, newest events first. Takes the right to read it (Auditor, Admin)."""
    with Client() as client:
        found = client.list_events(
            object=about,
            action=action,
            person=person,
            outcome=outcome.upper(),
            request_id=request_id,
            from_at=since or None,
            to_at=until or None,
        )
        page = found.first(limit)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note("No event matches.")
        return
    print_table(
        ("#", "at", "who", "act", "on", "outcome"),
        [
            (
                str(event.sequence),
                moment(event.at),
                event.actor.email or event.actor.name or event.actor.id,
                event.action,
                event.object.label or f"{event.object.kind} {event.object.id}",
                event.outcome if event.rule is None else f"{event.outcome} ({event.rule})",
            )
            for event in page.items
        ],
    )
    note_rest(len(page.items), page.total, page.next_cursor is not None)
