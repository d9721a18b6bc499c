"""Training Data: what the version learned from, how that was prepared, and what is known to be wrong with it."""

from collections.abc import Mapping
from typing import Any

from modelkeep_server.features.cards.gathering.details import base_sources, tell_program
from modelkeep_server.features.cards.gathering.facts import Base, Facts
from modelkeep_server.features.cards.gathering.found import Answers, of_lineage, table, texts
from modelkeep_server.rules.lineage import INPUTS, ItemKind, name_item
from modelkeep_server.rules.wording import say_code

_COLUMNS = ("Dataset", "Version", "Role", "Personal data", "Bytes", "SHA-256", "Location")
#: Stands in the table where something is told to have taken in a dataset.
_PREPARED = "Prepared by"
_PROGRAMS = (ItemKind.FEATURE_PIPELINE, ItemKind.PREPROCESSING)


def answer_data(facts: Facts) -> Answers:
    """What lineage tells of the data, and what base models bring with them."""
    lineage = of_lineage(facts)
    datasets = facts.items_of(ItemKind.DATASET)
    prepared = [_name_preparers(facts, data) for data in datasets]
    rows = [
        (*_tell_dataset(data), *([names] if any(prepared) else []))
        for data, names in zip(datasets, prepared, strict=True)
    ]
    inherited = [line for base in facts.bases for line in _tell_limits(base)]
    return {
        "datasets": table((*_COLUMNS, _PREPARED) if any(prepared) else _COLUMNS, rows, lineage, numbers=(4,)),
        "preprocessing-code": texts(map(tell_program, facts.items_of(*_PROGRAMS)), lineage),
        "inherited-limitations": texts(inherited, base_sources(facts.bases) or lineage),
    }


def _tell_dataset(data: Mapping[str, Any]) -> tuple[str, ...]:
    size, personal = data.get("sizeBytes"), data.get("personalData")
    return (
        str(data["name"]), str(data["version"]), say_code(str(data["role"])),
        say_code(str(personal)) if personal else "", f"{size:,}" if isinstance(size, int) else "",
        str(data.get("sha256") or ""), str(data.get("uri") or ""),
    )  # fmt: skip


def _name_preparers(facts: Facts, data: Mapping[str, Any]) -> str:
    node = name_item(ItemKind.DATASET, data)
    return ", ".join(str(one["name"]) for one in facts.items_of(*_PROGRAMS) if node in one.get(INPUTS, ()))


def _tell_limits(base: Base) -> list[str]:
    """What a base model says of its limits, in its own words; where these cannot be told, that it has its own."""
    if base.address is None:
        return [f"{base.uri}, which is not registered here: see what its makers say of it."] if base.uri else []
    if not base.limits:
        return [f"{base.address} says nothing of its limitations."]
    return [f"{base.address}, {label}: {told}" for label, told in base.limits.items()]
