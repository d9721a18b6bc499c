"""`modelkeep promote`: request promotions, move versions on, stop them."""

from typing import Annotated

import typer

from modelkeep.cli.options import Json
from modelkeep.cli.output import moment, note, print_json, print_table
from modelkeep.client import Client
from modelkeep.models import Version

app = typer.Typer(
    help="Request promotions, move versions on, and stop them.", add_completion=False, no_args_is_help=True
)

VersionAddress = Annotated[str, typer.Argument(metavar="GROUP/NAME:VERSION")]
Why = Annotated[str, typer.Option("--reason", help="Why, for the record.")]


@app.command("request")
def request(
    address: VersionAddress,
    target: Annotated[str, typer.Argument(metavar="TARGET", help="STAGING or PRODUCTION.")],
    justification: Annotated[str, typer.Option("--justification", "-m", help="Why now; what to look at.")],
    urgent: Annotated[bool, typer.Option("--urgent", help="Reviewers have two days.")] = False,
    as_json: Json = False,
) -> None:
    """Request a promotion, as an owner."""
    with Client() as client:
        made = client.request_promotion(address, target.upper(), justification=justification, urgent=urgent)
    if as_json:
        print_json(made)
        return
    note(f"Requested. {' and '.join(made.open_roles)} will be asked, until {moment(made.due_at)}.")
    print(made.id)


@app.command("status")
def status(address: VersionAddress, as_json: Json = False) -> None:
    """Show the rounds of a version, and who decided what."""
    with Client() as client:
        rounds = client.list_promotions(address)
    if as_json:
        print_json(rounds)
        return
    if not rounds:
        note("Nobody requested a promotion yet.")
        return
    rows = [
        (str(one.round), one.target, one.status, one.requested_by, moment(one.requested_at),
         ", ".join(f"{r.by} {r.decision}" for r in one.reviews) or "-", ", ".join(one.open_roles) or "-")
        for one in rounds
    ]  # fmt: skip
    print_table(("round", "target", "status", "requested by", "at", "decided", "waits for"), rows)


@app.command("withdraw")
def withdraw(address: VersionAddress, promotion: Annotated[str, typer.Argument(metavar="ID")], reason: Why) -> None:
    """Take a request for PRODUCTION back."""
    with Client() as client:
        client.withdraw_promotion(address, promotion, reason=reason)
    note("Withdrawn; the version stays in STAGING.")


@app.command("move")
def move(
    address: VersionAddress,
    to: Annotated[str, typer.Argument(metavar="STATE", help="STAGING, PRODUCTION, DEPRECATED or RETIRED.")],
    comment: Annotated[str | None, typer.Option("--comment", "-m", help="For the record.")] = None,
    as_json: Json = False,
) -> None:
    """Make a move that is no decision."""
    with Client() as client:
        _tell(client.move_version(address, to.upper(), comment=comment), as_json=as_json)


@app.command("hold")
def hold(address: VersionAddress, reason: Why, as_json: Json = False) -> None:
    """Stop all moves of a version, and all new download links, at once."""
    with Client() as client:
        _tell(client.hold_version(address, reason=reason), as_json=as_json)


@app.command("lift")
def lift(address: VersionAddress, reason: Why, as_json: Json = False) -> None:
    """Let a version that is on hold go on."""
    with Client() as client:
        _tell(client.lift_hold(address, reason=reason), as_json=as_json)


def _tell(version: Version, *, as_json: bool) -> None:
    if as_json:
        print_json(version)
        return
    print(f"{version.model}:{version.version} {version.state}")
