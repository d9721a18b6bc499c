"""
Keeping the lineage graph in step with versions and their items, inside the transaction that changed them. Rebuilt by
`modelkeep admin reindex`.

A version tells of its own edges alone. Its node is named `version:<public id>`; one for a registered base model that
nobody registered under that number is named as people type it, and is taken over once there is such a version.

The label of a script or pipeline is its URI, not what somebody called it: that stands in the edge's facts, and only
those who see the version that tells of it may read it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, bindparam, delete, exists, insert, or_, select, update

from modelkeep_server.db.nesting import RowsAsJson
from modelkeep_server.db.planning import PLAN_EACH
from modelkeep_server.db.tables import lineage_edges, lineage_items, lineage_nodes, models, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.lineage.items import Own, put_together, read_item
from modelkeep_server.features.lineage.views import Item
from modelkeep_server.kit import canonical
from modelkeep_server.rules.lineage import ItemKind, NodeKind, digest_name, key_of_base, label_node, name_version

_BATCH = 200
LABEL_CHARS = 500
_UPSTREAM_OF_ITS_NAME = (ItemKind.FEATURE_PIPELINE, ItemKind.TRAINING_SCRIPT, ItemKind.PREPROCESSING)


@dataclass(frozen=True)
class _Node:
    kind: NodeKind
    name: str
    label: str
    version_id: int | None = None

    @property
    def digest(self) -> str:
        return digest_name(self.name)


@dataclass
class _Wanted:
    """The graph as some versions tell it: nodes by their digest, edges as (from, to, relation, facts, version)."""

    nodes: dict[str, _Node] = field(default_factory=dict)
    edges: set[tuple[str, str, str, str, int]] = field(default_factory=set)

    def add(self, node: _Node) -> str:
        """Have a node, and give its digest."""
        return self.nodes.setdefault(node.digest, node).digest


def project(work: Work, touched: Sequence[tuple[str, int]]) -> None:
    """Bring the graph up to date for the versions among the rows just written, or whose items are."""
    keys = {key for table, key in touched if table == versions.name}
    items = sorted({key for table, key in touched if table == lineage_items.name})
    if items:
        keys.update(row.version_id for row in work.all(_VERSIONS_OF_ITEMS, {"keys": items}))
    if not keys:
        # Acts on a version touch its model as well; where nothing but the model was written, its repository may differ.
        keys.update(_find_moved_commits(work, sorted({key for table, key in touched if table == models.name})))
    index_versions(work, keys)


def index_versions(work: Work, keys: Collection[int]) -> None:
    """Write what these versions tell of the graph anew. Three statements where nothing changed."""
    if not keys:
        return
    rows = work.all(_told(), {"keys": sorted(keys)})
    wanted = _gather(work, rows)
    present = {
        (row.from_digest, row.to_digest, row.relation, canonical.dumps(row.facts), row.version_id): row.id
        for row in work.all(_edges_of(), {"keys": sorted(keys)})
    }
    new = wanted.edges - set(present)
    gone = [key for edge, key in present.items() if edge not in wanted.edges]
    if gone:
        work.keep(lineage_edges, delete(lineage_edges).where(lineage_edges.c.id.in_(gone)))
    renamed = [row for row in rows if row.node_label != _address(row)]
    if new or renamed:
        ids = _keep_nodes(work, wanted)
        if new:
            work.keep(lineage_edges, insert(lineage_edges), [_to_row(edge, ids) for edge in sorted(new)])
    _take_over(work, renamed)


def rebuild(work: Work) -> int:
    """Write the whole graph anew. Gives back of how many versions it is told."""
    # Acts on versions lock their models: none is under way that read the graph as it was.
    work.all(select(models.c.id).order_by(models.c.id).with_for_update(key_share=True))
    if work.dialect == "postgresql":
        work.all(PLAN_EACH)
    work.keep(lineage_edges, delete(lineage_edges))
    work.keep(lineage_nodes, delete(lineage_nodes))
    keys = [row.id for row in work.all(select(versions.c.id).order_by(versions.c.id))]
    for start in range(0, len(keys), _BATCH):
        index_versions(work, keys[start : start + _BATCH])
    return len(keys)


def is_missing(work: Work) -> bool:
    """Whether there are versions and no graph: the database comes from a release that had none. One statement."""
    return bool(work.scalar(select(exists(select(versions.c.id)) & ~exists(select(lineage_nodes.c.id)))))


def rebuild_where_missing(work: Work) -> None:
    """Write the graph of a database that has none. Of several servers that start at once, one does."""
    work.take_turn("lineage.rebuild")
    if is_missing(work):
        rebuild(work)


def _gather(work: Work, rows: Sequence[Row[Any]]) -> _Wanted:
    told = {row.id: put_together(_own(row), _read_items(row.items)) for row in rows}
    bases = _find_bases(work, [item for items in told.values() for item in items])
    wanted = _Wanted()
    for row in rows:
        here = wanted.add(_Node(NodeKind.VERSION, f"version:{row.public_id}", _address(row), row.id))
        for item in told[row.id]:
            there = wanted.add(bases.get(key_of_base(item.facts)) or _to_node(item))
            ends = (here, there) if item.kind is ItemKind.CONSUMER else (there, here)
            wanted.edges.add((*ends, item.kind.value, canonical.dumps(dict(item.facts)), row.id))
    return wanted


def _find_bases(work: Work, items: Iterable[Item]) -> dict[tuple[str, str] | None, _Node]:
    """The nodes of the registered base models among items, by model and version. One statement, none where none is."""
    asked = {key for item in items if (key := key_of_base(item.facts)) is not None}
    if not asked:
        return {}
    these = or_(*((models.c.path_key == path) & (versions.c.version == version) for path, version in sorted(asked)))
    rows = work.all(
        select(versions.c.id, versions.c.public_id, versions.c.version, models.c.path_key, models.c.group_name,
               models.c.name)
        .join(models, models.c.id == versions.c.model_id)
        .where(these)
    )  # fmt: skip
    return {
        (row.path_key, row.version): _Node(NodeKind.VERSION, f"version:{row.public_id}", _address(row), row.id)
        for row in rows
    }


def _to_node(item: Item) -> _Node:
    """The node of anything but a registered version; also of one that there is not."""
    base = key_of_base(item.facts)
    if base is not None:
        return _Node(NodeKind.BASE_MODEL, name_version(*base), f"{item.facts['model']}:{base[1]}")
    if item.kind in _UPSTREAM_OF_ITS_NAME:
        return _Node(NodeKind(item.kind.value), item.node, str(item.facts["uri"]))
    return _Node(NodeKind(item.kind.value), item.node, label_node(item.kind, item.facts))


def _keep_nodes(work: Work, wanted: _Wanted) -> dict[str, int]:
    """Have every node that is wanted; their inside ids by digest. Sorted, so that two never wait for each other."""
    digests = sorted(wanted.nodes)
    found = work.all(_NODES_BY_DIGEST, {"digests": digests})
    missing = [wanted.nodes[digest] for digest in digests if digest not in {row.name_digest for row in found}]
    if missing:
        adding = work.upsert(lineage_nodes).on_conflict_do_nothing()
        work.keep(lineage_nodes, adding, [_to_node_row(node) for node in missing])
        found = work.all(_NODES_BY_DIGEST, {"digests": digests})
    for row in found:
        node = wanted.nodes[row.name_digest]
        if node.version_id is not None and row.label != node.label:
            labelled = {"label": node.label, "label_key": _fold(node.label)}
            work.keep(lineage_nodes, update(lineage_nodes).where(lineage_nodes.c.id == row.id).values(labelled))
    return {row.name_digest: row.id for row in found}


def _take_over(work: Work, renamed: Sequence[Row[Any]]) -> None:
    """Lead edges from the node of a base model that there was not to the version that is now. At most one statement."""
    if renamed:
        names = [digest_name(name_version(row.path_key, row.version)) for row in renamed]
        index_versions(work, {row.version_id for row in work.all(_TOLD_FROM, {"digests": names})})


def _find_moved_commits(work: Work, keys: Sequence[int]) -> set[int]:
    """Versions of models whose own commit stands in the graph with another repository. One statement, or none."""
    if not keys:
        return set()
    return {
        row.version_id
        for row in work.all(_COMMITS_OF_MODELS, {"keys": keys})
        if row.facts["commitSha"] == row.commit_sha and row.facts.get("repositoryUrl") != (row.repository_url or None)
    }


def _own(row: Row[Any]) -> Own:
    return Own(row.metadata, row.commit_sha, row.training_job_id, row.repository_url)


def _read_items(nested: Sequence[Sequence[Any]]) -> list[Item]:
    in_order = sorted(nested, key=lambda one: int(one[0]))
    return [read_item(id_, kind, canonical.loads(told), source) for _, id_, kind, told, source in in_order]


def _address(row: Row[Any]) -> str:
    return f"{row.group_name}/{row.name}:{row.version}"


def _to_node_row(node: _Node) -> dict[str, Any]:
    return {
        "kind": node.kind.value,
        "name": node.name,
        "name_digest": node.digest,
        "label": node.label,
        "label_key": _fold(node.label),
        "version_id": node.version_id,
    }


def _fold(label: str) -> str:
    """What a label is found by: PostgreSQL keeps no longer text in an index."""
    return label.lower()[:LABEL_CHARS]


def _to_row(edge: tuple[str, str, str, str, int], ids: Mapping[str, int]) -> dict[str, Any]:
    from_, to, relation, facts, version_id = edge
    return {
        "from_id": ids[from_],
        "to_id": ids[to],
        "relation": relation,
        "facts": canonical.loads(facts),
        "version_id": version_id,
    }


_VERSIONS_OF_ITEMS = select(lineage_items.c.version_id).where(lineage_items.c.id.in_(bindparam("keys", expanding=True)))
_NODES_BY_DIGEST = select(lineage_nodes.c.id, lineage_nodes.c.name_digest, lineage_nodes.c.label).where(
    lineage_nodes.c.name_digest.in_(bindparam("digests", expanding=True))
)
_TOLD_FROM = (
    select(lineage_edges.c.version_id)
    .join(lineage_nodes, lineage_nodes.c.id == lineage_edges.c.from_id)
    .where(lineage_nodes.c.name_digest.in_(bindparam("digests", expanding=True)))
)
_COMMITS_OF_MODELS = (
    select(lineage_edges.c.version_id, lineage_edges.c.facts, versions.c.commit_sha, models.c.repository_url)
    .join(versions, versions.c.id == lineage_edges.c.version_id)
    .join(models, models.c.id == versions.c.model_id)
    .where(
        versions.c.model_id.in_(bindparam("keys", expanding=True)),
        versions.c.commit_sha.is_not(None),
        lineage_edges.c.relation == ItemKind.COMMIT.value,
    )
)


@cache
def _told() -> Select[Any]:
    """Versions with all that they tell of their lineage, and the label of their node where there is one."""
    items = (
        select(RowsAsJson(*(lineage_items.c[name] for name in ("id", "public_id", "kind", "facts", "source"))))
        .where(lineage_items.c.version_id == versions.c.id, lineage_items.c.removed_at.is_(None))
        .correlate(versions)
        .scalar_subquery()
    )
    return (
        select(versions.c.id, versions.c.public_id, versions.c.version, versions.c.metadata, versions.c.commit_sha,
               versions.c.training_job_id, models.c.group_name, models.c.name, models.c.path_key,
               models.c.repository_url, lineage_nodes.c.label.label("node_label"), items.label("items"))
        .join(models, models.c.id == versions.c.model_id)
        .outerjoin(lineage_nodes, lineage_nodes.c.version_id == versions.c.id)
        .where(versions.c.id.in_(bindparam("keys", expanding=True)))
        .order_by(versions.c.id)
    )  # fmt: skip


@cache
def _edges_of() -> Select[Any]:
    """The edges that versions tell of, with the digests of both ends."""
    above, below = lineage_nodes.alias("above"), lineage_nodes.alias("below")
    return (
        select(lineage_edges, above.c.name_digest.label("from_digest"), below.c.name_digest.label("to_digest"))
        .outerjoin(above, above.c.id == lineage_edges.c.from_id)
        .outerjoin(below, below.c.id == lineage_edges.c.to_id)
        .where(lineage_edges.c.version_id.in_(bindparam("keys", expanding=True)))
    )
