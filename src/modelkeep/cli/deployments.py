"""`modelkeep deployments`: list, live, show, record, rollback, and environments."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from modelkeep.addresses import parse_version
from modelkeep.cli.options import Json, Limit, Reason, Revision
from modelkeep.cli.output import moment, note, note_rest, print_json, print_table
from modelkeep.client import Client
from modelkeep.deployments import Deployment
from modelkeep.errors import ModelkeepError

app = typer.Typer(help="What is live where, and rolling back.", add_completion=False, no_args_is_help=True)

EnvironmentName = Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="Its name, in any case, or its id.")]
ModelAddress = Annotated[str, typer.Argument(metavar="GROUP/NAME")]
At = Annotated[str | None, typer.Option("--at", metavar="DAY", help="Then: 2026-01-31, its end, or a moment.")]


@app.command("list")
def list_deployments(
    environment: Annotated[str, typer.Option("--environment", help="Only in this one.")] = "",
    model: Annotated[str, typer.Option("--model", metavar="GROUP/NAME", help="Only of this one.")] = "",
    kind: Annotated[str, typer.Option("--kind", help="Only in environments of this kind: STAGING or PRODUCTION.")] = "",
    at: At = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what is live no more, newest first.")] = False,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List what is live now, or was on a day."""
    if at and everything:
        raise ModelkeepError("--at asks what was live then, --all for everything.", remedy="Give one of the two.")
    with Client() as client:
        found = client.list_deployments(
            environment=environment, model=model, kind=kind.upper(), current=not everything, at=at
        )
        page = found.first(limit)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note("Nothing was recorded." if everything else f"Nothing {'was' if at else 'is'} live.")
        return
    _print(page.items)
    note_rest(len(page.items), page.total, page.next_cursor is not None)


@app.command()
def live(
    model: ModelAddress,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Show what is live of a model in each environment, or was on a day."""
    with Client() as client:
        found = client.list_live(model, at=at)
    if as_json:
        print_json(found)
        return
    if not found:
        note(f"Nothing of {model} {'was' if at else 'is'} live.")
        return
    _print(found)


@app.command()
def show(
    deployment: Annotated[str, typer.Argument(metavar="DEPLOYMENT", help="Its id, as `list --json` has it.")],
    as_json: Json = False,
) -> None:
    """Show one deployment: what was live, from when to when, by whom and why."""
    with Client() as client:
        found = client.get_deployment(deployment)
    if as_json:
        print_json(found)
        return
    _print([found])
    until = moment(found.superseded_at) if found.superseded_at else "now"
    note(f"{found.cause}, from {moment(found.at)} until {until}." + (f" {found.reason}" if found.reason else ""))


@app.command()
def record(
    environment: EnvironmentName,
    versions: Annotated[
        list[str] | None,
        typer.Argument(metavar="GROUP/NAME:VERSION[=PERCENT]...", help="All that is live from now on; 100 if unsaid."),
    ] = None,
    endpoint: Annotated[
        list[str] | None,
        typer.Option("--endpoint", metavar="[VERSION=]URL", help="Where all of it answers, or a version. Repeat it."),
    ] = None,
    region: Annotated[
        list[str] | None,
        typer.Option("--region", metavar="[VERSION=]REGION", help="Where all of it is, or a version. Repeat it."),
    ] = None,
    replaces: Annotated[
        str | None,
        typer.Option("--replaces", metavar="DEPLOYMENT", help="Refuse where another came after it; none: the first."),
    ] = None,
    nothing_of: Annotated[
        str | None, typer.Option("--nothing-of", metavar="GROUP/NAME", help="Nothing of it is live any more.")
    ] = None,
    reason: Reason = None,
    as_json: Json = False,
) -> None:
    """
    Say what is live of a model in an environment from now on, as an SRE. What is live already is recorded once, however
    often this runs.
    """
    if bool(versions) == bool(nothing_of):
        raise ModelkeepError(
            "Name what is live, or --nothing-of.", remedy="modelkeep deployments record eu team/m:1.0.0=90"
        )
    parts = [_read(text) for text in versions or ()]
    _spread(parts, "endpointUrl", "--endpoint", endpoint or [])
    _spread(parts, "region", "--region", region or [])
    with Client() as client:
        made = client.record_deployment(environment, parts, model=nothing_of, reason=reason, replaces=replaces)
    _tell(made, as_json)


@app.command()
def rollback(
    environment: EnvironmentName,
    model: ModelAddress,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the record.")],
    as_json: Json = False,
) -> None:
    """Make live again what was live of a model before, as an SRE."""
    with Client() as client:
        standing = client.list_deployments(environment=environment, model=model).first(1).items
        if not standing:
            raise ModelkeepError(
                f"Nothing of {model} was ever live in {environment}.", remedy="modelkeep deployments list"
            )
        made = client.roll_back(standing[0].id, reason=reason)
    _tell(made, as_json)


@app.command()
def environments(limit: Limit = 100, as_json: Json = False) -> None:
    """List the environments."""
    with Client() as client:
        page = client.list_environments().first(limit)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note("No environment yet. An SRE makes one: modelkeep deployments create-environment NAME --kind PRODUCTION")
        return
    print_table(
        ("environment", "kind", "region", "id"), [(one.name, one.kind, one.region or "-", one.id) for one in page.items]
    )
    note_rest(len(page.items), page.total, page.next_cursor is not None)


@app.command("create-environment")
def create_environment(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    kind: Annotated[str, typer.Option("--kind", help="STAGING or PRODUCTION; it never changes.")],
    region: Annotated[str | None, typer.Option("--region", help="Where it is, in your own words.")] = None,
    as_json: Json = False,
) -> None:
    """Create an environment, as an SRE."""
    with Client() as client:
        made = client.create_environment(name, kind.upper(), region=region)
    if as_json:
        print_json(made)
        return
    print(made.id)
    note(f"{made.name} takes versions for {made.kind}.")


@app.command("edit-environment")
def edit_environment(
    environment: EnvironmentName,
    name: Annotated[str | None, typer.Option("--name", help="Its new name.")] = None,
    region: Annotated[str | None, typer.Option("--region", help='Where it is, in your own words; "" for none.')] = None,
    revision: Revision = None,
    as_json: Json = False,
) -> None:
    """Change the name or region of an environment, as an SRE. Its kind never changes."""
    changes: dict[str, str | None] = {}
    if name is not None:
        changes["name"] = name
    if region is not None:
        changes["region"] = region or None
    if not changes:
        raise ModelkeepError("Nothing to change.", remedy="Give --name or --region, or both.")
    with Client() as client:
        changed = client.update_environment(environment, changes, revision=revision)
    if as_json:
        print_json(changed)
        return
    note(f"{changed.name}, region {changed.region or 'none'}.")


@app.command("end-environment")
def end_environment(environment: EnvironmentName, reason: Reason = None, as_json: Json = False) -> None:
    """Retire an environment in which nothing is live, as an SRE."""
    with Client() as client:
        ended = client.end_environment(environment, reason=reason)
    if as_json:
        print_json(ended)
        return
    note(f"{ended.name} is retired. Its history stays.")


def _read(text: str) -> dict[str, Any]:
    version, equals, percent = text.partition("=")
    parse_version(version)
    try:
        share = float(percent.rstrip("% ").replace(",", ".")) if equals else 100.0
    except ValueError as error:
        raise ModelkeepError(f"{text!r} is no share.", remedy="Write GROUP/NAME:VERSION=90, in percent.") from error
    return {"version": version, "share": share}


def _spread(parts: Sequence[dict[str, Any]], field: str, option: str, told: Sequence[str]) -> None:
    """Set a field of each part that is told of: of all, or of the one whose number stands before a `=`."""
    numbers = {part["version"].rpartition(":")[2]: part for part in parts}
    for text in told if parts else ():
        number, equals, value = text.partition("=")
        if equals and number in numbers:
            numbers[number][field] = value
        elif len(told) == 1 and not (equals and number[:1].isdigit()):
            for part in parts:
                part[field] = text
        else:
            raise ModelkeepError(
                f"{option} {text!r} names none of the versions.", remedy=f"Write {option} {next(iter(numbers))}=..."
            )


def _print(found: Sequence[Deployment]) -> None:
    print_table(
        ("environment", "kind", "live", "share", "since", "by", "endpoint"),
        [
            (
                one.environment, one.kind, part.version if part else f"nothing of {one.model}",
                f"{part.share:g} %" if part else "-", moment(one.at), one.by,
                (part.endpoint_url if part else None) or "-",
            )
            for one in found
            for part in one.live or (None,)
        ],
    )  # fmt: skip


def _tell(made: Deployment, as_json: bool) -> None:
    if as_json:
        print_json(made)
        return
    print(made.id)
    said = ", ".join(f"{part.version} at {part.share:g} %" for part in made.live) or f"nothing of {made.model}"
    note(f"Live in {made.environment} since {moment(made.at)}: {said}.")
