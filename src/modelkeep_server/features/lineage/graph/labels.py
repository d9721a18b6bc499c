"""What nodes of the graph are called in a picture: a name, and a few words beside it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from modelkeep_server.features.lineage.views import Node
from modelkeep_server.rules.lineage import INPUTS, NODES, DatasetRole, NodeKind
from modelkeep_server.rules.permission_words import join

#: The facts of an item that may be the address of a page, by how much they say of the thing.
_PAGES = ("url", "repositoryUrl", "uri")
#: How models of Hugging Face are named in short.
_HUB = re.compile(r"(?:hf|huggingface):(?://)?((?:[A-Za-z0-9_.-]+/)?[A-Za-z0-9_.-]+)")
_SHOWN_DIGITS = 7
#: What the id of a base model begins with that is named as one of this registry, which has none of that number.
_UNREGISTERED = "version:"
#: Of a fact that versions tell differently, so many are told.
_TOLD_MAX = 20


def call(kind: NodeKind, name: str, label: str, facts: Mapping[str, Any]) -> tuple[str, str]:
    """
    The name and the words beside it of a thing, by its node's id and label and what is known of it. Of versions and
    environments, which are no things, whoever reads them knows.
    """
    word = NODES[kind][0]
    match kind:
        case NodeKind.DATASET:
            title, _, version = name.partition(":")[2].partition("@")
            told = set(_each(facts.get("role")))
            roles = [role.lower() for role in DatasetRole if role in told]
            return unquote(title), ", ".join(filter(None, (version, join(roles, "and") if roles else "")))
        case NodeKind.COMMIT:
            digits = name.partition(":")[2]
            repository = next((str(one) for one in _each(facts.get("repositoryUrl"))), "")
            place = urlsplit(repository).path.rstrip("/").rpartition("/")[2].removesuffix(".git")
            return (f"{place}@{digits[:_SHOWN_DIGITS]}" if place else label), word
        case NodeKind.BASE_MODEL:
            return label, f"{word}, not registered" if name.startswith(_UNREGISTERED) else f"{word} from outside"
        case NodeKind.FEATURE_PIPELINE | NodeKind.TRAINING_SCRIPT | NodeKind.PREPROCESSING:
            called = [str(one) for one in _each(facts.get("name"))]
            return (called[0] if len(called) == 1 else label), word
    return label, word


def say(node: Node) -> str:
    """A node within a sentence: `dataset churn-events 2026-02`, `fraud/detector:1.2.0`."""
    match node.kind:
        case NodeKind.VERSION:
            return f"{node.model}:{node.version}"
        case NodeKind.DATASET:
            return f"dataset {node.label} {node.id.partition('@')[2]}".rstrip()
    return f"{NODES[node.kind][0].lower()} {node.label}"


def page_of(facts: Mapping[str, Any]) -> str | None:
    """The address of a thing's own page, by what is known of it."""
    told = (str(one) for key in _PAGES for one in _each(facts.get(key)))
    pages = (f"https://huggingface.co/{hub[1]}" if (hub := _HUB.fullmatch(one)) else one for one in told)
    return next((one for one in pages if one.startswith(("http://", "https://"))), None)


def merge(told: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """
    What several edges know of a thing: each fact once, and a list where versions tell it differently. What it took in
    is told by lines, and by these as far as the reader sees it.
    """
    found: dict[str, list[Any]] = {}
    for facts in told:
        for key, value in ((key, value) for key, value in facts.items() if key != INPUTS):
            values = found.setdefault(key, [])
            if value not in values and len(values) < _TOLD_MAX:
                values.append(value)
    return {key: values[0] if len(values) == 1 else values for key, values in found.items()}


def say_shares(shares: Sequence[int]) -> str:
    """What of an environment's traffic versions take, by shares in hundredths of a percent."""
    if len(shares) > 1:
        return f"{len(shares)} versions"
    return f"{shares[0] / 100:g} %" if shares else ""


def _each(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
