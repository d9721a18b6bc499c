"""
Base models of which a reader of a version may not know: which those are, and content without them. Source: product R8.

Versions come without them from features/versions/queries.py; here is what is asked there, and of what else content is
told in: lineage items, and what was frozen.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from modelkeep_server.db.tables import models
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.visibility import Sight, sight_of, visible_to
from modelkeep_server.features.versions.own_lineage import BASE
from modelkeep_server.rules.lineage import INPUTS, find_model, with_inputs


def hide_in(work: Work, actor: Actor, contents: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """
    Contents of versions, as they are compared, without base models that this reader may not see. One statement where
    any names a registered base model, else none.
    """
    told = (one for content in contents for one in (content["metadata"].get(BASE) or {}, *_lineage_of(content)))
    hidden = find_hidden(work, actor, told)
    if not hidden:
        return list(contents)
    return [
        {
            **content,
            "metadata": without_hidden(content["metadata"], hidden),
            "lineage": [_leave_out(item, hidden) for item in _lineage_of(content) if not is_hidden(item, hidden)],
        }
        for content in contents
    ]


def find_hidden(work: Work, actor: Actor, bases: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """
    Those models among base models, and among what other items took in, by their addresses in small letters, that this
    reader may not see.
    """
    asked = {model for base in bases for model in _list_models(base)}
    if not asked or sight_of(actor) is Sight.EVERYTHING:
        return frozenset()
    rows = work.all(select(models.c.path_key).where(models.c.path_key.in_(sorted(asked)), ~visible_to(actor)))
    return frozenset(row.path_key for row in rows)


def names_hidden(told: Mapping[str, Any], hidden: Collection[str]) -> bool:
    """Whether the fields of an item name one of these, also among what it took in."""
    return any(model in hidden for model in _list_models(told))


def is_hidden(base: Mapping[str, Any], hidden: Collection[str]) -> bool:
    """Whether the fields of a base model, or of anything else, name one of these."""
    return str(base.get("model")).lower() in hidden


def without_hidden(metadata: Mapping[str, Any], hidden: Collection[str]) -> Mapping[str, Any]:
    """The metadata of a version without its base model where that is one of these."""
    if not is_hidden(metadata.get(BASE) or {}, hidden):
        return metadata
    return {key: value for key, value in metadata.items() if key != BASE}


def _list_models(told: Mapping[str, Any]) -> Iterator[str]:
    """The registered models that the fields of an item name, in small letters."""
    if told.get("model"):
        yield str(told["model"]).lower()
    for node in told.get(INPUTS) or ():
        if model := find_model(str(node)):
            yield model.lower()


def _leave_out(item: Mapping[str, Any], hidden: Collection[str]) -> Mapping[str, Any]:
    """An item without inputs that are versions of hidden models."""
    inputs = item.get(INPUTS) or ()
    kept = [one for one in inputs if (find_model(one) or "").lower() not in hidden]
    return item if len(kept) == len(inputs) else with_inputs(item, kept)


def _lineage_of(content: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Contents that were frozen before lineage was part of them have none."""
    return content.get("lineage") or ()
