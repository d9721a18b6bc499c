"""`modelkeep download`: files of a version, verified."""

from pathlib import Path
from typing import Annotated

import typer

from modelkeep.cli.options import Json
from modelkeep.cli.output import note, print_json, progress_bars, size
from modelkeep.client import Client

app = typer.Typer(add_completion=False)


@app.command()
def download(
    address: Annotated[str, typer.Argument(metavar="GROUP/NAME:VERSION[/PATH]")],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Folder for the files; made where missing.")] = Path(),
    purpose: Annotated[
        str | None, typer.Option(help="What it is for; asked where the version is in production or beyond.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files with other bytes.")] = False,
    as_json: Json = False,
) -> None:
    """
    Fetch all files of a version, or one, and verify each by its SHA-256.

    Prints what was verified, a line a file, as `sha256sum -c` reads it in that folder. A download that was cut goes on
    where it ended; a file that is there already is checked and not fetched again.
    """
    with Client() as client, progress_bars() as on_progress:
        fetched = client.download(address, to, purpose=purpose, overwrite=overwrite, on_progress=on_progress)
    if as_json:
        print_json({"items": [{**f.artifact.raw, "file": str(f.file), "wasThere": f.was_there} for f in fetched]})
        return
    for file in fetched:
        print(f"{file.artifact.sha256}  {file.artifact.path}")
    total = size(sum(file.artifact.size_bytes for file in fetched))
    there = sum(file.was_there for file in fetched)
    already = f" ({there} there already)" if there else ""
    note(f"{len(fetched)} file{'s' if len(fetched) > 1 else ''}, {total}, verified in {to}{already}.")
