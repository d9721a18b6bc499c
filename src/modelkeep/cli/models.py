"""`modelkeep models`: list, show, register, edit and share."""

from typing import Annotated, Any

import typer

from modelkeep.addresses import parse_model
from modelkeep.cli import sharing
from modelkeep.cli.options import (
    DocumentFile,
    FrameworkFilter,
    GroupFilter,
    Json,
    Limit,
    OwnerFilter,
    Reason,
    Revision,
    Sort,
    SortOption,
    StateFilter,
    StatusFilter,
    TagFilter,
    Tier,
    TierFilter,
    read_changes,
    read_document,
)
from modelkeep.cli.output import moment, note, note_rest, print_facts, print_json, print_table
from modelkeep.client import Client
from modelkeep.models import Model
from modelkeep.told import Page

app = typer.Typer(help="List, show, register, edit and share models.", add_completion=False, no_args_is_help=True)

COLUMNS = ("model", "tier", "newest", "owners", "updated", "description")
ModelAddress = Annotated[str, typer.Argument(metavar="GROUP/NAME")]


@app.command("list")
def list_models(
    group: GroupFilter = "",
    tier: TierFilter = None,
    tag: TagFilter = "",
    owner: OwnerFilter = "",
    state: StateFilter = "",
    framework: FrameworkFilter = "",
    status: StatusFilter = "",
    sort: SortOption = Sort.UPDATED,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List models, those changed last first."""
    with Client() as client:
        asked = client.list_models(
            group=group, risk_tier=tier or "", tag=tag, owner=owner, state=state.upper(), framework=framework,
            status=status.upper(), sort=sort or "",
        )  # fmt: skip
        page = asked.first(limit)
    print_models(page, as_json=as_json)


@app.command()
def show(address: ModelAddress, as_json: Json = False) -> None:
    """Show one model and its newest versions."""
    with Client() as client:
        model = client.get_model(address)
        versions = () if as_json else client.list_versions(address).first(5).items
    if as_json:
        print_json(model)
        return
    print_facts(
        [
            ("model", model.address),
            ("id", model.id),
            ("description", model.description),
            ("risk tier", model.risk_tier),
            ("rationale", model.risk_rationale),
            ("owners", ", ".join(model.owners)),
            ("tags", ", ".join(model.tags)),
            ("origin", model.origin),
            ("visibility", model.visibility),
            ("status", model.status),
            ("documentation", model.documentation_url),
            ("repository", model.repository_url),
            ("created", f"{moment(model.created_at)} by {model.created_by}"),
            ("updated", moment(model.updated_at)),
            ("versions", ", ".join(f"{version.version} {version.state}" for version in versions) or "none yet"),
        ]
    )


@app.command()
def create(
    address: Annotated[str | None, typer.Argument(metavar="GROUP/NAME")] = None,
    description: Annotated[str | None, typer.Option(help="What it does, up to 4,000 characters.")] = None,
    owner: Annotated[list[str] | None, typer.Option(help="E-mail of an owner. Repeat for several.")] = None,
    tier: Annotated[Tier | None, typer.Option("--tier", "--risk-tier", case_sensitive=False, help="Risk tier.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag. Repeat for several.")] = None,
    documentation_url: Annotated[str | None, typer.Option(help="http or https.")] = None,
    repository_url: Annotated[str | None, typer.Option(help="http or https.")] = None,
    risk_rationale: Annotated[str | None, typer.Option(help="Why this tier.")] = None,
    origin: Annotated[str | None, typer.Option(help="INTERNAL or VENDOR.")] = None,
    visibility: Annotated[str | None, typer.Option(help="INTERNAL or RESTRICTED.")] = None,
    file: DocumentFile = None,
    as_json: Json = False,
) -> None:
    """
    Register a model, from options or from --file.

    The file is the JSON that the API takes, as the guide shows it. Options given beside it go before what it says.
    """
    document = read_document(file)
    given: dict[str, Any] = {
        "description": description,
        "owners": owner,
        "riskTier": tier,
        "tags": tag,
        "documentationUrl": documentation_url,
        "repositoryUrl": repository_url,
        "riskRationale": risk_rationale,
        "origin": origin.upper() if origin else None,
        "visibility": visibility.upper() if visibility else None,
    }
    if address is not None:
        named = parse_model(address)
        given |= {"group": named.group, "name": named.name}
    elif file is None:
        raise typer.BadParameter("Name the model as GROUP/NAME, or give --file.")
    document |= {key: value for key, value in given.items() if value}
    with Client() as client:
        model = client.register_model(document)
    if as_json:
        print_json(model)
        return
    print(model.address)
    note(f"Next: modelkeep versions create {model.address}:1.0.0")


@app.command()
def edit(
    address: ModelAddress,
    description: Annotated[str | None, typer.Option(help="What it does, up to 4,000 characters.")] = None,
    tier: Annotated[Tier | None, typer.Option("--tier", "--risk-tier", case_sensitive=False, help="Risk tier.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="The tags from now on. Repeat for several.")] = None,
    documentation_url: Annotated[str | None, typer.Option(help="http or https; '' takes it away.")] = None,
    repository_url: Annotated[str | None, typer.Option(help="http or https; '' takes it away.")] = None,
    risk_rationale: Annotated[str | None, typer.Option(help="Why this tier; '' takes it away.")] = None,
    origin: Annotated[str | None, typer.Option(help="INTERNAL or VENDOR.")] = None,
    visibility: Annotated[str | None, typer.Option(help="INTERNAL or RESTRICTED.")] = None,
    file: DocumentFile = None,
    reason: Reason = None,
    revision: Revision = None,
    as_json: Json = False,
) -> None:
    """
    Edit a model: what is named changes, the rest stays.

    The file is a JSON Merge Patch as the API takes it. Options given beside it go before what it says.
    """
    given: dict[str, Any] = {
        "description": description,
        "riskTier": tier,
        "tags": None if tag is None else [entry for entry in tag if entry],
        "documentationUrl": documentation_url,
        "repositoryUrl": repository_url,
        "riskRationale": risk_rationale,
        "origin": origin.upper() if origin else None,
        "visibility": visibility.upper() if visibility else None,
        "reason": reason,
    }
    changes = read_changes(file, given)
    with Client() as client:
        model = client.update_model(address, changes, revision=revision)
    for warning in model.warnings:
        for line in (f"warning: {warning.message}", *(f"  {address}" for address in warning.versions)):
            note(line)
    if as_json:
        print_json(model)
        return
    print(model.address)


app.command("collaborators")(sharing.list_collaborators)
app.command("share")(sharing.share)
app.command("unshare")(sharing.unshare)
app.command("request-access")(sharing.request_access)
app.command("access-requests")(sharing.list_access_requests)
app.command("grant-access")(sharing.grant_access)
app.command("refuse-access")(sharing.refuse_access)
app.command("transfer")(sharing.transfer)
app.command("retire")(sharing.retire)


def print_models(page: Page[Model], *, as_json: bool) -> None:
    """A list of models, as `models list` and `search` show it."""
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note("No model matches.")
        return
    print_table(
        COLUMNS,
        [
            (
                model.address,
                model.risk_tier,
                ", ".join(f"{mark.version} {mark.state}" for mark in model.newest[:1]),
                ", ".join(model.owners),
                moment(model.updated_at),
                model.description,
            )
            for model in page.items
        ],
    )
    note_rest(len(page.items), page.total, page.next_cursor is not None, is_capped=page.is_capped)
