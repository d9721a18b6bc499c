"""What the values of events are called on a compliance trail, and how each is said to people."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from modelkeep_server.features.audit.filters import OBJECT_ID
from modelkeep_server.features.audit.views import Event
from modelkeep_server.interfaces.marks import format_size
from modelkeep_server.interfaces.web.compare_words import is_named, say_fields, say_value
from modelkeep_server.interfaces.web.drawing import field_words
from modelkeep_server.rules import wording
from modelkeep_server.rules.card_sections import SECTIONS
from modelkeep_server.rules.formats import FORMATS
from modelkeep_server.rules.lineage import ItemKind
from modelkeep_server.rules.metrics import Metric, format_number

#: Longer values of before and after are cut on the line; the event as stored has them whole.
VALUE_CHARS = 160
_DIGEST = re.compile(r"(sha256:)?[0-9a-f]{64}")
#: What tells nothing to somebody who reads: numbers of edits, and what the line above says already.
_LEFT_OUT = frozenset(
    {"revision", "environment", "deployment", "restores", "number", "as", "role", "suiteRevision", "edition"}
)
#: Of a model card the revision is what people know it by, and its digest is of the card, not of the version.
_CARD_NAMES = {"revision": "revision", "digest": "digest of the card"}
_NAMES = {
    "sha256": "SHA-256",
    "digest": "content digest",
    "sizeBytes": "size",
    "type": "kind of file",
    "verdict": "scan",
    "ruleVersion": "rules of the scan",
    "storedOnce": "its bytes",
    "metricCount": "number of metrics",
    "dueAt": "due",
    "expiresAt": "ends",
    "nextReviewAt": "next review",
    "riskTier": "risk tier",
    "source": "recorded",
    "cause": "recorded",
    "endpoints": "address",
    "findings": "raised with it",
    "seconds": "link holds for",
    "from": "begun from",
    "factsDigest": "digest of the facts",
    "lineageKind": "kind of lineage",
    "facts": "facts said otherwise",
    **{f"annotations.{section.id}": f"annotation of {section.title}" for section in SECTIONS},
}
_ITEMS = {f"{section.id}.{item.id}": item.label for section in SECTIONS for item in section.items}
_SOURCES = {"FORM": "in the form", "API": "by a program", "IMPORT": "from a file", "OPENLINEAGE": "by OpenLineage"}
_CAUSES = {"RECORD": "", "MOVE": "together with the move", "ROLLBACK": ""}
_LABELS = {info.format.value: info.label for info in FORMATS.values()}
_Labels = Mapping[str, str]


@dataclass(frozen=True)
class Fact:
    """
    One value that an act changed or told; a side that says nothing is None. `is_gone`: it was taken away; `is_digest`:
    it is hexadecimal, and told whole.
    """

    name: str
    was: str | None
    became: str | None
    is_gone: bool = False
    is_digest: bool = False


def list_facts(event: Event, labels: Mapping[str, str], address: str) -> Iterator[Fact]:
    """What an event of the version at `address` changed or told, in words."""
    before, after = event.before or {}, event.after or {}
    for name in dict.fromkeys([*before, *after]):
        was, became = (_say_of(name, side.get(name), labels) for side in (before, after))
        # The version and its model are named above.
        told = was != became and became not in (address, address.partition(":")[0])
        of_card = _CARD_NAMES.get(name) if event.action.startswith("card.") else None
        if (of_card or name not in _LEFT_OUT) and told:
            digest = any(side is not None and _DIGEST.fullmatch(side) for side in (was, became))
            words = of_card or _NAMES.get(name) or field_words(name)
            yield Fact(words, was, became, is_gone=name in after and became is None, is_digest=digest)


def _say_of(name: str, value: Any, labels: _Labels) -> str | None:
    if value == [] and name == "live":
        return "nothing any more"
    if value in (None, "", [], {}):
        return None
    said = _WORDS[name](value, labels) if name in _WORDS else None
    words = _say(value, labels) if said is None else said
    return None if not words else words if len(words) <= VALUE_CHARS else f"{words[: VALUE_CHARS - 1]}…"


def _say(value: Any, labels: _Labels) -> str | None:
    """A value in a few words; None where there is nothing to say."""
    if value in (None, "", [], {}):
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        if not OBJECT_ID.fullmatch(value):
            return _unfold(value, labels) or wording.say_code(value)
        return labels.get(value, "").partition("#")[0] or None
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, list):
        return ", ".join(filter(None, (_say(one, labels) for one in value)))
    if isinstance(value, dict):
        if is_named(value) or value.get("kind") in list(ItemKind):
            return say_value(value)
        told = ((name, _say(one, labels)) for name, one in value.items())
        return "; ".join(f"{name} {one}" for name, one in told if one)
    return json.dumps(value, ensure_ascii=False, default=str)


def _read(value: Any) -> Any:
    """What a text holds as JSON; None where it is no list and no object."""
    try:
        held = json.loads(value) if isinstance(value, str) and value[:1] in "[{" else value
    except ValueError:
        return None
    return held if isinstance(held, (list, dict)) else None


def _unfold(value: str, labels: _Labels) -> str | None:
    held = _read(value)
    return None if held is None else _say(held, labels)


def _say_metrics(value: Any, _: _Labels) -> str | None:
    held = _read(value)
    if not isinstance(held, list) or not all(isinstance(one, dict) and "name" in one for one in held):
        return None
    metrics = map(Metric.of, held)
    return ", ".join(
        f"{one.name}{f' ({one.slice})' if one.slice else ''} {format_number(one.value)}" for one in metrics
    )


def _say_schema(value: Any, _: _Labels) -> str | None:
    held = _read(value)
    fields = held.get("properties") if isinstance(held, dict) else None
    return say_fields(len(fields)) if isinstance(fields, dict) else None


def _say_live(value: Any, labels: _Labels) -> str | None:
    if not isinstance(value, list):
        return None
    parts = ((labels.get(one["version"], "").rpartition(":")[2], one["share"]) for one in value)
    return ", ".join(f"{number or 'a version'} with {share:g} %" for number, share in parts)


def _say_findings(value: Any, _: _Labels) -> str | None:
    return f"{len(value)} {'finding' if len(value) == 1 else 'findings'}" if isinstance(value, list) else None


def _say_items(value: Any, _: _Labels) -> str | None:
    return ", ".join(_ITEMS.get(str(one), str(one)) for one in value) if isinstance(value, list) else None


def _say_seconds(value: Any, _: _Labels) -> str | None:
    if not isinstance(value, int):
        return None
    unit, count = ("minute", value // 60) if value % 60 == 0 else ("second", value)
    return f"{count} {unit}{'' if count == 1 else 's'}"


_WORDS: Mapping[str, Callable[[Any, _Labels], str | None]] = {
    "metrics": _say_metrics,
    "metadata.inputSchema": _say_schema,
    "metadata.outputSchema": _say_schema,
    "live": _say_live,
    "findings": _say_findings,
    "facts": _say_items,
    "coverage": lambda value, _: f"{value:.0%}" if isinstance(value, int | float) else None,
    "seconds": _say_seconds,
    "sizeBytes": lambda value, _: format_size(value) if isinstance(value, int) else None,
    "source": lambda value, _: _SOURCES.get(value),
    "cause": lambda value, _: _CAUSES.get(value),
    "format": lambda value, _: _LABELS.get(value),
    "ruleVersion": lambda value, _: f"edition {value}",
    "storedOnce": lambda value, _: "stored before, kept once" if value else "stored now",
}
