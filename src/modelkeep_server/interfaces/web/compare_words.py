"""What pages say of the difference between two versions, in plain words."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from modelkeep_server.features.comparison.views import Change, SchemaChange
from modelkeep_server.interfaces.marks import format_size
from modelkeep_server.rules.lineage import KINDS, NAMING, ItemKind, label_node
from modelkeep_server.rules.metrics import format_number
from modelkeep_server.rules.permission_words import join
from modelkeep_server.rules.schema_changes import Effect, Side

#: So many names of fields are told one by one.
NAMES_TOLD = 3
#: What a dataset or a base model in the metadata is made of.
_OF_NAMED = {row.key for kind in (ItemKind.DATASET, ItemKind.BASE_MODEL) for row in KINDS[kind].fields}
_PERSONAL_DATA = {"YES": "personal data", "NO": "no personal data", "UNKNOWN": "personal data unknown"}


@dataclass(frozen=True)
class ChangeWord:
    """A change as it is drawn."""

    word: str
    icon: str
    tone: str


CHANGES: Mapping[Change, ChangeWord] = {
    Change.CHANGED: ChangeWord("changed", "refresh-cw", "changed"),
    Change.ADDED: ChangeWord("added", "plus", "added"),
    Change.REMOVED: ChangeWord("removed", "minus", "removed"),
    Change.SAME: ChangeWord("the same", "equal", "same"),
}


def change_word(change: Change) -> ChangeWord:
    """What a change is called."""
    return CHANGES[change]


def effect_word(effect: Effect, side: Side) -> str:
    """What a change of a schema does, to whom."""
    whom = "callers" if side is Side.INPUT else "consumers"
    return {Effect.BREAKING: f"Breaks {whom}", Effect.MAY_BREAK: f"May break {whom}"}.get(effect, "Breaks nobody")


def say_value(value: Any) -> str:
    """A JSON value in one line: text as it is, a dataset or base model by its name and version."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and value.get("kind") in list(ItemKind):
        facts = {key: told for key, told in value.items() if key != "kind"}
        return say_item(ItemKind(value["kind"]), facts)
    if isinstance(value, Mapping) and value.keys() == {"uri"}:
        return str(value["uri"])
    if isinstance(value, Mapping) and is_named(value):
        return say_item(ItemKind.BASE_MODEL if "model" in value else ItemKind.DATASET, value)
    return json.dumps(value, ensure_ascii=False)


def is_named(value: Mapping[str, Any]) -> bool:
    """Whether a JSON object is a dataset or a base model, as metadata have them."""
    return "version" in value and ("name" in value or "model" in value) and value.keys() <= _OF_NAMED


def say_item(kind: ItemKind, facts: Mapping[str, Any]) -> str:
    """A lineage item in one line: what it names, and in brackets what else is told of it."""
    named = f"{facts['model']} {facts['version']}" if "model" in facts else label_node(kind, facts)
    more = [
        _say_fact(row.key, facts[row.key])
        for row in KINDS[kind].fields
        if facts.get(row.key) not in (None, "") and str(facts[row.key]) not in named and row.key not in NAMING
    ]
    return f"{named} ({', '.join(more)})" if more else named


def _say_fact(key: str, value: Any) -> str:
    match key:
        case "role":
            return f"{str(value).lower()} data"
        case "sizeBytes":
            return format_size(value)
        case "personalData":
            return _PERSONAL_DATA[value]
        case "sha256" | "commitSha":
            return str(value)[:12]
        case "inputs":
            return f"takes in {join(list(value), 'and')}"
    return str(value)


def say_fields(count: int | None) -> str:
    """`38 fields`, or that there is no schema."""
    return "not given" if count is None else f"{count} {'field' if count == 1 else 'fields'}"


def say_added(schema: SchemaChange) -> str:
    """What came and went of a schema's fields: `6 device_graph.* added, age removed`."""
    told = [
        f"{_say_names(names)} {what}" for names, what in ((schema.added, "added"), (schema.removed, "removed")) if names
    ]
    if not told and schema.change is Change.CHANGED:
        return "the same fields, bound otherwise"
    return ", ".join(told)


def _say_names(names: tuple[str, ...]) -> str:
    if len(names) <= NAMES_TOLD:
        return ", ".join(names)
    holders = {name.rpartition(".")[0] for name in names}
    holder = holders.pop() if len(holders) == 1 else ""
    return f"{len(names)} {holder}.*" if holder else str(len(names))


def say_delta(delta: int | None) -> str:
    """`+6.7 MB`; nothing where it is not known or none."""
    if not delta:
        return ""
    return f"{'+' if delta > 0 else '−'}{format_size(abs(delta))}"


def say_number(value: float | None) -> str:
    """A measured number, `none` where it was not measured."""
    return "none" if value is None else format_number(value)


def say_move(delta: float | None) -> str:
    """`+0.023`, `−7`; nothing where it did not move."""
    if not delta:
        return ""
    return f"{'+' if delta > 0 else '−'}{format_number(abs(float(f'{delta:.6g}')))}"


def count_changes(items: Any) -> str:
    """`2 changed, 1 added, 3 the same`."""
    counts = {change: sum(item.change is change for item in items) for change in Change}
    return ", ".join(f"{count} {CHANGES[change].word}" for change, count in counts.items() if count) or "nothing given"


#: What templates call, by name.
WORDS: Mapping[str, Callable[..., Any]] = {
    word.__name__: word
    for word in (
        change_word,
        effect_word,
        say_value,
        say_fields,
        say_added,
        say_delta,
        say_number,
        say_move,
        count_changes,
    )
}
