"""
Arranging a directed graph in columns: which stands above which, and how high, so that few lines cross and most run
straight.

Who calls gives every node its column; lines lead from a lower column to a higher one. A line over several columns takes
a place of its own in each column between, which lines from the same node share; of very many such, the longest run
straight across. Before column 0 lines run level with where they come from as far as they can, and after it with where
they lead. The same graph always comes out the same way.
"""

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TypeVar

T = TypeVar("T")

#: More rounds than these no longer make a difference that one sees.
_ORDER_ROUNDS = 8
_PLACE_ROUNDS = 6
#: Exchanging neighbours costs more than it gives in columns longer than this.
_EXCHANGED_MAX = 80
#: How much more the bends of a line want to stand where the line runs level, than boxes do.
_BEND_WEIGHT = 4.0
#: So many bends are reckoned with: a second's work. What people make has a few hundred, a chain whose every part takes
#: in the same things a hundred thousand.
_BENDS_MAX = 4_000


@dataclass(frozen=True)
class Bend:
    """The place of a line, or several from the same node, in a column between its ends."""

    source: str
    column: int


Place = str | Bend


@dataclass(frozen=True)
class Spacing:
    """Lengths: between two boxes one above the other, between a line and a box, between two lines."""

    boxes: int
    line_and_box: int
    lines: int


@dataclass(frozen=True)
class Arranged:
    """
    Where things stand. `middles` has the height of the middle of every node and bend, from any origin; `columns` are
    their orders from the top; `ways` leads by (from, to) to all places that a line passes, ends included.
    """

    middles: Mapping[Place, int]
    columns: Mapping[int, Sequence[Place]]
    ways: Mapping[tuple[str, str], Sequence[Place]]


def arrange(
    nodes: Sequence[str],
    lines: Sequence[tuple[str, str]],
    column_of: Mapping[str, int],
    height_of: Mapping[str, int],
    spacing: Spacing,
) -> Arranged:
    """
    Arrange nodes that are given in the order they are to keep where nothing speaks against it.

    Lines that do not lead from a lower column to a higher one are left out of the reckoning, and the longest of more
    than can be reckoned with.
    """
    columns: dict[int, list[Place]] = defaultdict(list)
    for node in nodes:
        columns[column_of[node]].append(node)
    ways: dict[tuple[str, str], Sequence[Place]] = {}
    steps: set[tuple[Place, Place]] = set()
    rank_of = {node: rank for rank, node in enumerate(nodes)}
    bent: set[Bend] = set()
    for start, end in sorted(_choose(lines, column_of), key=lambda line: (rank_of[line[0]], rank_of[line[1]])):
        bends = [Bend(start, column) for column in range(column_of[start] + 1, column_of[end])]
        way: list[Place] = [start, *bends, end]
        ways[start, end] = way
        steps.update(itertools.pairwise(way))
        for bend in bends:
            if bend not in bent:
                bent.add(bend)
                columns[bend.column].append(bend)
    sheet = _Sheet({key: columns[key] for key in sorted(columns)}, sorted(steps, key=repr))
    sheet.order()
    middles = _Placing(sheet, lambda place: 0 if isinstance(place, Bend) else height_of[place], spacing).place()
    return Arranged(middles, sheet.columns, ways)


def _choose(lines: Sequence[tuple[str, str]], column_of: Mapping[str, int]) -> list[tuple[str, str]]:
    """The lines that lead from a lower column to a higher one, the shortest, with as many bends as may be at most."""
    spans = ((column_of[end] - column_of[start], start, end) for start, end in set(lines))
    farthest: dict[str, int] = {}
    chosen, bends = [], 0
    for span, start, end in sorted(one for one in spans if one[0] > 0):
        # Lines from the same node share their bends, and the shorter ones came before.
        bends += span - farthest.get(start, 1)
        if bends > _BENDS_MAX:
            break
        farthest[start] = span
        chosen.append((start, end))
    return chosen


class _Sheet:
    """Columns with their orders, and who is joined to whom in the column before and the one after."""

    def __init__(self, columns: dict[int, list[Place]], steps: Sequence[tuple[Place, Place]]) -> None:
        self.columns = columns
        self.before: dict[Place, list[Place]] = defaultdict(list)
        self.after: dict[Place, list[Place]] = defaultdict(list)
        for start, end in steps:
            self.after[start].append(end)
            self.before[end].append(start)

    def order(self) -> None:
        """Put the columns into the order of all that were tried in which the fewest lines cross."""
        best, fewest = dict(self.columns), self.crossings()
        keys = list(self.columns)
        for round_ in range(_ORDER_ROUNDS):
            if fewest == 0:
                break
            forward = round_ % 2 == 0
            for key in keys[1:] if forward else keys[-2::-1]:
                self._sort(key, self.before if forward else self.after, key - 1 if forward else key + 1)
            self._exchange()
            crossings = self.crossings()
            if crossings < fewest:
                best, fewest = dict(self.columns), crossings
        self.columns = best

    def _sort(self, key: int, near: Mapping[Place, list[Place]], other: int) -> None:
        """Sort a column by the mean of what its places are joined to in another; who is joined to nothing stays."""
        ranks = self._ranks(other)
        column = self.columns[key]
        scale = max(1, len(ranks)) / max(1, len(column))

        def wish(index: int, place: Place) -> float:
            joined = near.get(place)
            return sum(ranks[one] for one in joined) / len(joined) if joined else index * scale

        wished = [(wish(index, place), place) for index, place in enumerate(column)]
        self.columns[key] = [place for _, place in sorted(wished, key=itemgetter(0))]

    def _exchange(self) -> None:
        """Exchange neighbours of a column wherever that takes crossings away."""
        for key, column in self.columns.items():
            if len(column) > _EXCHANGED_MAX:
                continue
            sides = [(self.before, self._ranks(key - 1)), (self.after, self._ranks(key + 1))]
            joined = [
                {place: sorted(ranks[one] for one in near.get(place, ())) for place in column} for near, ranks in sides
            ]
            column = list(column)
            for index in range(len(column) - 1):
                upper, lower = column[index], column[index + 1]
                kept = sum(_count_inversions(side[upper], side[lower]) for side in joined)
                changed = sum(_count_inversions(side[lower], side[upper]) for side in joined)
                if changed < kept:
                    column[index], column[index + 1] = lower, upper
            self.columns[key] = column

    def crossings(self) -> int:
        """How many pairs of lines cross, in all gaps between columns."""
        total = 0
        for key, column in self.columns.items():
            ranks = self._ranks(key + 1)
            ends = [rank for place in column for rank in sorted(ranks[one] for one in self.after.get(place, ()))]
            total += _count_crossings(ends, len(ranks))
        return total

    def _ranks(self, key: int) -> dict[Place, int]:
        return {place: rank for rank, place in enumerate(self.columns.get(key, ()))}


class _Placing:
    """Heights: every place is drawn to the mean of what it is joined to, as far as its neighbours let it."""

    def __init__(self, sheet: _Sheet, height_of: Callable[[Place], int], spacing: Spacing) -> None:
        self._sheet = sheet
        self._offsets = {key: list(_stack(column, height_of, spacing)) for key, column in sheet.columns.items()}
        self._at: dict[Place, float] = {}
        for key, column in sheet.columns.items():
            offsets = self._offsets[key]
            centre = (offsets[0] + offsets[-1]) / 2
            self._at.update({place: offset - centre for place, offset in zip(column, offsets, strict=True)})

    def place(self) -> dict[Place, int]:
        """The heights of all middles, whole numbers."""
        sheet, keys = self._sheet, list(self._sheet.columns)
        for round_ in range(_PLACE_ROUNDS):
            inward = round_ == _PLACE_ROUNDS - 1
            for key in keys[1:]:
                self._draw(key, (sheet.before,) if not inward else (sheet.before, sheet.after))
            for key in keys[-2::-1]:
                self._draw(key, (sheet.after,) if not inward else (sheet.before, sheet.after))
        # At last from both ends: each column goes level with what it is joined to on its outer side.
        for key in sorted(keys, key=abs, reverse=True):
            self._draw(key, (self._outer(key),) if key else (sheet.before, sheet.after))
        placed: dict[Place, int] = {}
        for key, column in sheet.columns.items():
            # What is rounded is each place's way from its neighbour's least distance, so that none comes too near.
            for place, offset in zip(column, self._offsets[key], strict=True):
                placed[place] = round(self._at[place] - offset) + offset
        return placed

    def _outer(self, key: int) -> Mapping[Place, list[Place]]:
        """Whom the places of a column are joined to on the side that is farther from column 0."""
        return self._sheet.before if key < 0 else self._sheet.after

    def _draw(self, key: int, sides: Sequence[Mapping[Place, list[Place]]]) -> None:
        column, offsets = self._sheet.columns[key], self._offsets[key]
        wishes, weights = [], []
        for place, offset in zip(column, offsets, strict=True):
            near = (self._outer(key),) if isinstance(place, Bend) else sides
            joined = [one for side in near for one in side.get(place, ())]
            wish = sum(self._at[one] for one in joined) / len(joined) if joined else self._at[place]
            wishes.append(wish - offset)
            weights.append((_BEND_WEIGHT if isinstance(place, Bend) else 1.0) if joined else 0.05)
        for place, offset, height in zip(column, offsets, _rise(wishes, weights), strict=True):
            self._at[place] = height + offset


def _stack(column: Sequence[Place], height_of: Callable[[Place], int], spacing: Spacing) -> Iterator[int]:
    """The middles of a column's places where they stand as near to each other as they may."""
    at = 0
    for index, place in enumerate(column):
        if index:
            above = column[index - 1]
            bends = isinstance(place, Bend) + isinstance(above, Bend)
            gap = (spacing.boxes, spacing.line_and_box, spacing.lines)[bends]
            at += -(-(height_of(above) + height_of(place)) // 2) + gap
        yield at


def _rise(wishes: Sequence[float], weights: Sequence[float]) -> list[float]:
    """
    The rising numbers that lie nearest to the wished ones, by weighted squares.

    Source: pool adjacent violators; Ayer, Brunk, Ewing, Reid and Silverman (1955).
    """
    pools: list[tuple[float, float, int]] = []
    for wish, weight in zip(wishes, weights, strict=True):
        pool = (wish, weight, 1)
        while pools and pools[-1][0] > pool[0]:
            mean, mass, count = pools.pop()
            total = mass + pool[1]
            pool = ((mean * mass + pool[0] * pool[1]) / total, total, count + pool[2])
        pools.append(pool)
    return [mean for mean, _, count in pools for _ in range(count)]


def _count_inversions(upper: Sequence[int], lower: Sequence[int]) -> int:
    """How many lines of two neighbours cross, by where they end in the next column."""
    return sum(1 for one in upper for other in lower if one > other)


def _count_crossings(ends: Sequence[int], size: int) -> int:
    """
    How many pairs of this sequence are out of order.

    Source: counting by a binary indexed tree; Barth, Jünger and Mutzel, "Simple and efficient bilayer cross counting"
    (2002).
    """
    tree = [0] * (size + 1)
    crossings = 0
    for seen, end in enumerate(ends):
        index, below = end + 1, 0
        while index > 0:
            below += tree[index]
            index -= index & -index
        crossings += seen - below
        index = end + 1
        while index <= size:
            tree[index] += 1
            index += index & -index
    return crossings


def order_by_lines(nodes: Sequence[T], near: Mapping[T, Sequence[T]]) -> list[T]:
    """The nodes so that each comes after all it is `near` to; what stands in a ring comes where it was met first."""
    ordered: dict[T, None] = {}
    entered: set[T] = set()
    for node in nodes:
        ways = [(node, iter(near.get(node, ())))] if node not in entered else []
        entered.add(node)
        while ways:
            at, rest = ways[-1]
            for other in rest:
                if other not in entered:
                    entered.add(other)
                    ways.append((other, iter(near.get(other, ()))))
                    break
            else:
                ordered[at] = None
                ways.pop()
    return list(ordered)
