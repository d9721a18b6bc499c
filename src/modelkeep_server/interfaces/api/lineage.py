"""What a version was made from and what uses it, item by item."""

from typing import Annotated
from urllib.parse import quote

from fastapi import Path, Query

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage import queries, service
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.interfaces.api.face import Answer, door, make_router
from modelkeep_server.interfaces.api.shapes.base import REASON
from modelkeep_server.interfaces.api.shapes.lineage import LineageItemIn, LineageItemOut, LineageItemsOut

router = make_router("lineage")

BASE = "/models/{group}/{name}/versions/{version}/lineage"
ItemId = Annotated[str, Path(description="As the list of items has it.")]


@router.post(BASE, status_code=201, response_model=LineageItemOut)
@door.writes("lineage.add")
def add_lineage(work: Work, actor: Actor, group: str, name: str, version: str, body: LineageItemIn) -> Answer:
    """
    Tell one more thing of where a version comes from, or of what uses it. The first training dataset and the first base
    model are written to the version's metadata, which is the same fact. How a version was made can be told while its
    content may change; a consumer at any time.

    What a pipeline, a program or a run took in are its `inputs`; sent again with more of them, these are added.
    """
    item = service.add_item(work, actor, group, name, version, body.to_new())
    place = quote(f"/api/v1/models/{group}/{name}/versions/{version}/lineage/items/{item.id}")
    return Answer(LineageItemOut.of(item), 201, {"Location": place})


@router.get(BASE + "/items", response_model=LineageItemsOut)
@door.reads("model.read")
def list_lineage(work: Work, actor: Actor, group: str, name: str, version: str) -> LineageItemsOut:
    """The lineage items of a version, by kind, those in its own fields first."""
    found = version_queries.get_version(work, actor, group, name, version)
    return LineageItemsOut(items=[LineageItemOut.of(item) for item in queries.list_seen_items(work, actor, found)])


@router.get(BASE + "/items/{id}", response_model=LineageItemOut)
@door.reads("model.read")
def show_lineage_item(work: Work, actor: Actor, group: str, name: str, version: str, id: ItemId) -> LineageItemOut:
    """One lineage item of a version."""
    found = version_queries.get_version(work, actor, group, name, version)
    return LineageItemOut.of(queries.get_seen_item(work, actor, found, id))


@router.delete(BASE + "/items/{id}", status_code=204)
@door.writes("lineage.remove")
def remove_lineage(
    work: Work, actor: Actor, group: str, name: str, version: str, id: ItemId,
    reason: Annotated[str | None, Query(max_length=4000, description=REASON)] = None,
) -> Answer:  # fmt: skip
    """
    Take one thing back that was told of a version's lineage. Of its own training dataset and base model, this edits its
    metadata; its commit and training job are changed by editing the version.
    """
    service.remove_item(work, actor, group, name, version, id, reason=reason)
    return Answer(None, 204)
