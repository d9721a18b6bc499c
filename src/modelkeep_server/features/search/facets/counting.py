"""
How many of what a search finds has each value of a field, counted over the newest that it finds.

The database gives their numbers; the codes of their values are remembered (remembered.py) and counted as numbers
(tallies.py): that costs less than any GROUP BY.
"""

import importlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from sqlalchemy import select

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.tables import search_values
from modelkeep_server.db.work import Work
from modelkeep_server.features.search.compiling.pages import COUNTED_MAX
from modelkeep_server.features.search.compiling.ways import Search
from modelkeep_server.features.search.facets.newest import Newest, find_newest
from modelkeep_server.features.search.language.fields import FIELDS
from modelkeep_server.features.search.language.tree import Node, Or, Value, join, parts_of
from modelkeep_server.features.search.views import FacetCount

if TYPE_CHECKING:
    from modelkeep_server.features.search.facets.tallies import Tally

#: The fields that are counted, in the order in which they are shown.
COUNTED_FIELDS = (
    "riskTier", "state", "newest", "group", "tag", "framework", "modelType", "license", "owner", "is", "has",
)  # fmt: skip
#: Of which a model has one value: they are counted as if none of them were asked for, so that another can be chosen.
CHOSEN_ONE_OF = ("group", "riskTier", "newest")
SHOWN_MAX = 12
#: Where more models fit than these, as far as a look at the newest tells, they are not remembered one by one.
_KNOWN_MAX = 1.5 * COUNTED_MAX
_NAMES = select(search_values.c.id, search_values.c.key, search_values.c.shown).where(
    in_keys(search_values.c.id, "ids")
)


@dataclass(frozen=True)
class Counts:
    """How many models were counted, and how many of them have each value, by the letter of its field."""

    models: int
    values: Mapping[str, "Tally"]

    def most_frequent(self, name: str, most: int) -> dict[int, int]:
        """So many values of a field by their ids, and those as frequent as the last."""
        tally = self.values.get(FIELDS[name].letter)
        return tally.most_frequent(most) if tally else {}

    def others_than(self, name: str, shown: int) -> int:
        """How many values of a field there are besides those that are shown."""
        return len(self.values.get(FIELDS[name].letter, ())) - shown


def others_of(node: Node, field: str) -> Node:
    """The query without what it says of this field at its top."""
    return join(tuple(part for part in parts_of(node) if not _is_only_of(part, field)))


def _is_only_of(part: Node, field: str) -> bool:
    """Whether a term names values of this field and nothing else: `group:a`, `group:(a OR b)`."""
    if isinstance(part, Or):
        return all(_is_only_of(one, field) for one in part.parts)
    return isinstance(part, Value) and part.field == field


def trees_counted(node: Node) -> list[Node]:
    """Every tree that is counted, for a look at them."""
    return list(dict.fromkeys([node, *(others_of(node, field) for field in CHOSEN_ONE_OF)]))


def count_values(search: Search) -> Counts:
    """
    Count all fields. One statement, and one for those fields of which a value is asked for.

    Where few enough models fit, the search knows all of them from then on.
    """
    # Nothing is known of a tree that nobody looked at, which is everything: that needs no list.
    knows = 0 < search.shares.count_of(search.node) < _KNOWN_MAX
    found = find_newest(search, search.node)
    if knows and found.count <= COUNTED_MAX:
        search.know(found.docs, found.count)
    values = dict(_tally_newest(search, found))
    for field in CHOSEN_ONE_OF:
        others = others_of(search.node, field)
        if others != search.node:
            letter = FIELDS[field].letter
            told = _tally_newest(search, find_newest(search, others))
            values.pop(letter, None)
            values |= {key: tally for key, tally in told.items() if key == letter}
    return Counts(found.count, values)


def _tally_newest(search: Search, found: Newest) -> Mapping[str, "Tally"]:
    told: Mapping[str, Tally] = load_tallying().tally_newest(search.work, found)
    return told


def load_tallying() -> ModuleType:
    """What counts: numpy with it, which a start does without."""
    return importlib.import_module("modelkeep_server.features.search.facets.tallying")


def name_values(work: Work, counts: Counts, fields: Sequence[str], most: int) -> dict[str, tuple[FacetCount, ...]]:
    """So many of the most frequent values of each field, those first, as they are shown. One statement."""
    chosen = {name: counts.most_frequent(name, most) for name in fields}
    names = _name(work, (value_id for values in chosen.values() for value_id in values))
    return {name: _in_order(values, names)[:most] for name, values in chosen.items()}


def _in_order(values: Mapping[int, int], names: Mapping[int, tuple[str, str]]) -> tuple[FacetCount, ...]:
    found = ((*names[value_id], times) for value_id, times in values.items() if value_id in names)
    told = (FacetCount(key, shown, min(times, COUNTED_MAX)) for key, shown, times in found)
    return tuple(sorted(told, key=lambda one: (-one.count, one.key)))


def _name(work: Work, ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    rows = work.all(_NAMES, {"ids": set(ids)})
    return {row.id: (row.key, row.shown) for row in rows}
