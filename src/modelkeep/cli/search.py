"""`modelkeep search`: models by words and filters."""

from typing import Annotated

import typer

from modelkeep.cli.models import print_models
from modelkeep.cli.options import GroupFilter, Json, Limit, OwnerFilter, TagFilter, TierFilter
from modelkeep.client import Client

app = typer.Typer(add_completion=False)


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(metavar="WORD", help="Found in names, groups, descriptions, tags.")],
    group: GroupFilter = "",
    tier: TierFilter = None,
    tag: TagFilter = "",
    owner: OwnerFilter = "",
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """Find models that match all words and filters."""
    with Client() as client:
        found = client.list_models(" ".join(words), group=group, risk_tier=tier or "", tag=tag, owner=owner)
        page = found.first(limit)
    print_models(page, as_json=as_json)
