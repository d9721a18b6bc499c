"""`modelkeep artifacts`: answer for files in spite of their verdict, and have them looked through again."""

from typing import Annotated

import typer

from modelkeep.cli.options import Json
from modelkeep.cli.output import moment, note, print_json, print_table
from modelkeep.cli.verdicts import verdict_of
from modelkeep.client import Client

app = typer.Typer(
    help="Answer for files in spite of their verdict, and have them looked through again (Security Architect).",
    add_completion=False,
    no_args_is_help=True,
)

FileAddress = Annotated[str, typer.Argument(metavar="GROUP/NAME:VERSION/PATH")]


@app.command()
def waive(
    address: FileAddress,
    reason: Annotated[str, typer.Option(help="Why you answer for it. Whoever sees the file reads it.")],
    days: Annotated[int | None, typer.Option(help="1 to 90; left out: 30.")] = None,
    as_json: Json = False,
) -> None:
    """
    Answer for a file until a time: a BLOCKED one is released for download, an UNKNOWN one accepted.

    It takes a token with the scope `review`: modelkeep login --scope read --scope review.
    """
    with Client() as client:
        waiver = client.waive_artifact(address, reason=reason, days=days)
    if as_json:
        print_json(waiver)
        return
    print(waiver.id)
    note(f"{waiver.kind} until {moment(waiver.expires_at)}.")


@app.command("waivers")
def list_waivers(address: FileAddress, as_json: Json = False) -> None:
    """List who answered for a file, also in the past, the newest first."""
    with Client() as client:
        waivers = client.list_waivers(address)
    if as_json:
        print_json(waivers)
        return
    if not waivers:
        note("Nobody answered for this file.")
        return
    rows = [(one.id, one.kind, one.by, moment(one.ended_at or one.expires_at), one.reason) for one in waivers]
    print_table(("id", "kind", "by", "until", "reason"), rows)


@app.command("end-waiver")
def end_waiver(address: FileAddress, waiver_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """End a release or waiver before its time."""
    with Client() as client:
        client.end_waiver(address, waiver_id)
    print(waiver_id)


@app.command()
def rescan(address: FileAddress, as_json: Json = False) -> None:
    """Have a file looked through again, in the background."""
    with Client() as client:
        artifact = client.rescan_artifact(address)
    if as_json:
        print_json(artifact)
        return
    print(f"{artifact.path} {artifact.status} {verdict_of(artifact)}")
    note("It is looked through in the background: `modelkeep versions files` shows what was found.")
