"""`modelkeep versions`: list, show, create, edit, compare and fill, and take files out of them."""

import json
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from modelkeep.addresses import Address, parse_file, parse_model_or_version
from modelkeep.cli.comparing import compare
from modelkeep.cli.options import (
    DocumentFile,
    Json,
    Limit,
    MetadataPairs,
    MetadataText,
    Reason,
    Revision,
    read_changes,
    read_document,
    read_metadata,
)
from modelkeep.cli.output import digest, moment, note, note_rest, print_facts, print_json, print_table, size
from modelkeep.cli.plain import harmless
from modelkeep.cli.trails import trail
from modelkeep.cli.verdicts import verdict_of
from modelkeep.client import Client
from modelkeep.headers import Suggestion
from modelkeep.models import Flag, Version
from modelkeep.stored import Artifact, is_held_back

VersionAddress = Annotated[str, typer.Argument(metavar="GROUP/NAME:VERSION")]
Why = Annotated[str, typer.Option("--reason", help="Why, for the record.")]

app = typer.Typer(help="List, show, create and edit versions of a model.", add_completion=False, no_args_is_help=True)
app.command()(compare)
app.command()(trail)


@app.command("list")
def list_versions(
    model: Annotated[str, typer.Argument(metavar="GROUP/NAME")], limit: Limit = 50, as_json: Json = False
) -> None:
    """List the versions of a model, newest first."""
    with Client() as client:
        page = client.list_versions(model).first(limit)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note(f"No versions yet. Create one: modelkeep versions create {model}:1.0.0")
        return
    print_table(
        ("version", "state", "complete", "created", "by", "commit", "description"),
        [
            (
                version.version,
                f"{version.state} closed" if version.closed else version.state,
                _percent(version),
                moment(version.created_at),
                version.created_by,
                (version.commit_sha or "")[:12],
                version.description or "",
            )
            for version in page.items
        ],
    )
    note_rest(len(page.items), page.total, page.next_cursor is not None)


@app.command()
def show(
    address: Annotated[str, typer.Argument(metavar="GROUP/NAME:VERSION")],
    as_json: Json = False,
) -> None:
    """Show one version, what is known of it, and its files."""
    with Client() as client:
        version = client.get_version(address)
        files = [] if as_json else list(client.list_artifacts(address))
    if as_json:
        print_json(version)
        return
    print_facts(
        [
            ("version", version.address),
            ("state", version.state),
            ("closed", _flag(version.closed)),
            ("on hold", _flag(version.hold)),
            ("description", version.description),
            ("commit", version.commit_sha),
            ("training job", version.training_job_id),
            ("created", f"{moment(version.created_at)} by {version.created_by}"),
            (
                "submitted",
                f"{moment(version.submitted_at)} by {version.submitted_by}" if version.submitted_at else None,
            ),
            ("content digest", version.content_digest),
            ("complete", _percent(version)),
            ("missing", ", ".join(missing.field for missing in version.completeness.missing)),
            *((key, _fact(value)) for key, value in version.metadata.items()),
        ]
    )
    if not files:
        note(f"No files yet. Send one: modelkeep upload {version.address} FILE|FOLDER")
        return
    print()
    _print_files(files)


@app.command("files")
def list_files(address: VersionAddress, limit: Limit = 200, as_json: Json = False) -> None:
    """List the files of a version: what each is, whether it can be downloaded, and its SHA-256."""
    with Client() as client:
        page = client.list_artifacts(address).first(limit)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note(f"No files yet. Send some: modelkeep upload {address} FILE|FOLDER")
        return
    _print_files(page.items)
    note_rest(len(page.items), page.total, page.next_cursor is not None)


@app.command()
def create(
    address: Annotated[str, typer.Argument(metavar="GROUP/NAME[:VERSION]")],
    commit_sha: Annotated[str | None, typer.Option(help="7 to 64 hexadecimal digits.")] = None,
    training_job_id: Annotated[str | None, typer.Option(help="The run that made it.")] = None,
    description: Annotated[str | None, typer.Option(help="One sentence on what is new.")] = None,
    metadata: MetadataText = None,
    facts: MetadataPairs = None,
    file: DocumentFile = None,
    origin: Annotated[
        str | None, typer.Option("--from", metavar="VERSION", help="Begin from this version of the model.")
    ] = None,
    take: Annotated[
        list[str] | None, typer.Option("--take", metavar="PATH", help="Take a file of it along; may be repeated.")
    ] = None,
    take_all: Annotated[bool, typer.Option("--take-all", help="Take all its files along that can be.")] = False,
    as_json: Json = False,
) -> None:
    """
    Add a version to a model, as a draft, from options or from --file.

    With --from, what that version says of itself is the base, and what you give goes before it.

    The file is the JSON that the API takes, with `version` and `metadata`. The version in the address, and options, go
    before what it says.
    """
    document = read_document(file)
    known = read_metadata(metadata, facts)
    if known is not None:
        document["metadata"] = {**(document.get("metadata") or {}), **known}
    named = parse_model_or_version(address)
    given: dict[str, Any] = {
        "version": named.version,
        "commitSha": commit_sha,
        "trainingJobId": training_job_id,
        "description": description,
    }
    if named.version is None and file is None:
        raise typer.BadParameter("Name the version as GROUP/NAME:VERSION, or give --file.")
    if (take or take_all) and not origin:
        raise typer.BadParameter("--take and --take-all need --from VERSION.")
    given |= {"from": origin, "copyArtifacts": take}
    document |= {key: value for key, value in given.items() if value}
    with Client() as client:
        if take_all:
            document["copyArtifacts"] = _list_takable(client, Address(named.group, named.name, origin))
        version = client.register_version(Address(named.group, named.name), document)
    if as_json:
        print_json(version)
        return
    print(version.address)
    note(f"Next: modelkeep upload {version.address} FILE|FOLDER")


@app.command()
def edit(
    address: Annotated[str, typer.Argument(metavar="GROUP/NAME:VERSION")],
    number: Annotated[str | None, typer.Option("--number", help="Correct the version number.")] = None,
    commit_sha: Annotated[str | None, typer.Option(help="7 to 64 hexadecimal digits; '' takes it away.")] = None,
    training_job_id: Annotated[str | None, typer.Option(help="The run that made it; '' takes it away.")] = None,
    description: Annotated[str | None, typer.Option(help="One sentence on what is new; '' takes it away.")] = None,
    metadata: MetadataText = None,
    facts: MetadataPairs = None,
    file: DocumentFile = None,
    reason: Reason = None,
    revision: Revision = None,
    as_json: Json = False,
) -> None:
    """
    Edit a version in DRAFT or CHANGES_REQUESTED: what is named changes, the rest stays.

    The file is a JSON Merge Patch as the API takes it, with `metadata` in it; null takes a field away. Options given
    beside it go before what it says.
    """
    given: dict[str, Any] = {
        "version": number,
        "commitSha": commit_sha,
        "trainingJobId": training_job_id,
        "description": description,
        "metadata": read_metadata(metadata, facts),
        "reason": reason,
    }
    changes = read_changes(file, given)
    with Client() as client:
        version = client.update_version(address, changes, revision=revision)
    if as_json:
        print_json(version)
        return
    print(version.address)


@app.command()
def fill(
    address: VersionAddress,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """
    Fill empty metadata with what the files of a version say of themselves, after asking.

    What stands in a field stays; where files disagree, nothing is filled. --json prints the version as it is then.
    """
    with Client() as client:
        version = client.get_version(address)
        told = client.list_suggestions(address)
        plain = [one for one in told if not one.is_conflict]
        if not as_json:
            _print_suggestions(told)
        if plain:
            if not yes:
                what = ", ".join(one.field for one in plain)
                typer.confirm(f"Fill {what} of {version.address}?", abort=True, err=True)
            # On the revision that was shown: what somebody else wrote meanwhile is not overwritten.
            version = client.update_version(address, _patch_of(plain), revision=version.revision)
    if as_json:
        print_json(version)
        return
    note(
        f"Filled {len(plain)} of {len(told)}." if plain else "Nothing to fill: no empty field that the files agree on."
    )


@app.command()
def close(address: VersionAddress, reason: Why) -> None:
    """Close a version that goes no further, before it is in production."""
    with Client() as client:
        print(f"{client.close_version(address, reason=reason).address}: closed")


@app.command()
def reopen(address: VersionAddress, reason: Why) -> None:
    """Reopen a version that was closed."""
    with Client() as client:
        version = client.reopen_version(address, reason=reason)
    print(f"{version.address}: {version.state}")


@app.command("remove-artifact")
def remove_artifact(
    address: Annotated[str, typer.Argument(metavar="GROUP/NAME:VERSION/PATH")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Take a file out of a version in DRAFT or CHANGES_REQUESTED."""
    file = parse_file(address)
    if not yes:
        typer.confirm(f"Take {file.path} out of {file.group}/{file.name}:{file.version}?", abort=True, err=True)
    with Client() as client:
        client.remove_artifact(file)
    note(f"Removed {file}.")


def _list_takable(client: Client, address: Address) -> list[str]:
    """The paths of files that can be taken along; those that cannot are named on standard error."""
    files = list(client.list_artifacts(address))
    for file in files:
        if file.status != "AVAILABLE":
            note(f"Left behind: {file.path} is {file.status}.")
    return [file.path for file in files if file.status == "AVAILABLE"]


def _print_files(files: Sequence[Artifact]) -> None:
    if sys.stdout.isatty():
        # What fits 80 columns: of status and verdict the one that matters.
        rows = [(f.path, f.type, f.format or "", size(f.size_bytes), _found(f), digest(f.sha256)) for f in files]
        print_table(("file", "type", "format", "size", "found", "sha256"), rows)
        return
    for f in files:
        cells = (f.path, f.type, f.format or "", size(f.size_bytes), f.status, verdict_of(f), f.sha256)
        print("\t".join(harmless(cell) for cell in cells))


def _found(file: Artifact) -> str:
    return file.status if is_held_back(file) else verdict_of(file)


def _print_suggestions(told: Sequence[Suggestion]) -> None:
    rows = [
        (
            one.field,
            _fact(one.value),
            f"{one.path} and {one.files - 1} more" if one.files > 1 else one.path,
            _fact(one.present),
            "choose" if one.is_conflict else "fill",
        )
        for one in told
    ]
    if rows:
        print_table(("field", "what files tell", "file", "now", ""), rows)


def _patch_of(told: Sequence[Suggestion]) -> dict[str, Any]:
    """An edit that takes the values over."""
    metadata: dict[str, Any] = {}
    for one in told:
        holder, _, key = one.field.rpartition(".")
        (metadata.setdefault(holder, {}) if holder else metadata)[key] = one.value
    return {"metadata": metadata, "reason": f"Filled from {', '.join(sorted({one.path for one in told}))}"[:400]}


def _percent(version: Version) -> str:
    return f"{version.completeness.score:.0%}"


def _flag(flag: Flag | None) -> str | None:
    return f"{moment(flag.at)} by {flag.by}: {flag.reason}" if flag else None


def _fact(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) if value else ""
