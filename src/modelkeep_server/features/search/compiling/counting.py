"""
How many of what a search finds has each value of a field, counted over the newest that it finds.

The codes of all rows come out of the database as one text, eight characters each, and are counted as numbers: that
costs less than any GROUP BY.
"""

import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest

from sqlalchemy import select

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.tables import search_values
from modelkeep_server.db.work import Work
from modelkeep_server.features.search.compiling.pages import COUNTED_MAX, select_counted
from modelkeep_server.features.search.compiling.ways import Search, parts_of
from modelkeep_server.features.search.indexing.codes import CODE_CHARS, read_code
from modelkeep_server.features.search.language.fields import FIELDS
from modelkeep_server.features.search.language.tree import Node, Or, Value, join

#: The fields that are counted, in the order in which they are shown.
COUNTED_FIELDS = (
    "riskTier", "state", "newest", "group", "tag", "framework", "modelType", "license", "owner", "is", "has",
)  # fmt: skip
#: Of which a model has one value: they are counted as if none of them were asked for, so that another can be chosen.
CHOSEN_ONE_OF = ("group", "riskTier", "newest")
SHOWN_MAX = 12
#: Of values that are as frequent as the last one shown, so many are looked at for those that come first.
_TIED_MAX = 64
#: So many digits has a short code. In it letters are numbers from 1 on.
_SHORT = 3
_BEFORE_A = ord("A") - 1
_LETTERS = bytes(code & 31 for code in range(256))
_NAMES = select(search_values.c.id, search_values.c.key, search_values.c.shown).where(
    in_keys(search_values.c.id, "ids")
)


@dataclass(frozen=True)
class Tally:
    """How often each value of one field was found, by its code as a number. Only what is shown is made a code again."""

    times: dict[int, int] = field(default_factory=dict)
    is_short: bool = False

    def most_frequent(self, most: int) -> dict[int, int]:
        """So many by their ids, and those as frequent as the last: which of these come first, their names decide."""
        told = nlargest(most, self.times.values())
        last = told[-1] if len(told) == most else 0
        more = {number: times for number, times in self.times.items() if times > last}
        tied = sorted(number for number, times in self.times.items() if times == last)[:_TIED_MAX]
        return {self._id_of(number): times for number, times in (more | dict.fromkeys(tied, last)).items()}

    def _id_of(self, number: int) -> int:
        if self.is_short:
            return int(number.to_bytes(4, sys.byteorder)[:_SHORT], 36)
        return read_code(number.to_bytes(CODE_CHARS, sys.byteorder).decode("ascii"))[1]


@dataclass(frozen=True)
class Counts:
    """How many models were counted, and how many of them have each value, by the letter of its field."""

    models: int
    values: Mapping[str, Tally]

    def of(self, name: str) -> Tally:
        """The values of a field."""
        return self.values.get(FIELDS[name].letter, Tally())

    def others_than(self, name: str, shown: int) -> int:
        """How many values of a field there are besides those that are shown."""
        return len(self.of(name).times) - shown


@dataclass(frozen=True)
class Told:
    """A value with its key, as it is shown, and how many models have it."""

    key: str
    shown: str
    count: int


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
    """Count all fields. One statement, and one for those fields of which a value is asked for."""
    told = search.compiler.join_texts("facets")
    counted = select_counted(search, search.node, "search_models.facets AS facets")
    ((models, codes),) = search.all(f"SELECT count(*), {told} FROM ({counted}) AS counted")  # noqa: S608
    values = _by_letter(str(codes or ""))
    chosen = [field for field in CHOSEN_ONE_OF if others_of(search.node, field) != search.node]
    if chosen:
        rows = search.all(" UNION ALL ".join(_select_one(search, field) for field in chosen))
        for letter, codes in rows:
            values |= {str(letter): _by_letter(str(codes or "")).get(str(letter), Tally())}
    return Counts(int(str(models)), values)


def _select_one(search: Search, field: str) -> str:
    """The codes of one field alone, where its own condition does not count."""
    letter = FIELDS[field].letter
    position = search.compiler.place_of("search_models.facets", search.compiler.binds.of(letter))
    code = f"substr(search_models.facets, {position}, {CODE_CHARS}) AS code"
    counted = select_counted(search, others_of(search.node, field), code)
    # Of a model that has no value it is a letter short.
    whole = f"({counted}) AS of_{letter} WHERE length(code) = {CODE_CHARS}"
    return f"SELECT '{letter}', {search.compiler.join_texts('code')} FROM {whole}"  # noqa: S608


def _by_letter(codes: str) -> dict[str, Tally]:
    text = codes.encode("ascii")
    short = _shorten(text)
    if short is None:
        numbers = array("Q")
        numbers.frombytes(text)
    else:
        numbers = array("I")
        numbers.frombytes(short)
    width, place = (CODE_CHARS, 0) if short is None else (4, _SHORT)
    shift = 8 * (place if sys.byteorder == "little" else width - 1 - place)
    before = 0 if short is None else _BEFORE_A
    found: dict[int, dict[int, int]] = {}
    for number, times in Counter(numbers).items():
        found.setdefault(number >> shift & 0xFF, {})[number] = times
    return {chr(letter + before): Tally(times, short is not None) for letter, times in found.items()}


def _shorten(codes: bytes) -> bytes | None:
    """
    The last three digits and the letter of each code, where no value has a number of more digits; None where one has.

    They make numbers below 2**30, which Python counts in two thirds of the time.
    """
    count = len(codes) // CODE_CHARS
    if any(codes[place::CODE_CHARS].count(b"0") != count for place in range(1, CODE_CHARS - _SHORT)):
        return None
    short = bytearray(4 * count)
    for place in range(_SHORT):
        short[place::4] = codes[CODE_CHARS - _SHORT + place :: CODE_CHARS]
    short[_SHORT::4] = codes[::CODE_CHARS].translate(_LETTERS)
    return bytes(short)


def name_values(work: Work, counts: Counts, fields: Sequence[str], most: int) -> dict[str, tuple[Told, ...]]:
    """So many of the most frequent values of each field, those first, as they are shown. One statement."""
    chosen = {name: counts.of(name).most_frequent(most) for name in fields}
    names = _name(work, (value_id for values in chosen.values() for value_id in values))
    return {name: _in_order(values, names)[:most] for name, values in chosen.items()}


def _in_order(values: Mapping[int, int], names: Mapping[int, tuple[str, str]]) -> tuple[Told, ...]:
    told = (Told(*names[value_id], min(times, COUNTED_MAX)) for value_id, times in values.items() if value_id in names)
    return tuple(sorted(told, key=lambda one: (-one.count, one.key)))


def _name(work: Work, ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    rows = work.all(_NAMES, {"ids": set(ids)})
    return {row.id: (row.key, row.shown) for row in rows}
