"""`modelkeep events`: the audit log."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from modelkeep.cli.options import Json, Limit
from modelkeep.cli.output import moment, note, note_rest, print_json, print_table, size
from modelkeep.client import Client
from modelkeep.events import Event
from modelkeep.told import Page

app = typer.Typer(add_completion=False)


class Format(StrEnum):
    """How events are written to a file."""

    CSV = "csv"
    JSONL = "jsonl"


@app.command()
def events(
    text: Annotated[str, typer.Argument(help="An e-mail, an address, a request id or an event's number.")] = "",
    about: Annotated[str, typer.Option("--object", metavar="ADDRESS", help="Only about this: an address or id.")] = "",
    kind: Annotated[str, typer.Option(help="Only about objects of this kind, such as version.")] = "",
    action: Annotated[str, typer.Option(help="Only this act, as model.create, or this noun's, as artifact.*.")] = "",
    person: Annotated[str, typer.Option(help="Only by this person: an e-mail, a pseudonym, a part of a name.")] = "",
    role: Annotated[str, typer.Option(help="Only under this role, such as SRE.")] = "",
    outcome: Annotated[str, typer.Option(help="ALLOWED or REFUSED.")] = "",
    request_id: Annotated[str, typer.Option(help="Only of this request.")] = "",
    since: Annotated[str, typer.Option("--from", metavar="WHEN", help="2026-01-31 or 2026-01-31T09:00:00Z.")] = "",
    until: Annotated[str, typer.Option("--to", metavar="WHEN", help="As --from; a day is meant whole.")] = "",
    limit: Limit = 50,
    as_json: Json = False,
    export: Annotated[Path | None, typer.Option(metavar="FILE", help="Write all that match to this file.")] = None,
    form: Annotated[Format | None, typer.Option("--format", help="Of the file; by its name where left out.")] = None,
) -> None:
    """
    Read the audit log, newest events first. Takes the right to read it (Auditor, MRC, Security Architect, Admin).

    --export takes out every event that matches, and is itself put on record.
    """
    if form is not None and export is None:
        raise typer.BadParameter("--format is of a file: give --export FILE, or --json for the list.")
    with Client() as client:
        found = client.list_events(
            text=text,
            object=about,
            kind=kind,
            action=action,
            person=person,
            role=role.upper(),
            outcome=outcome.upper(),
            request_id=request_id,
            from_at=since or None,
            to_at=until or None,
        )
        if export is not None:
            named = Format.JSONL if export.suffix in (".jsonl", ".ndjson") else Format.CSV
            written = client.export_events(found, export, format=form or named)
            note(f"{size(written)} written to {export}.")
            return
        page = found.first(limit)
    if as_json:
        print_json(page.items)
        return
    _print_events(page)


def _print_events(page: Page[Event]) -> None:
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
