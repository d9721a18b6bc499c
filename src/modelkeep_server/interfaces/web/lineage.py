"""Where a version comes from and what uses it, as pages: a version's tab, a model's, and any node of the graph."""

from typing import Annotated

from fastapi import Query, Request
from starlette.datastructures import QueryParams

from modelkeep_server.db.work import Work
from modelkeep_server.features.deployments import queries as deployment_queries
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage import queries, restoring
from modelkeep_server.features.lineage.graph import finding
from modelkeep_server.features.lineage.graph.most_used import list_most_used
from modelkeep_server.features.lineage.graph.suggesting import suggest_nodes
from modelkeep_server.features.lineage.impact import reaching
from modelkeep_server.features.lineage.views import Direction, Node
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.interfaces.web.contexts.lineage import FindLineageContext, LineageContext, ModelLineageContext
from modelkeep_server.interfaces.web.contexts.lineage_picture import (
    DEPTHS,
    EXPANDED_MAX,
    IMPACT_ROWS,
    Asked,
    Picture,
    href_of_node,
)
from modelkeep_server.interfaces.web.face import door, make_router
from modelkeep_server.interfaces.web.forms import href_of_version
from modelkeep_server.interfaces.web.refusals import Refusal
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.interfaces.web.standing import find_standing
from modelkeep_server.interfaces.web.versions import facts_of
from modelkeep_server.rules.errors import NotFound
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.lineage import DEPTH_DEFAULT, Family, NodeKind, name_version

router = make_router()

BASE = "/models/{group}/{name}/versions/{version}/lineage"
FOUND_ROWS = 20
COMMON_ROWS = 12
VERSIONS_OFFERED = 100
NODE_CHARS = 4000

Text = Annotated[str, Query(max_length=NODE_CHARS)]


@router.get(BASE)
@door.reads("model.read")
def show_lineage(work: Work, actor: Actor, request: Request, group: str, name: str, version: str) -> Page:
    """Where does it come from, and what uses it?"""
    return Page.of(find_context(work, actor, request.query_params, group, name, version))


def find_context(
    work: Work, actor: Actor, query: QueryParams, group: str, name: str, version: str, refused: Refusal | None = None
) -> LineageContext:
    """What the tab is drawn from, for an address with this query."""
    facts = facts_of(work, actor, group, name, version, tells_moves=False) | {"tab": "lineage"}
    found: Version = facts["version"]
    at = f"{href_of_version(found.model, found.version)}/lineage"
    asked = read_asked(query, "node")
    picture = draw_picture(work, actor, name_version(found.model, found.version), asked, at, model=facts["model"])
    items = queries.list_seen_items(work, actor, found)
    removed = restoring.find_removed(work, actor, found, gone) if (gone := query.get("removed", "")) else None
    return LineageContext(**facts, picture=picture, items=items, removed=removed, refused=refused)


@router.get("/lineage")
@door.reads("model.read")
def show_node(work: Work, actor: Actor, request: Request, node: Text = "", q: Text = "") -> Page:
    """Where does anything come from, what uses it, and what does a change of it reach?"""
    return _find_page(work, actor, request.query_params, node.strip(), q.strip())


@router.get("/models/{group}/{name}/lineage")
@door.reads("model.read")
def show_of_model(work: Work, actor: Actor, request: Request, group: str, name: str, version: Text = "") -> Page:
    """Where does this model come from, by the version that is in production, or the newest?"""
    model = model_queries.get_model(work, actor, group, name)
    relations = model_queries.relations_of(actor, model)
    versions = version_queries.list_versions(work, actor, group, name, limit=VERSIONS_OFFERED)
    chosen = _choose(versions.items, version)
    if version and chosen is None:
        chosen = version_queries.get_version(work, actor, group, name, version)
    picture = None
    if chosen is not None:
        kept = {"version": chosen.version} if version else {}
        at = f"/models/{model.address}/lineage"
        asked = read_asked(request.query_params, "node")
        picture = draw_picture(work, actor, name_version(model.address, chosen.version), asked, at, kept, model=model)
    context = ModelLineageContext(
        model=model,
        version_count=versions.total or 0,
        relations=relations,
        standing=find_standing(work, actor, model, relations),
        versions=versions.items,
        version=chosen,
        picture=picture,
    )
    return Page.of(context)


def _choose(versions: tuple[Version, ...], asked: str) -> Version | None:
    """The version that is asked for; else the newest in production, else the newest."""
    if asked:
        return next((one for one in versions if one.version == asked), None)
    live = (one for one in versions if one.state is State.PRODUCTION)
    return next(live, versions[0] if versions else None)


def _find_page(work: Work, actor: Actor, query: QueryParams, node: str, text: str) -> Page:
    if node:
        try:
            picture = draw_picture(
                work, actor, node, read_asked(query, "chosen"), "/lineage", {"node": node}, chooser="chosen"
            )
        except NotFound as error:
            found = suggest_nodes(work, actor, node, limit=FOUND_ROWS)
            return Page.of(FindLineageContext(text=node, found=found, fault=error.detail), error.status)
        return Page.of(FindLineageContext(picture=picture, text=text))
    found = suggest_nodes(work, actor, text, limit=FOUND_ROWS) if text else ()
    common = () if text else list_most_used(work, actor, limit=COMMON_ROWS)
    return Page.of(FindLineageContext(text=text, found=found, common=common))


def draw_picture(
    work: Work,
    actor: Actor,
    middle: str,
    asked: Asked,
    at: str,
    kept: dict[str, str] | None = None,
    *,
    chooser: str = "node",
    model: Model | None = None,
) -> Picture:
    """
    The graph around a node, one of its nodes chosen, and what a change of that reaches. `model` is one that is at hand.
    Raises NotFound.
    """
    found = finding.find_graph(
        work, actor, middle, direction=asked.direction, depth=asked.depth, expanded=asked.expanded
    )
    nodes = {one.id: one for one in found.nodes}
    chosen = nodes.get(asked.chosen) or nodes[found.middle]
    reached = reaching.find_impact(work, actor, chosen.id, most=IMPACT_ROWS)
    return Picture(
        graph=found, asked=asked, chosen=chosen, impact=reached, at=at, kept=kept or {}, chooser=chooser,
        open_href=_find_page_of(work, chosen), owners=_find_owners(work, actor, chosen, model),
    )  # fmt: skip


def _find_page_of(work: Work, node: Node) -> str:
    """Where a node is to be seen. One statement where it is an environment."""
    if node.kind is NodeKind.DEPLOYMENT:
        return f"/deployments/environments/{deployment_queries.get_environment(work, node.label).id}"
    return href_of_node(node)


def _find_owners(work: Work, actor: Actor, node: Node, model: Model | None) -> tuple[str, ...]:
    """Whose a version is. One statement, none for other nodes and versions of the model at hand."""
    if node.model is None:
        return ()
    if model is None or node.model != model.address:
        model = model_queries.get_model(work, actor, *node.model.split("/"))
    return model.owners


def read_asked(query: QueryParams, chooser: str) -> Asked:
    """What an address asks of a picture; what none of a page's own links says asks for nothing."""
    depth = query.get("depth", "")
    direction = query.get("direction", "")
    view = query.get("view", "")
    kinds = {word for part in query.getlist("kinds") for word in part.split(",")}
    return Asked(
        chosen=query.get(chooser, "")[:NODE_CHARS],
        depth=int(depth) if depth in {str(one) for one in DEPTHS} else DEPTH_DEFAULT,
        direction=Direction(direction) if direction in list(Direction) else Direction.BOTH,
        view=view if view in ("graph", "table") else "",
        families=frozenset(one for one in Family if one in kinds) if kinds else None,
        expanded=tuple(one[:NODE_CHARS] for one in query.getlist("expand") if one)[:EXPANDED_MAX],
    )
