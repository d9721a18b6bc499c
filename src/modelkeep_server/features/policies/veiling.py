"""
Facts as policies may repeat them: what they say of a version is kept, and read by everybody who sees it, who need not
see what it was made from. They judge by the whole. Source: product R8.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import select

from modelkeep_server.db.tables import models
from modelkeep_server.db.work import Work
from modelkeep_server.features.models.visibility import seen_with
from modelkeep_server.features.versions.own_lineage import BASE
from modelkeep_server.features.versions.seen import is_hidden
from modelkeep_server.rules.lineage import INPUTS, find_model

UNNAMED = {"model": "a registered model that not everybody may see", "version": "…"}


def veil_facts(work: Work, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """
    The facts of a version without the names of base models that not all of its readers may see. One statement where it
    has a registered one, else none.
    """
    told, version = facts["lineage"]["baseModels"], facts["version"]
    own, paths = facts["model"]["address"].lower(), {str(one["model"]).lower() for one in told if one.get("model")}
    if not paths - {own}:
        return facts
    closed = select(models.c.path_key).where(models.c.path_key.in_(sorted(paths - {own})), ~seen_with(own))
    hidden = {row.path_key for row in work.all(closed)}
    if not hidden:
        return facts
    metadata = version["metadata"]
    if is_hidden(metadata.get(BASE) or {}, hidden):
        metadata = {**metadata, BASE: UNNAMED}
    lineage = {name: [_without_inputs(one, hidden) for one in items] for name, items in facts["lineage"].items()}
    lineage["baseModels"] = [{**one, **UNNAMED} if is_hidden(one, hidden) else one for one in told]
    return {**facts, "version": {**version, "metadata": metadata}, "lineage": lineage}


def _without_inputs(item: Mapping[str, Any], hidden: Collection[str]) -> Mapping[str, Any]:
    """An item of the lineage that calls none of these among what it took in."""
    inputs = [UNNAMED["model"] if (find_model(one) or "").lower() in hidden else one for one in item.get(INPUTS, ())]
    return {**item, INPUTS: inputs} if inputs else item
