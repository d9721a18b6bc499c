"""`modelkeep uploads`: what was begun and is not finished."""

from typing import Annotated

import typer

from modelkeep.cli.options import Json, Limit
from modelkeep.cli.output import moment, note, note_rest, print_json, print_table, size
from modelkeep.client import Client
from modelkeep.stored import Upload

app = typer.Typer(
    help="List and discard your uploads that are not finished. `modelkeep upload` goes on with them by itself.",
    add_completion=False,
    no_args_is_help=True,
)

Version = Annotated[str | None, typer.Argument(metavar="GROUP/NAME:VERSION", help="Only those to this version.")]


@app.command("list")
def list_uploads(address: Version = None, limit: Limit = 50, as_json: Json = False) -> None:
    """List your uploads that are not finished, the oldest first."""
    with Client() as client:
        page = client.list_uploads(address).first(limit)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note("No unfinished upload.")
        return
    rows = [
        (
            one.id,
            f"{_percent(one)} of {size(one.size_bytes)}",
            moment(one.expires_at),
            one.address,
        )
        for one in page.items
    ]
    print_table(("id", "there", "kept until", "file"), rows)
    note_rest(len(page.items), page.total, page.next_cursor is not None)


@app.command()
def discard(
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID", help="As `list` shows them.")] = None,
    of: Annotated[
        str | None, typer.Option("--all-of", metavar="GROUP/NAME:VERSION", help="All to this version.")
    ] = None,
) -> None:
    """End uploads that are not finished, and remove what is stored of them."""
    if bool(ids) == bool(of):
        raise typer.BadParameter("Name uploads by their ids, or a version by --all-of.")
    with Client() as client:
        chosen = ids or [upload.id for upload in client.list_uploads(of)]
        for upload_id in chosen:
            client.discard_upload(upload_id)
            print(upload_id)
    note(f"{len(chosen)} discarded.")


def _percent(upload: Upload) -> str:
    return f"{100 * upload.offset_bytes // max(1, upload.size_bytes)} %"
