"""`modelkeep upload`: files into a version."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from modelkeep.addresses import parse_version_or_file
from modelkeep.cli.options import Json
from modelkeep.cli.output import note, print_json, progress_bars, size
from modelkeep.client import Client

app = typer.Typer(add_completion=False)


class Kind(StrEnum):
    """What a file is."""

    WEIGHTS = "WEIGHTS"
    CONTAINER = "CONTAINER"
    TOKENIZER = "TOKENIZER"
    CONFIG = "CONFIG"


@app.command()
def upload(
    address: Annotated[str, typer.Argument(metavar="GROUP/NAME:VERSION[/PATH]")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE")],
    kind: Annotated[Kind, typer.Option("--type", case_sensitive=False, help="What the files are.")],
    as_json: Json = False,
) -> None:
    """
    Send files to a version, each under its own name.

    With one file, the address may say its path in the version: GROUP/NAME:VERSION/tokenizer/vocab.json. Prints a line a
    file, as sha256sum does. A file that is there already with the same bytes is not sent again.
    """
    where = parse_version_or_file(address)
    if where.path is not None and len(files) > 1:
        raise typer.BadParameter("A path in the address names one file; several were given.")
    sent = []
    with Client() as client, progress_bars() as on_progress:
        for file in files:
            artifact = client.upload(where, file, type=kind, on_progress=on_progress)
            sent.append(artifact)
            if not as_json:
                print(f"{artifact.sha256}  {artifact.path}", flush=True)
    if as_json:
        print_json(sent)
        return
    total = size(sum(artifact.size_bytes for artifact in sent))
    note(f"{len(sent)} file{'s' if len(sent) > 1 else ''}, {total}, in {where.group}/{where.name}:{where.version}.")
