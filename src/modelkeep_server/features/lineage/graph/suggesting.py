"""Nodes that a text may mean, for completion while somebody types; of those that the reader sees."""

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, Text, func, or_, select, type_coerce

from modelkeep_server.db.tables import environments, lineage_edges, lineage_nodes, models, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage.graph.nodes import (
    environment_node,
    list_commits,
    of_thing,
    of_version,
    to_place,
    touched,
)
from modelkeep_server.features.lineage.graph.walking import Horizon, find_horizon, join_end, leave_out, sees_edge
from modelkeep_server.features.lineage.views import Node
from modelkeep_server.features.models.visibility import Sight, sight_of, values_of
from modelkeep_server.kit import canonical
from modelkeep_server.rules.lineage import KINDS, NodeKind

SUGGESTED = 20
#: Of longer digests one is called by less of it.
_LABELLED_DIGITS = 12
_DIGITS = re.compile(r"[0-9a-f]{7,64}")
_URI = re.compile(r"[a-z][a-z0-9+.-]*:/")
_TYPED_MAX = 200
_TOLD_MAX = 20
#: What is labelled by where it is, and called by what versions tell.
_PROGRAMS = (NodeKind.FEATURE_PIPELINE, NodeKind.TRAINING_SCRIPT, NodeKind.PREPROCESSING)
_others = lineage_nodes.alias("others")
_KINDS = {row.prefix: NodeKind(row.kind.value) for row in KINDS.values()}


def suggest_nodes(work: Work, actor: Actor, text: str, *, limit: int = SUGGESTED) -> tuple[Node, ...]:
    """
    Nodes whose name begins with a text, then those that have it within: things, environments, and versions of models,
    the newest first; and what is told to lie under a URI, or to have a SHA-256, that begins so, and programs that are
    told to be called so. `dataset:` and the like before it ask for one kind. Six statements at most.
    """
    kind, text = _read(text)
    if not text or "\0" in text or not actor.is_known:
        return ()
    sight, seen_by = sight_of(actor), values_of(actor)
    found: list[Node] = []
    if kind in (None, NodeKind.VERSION):
        rows = work.all(_versions_like(sight, *_part(text)).limit(limit), seen_by)
        found += [to_place(row).node for row in rows]
    if kind not in (NodeKind.VERSION, NodeKind.DEPLOYMENT):
        horizon = find_horizon(work, actor)
        for begins in (True, False):
            statement = _things_like(horizon, text, begins).limit(limit)
            if kind is not None:
                statement = statement.where(lineage_nodes.c.kind == kind.value)
            found += [to_place(row).node for row in work.all(statement, horizon.asked)]
        if len(text) > _LABELLED_DIGITS and _DIGITS.fullmatch(text):
            found += [to_place(row).node for row in work.all(list_commits(sight, text), seen_by)]
            told = _things_told(horizon, "sha256", text)
            found += [to_place(row).node for row in work.all(told, horizon.asked)]
        elif _URI.match(text):
            told = _things_told(horizon, "uri", text)
            found += [to_place(row).node for row in work.all(told, horizon.asked)]
        elif kind is None or kind in _PROGRAMS:
            told = _things_told(horizon, "name", text).where(lineage_nodes.c.kind.in_(_PROGRAMS))
            found += [to_place(row).node for row in work.all(told, horizon.asked)]
    if kind in (None, NodeKind.DEPLOYMENT):
        rows = work.all(_environments_like(text).limit(limit))
        found += [environment_node(row.name, row.kind) for row in rows]
    return _choose((node for node in found if kind in (None, node.kind)), text, limit)


def _read(text: str) -> tuple[NodeKind | None, str]:
    """The kind that a text asks for by what stands before its colon, and the rest."""
    prefix, colon, rest = text.strip()[:_TYPED_MAX].lower().partition(":")
    named = {**_KINDS, "version": NodeKind.VERSION, "environment": NodeKind.DEPLOYMENT}
    if colon and prefix in named:
        return named[prefix], rest.strip()
    return None, text.strip()[:_TYPED_MAX].lower()


def _part(text: str) -> tuple[str, str]:
    """What of a text is of a model's address, and what of a version's number: `group/name:1.2` or `name 1.2`."""
    if text.count("/") > 1:
        path, _, version = text.rpartition("/")
        return path, version
    for between in (":", " "):
        path, found, version = text.partition(between)
        if found and path.strip():
            return path.strip(), version.strip()
    return text, ""


def _choose(found: Iterable[Node], text: str, limit: int) -> tuple[Node, ...]:
    """The first of each kind in turn, those before that begin with the text."""
    by_id = {node.id: node for node in found}
    places: dict[tuple[bool, NodeKind], int] = {}
    ranked = []
    for node in by_id.values():
        names = (node.label, node.model or "", node.id.partition(":")[2])
        is_within = not any(name.lower().startswith(text) for name in names)
        place = places[is_within, node.kind] = places.get((is_within, node.kind), 0) + 1
        ranked.append((is_within, place, node))
    return tuple(node for *_, node in sorted(ranked, key=lambda one: one[:2])[:limit])


def _versions_like(sight: Sight, path: str, version: str) -> Select[Any]:
    begins = or_(
        *(column.startswith(path, autoescape=True) for column in (models.c.path_key, func.lower(models.c.name)))
    )
    return (
        of_version(sight)
        .where(
            models.c.path_key.contains(path, autoescape=True),
            func.lower(versions.c.version).startswith(version, autoescape=True),
        )
        .order_by(begins.desc(), models.c.path_key, versions.c.number.desc())
    )


def _things_like(horizon: Horizon, text: str, begins: bool) -> Select[Any]:
    """By label, in its order: so that what is not seen need not be looked at beyond the first that are."""
    label = lineage_nodes.c.label_key
    return (
        of_thing()
        .where(
            label.startswith(text, autoescape=True) if begins else label.contains(text, autoescape=True),
            lineage_nodes.c.version_id.is_(None),
            touched(horizon.sight, horizon.hides),
        )
        .order_by(label, lineage_nodes.c.id)
    )


def _things_told(horizon: Horizon, key: str, text: str) -> Select[Any]:
    """
    Things of which a version that is seen tells a field that begins so. No index has what is told, so that all of it is
    looked through.
    """
    told = func.lower(type_coerce(lineage_edges.c.facts, Text))
    begins = f'"{key.lower()}":{canonical.dumps(text)[:-1]}'
    statement = of_thing().join(lineage_edges, lineage_edges.c.from_id == lineage_nodes.c.id)
    return (
        join_end(statement, lineage_edges.c.to_id, horizon.sight, _others)
        .where(told.contains(begins, autoescape=True), lineage_nodes.c.version_id.is_(None))
        .where(sees_edge(horizon.sight), *leave_out(horizon.hides, lineage_edges, _others))
        .distinct()
        .order_by(lineage_nodes.c.id)
        .limit(_TOLD_MAX)
    )


def _environments_like(text: str) -> Select[Any]:
    named = environments.c.name_key.contains(text, autoescape=True)
    return (
        select(environments.c.name, environments.c.kind)
        .where(environments.c.ended_at.is_(None), named)
        .order_by(environments.c.name_key)
    )
