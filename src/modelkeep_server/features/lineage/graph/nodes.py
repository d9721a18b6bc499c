"""
Finding nodes of the graph by what people type, and reading what they are.

A thing is there for a reader who sees a version that tells of it; a version where its model is; environments are for
everyone who is signed in.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, exists, null, or_, select

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.tables import environments, lineage_edges, lineage_nodes, models, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage.graph import labels
from modelkeep_server.features.lineage.graph.live import find_live
from modelkeep_server.features.lineage.graph.walking import join_end, leave_out, sees_edge
from modelkeep_server.features.lineage.views import Node
from modelkeep_server.features.models.visibility import Sight, sight_of, values_of, visible_by
from modelkeep_server.features.versions.conditions import has_flag
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.errors import NotFound
from modelkeep_server.rules.lifecycle import Flag, State
from modelkeep_server.rules.lineage import (
    KINDS,
    ItemKind,
    NodeKind,
    digest_name,
    list_spellings,
    name_deployment,
    name_node,
    name_version,
)

#: How a node is named, for whoever named none.
REMEDY = (
    "Name a dataset as dataset:NAME@VERSION, a version as version:GROUP/NAME/VERSION or GROUP/NAME:VERSION, a commit "
    "as commit:SHA, 7 digits at least, a run as run:SYSTEM/ID, a consumer as consumer:NAME, an environment as "
    "environment:NAME."
)
#: Of what versions tell of a thing, so much is read where it is shown alone.
_TOLD_READ = 100
_TYPED_MAX = 4_000
_BY_PREFIX = {row.prefix: kind for kind, row in KINDS.items()}
_ENVIRONMENT = "environment"
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_edges, _nodes = lineage_edges, lineage_nodes
_others = lineage_nodes.alias("others")


@dataclass(frozen=True)
class Place:
    """
    A node with its inside ids. `key` is that of `lineage_nodes`, None where no edge ever touched it; `version_key` and
    `model_key` are a version's, `environment_key` an environment's.
    """

    node: Node
    key: int | None = None
    version_key: int | None = None
    model_key: int | None = None
    environment_key: int | None = None


_OF_VERSION: Mapping[str, ColumnElement[Any]] = {
    "version_key": versions.c.id, "version": versions.c.version, "state": versions.c.state,
    "model_key": models.c.id, "group_name": models.c.group_name, "model_name": models.c.name,
    "risk_tier": models.c.risk_tier, **{flag.value: has_flag(versions.c.id, flag.value) for flag in Flag},
}  # fmt: skip


def _with_version(columns: Collection[ColumnElement[Any]]) -> Select[Any]:
    """What a node is; `columns` are of `lineage_nodes`, where one is there."""
    return select(*columns, *(column.label(name) for name, column in _OF_VERSION.items()))


_NODE = (_nodes.c.id, _nodes.c.kind, _nodes.c.name, _nodes.c.label)
_KNOWN = (
    _with_version(_NODE)
    .select_from(_nodes)
    .outerjoin(versions, versions.c.id == _nodes.c.version_id)
    .outerjoin(models, models.c.id == versions.c.model_id)
    .where(in_keys(_nodes.c.id, "keys"))
)
_ENVIRONMENT_NAMED = select(environments.c.id, environments.c.name, environments.c.kind).where(
    environments.c.name_key == bindparam("name_key"), environments.c.ended_at.is_(None)
)


def of_thing() -> Select[Any]:
    """Rows of things, for `to_place`."""
    return select(*_NODE, *(null().label(name) for name in _OF_VERSION))


def of_version(sight: Sight) -> Select[Any]:
    """Rows of versions that somebody who sees as far sees, for `to_place`. It takes the `values_of` an actor."""
    return (
        _with_version(_NODE)
        .select_from(versions)
        .join(models, models.c.id == versions.c.model_id)
        .outerjoin(_nodes, _nodes.c.version_id == versions.c.id)
        .where(visible_by(sight))
    )


@cache
def _version_at(sight: Sight) -> Select[Any]:
    path, version = models.c.path_key == bindparam("path_key"), versions.c.version == bindparam("version")
    return of_version(sight).where(path, version)


@cache
def _versions_by_key(sight: Sight) -> Select[Any]:
    return of_version(sight).where(in_keys(versions.c.id, "keys"))


def touched(sight: Sight, hides: bool = False) -> ColumnElement[bool]:
    """
    Whether somebody who sees as far, as a `Horizon` has it, sees an edge of a row of `lineage_nodes` that is no
    version.
    """
    ways = ((_edges.c.from_id, _edges.c.to_id), (_edges.c.to_id, _edges.c.from_id))
    return or_(*(_touched(sight, hides, here, there) for here, there in ways))


def _touched(sight: Sight, hides: bool, here: ColumnElement[int], there: ColumnElement[int]) -> ColumnElement[bool]:
    edges = join_end(select(_edges.c.id).select_from(_edges), there, sight, _others)
    seen = (sees_edge(sight), *leave_out(hides, _edges, _others))
    return exists(edges.where(here == _nodes.c.id, *seen).correlate(_nodes))


@cache
def _thing_named(sight: Sight) -> Select[Any]:
    named = _nodes.c.name_digest.in_(bindparam("digests", expanding=True))
    return of_thing().where(named, _nodes.c.version_id.is_(None), touched(sight))


def list_commits(sight: Sight, digits: str) -> Select[Any]:
    """Two at most: commits by the first of their digits."""
    begins = _nodes.c.name.startswith(name_node(ItemKind.COMMIT, {"commitSha": digits}))
    return of_thing().where(_nodes.c.kind == NodeKind.COMMIT.value, begins, touched(sight)).limit(2)


def find_node(work: Work, actor: Actor, text: str) -> Node:
    """
    A node by its id or what people call it (`REMEDY`), with what is told of it and where it is live. At most four
    statements. Raises NotFound, also where the actor may not see it.
    """
    return tell_more(work, actor, locate(work, actor, text))


def tell_more(work: Work, actor: Actor, place: Place) -> Node:
    """A node at hand with what is told of it, and where it is live. At most one statement."""
    if place.version_key is not None:
        live = find_live(work, [place.version_key]).get(place.version_key, [])
        return replace(place.node, live=tuple(one.environment for one in live))
    if place.key is None:
        return place.node
    told = work.all(_told_of(sight_of(actor)), {"key": place.key, **values_of(actor)})
    return describe(place.node, labels.merge(row.facts for row in told))


@cache
def _told_of(sight: Sight) -> Select[Any]:
    at = or_(_edges.c.from_id == bindparam("key"), _edges.c.to_id == bindparam("key"))
    return select(_edges.c.facts).where(at, sees_edge(sight)).limit(_TOLD_READ)


def locate(work: Work, actor: Actor, text: str) -> Place:
    """A node by its id or what people call it, with its inside ids. At most two statements. Raises NotFound."""
    text = text.strip()
    found = None
    if text and "\0" not in text and len(text) <= _TYPED_MAX:
        prefix, colon, rest = text.partition(":")
        prefix = prefix.lower() if colon and "/" not in prefix else ""
        if prefix == _ENVIRONMENT:
            found = _find_environment(work, actor, rest.strip())
        elif prefix in _BY_PREFIX:
            found = _find_thing(work, actor, _BY_PREFIX[prefix], rest.strip())
        else:
            found = _find_version(work, actor, rest.strip() if prefix == "version" else text)
    if found is None:
        raise NotFound(f"There is nothing called {text[:200]!r} in the lineage that you can see.", remedy=REMEDY)
    return found


def locate_version(work: Work, actor: Actor, version_key: int) -> Place:
    """The node of a version at hand. One statement. Raises NotFound."""
    row = work.first(_versions_by_key(sight_of(actor)), {"keys": [version_key], **values_of(actor)})
    if row is None:
        raise NotFound("There is no such version that you can see.")
    return to_place(row)


def read_places(work: Work, keys: Collection[int]) -> dict[int, Place]:
    """Nodes by the inside ids of `lineage_nodes`, for readers who were let to them. One statement, or none."""
    return {row.id: to_place(row) for row in read_rows(work, keys)}


def read_rows(work: Work, keys: Collection[int]) -> Sequence[Row[Any]]:
    """The same as rows: where they are thousands, a place of each is not made."""
    return work.all(_KNOWN, {"keys": keys}) if keys else ()


def name_row(row: Row[Any]) -> str:
    """The id of a node that was read so."""
    return row.name if row.version_key is None else name_version(f"{row.group_name}/{row.model_name}", row.version)


def read_versions(work: Work, actor: Actor, version_keys: Collection[int]) -> list[Place]:
    """The nodes of versions by inside ids, those that the actor sees. One statement, or none."""
    if not version_keys:
        return []
    asked = {"keys": version_keys, **values_of(actor)}
    return [to_place(row) for row in work.all(_versions_by_key(sight_of(actor)), asked)]


def to_place(row: Row[Any]) -> Place:
    """From a row of the statements here."""
    if row.version_key is None:
        kind = NodeKind(row.kind)
        return Place(describe(Node(row.name, kind, row.label), {}), row.id)
    model = f"{row.group_name}/{row.model_name}"
    node = Node(
        name_version(model, row.version), NodeKind.VERSION, row.model_name, row.version, State(row.state),
        RiskTier(row.risk_tier), model, row.version, tuple(flag for flag in Flag if getattr(row, flag.value)),
    )  # fmt: skip
    return Place(node, row.id, row.version_key, row.model_key)


def describe(node: Node, facts: Mapping[str, Any], near: Mapping[str, Any] | None = None) -> Node:
    """A thing with what is known of it, by the label that its row has; called as `near` says, where that is given."""
    label, detail = labels.call(node.kind, node.id, node.label, near or facts)
    return replace(node, label=label, detail=detail, facts=facts, url=labels.page_of(facts))


def _find_environment(work: Work, actor: Actor, name: str) -> Place | None:
    row = work.first(_ENVIRONMENT_NAMED, {"name_key": name.lower()}) if actor.is_known else None
    if row is None:
        return None
    return Place(environment_node(row.name, row.kind), environment_key=row.id)


def environment_node(name: str, kind: str, shares: str = "") -> Node:
    """The node of an environment; `shares` says what runs there."""
    detail = ", ".join(filter(None, (kind.capitalize(), shares)))
    return Node(name_deployment(name), NodeKind.DEPLOYMENT, name, detail)


def _find_version(work: Work, actor: Actor, text: str) -> Place | None:
    """A version; where there is none of that number, a base model that somebody named so."""
    parts = text.split("/", 2)
    if len(parts) == 2:
        name, _, version = parts[1].partition(":")
        parts = [parts[0], name, version]
    if len(parts) != 3 or not all(parts):
        return None
    path_key = f"{parts[0]}/{parts[1]}".lower()
    asked = {"path_key": path_key, "version": parts[2], **values_of(actor)}
    row = work.first(_version_at(sight_of(actor)), asked)
    if row is None:
        return _find_named(work, actor, [name_version(path_key, parts[2])])
    return to_place(row)


def _find_thing(work: Work, actor: Actor, kind: ItemKind, rest: str) -> Place | None:
    found, digits = _find_named(work, actor, list_spellings(kind, rest)), rest.lower()
    if found is not None or kind is not ItemKind.COMMIT or not _COMMIT.fullmatch(digits):
        return found
    rows = work.all(list_commits(sight_of(actor), digits), values_of(actor))
    if len(rows) > 1:
        raise NotFound(f"Several commits begin with {digits}.", remedy="Name more digits of the one that you mean.")
    return to_place(rows[0]) if rows else None


def _find_named(work: Work, actor: Actor, names: Collection[str]) -> Place | None:
    row = work.first(
        _thing_named(sight_of(actor)), {"digests": [digest_name(name) for name in names], **values_of(actor)}
    )
    return None if row is None else to_place(row)
