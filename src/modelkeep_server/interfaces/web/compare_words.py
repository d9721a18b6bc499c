"""What pages say of the difference between two versions, in plain words."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from modelkeep_server.features.comparison.views import Change, SchemaChange
from modelkeep_server.interfaces.web.drawing import format_size
from modelkeep_server.rules.metrics import format_number
from modelkeep_server.rules.schema_changes import Effect, Side

#: So many names of fields are told one by one.
NAMES_TOLD = 3


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
    if isinstance(value, Mapping) and value.keys() <= {"name", "model", "version", "uri"} and "version" in value:
        named = f"{value.get('name') or value.get('model')} {value['version']}"
        return f"{named} ({value['uri']})" if value.get("uri") else named
    return json.dumps(value, ensure_ascii=False)


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
