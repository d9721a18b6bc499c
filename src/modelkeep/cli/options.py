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


class Sort(StrEnum):
    """How models are sorted."""

    RELEVANCE = "relevance"
    UPDATED = "updated"
    CREATED = "created"
    NAME = "name"


Json = Annotated[bool, typer.Option("--json", help="Print the API's JSON.")]
Limit = Annotated[int, typer.Option("--limit", help="How many to show.", min=1)]
GroupFilter = Annotated[str, typer.Option("--group", help="Only of this group.")]
TierFilter = Annotated[
    Tier | None, typer.Option("--tier", "--risk-tier", case_sensitive=False, help="Only of this risk tier.")
]
TagFilter = Annotated[str, typer.Option("--tag", help="Only with this tag.")]
OwnerFilter = Annotated[str, typer.Option("--owner", help="Only of this owner (e-mail).")]
StateFilter = Annotated[str, typer.Option("--state", help="Only with a version in this state, as PRODUCTION.")]
FrameworkFilter = Annotated[str, typer.Option("--framework", help="Only with a version of this framework.")]
StatusFilter = Annotated[str, typer.Option("--status", help="Only ACTIVE or RETIRED ones.")]
SortOption = Annotated[
    Sort | None,
    typer.Option("--sort", case_sensitive=False, help="By relevance where there are words, else changed last."),
]
DocumentFile = Annotated[
    str | None, typer.Option("--file", "-f", metavar="FILE", help="The API's JSON; - reads standard input.")
]

Revision = Annotated[
    int | None,
    typer.Option("--revision", help="Of what you read, as --json shows it: refuse where somebody edited it since."),
]

Include = Annotated[
    list[str] | None,
    typer.Option(
        "--include", metavar="PATTERN", help="Only files like this, as '*.json' or 'tokenizer/*'. Repeatable."
    ),
]
Exclude = Annotated[
    list[str] | None, typer.Option("--exclude", metavar="PATTERN", help="No files like this. Repeat it.")
]
Jobs = Annotated[int, typer.Option("--jobs", "-j", help="How many files at once.", min=1, max=16)]

MetadataText = Annotated[
    str | None, typer.Option("--metadata", metavar="JSON|@FILE", help="What is known of it, as the API's JSON.")
]
MetadataPairs = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=TEXT|KEY=@FILE",
        help="One fact of the metadata, as framework=xgboost; for JSON input-schema=@schema.json, or the object "
        "itself: hyperparameters='{\"eta\": 0.1}'. Repeat it.",
    ),
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


def read_metadata(text: str | None, pairs: list[str] | None) -> dict[str, Any] | None:
    """
    Metadata from JSON, or `@` and a file with it, and single facts that go before it; None where neither is given.

    A key may be written as the API does, or in lower case with hyphens; an empty text takes the fact away, and one that
    begins with a brace is JSON.

    Raises:
        BadFile: No JSON object. BadParameter: A fact that is not KEY=VALUE.
    """
    if text is None and not pairs:
        return None
    found = _parse_object(_read_text(text[1:]) if text.startswith("@") else text, "--metadata") if text else {}
    for pair in pairs or ():
        key, equals, value = pair.partition("=")
        if not (key and equals):
            raise typer.BadParameter(f"--set {pair!r} is not KEY=TEXT or KEY=@FILE.")
        first, *rest = key.split("-")
        name = first + "".join(part[:1].upper() + part[1:] for part in rest)
        if value.startswith("@"):
            found[name] = _parse(_read_text(value[1:]), value[1:])
        else:
            found[name] = _parse_object(value, f"--set {key}") if value.startswith("{") else value or None
    return found


def read_document(file: str | None) -> dict[str, Any]:
    """A JSON object from a file, or from standard input for `-`; empty for None. Raises BadFile."""
    return {} if file is None else _parse_object(_read_text(file), _name_of(file))


def _read_text(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
    except OSError as error:
        raise BadFile(
            f"{_name_of(file)} cannot be read: {error.strerror}.", remedy="Check the path and its rights."
        ) from error
    except ValueError as error:
        raise BadFile(f"{_name_of(file)} is not text in UTF-8.", remedy="Save it as UTF-8.") from error


def _parse_object(text: str, name: str) -> dict[str, Any]:
    document = _parse(text, name)
    if not isinstance(document, dict):
        raise BadFile(f"{name} is JSON, but no object.", remedy="Write it as { ... }, as the API reference shows it.")
    return document


def _parse(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise BadFile(f"{name} is not JSON: {error.msg} at {where}.", remedy="Correct it there.") from error


def _name_of(file: str) -> str:
    return "standard input" if file == "-" else file
