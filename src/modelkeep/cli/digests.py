"""`modelkeep digests`: which versions hold a file."""

from pathlib import Path
from typing import Annotated

import typer

from modelkeep.cli.options import Json, Limit
from modelkeep.cli.output import moment, note, note_rest, print_json, print_table
from modelkeep.client import Client
from modelkeep.local_files import hash_file
from modelkeep.progress import ignore_progress
from modelkeep.stored import DigestPlace

app = typer.Typer(add_completion=False)


@app.command()
def digests(
    what: Annotated[str, typer.Argument(metavar="SHA256|FILE", help="A digest, or a file here, which is hashed.")],
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """Find the versions that hold a file, or a container image, by its SHA-256."""
    with Client() as client:
        page = client.find_digest(_digest_of(what)).first(limit)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note("No version that you can see has it.")
        return
    rows = [(place.address, place.path, _say_state(place), moment(place.uploaded_at)) for place in page.items]
    print_table(("version", "file", "state", "added"), rows)
    note_rest(len(page.items), page.total, page.next_cursor is not None)


def _digest_of(what: str) -> str:
    return hash_file(Path(what), path=what, on_progress=ignore_progress) if Path(what).is_file() else what


def _say_state(place: DigestPlace) -> str:
    marks = [word for word, is_so in (("on hold", place.hold), ("closed", place.closed)) if is_so]
    withheld = [place.status.lower()] if place.status != "AVAILABLE" else []
    return ", ".join([place.state, *marks, *withheld])
