"""
What one reader sees of versions that they were let to: all of it, but for base models of which they may not know.

The whole content is what is digested and judged; this is for what is shown. Source: product R8.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from modelkeep_server.db.tables import models
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.visibility import Sight, sight_of, visible_to
from modelkeep_server.features.versions.own_lineage import BASE
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.lineage import INPUTS, name_version


def as_seen(work: Work, actor: Actor, found: Version) -> Version:
    """A version as this reader sees it. One statement where it names a registered base model, else none."""
    return list_as_seen(work, actor, [found])[0]


def list_as_seen(work: Work, actor: Actor, found: Sequence[Version]) -> list[Version]:
    """The same of several, in their order. At most one statement in all."""
    hidden = find_hidden(work, actor, (one.metadata.get(BASE) or {} for one in found))
    return [replace(one, metadata=_without(one.metadata, hidden)) for one in found]


def hide_in(work: Work, actor: Actor, contents: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Contents of versions, as they are compared, without base models that this reader may not see. The same cost."""
    told = (one for content in contents for one in (content["metadata"].get(BASE) or {}, *_lineage_of(content)))
    hidden = find_hidden(work, actor, told)
    if not hidden:
        return list(contents)
    return [
        {
            **content,
            "metadata": _without(content["metadata"], hidden),
            "lineage": [_leave_out(item, hidden) for item in _lineage_of(content) if not is_hidden(item, hidden)],
        }
        for content in contents
    ]


def find_hidden(work: Work, actor: Actor, bases: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Those models among base models, by their addresses in small letters, that this reader may not see."""
    asked = {str(base["model"]).lower() for base in bases if base.get("model")}
    if not asked or sight_of(actor) is Sight.EVERYTHING:
        return frozenset()
    rows = work.all(select(models.c.path_key).where(models.c.path_key.in_(sorted(asked)), ~visible_to(actor)))
    return frozenset(row.path_key for row in rows)


def is_hidden(base: Mapping[str, Any], hidden: frozenset[str]) -> bool:
    """Whether the fields of a base model, or of anything else, name one of these."""
    return str(base.get("model")).lower() in hidden


def _without(metadata: Mapping[str, Any], hidden: frozenset[str]) -> Mapping[str, Any]:
    if not is_hidden(metadata.get(BASE) or {}, hidden):
        return metadata
    return {key: value for key, value in metadata.items() if key != BASE}


def _leave_out(item: Mapping[str, Any], hidden: frozenset[str]) -> Mapping[str, Any]:
    """An item without inputs that are versions of hidden models."""
    inputs = item.get(INPUTS) or ()
    kept = [one for one in inputs if not one.lower().startswith(tuple(name_version(model, "") for model in hidden))]
    if len(kept) == len(inputs):
        return item
    others = {key: value for key, value in item.items() if key != INPUTS}
    return {**others, INPUTS: kept} if kept else others


def _lineage_of(content: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Contents that were frozen before lineage was part of them have none."""
    return content.get("lineage") or ()
