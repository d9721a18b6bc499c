"""`modelkeep deployments`: list, live, record, rollback, and environments."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from modelkeep.addresses import parse_version
from modelkeep.cli.options import Json, Limit, Reason
from modelkeep.cli.output import moment, note, note_rest, print_json, print_table
from modelkeep.client import Client
from modelkeep.deployments import Deployment
from modelkeep.errors import ModelkeepError

app = typer.Typer(help="What is live where, and rolling back.", add_completion=False, no_args_is_help=True)

EnvironmentName = Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="Its name, in any case, or its id.")]
ModelAddress = Annotated[str, typer.Argument(metavar="GROUP/NAME")]


@app.command("list")
def list_deployments(
    environment: Annotated[str, typer.Option("--environment", help="Only in this one.")] = "",
    model: Annotated[str, typer.Option("--model", metavar="GROUP/NAME", help="Only of this one.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Also what is live no more, newest first.")] = False,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List what is live now."""
    with Client() as client:
        found = client.list_deployments(environment=environment, model=model, current=not everything)
        page = found.first(limit)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note("Nothing was recorded." if everything else "Nothing is live.")
        return
    _print(page.items)
    note_rest(len(page.items), page.total, page.next_cursor is not None)


@app.command()
def live(
    model: ModelAddress,
    at: Annotated[
        str | None, typer.Option("--at", metavar="DAY", help="Then: 2026-01-31, its end, or a moment.")
    ] = None,
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
def record(
    environment: EnvironmentName,
    versions: Annotated[
        list[str] | None,
        typer.Argument(metavar="GROUP/NAME:VERSION[=PERCENT]...", help="All that is live from now on; 100 if unsaid."),
    ] = None,
    endpoint: Annotated[str | None, typer.Option("--endpoint", metavar="URL", help="Where all of it answers.")] = None,
    nothing_of: Annotated[
        str | None, typer.Option("--nothing-of", metavar="GROUP/NAME", help="Nothing of it is live any more.")
    ] = None,
    reason: Reason = None,
    as_json: Json = False,
) -> None:
    """Say what is live of a model in an environment from now on, as an SRE."""
    if bool(versions) == bool(nothing_of):
        raise ModelkeepError(
            "Name what is live, or --nothing-of.", remedy="modelkeep deployments record eu team/m:1.0.0=90"
        )
    parts = [_read(text, endpoint) for text in versions or ()]
    with Client() as client:
        made = client.record_deployment(environment, parts, model=nothing_of, reason=reason)
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


@app.command("end-environment")
def end_environment(environment: EnvironmentName, reason: Reason = None, as_json: Json = False) -> None:
    """Retire an environment in which nothing is live, as an SRE."""
    with Client() as client:
        ended = client.end_environment(environment, reason=reason)
    if as_json:
        print_json(ended)
        return
    note(f"{ended.name} is retired. Its history stays.")


def _read(text: str, endpoint: str | None) -> dict[str, Any]:
    version, equals, percent = text.partition("=")
    parse_version(version)
    try:
        share = float(percent.rstrip("% ")) if equals else 100.0
    except ValueError as error:
        raise ModelkeepError(f"{text!r} is no share.", remedy="Write GROUP/NAME:VERSION=90, in percent.") from error
    return {"version": version, "share": share, **({"endpointUrl": endpoint} if endpoint else {})}


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
    note(f"Live in {made.environment}: {said}.")
