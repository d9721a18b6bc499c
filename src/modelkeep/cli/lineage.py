"""
`modelkeep lineage`: list what a version was made from and what uses it, add to it, and take it back; follow the graph,
and tell the owners of what a change reaches.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from modelkeep.cli.options import Json, Limit, Reason
from modelkeep.cli.output import note, note_rest, print_json, print_table, size
from modelkeep.client import Client
from modelkeep.impacts import TellPreview
from modelkeep.lineage import LineageItem
from modelkeep.listing import PAGE_LIMIT

app = typer.Typer(
    help="Tell what versions were made from and what uses them, and follow what a change reaches.",
    add_completion=False,
    no_args_is_help=True,
)

VersionAddress = Annotated[str, typer.Argument(metavar="GROUP/NAME:VERSION")]


Node = Annotated[str, typer.Argument(metavar="NODE", help="dataset:NAME@VERSION, GROUP/NAME:VERSION, commit:SHA ...")]


class Way(StrEnum):
    """Which way to go."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"
    BOTH = "both"


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
#: What the graph is written as, by how a file's name ends.
DRAWN = (".svg", ".png", ".json")
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
        ("id", "kind", "what", "role", "where", "takes in", "from"),
        [(item.id, _NAMES.get(item.kind, item.kind), _say(item), item.role or "", _place_of(item),
          ", ".join(item.inputs), item.source.lower())
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
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="NODE", help="What a pipeline, a program or a run took in. May be repeated."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Tell one more thing of where a version comes from, or of what uses it."""
    with Client() as client:
        item = client.add_lineage(
            address, KINDS[what], name=name, version=version, uri=uri, role=role.upper() if role else None,
            sha256=sha256, size_bytes=size_bytes, personal_data=personal_data.upper() if personal_data else None,
            repository_url=repository_url, commit_sha=commit_sha, model=model, system=system, run_id=run_id, url=url,
            inputs=inputs or (),
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


@app.command()
def find(text: Annotated[str, typer.Argument(metavar="TEXT")], limit: Limit = 20, as_json: Json = False) -> None:
    """Find datasets, commits, versions and the like by a part of their names."""
    with Client() as client:
        found = client.find_lineage_nodes(text, limit=limit)
    if as_json:
        print_json(found)
    elif found:
        print_table(("node", "called", ""), [(node.id, node.label, node.detail) for node in found])
    else:
        note("Nothing of that name that you can see.")


@app.command()
def graph(
    node: Node,
    direction: Annotated[Way, typer.Option(case_sensitive=False)] = Way.BOTH,
    depth: Annotated[str, typer.Option(metavar="STEPS", help="How many steps each way, or all.")] = "2",
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it to this file: .svg or .png a drawing, or .json.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what something comes from, and what uses it."""
    if depth != "all" and not depth.isdecimal():
        raise typer.BadParameter("--depth: write a number of steps, or all.")
    steps = None if depth == "all" else int(depth)
    if export is not None and export.suffix not in DRAWN:
        raise typer.BadParameter("--export: a file that ends in .svg, .png or .json.")
    with Client() as client:
        if export is not None:
            written = client.export_lineage(
                node, export, format=export.suffix[1:], direction=direction.value, depth=steps
            )
            note(f"{size(written)} written to {export}.")
            return
        found = client.get_lineage(node, direction=direction.value, depth=steps)
    if as_json:
        print_json(found)
        return
    print_table(
        ("steps", "node", "called", "state", "live in", "not shown"),
        [
            (
                f"{one.distance:+d}" if one.distance else "here", one.id,
                " ".join(filter(None, (one.label, one.detail))),
                ", ".join((one.state or "", *one.flags)).lower(), ", ".join(one.live_in),
                _beyond(one.hidden_up, one.hidden_down),
            )
            for one in sorted(found.nodes, key=lambda one: (one.distance, one.id))
        ],
    )  # fmt: skip
    if found.truncated:
        note("There is more than one answer holds: ask for fewer steps, or of a node nearer to what you look for.")


@app.command()
def impact(
    node: Node,
    limit: Limit = 50,
    export: Annotated[Path | None, typer.Option(metavar="FILE", help="Write all of it to this file, as CSV.")] = None,
    as_json: Json = False,
) -> None:
    """Show every version that a change of something reaches, where it is live, and who uses it."""
    with Client() as client:
        if export is not None:
            client.export_impact(node, export)
            note(f"Written to {export}.")
            return
        found = client.get_impact(node, limit=min(limit, PAGE_LIMIT))
    if as_json:
        print_json(found)
        return
    if not found.items:
        note("No version that you can see comes from it.")
        return
    print_table(
        ("version", "state", "risk", "steps", "live in", "owners"),
        [
            (
                f"{one.model}:{one.version}", one.state.lower(), one.risk_tier.lower(),
                str(one.steps) if one.steps else "itself", ", ".join(one.live_in), ", ".join(one.owners),
            )
            for one in found.items
        ],
    )  # fmt: skip
    if found.consumers:
        print()
        print_table(
            ("consumer", "uses", "where"),
            [(one.name, f"{one.model}:{one.version}", one.url or "") for one in found.consumers],
        )
    note(
        f"Versions: {found.total}, live: {found.live_count}, endpoints: {found.endpoint_count}, "
        f"consumers: {found.consumer_count}."
    )
    note_rest(len(found.items), found.total, found.next_cursor is not None)
    if found.truncated:
        note("It reaches more than was looked at.")


@app.command()
def tell(
    node: Node,
    message: Annotated[_Text, typer.Option(help="What changes, and what to do about it.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Show who would be told, and what; send nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Tell the owners of every version that a change of something reaches."""
    if not preview and message is None:
        raise typer.BadParameter("--message: say what changes, or look first who would be told, with --preview.")
    with Client() as client:
        if preview:
            _show_preview(client.preview_lineage_tell(node), as_json=as_json)
            return
        count = client.tell_lineage_owners(node, message or "")
    if as_json:
        print_json({"told": count})
    note(f"{count} {'owner was' if count == 1 else 'owners were'} told.")


def _show_preview(found: TellPreview, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    if found.recipients:
        print_table(
            ("owner", "versions", "first", "today"),
            [(one.email, str(one.version_count), one.versions[0], "told already" if one.told_today else "")
             for one in found.recipients],
        )  # fmt: skip
    if found.letter:
        print(f"\n{found.letter.subject}\n\n{found.letter.text}")
    if found.unheard:
        note(f"Nobody is told of {', '.join(found.unheard)}: their owners have left.")
    note(found.reason or f"You can tell of {found.left} more today, this among them.")


def _beyond(above: int, below: int) -> str:
    return ", ".join(text for count, text in ((above, f"{above} up"), (below, f"{below} down")) if count)


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
