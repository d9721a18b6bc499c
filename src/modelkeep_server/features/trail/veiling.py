"""
Events of a trail as its reader may see them: owners of a version need not see what it was made from.

A text that names a base model of which they may not know stays the commitment that the log has, as one that was erased
does; the proof of the event is about that. Source: product R8.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from modelkeep_server.db.work import Work
from modelkeep_server.features.audit.views import Event
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.versions.own_lineage import BASE
from modelkeep_server.features.versions.seen import find_hidden, names_hidden
from modelkeep_server.rules.lineage import INPUTS

#: What in `before` and `after` tells of base models: a version's own, items beside it, and what was told to change.
_NODE = "node"
_TELLING = (f"metadata.{BASE}", "lineage", _NODE)

_Facts = Mapping[str, Any] | None


def veil_bases(work: Work, actor: Actor, events: Sequence[Event]) -> tuple[Event, ...]:
    """These events for this reader, in their order. One statement where any names a registered base model."""
    told = (base for event in events for facts in (event.before, event.after) for base in _list_bases(facts))
    hidden = find_hidden(work, actor, told)
    return tuple(_veil(event, hidden) for event in events) if hidden else tuple(events)


def _veil(event: Event, hidden: frozenset[str]) -> Event:
    if not any(names_hidden(base, hidden) for facts in (event.before, event.after) for base in _list_bases(facts)):
        return event
    stored = json.loads(event.raw)
    before, after = (
        _veil_facts(facts, stored.get(side) or {}, hidden)
        for side, facts in (("before", event.before), ("after", event.after))
    )
    return replace(event, before=before, after=after)


def _veil_facts(facts: _Facts, stored: Mapping[str, Any], hidden: frozenset[str]) -> _Facts:
    if facts is None:
        return None
    named = {
        key: stored.get(key)
        for key in _TELLING
        if any(names_hidden(base, hidden) for base in _read_bases(key, facts.get(key)))
    }
    return {**facts, **named}


def _list_bases(facts: _Facts) -> Iterable[Mapping[str, Any]]:
    return (base for key in _TELLING for base in _read_bases(key, (facts or {}).get(key)))


def _read_bases(key: str, text: Any) -> list[Mapping[str, Any]]:
    """What a text says as JSON, one item or several; none of what is no such text, or was erased."""
    if key == _NODE:
        return [{INPUTS: [text]}] if isinstance(text, str) else []
    try:
        told = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return []
    return [one for one in (told if isinstance(told, list) else [told]) if isinstance(one, Mapping)]
