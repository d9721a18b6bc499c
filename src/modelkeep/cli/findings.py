"""`modelkeep findings`: list, show, raise and settle."""

from typing import Annotated

import typer

from modelkeep.cli.options import Json, Limit
from modelkeep.cli.output import moment, note, note_rest, print_facts, print_json, print_table
from modelkeep.client import Client
from modelkeep.rounds import Finding

app = typer.Typer(
    help="What reviewers found in versions, who answers for it, and until when.",
    add_completion=False,
    no_args_is_help=True,
)

Version = Annotated[str, typer.Argument(metavar="GROUP/NAME:VERSION")]
Id = Annotated[str, typer.Argument(metavar="ID", help="As the list has it.")]


@app.command("list")
def list_findings(
    status: Annotated[str, typer.Option("--status", help="OPEN, RESOLVED or ACCEPTED.")] = "",
    severity: Annotated[str, typer.Option("--severity", help="LOW, MEDIUM or HIGH.")] = "",
    owner: Annotated[str, typer.Option("--owner", help="Who answers for them, by e-mail, or me.")] = "",
    blocking: Annotated[bool, typer.Option("--blocking", help="Only those that stop moves.")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only open ones whose day has passed.")] = False,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List findings, open ones first, by when they are due."""
    with Client() as client:
        page = client.list_findings(
            status=status.upper(), severity=severity.upper(), owner=owner, blocking=blocking or None, overdue=overdue
        ).first(limit)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note("No finding.")
        return
    print_table(
        ("id", "version", "severity", "blocks", "status", "due", "answers", "text"),
        [
            (
                one.id, one.version, one.severity, "yes" if one.blocking else "-", one.status, moment(one.due_at),
                one.owner, one.text,
            )
            for one in page.items
        ],
    )  # fmt: skip
    note_rest(len(page.items), page.total, page.next_cursor is not None)


@app.command()
def show(id: Id, as_json: Json = False) -> None:  # noqa: A002 - the word of the command line
    """Show one finding."""
    with Client() as client:
        _show(client.get_finding(id), as_json=as_json)


@app.command("raise")
def raise_finding(
    version: Version,
    text: Annotated[str, typer.Option("--text", "-m", help="What was found.")],
    severity: Annotated[str, typer.Option("--severity", help="LOW, MEDIUM or HIGH.")] = "MEDIUM",
    blocking: Annotated[bool, typer.Option("--blocking", help="Stop every move until it is settled.")] = False,
    owner: Annotated[str | None, typer.Option("--owner", help="Who mends it; else who submitted it.")] = None,
    due: Annotated[str | None, typer.Option("--due", metavar="DAY", help="As 2026-03-31; else in 30 days.")] = None,
    as_json: Json = False,
) -> None:
    """Raise a finding on a version, as an MRC or Security Architect."""
    with Client() as client:
        made = client.raise_finding(
            version, text, severity=severity.upper(), blocking=blocking, owner=owner, due=due
        )  # fmt: skip
    _show(made, as_json=as_json)


@app.command()
def settle(
    id: Id,  # noqa: A002
    answer: Annotated[str, typer.Option("--answer", "-m", help="What was done, or why it can stay.")],
    accept: Annotated[bool, typer.Option("--accept", help="It stays as it is; left out: it is mended.")] = False,
    as_json: Json = False,
) -> None:
    """Settle a finding, as an MRC or Security Architect who never owned the model nor worked on the version."""
    with Client() as client:
        found = client.get_finding(id)
        ended = client.settle_finding(found.version, id, status="ACCEPTED" if accept else "RESOLVED", answer=answer)
    _show(ended, as_json=as_json)


def _show(finding: Finding, *, as_json: bool) -> None:
    if as_json:
        print_json(finding)
        return
    print_facts(
        [
            ("id", finding.id),
            ("version", finding.version),
            ("status", finding.status),
            ("severity", f"{finding.severity}, blocks every move" if finding.blocking else finding.severity),
            ("text", finding.text),
            ("answers", finding.owner),
            ("due", moment(finding.due_at)),
            ("raised by", finding.raised_by),
            ("answer", finding.answer),
        ]
    )
