"""`modelkeep exceptions`: list, show, ask, grant, refuse, withdraw and end."""

from typing import Annotated

import typer

from modelkeep.cli.options import Json, Limit
from modelkeep.cli.output import moment, note, note_rest, print_facts, print_json, print_table
from modelkeep.cli.policies import find_policy
from modelkeep.client import Client
from modelkeep.policies import PolicyException

app = typer.Typer(
    help="One policy lifted for one version, until a day.", add_completion=False, no_args_is_help=True
)  # fmt: skip

Id = Annotated[str, typer.Argument(metavar="ID")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for the record.")]


@app.command("list")
def list_exceptions(
    status: Annotated[str, typer.Option("--status", help="OPEN, GRANTED, REFUSED, WITHDRAWN, ENDED or EXPIRED.")] = "",
    version: Annotated[str, typer.Option("--version", metavar="GROUP/NAME:VERSION")] = "",
    policy: Annotated[str, typer.Option("--policy", help="Its name, in any case, or its id.")] = "",
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List exceptions, newest first."""
    with Client() as client:
        policy_id = find_policy(client, policy).id if policy else ""
        page = client.list_exceptions(status=status, policy_id=policy_id, version=version).first(limit)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note("No exception.")
        return
    print_table(
        ("id", "version", "policy", "status", "until", "waits for"),
        [
            (one.id, one.version, one.policy, one.status, moment(one.expires_at), ", ".join(one.open_roles) or "-")
            for one in page.items
        ],
    )
    note_rest(len(page.items), page.total, page.next_cursor is not None)


@app.command()
def show(id: Id, as_json: Json = False) -> None:  # noqa: A002 - the word of the command line
    """Show one exception."""
    with Client() as client:
        found = client.get_exception(id)
    if as_json:
        print_json(found)
        return
    print_facts(
        [
            ("version", found.version),
            ("policy", found.policy),
            ("status", found.status),
            ("until", moment(found.expires_at)),
            ("why", found.justification),
            ("risk", found.risk),
            ("mitigation", found.mitigation),
            ("granted by", ", ".join(f"{one.by} as {one.role}" for one in found.approvals) or "nobody yet"),
            ("waits for", ", ".join(found.open_roles) or None),
        ]
    )


@app.command()
def ask(
    version: Annotated[str, typer.Argument(metavar="GROUP/NAME:VERSION")],
    policy: Annotated[str, typer.Argument(metavar="POLICY", help="Its name, in any case, or its id.")],
    justification: Annotated[str, typer.Option("--justification", "-m", help="Why it should go on.")],
    risk: Annotated[str, typer.Option("--risk", help="What could go wrong.")],
    mitigation: Annotated[str, typer.Option("--mitigation", help="What is done against that.")],
    until: Annotated[str, typer.Option("--until", metavar="DAY", help="At most 90 days from now: 2026-03-31.")],
    as_json: Json = False,
) -> None:
    """Ask for an exception, as an owner."""
    with Client() as client:
        made = client.ask_exception(
            version, find_policy(client, policy).id,
            justification=justification, risk=risk, mitigation=mitigation, until=until,
        )  # fmt: skip
    if as_json:
        print_json(made)
        return
    note(f"Asked. It lifts nothing until {' and '.join(made.open_roles)} granted it.")
    print(made.id)


@app.command()
def grant(
    id: Id,  # noqa: A002
    comment: Annotated[str | None, typer.Option("--comment", "-m", help="For the owners.")] = None,
    as_role: Annotated[str | None, typer.Option("--as", help="MRC or SECURITY_ARCHITECT, with both roles.")] = None,
    as_json: Json = False,
) -> None:
    """Grant an exception."""
    with Client() as client:
        _tell(client.grant_exception(id, comment=comment, as_role=as_role), as_json)


@app.command()
def refuse(id: Id, reason: Reason, as_json: Json = False) -> None:  # noqa: A002
    """Refuse an exception."""
    with Client() as client:
        _tell(client.refuse_exception(id, reason=reason), as_json)


@app.command()
def withdraw(id: Id, as_json: Json = False) -> None:  # noqa: A002
    """Take a request back, as an owner."""
    with Client() as client:
        _tell(client.withdraw_exception(id), as_json)


@app.command()
def end(id: Id, reason: Reason, as_json: Json = False) -> None:  # noqa: A002
    """End an exception before its time."""
    with Client() as client:
        _tell(client.end_exception(id, reason=reason), as_json)


def _tell(exception: PolicyException, as_json: bool) -> None:
    if as_json:
        print_json(exception)
        return
    waits = f"; it waits for {' and '.join(exception.open_roles)}" if exception.open_roles else ""
    note(f"{exception.policy} for {exception.version}: {exception.status}{waits}.")
