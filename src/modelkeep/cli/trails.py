"""`modelkeep versions trail`: everything that happened to a version, each event with its proof."""

from typing import Annotated

import typer

from modelkeep.cli.options import Json
from modelkeep.cli.output import moment, note, print_json, print_table
from modelkeep.client import Client
from modelkeep.trails import Trail, TrailEvent


def trail(
    address: Annotated[str, typer.Argument(metavar="GROUP/NAME:VERSION")],
    kind: Annotated[
        str,
        typer.Option(help="Only LIFE, REVIEW, FILES, ACCESS, EVALUATION, CARD, EXCEPTION, DEPLOYMENT or MODEL."),
    ] = "",
    refused: Annotated[bool, typer.Option("--refused", help="Only what was refused.")] = False,
    as_json: Json = False,
) -> None:
    """
    Show the compliance trail of a version, oldest first. Owners, Auditor, MRC, Security Architect, Admin.

    --json has the event as stored, its proof, and the signed checkpoint that every proof leads to.
    """
    outcome = "REFUSED" if refused else None
    with Client() as client:
        page = first = client.get_trail(address, kind=kind.upper() or None, outcome=outcome)
        items = list(page.items)
        while page.next_cursor is not None:
            page = client.get_trail(address, kind=kind.upper() or None, outcome=outcome, cursor=page.next_cursor)
            items += page.items
    if as_json:
        print_json({**first.raw, "items": [one.raw for one in items], "nextCursor": None})
        return
    if not items:
        note("No such event.")
        return
    print_table(("#", "at", "who", "as", "act", "on", "outcome", "proof"), [_cells(one) for one in items])
    _tell_head(first, items)


def _cells(one: TrailEvent) -> tuple[str, ...]:
    return (
        str(one.sequence),
        moment(one.at),
        one.actor.email or one.actor.name or one.actor.id,
        one.role or "-",
        one.action,
        one.object.label or f"{one.object.kind} {one.object.id}",
        one.outcome if one.rule is None else f"{one.outcome} ({one.rule})",
        "holds" if one.problem is None else "DOES NOT HOLD",
    )


def _tell_head(first: Trail, items: list[TrailEvent]) -> None:
    broken = [one for one in items if one.problem is not None]
    if first.problem:
        note(first.problem)
    elif broken:
        note(f"{len(broken)} of {len(items)} events do not hold: verify the whole log.")
    elif first.checkpoint is not None:
        head = first.checkpoint
        note(f"{len(items)} events, each proven under the checkpoint of {head.size} events, root {head.root}.")
