"""`modelkeep search`: models by a query and filters, what a result is made of, and all of it as a file."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from modelkeep.cli.models import print_models
from modelkeep.cli.options import (
    FrameworkFilter,
    GroupFilter,
    Json,
    Limit,
    OwnerFilter,
    SortOption,
    StateFilter,
    StatusFilter,
    TagFilter,
    TierFilter,
)
from modelkeep.cli.output import note, print_json, print_table, size
from modelkeep.cli.searches import find_search
from modelkeep.client import Client
from modelkeep.listing import Listing
from modelkeep.models import Model
from modelkeep.searching import Facets

app = typer.Typer(add_completion=False)

#: A term that begins with a minus looks like an option: what is no option of ours is a term.
_TERMS = {"ignore_unknown_options": True}


@app.command(context_settings=_TERMS)
def search(
    terms: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TERM", show_default=False, help="A query, as 'tag:nlp AND tag:production' or '-tag:experimental'."
        ),
    ] = None,
    group: GroupFilter = "",
    tier: TierFilter = None,
    tag: TagFilter = "",
    owner: OwnerFilter = "",
    state: StateFilter = "",
    framework: FrameworkFilter = "",
    status: StatusFilter = "",
    sort: SortOption = None,
    limit: Limit = 20,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print all that fit as CSV.")] = False,
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all that fit to this file: .csv, or .json.")
    ] = None,
    facets: Annotated[bool, typer.Option("--facets", help="Show of what the result is made, with counts.")] = False,
    saved: Annotated[
        str, typer.Option("--saved", metavar="NAME", help="Run a saved search; terms and filters narrow it.")
    ] = "",
    save: Annotated[str, typer.Option("--save", metavar="NAME", help="Save the query under a name, and run it.")] = "",
) -> None:
    """
    Find models that fit a query and all filters. Quote it, so that your shell leaves it as it is.

    Words are found in names, groups, tags and descriptions; field:value, "a phrase", wild*cards, AND, OR, NOT, -term
    and parentheses as in the box of the web page. --csv and --export are put on record.
    """
    if sum((as_json and not facets, as_csv, export is not None, facets)) > 1:
        raise typer.BadParameter("Choose one of --json, --csv, --export and --facets.")
    for term in terms or ():
        # One that is misspelled would else be searched for.
        if term.startswith("--"):
            raise typer.BadParameter(f"No such option: {term}. In a query, one minus is enough.")
    query, order = " ".join(terms or ()), sort or ""
    if save and (saved or any((group, tier, tag, owner, state, framework, status))):
        raise typer.BadParameter("Only a query is saved: write filters into it, as group:nlp-models.")
    with Client() as client:
        if saved:
            kept = find_search(client, saved)
            query, order = _join(kept.query, query), order or kept.sort
        found = client.list_models(
            query, group=group, risk_tier=tier or "", tag=tag, owner=owner, state=state.upper(), framework=framework,
            status=status.upper(), sort=order,
        )  # fmt: skip
        if not saved and not found.filters.keys() - {"sort"}:
            raise typer.BadParameter("Say what to look for; `modelkeep models list` shows all.")
        if save:
            _save(client, save, query, order)
        if as_csv or export is not None:
            _take_out(client, found, export)
        elif facets:
            _show_facets(client, found, as_json=as_json)
        else:
            _show_models(client, found, limit, as_json=as_json)


def _save(client: Client, name: str, query: str, sort: str) -> None:
    saved = client.save_search(name, query, sort=sort)
    note(f"Saved as {saved.name}. To run it: modelkeep search --saved {shlex.quote(name)}")


def _show_models(client: Client, found: Listing[Model], limit: int, *, as_json: bool) -> None:
    page = found.first(limit)
    print_models(page, as_json=as_json)
    if not page.items and not as_json:
        _offer(client, found)


def _show_facets(client: Client, found: Listing[Model], *, as_json: bool) -> None:
    counted = client.count_facets(found)
    print_facets(counted, as_json=as_json)
    if not as_json and not any(facet.counts for facet in counted.facets):
        _offer(client, found)


def _offer(client: Client, found: Listing[Model]) -> None:
    """What may have been meant by a query that finds nothing."""
    for one in client.suggest_queries(found):
        named = f"  ({one.person})" if one.person and one.person not in one.query else ""
        note(f"  Try: {one.query}{named}")


def _join(kept: str, typed: str) -> str:
    """What fits both queries."""
    return f"({kept}) ({typed})" if kept and typed else kept or typed


def _take_out(client: Client, found: Listing[Model], file: Path | None) -> None:
    """All that was found, to a file in the form that its name says, or as CSV to the terminal."""
    if file is None:
        client.export_models(found, sys.stdout.buffer)
        return
    form = "json" if file.suffix == ".json" else "csv"
    note(f"{size(client.export_models(found, file, format=form))} written to {file}.")


def print_facets(counted: Facets, *, as_json: bool) -> None:
    """What models of a result have, by fields."""
    if as_json:
        print_json([facet.raw for facet in counted.facets])
        return
    rows = [(facet.field, one.shown, f"{one.count:,}") for facet in counted.facets for one in facet.counts]
    if not rows:
        note("No model matches.")
        return
    print_table(("field", "value", "models"), rows)
    if counted.is_capped:
        note("Counted over the first 10,000.")
