"""
What a pipeline, a program or a run took in: other items of the same version, by the ids of the nodes that they lead to.

No item takes in itself, however far around; so the items of a version can be drawn from left to right.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from modelkeep_server.features.lineage.items import read_item
from modelkeep_server.features.lineage.views import Item, Source
from modelkeep_server.rules.errors import FieldError
from modelkeep_server.rules.lineage import (
    INPUTS,
    INPUTS_CHARS,
    INPUTS_MAX,
    KINDS,
    ItemKind,
    label_node,
    list_spellings,
    name_item,
    name_version,
)

_BY_PREFIX = {row.prefix: kind for kind, row in KINDS.items()}
#: So many of what there is are named to whoever named something else.
_NAMED_MAX = 12


def list_choices(items: Iterable[Item]) -> dict[str, Item]:
    """What of these an item may take in, by its node: anything that the version comes from."""
    return {item.node: item for item in items if item.kind is not ItemKind.CONSUMER}


def settle(
    told: Sequence[Item], seen: Sequence[Item], kind: ItemKind, facts: Mapping[str, Any]
) -> tuple[dict[str, Any], list[FieldError]]:
    """
    The facts of an item with its inputs as the ids of nodes, in order and each once, and what is wrong with them.

    Args:
        told: The items of its version with inputs as they were told, also of what was taken off since.
        seen: Those that whoever tells it may see.
    """
    if INPUTS not in facts:
        return dict(facts), []
    itself = name_item(kind, facts)
    choices = {node: item for node, item in list_choices(seen).items() if node != itself}
    inputs: list[str] = []
    unknown: list[str] = []
    for text in facts[INPUTS]:
        node = next((node for node in _spell(text) if node == itself or node in choices), None) or _match(text, choices)
        if node == itself:
            return dict(facts), [FieldError(INPUTS, "It cannot take in itself.")]
        (unknown if node is None else inputs).append(node or text)
    if unknown:
        return dict(facts), [FieldError(INPUTS, _say_unknown(unknown, choices))]
    kept = sorted(set(inputs))
    fault = find_fault(told, read_item("", kind, {**facts, INPUTS: kept}, Source.API))
    return {**facts, INPUTS: kept}, [FieldError(INPUTS, fault)] if fault else []


def find_fault(told: Sequence[Item], new: Item) -> str | None:
    """Why an item cannot take in what it says, beside these: it would close a ring, or be too much; as a sentence."""
    ring = find_ring(told, new)
    if ring:
        labels = {item.node: label_node(item.kind, item.facts) for item in (*told, new) if item.node in ring}
        way = " → ".join(labels[node] for node in ring)
        return f"It went into one of these in turn, and that would be a ring: {way}."
    taken = [node for item in (*(item for item in told if item.node != new.node), new) for node in item.inputs]
    if len(taken) > INPUTS_MAX:
        return f"With these, the items of this version take in {len(taken):,} things; at most {INPUTS_MAX:,}."
    if sum(map(len, taken)) > INPUTS_CHARS:
        return f"The ids of all that the items of this version take in have at most {INPUTS_CHARS:,} characters."
    return None


def find_ring(told: Iterable[Item], new: Item) -> list[str]:
    """The nodes of a ring that an item would close beside these, from itself to itself; empty where it does not."""
    itself = new.node
    taken = {**{item.node: item.inputs for item in told if item.inputs}, itself: new.inputs}
    after: dict[str, str] = {}
    ahead = [itself]
    while ahead:
        here = ahead.pop()
        for node in taken.get(here, ()):
            if node == itself:
                way = [itself, here]
                while way[-1] != itself:
                    way.append(after[way[-1]])
                return way
            if node not in after:
                after[node] = here
                ahead.append(node)
    return []


def _spell(text: str) -> list[str]:
    """The ids of nodes that a text may stand for."""
    text = text.strip()
    prefix, colon, rest = text.partition(":")
    kind = _BY_PREFIX.get(prefix.lower()) if colon else None
    return [text, *(list_spellings(kind, rest.strip()) if kind is not None else ())]


def _match(text: str, choices: Mapping[str, Item]) -> str | None:
    """A registered base model as people write it: GROUP/NAME:VERSION, or the id of its node, in capitals or not."""
    model, _, version = text.strip().rpartition(":")
    wanted = {text.strip().lower(), name_version(model, version).lower()}
    return next((node for node, item in choices.items() if "model" in item.facts and node.lower() in wanted), None)


def _say_unknown(unknown: Sequence[str], choices: Mapping[str, Item]) -> str:
    named = ", ".join(text[:200] for text in dict.fromkeys(unknown[:3]))
    more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
    if not choices:
        return f"Nothing of this version's lineage is {named}{more}. Tell what it took in first."
    there = ", ".join(list(choices)[:_NAMED_MAX])
    rest = f" and {len(choices) - _NAMED_MAX} more" if len(choices) > _NAMED_MAX else ""
    return f"Nothing of this version's lineage is {named}{more}. There is {there}{rest}."
