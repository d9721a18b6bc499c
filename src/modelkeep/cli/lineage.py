"""`modelkeep lineage`: list what a version was made from and what uses it, add to it, and take it back."""

from enum import StrEnum
from typing import Annotated

import typer

from modelkeep.cli.options import Json, Reason
from modelkeep.cli.output import note, print_json, print_table
from modelkeep.client import Client
from modelkeep.lineage import LineageItem

app = typer.Typer(
    help="Tell what versions were made from, and what uses them.", add_completion=False, no_args_is_help=True
)

VersionAddress = Annotated[str, typer.Argument(metavar="GROUP/NAME:VERSION")]


class What(StrEnum):
    """Kinds of lineage, as they are typed."""

    DATASET = "dataset"
    PIPELINE = "pipeline"
    COMMIT = "commit"
    SCRIPT = "script"
    PREPROCESSING = "preprocessing"
    BASE = "base"
    RUN = "run"
    CONSUMER = "consumer"


#: What the API calls them.
KINDS = {
    What.DATASET: "DATASET",
    What.PIPELINE: "FEATURE_PIPELINE",
    What.COMMIT: "COMMIT",
    What.SCRIPT: "TRAINING_SCRIPT",
    What.PREPROCESSING: "PREPROCESSING",
    What.BASE: "BASE_MODEL",
    What.RUN: "TRAINING_RUN",
    What.CONSUMER: "CONSUMER",
}
_NAMES = {kind: what.value for what, kind in KINDS.items()}
_Text = str | None


@app.command("list")
def list_items(address: VersionAddress, as_json: Json = False) -> None:
    """List what is told of where a version comes from, and of what uses it."""
    with Client() as client:
        items = client.list_lineage(address)
    if as_json:
        print_json(items)
        return
    if not items:
        note("Nothing is told of its lineage yet.")
        return
    print_table(
        ("id", "kind", "what", "role", "where", "from"),
        [(item.id, _NAMES.get(item.kind, item.kind), _say(item), item.role or "", _place_of(item), item.source.lower())
         for item in items],
    )  # fmt: skip


@app.command()
def add(
    what: Annotated[What, typer.Argument(metavar="KIND", help=f"{', '.join(What)}.", case_sensitive=False)],
    address: VersionAddress,
    name: Annotated[_Text, typer.Option(help="What it is called; of all but commits, runs and base models.")] = None,
    version: Annotated[_Text, typer.Option(help="Which version of a dataset or of a base model.")] = None,
    uri: Annotated[_Text, typer.Option(help="Where it is; a base model from outside is named by it.")] = None,
    role: Annotated[_Text, typer.Option(help="Of a dataset: training, validation or test.")] = None,
    sha256: Annotated[_Text, typer.Option(help="Of a dataset.")] = None,
    size_bytes: Annotated[int | None, typer.Option(help="Of a dataset.")] = None,
    personal_data: Annotated[_Text, typer.Option(help="Of a dataset: yes, no or unknown.")] = None,
    repository_url: Annotated[_Text, typer.Option(help="Of a commit.")] = None,
    commit_sha: Annotated[_Text, typer.Option(help="Of a commit, a script, a pipeline or preprocessing.")] = None,
    model: Annotated[_Text, typer.Option(metavar="GROUP/NAME", help="A base model that is registered here.")] = None,
    system: Annotated[_Text, typer.Option(help="Of a run, for instance mlflow.")] = None,
    run_id: Annotated[_Text, typer.Option(help="Of a run.")] = None,
    url: Annotated[_Text, typer.Option(help="The page of a run or a consumer.")] = None,
    as_json: Json = False,
) -> None:
    """Tell one more thing of where a version comes from, or of what uses it."""
    with Client() as client:
        item = client.add_lineage(
            address, KINDS[what], name=name, version=version, uri=uri, role=role.upper() if role else None,
            sha256=sha256, size_bytes=size_bytes, personal_data=personal_data.upper() if personal_data else None,
            repository_url=repository_url, commit_sha=commit_sha, model=model, system=system, run_id=run_id, url=url,
        )  # fmt: skip
    if as_json:
        print_json(item)
    else:
        print(item.id)


@app.command()
def remove(
    address: VersionAddress,
    id_: Annotated[str, typer.Argument(metavar="ID", help="As the list has it.")],
    reason: Reason = None,
) -> None:
    """Take one thing back that was told of a version's lineage."""
    with Client() as client:
        client.remove_lineage(address, id_, reason=reason)
    note("Removed.")


def _say(item: LineageItem) -> str:
    match item.kind:
        case "DATASET":
            return f"{item.name} {item.version}"
        case "COMMIT":
            return str(item.commit_sha)
        case "TRAINING_RUN":
            return f"{item.system}/{item.run_id}"
        case "BASE_MODEL":
            return f"{item.model}:{item.version}" if item.model else str(item.uri)
    return item.name or item.node


def _place_of(item: LineageItem) -> str:
    return item.repository_url or item.url or (item.uri if item.kind != "BASE_MODEL" else None) or ""
