"""What several commands take: options, and documents from files."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from modelkeep.errors import BadFile


class Tier(StrEnum):
    """Risk tiers."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


Json = Annotated[bool, typer.Option("--json", help="Print the API's JSON.")]
Limit = Annotated[int, typer.Option("--limit", help="How many to show.", min=1)]
GroupFilter = Annotated[str, typer.Option("--group", help="Only of this group.")]
TierFilter = Annotated[
    Tier | None, typer.Option("--tier", "--risk-tier", case_sensitive=False, help="Only of this risk tier.")
]
TagFilter = Annotated[str, typer.Option("--tag", help="Only with this tag.")]
OwnerFilter = Annotated[str, typer.Option("--owner", help="Only of this owner (e-mail).")]
DocumentFile = Annotated[
    str | None, typer.Option("--file", "-f", metavar="FILE", help="The API's JSON; - reads standard input.")
]

Revision = Annotated[
    int | None,
    typer.Option("--revision", help="Of what you read, as --json shows it: refuse where somebody edited it since."),
]

Reason = Annotated[str | None, typer.Option("--reason", help="Why, for the record.")]


def read_changes(file: str | None, given: dict[str, Any]) -> dict[str, Any]:
    """
    A JSON Merge Patch from a file and options; an option left out (None) changes nothing, an empty one takes away.

    Raises:
        BadFile: The file holds no JSON object.
        BadParameter: Nothing is named.
    """
    named = {key: value if value != "" else None for key, value in given.items() if value is not None}
    changes = read_document(file) | named
    if not changes.keys() - {"reason"}:
        raise typer.BadParameter("Name what to change by an option, or give --file.")
    return changes


def read_document(file: str | None) -> dict[str, Any]:
    """A JSON object from a file, or from standard input for `-`; empty for None. Raises BadFile."""
    if file is None:
        return {}
    name = "standard input" if file == "-" else file
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
        document = json.loads(text)
    except OSError as error:
        raise BadFile(f"{name} cannot be read: {error.strerror}.", remedy="Check the path and its rights.") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise BadFile(f"{name} is not JSON: {error.msg} at {where}.", remedy="Correct it there.") from error
    except ValueError as error:
        raise BadFile(f"{name} is not text in UTF-8.", remedy="Save it as UTF-8.") from error
    if not isinstance(document, dict):
        raise BadFile(f"{name} is JSON, but no object.", remedy="Write it as { ... }, as the API reference shows it.")
    return document
