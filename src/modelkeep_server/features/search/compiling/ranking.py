"""
How far up a model stands among those that fit: a few steps that a reader can follow.

The name is what was typed; the name has its words whole; it has words that begin so; name, group or tags have them; the
description has. Each step after the first is the same tree with its texts bound to fewer places.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from modelkeep_server.features.search.compiling.starts import Source, Way
from modelkeep_server.features.search.compiling.ways import Search
from modelkeep_server.features.search.language.tree import (
    And,
    Fit,
    Node,
    Not,
    Or,
    Pattern,
    Place,
    Text,
    Value,
    join,
    leaves,
    parts_of,
)

#: Within a step what is in production comes first.
LIVE = Value("is", (Pattern("live"),))
_SAME, _WHOLE, _BEGUN, _HEAD, _ANYWHERE = range(1, 6)
#: Of fewer models than these a whole step is sorted; more are read in the order in which they come.
_SORTED_MAX = 2000
#: As many times as many rows are looked for at first as are wanted, as far as a look at the newest tells.
_SPARE = 4
#: Before the first row.
_FIRST = (0, 2, 0)
#: Where a row stands: its step, 1 where it is in production, and its document.
Position = Sequence[int]


def is_ranked(node: Node) -> bool:
    """Whether a query holds a text by which what fits can be ranked."""
    return any(isinstance(leaf, Text) and not negated for leaf, negated in leaves(node))


def steps_of(node: Node) -> list[Node]:
    """The trees of the second step to the last, for a look at them."""
    return [_bind(node, step) for step in (_WHOLE, _BEGUN, _HEAD, _ANYWHERE)]


def select_ranked(search: Search, limit: int, after: Position | None) -> Iterator[str]:
    """
    SELECTs of `model_id, step, live, doc` in the order of rank, from behind a position: of those behind the first rows
    are wanted only where all before gave too few.
    """
    return _Ranking(search, limit, after).select()


def _bind(node: Node, step: int) -> Node:
    """The tree with its texts bound to the places of a step. What is asked of descriptions alone stays as it is."""
    if isinstance(node, And | Or):
        return replace(node, parts=tuple(_bind(part, step) for part in node.parts))
    if not isinstance(node, Text) or node.place is Place.DESCRIPTION or step == _ANYWHERE:
        return node
    place = node.place
    if place is Place.ANYWHERE:
        place = Place.HEAD if step == _HEAD else Place.NAME
    return replace(node, patterns=_make_whole(node.patterns) if step == _WHOLE else node.patterns, place=place)


def _make_whole(patterns: tuple[Pattern, ...]) -> tuple[Pattern, ...]:
    return tuple(replace(one, fit=Fit.WHOLE) if one.fit is Fit.BEGINNING else one for one in patterns)


def _other_parts(earlier: Node, later: Node) -> Node:
    """What a tree asks for besides what another does, which differs in texts alone."""
    pairs = zip(parts_of(earlier), parts_of(later), strict=True)
    return join(tuple(one for one, other in pairs if one != other))


class _Ranking:
    """The selects that are read one after the other until enough was found."""

    def __init__(self, search: Search, limit: int, after: Position | None) -> None:
        self._search = search
        self._limit = limit
        self._after = tuple(after) if after else _FIRST
        self._sorted_max = min(_SORTED_MAX, search.compiler.costs.sorted_max)
        self._trees = dict(zip((_WHOLE, _BEGUN, _HEAD, _ANYWHERE), steps_of(search.node), strict=True))
        typed = [
            one.text
            for leaf, negated in leaves(search.node)
            if isinstance(leaf, Text) and not negated
            for one in leaf.patterns
        ]
        self._is_same = search.compiler.named_as(" ".join(typed)) if typed else "1 = 0"
        self._same = f"SELECT doc FROM search_models WHERE {self._is_same}"  # noqa: S608 - values are bound

    def select(self) -> Iterator[str]:
        """As many as should be enough as one statement, in which later ones are not begun where that was so."""
        told, expected = list[str](), 0.0
        for arm, count in self._arms():
            told.append(f"SELECT * FROM ({arm}) AS r{len(told)}")  # noqa: S608 - values are bound
            expected += count
            if expected > self._limit * _SPARE:
                yield f"{' UNION ALL '.join(told)} LIMIT {self._limit}"
                told.clear()
        if told:
            yield f"{' UNION ALL '.join(told)} LIMIT {self._limit}"

    def _arms(self) -> Iterator[tuple[str, float]]:
        """Each with about how many rows it has."""
        count = self._search.shares.count_of
        if count(self._trees[_ANYWHERE]) <= self._sorted_max:
            yield self._sort(self._trees[_ANYWHERE], _ANYWHERE), 0
            return
        if count(self._trees[_HEAD]) <= self._sorted_max:
            yield from self._sort_until(_HEAD)
        else:
            yield from self._sort_same()
            for step in (_WHOLE, _BEGUN, _HEAD):
                yield from self._read(step)
        yield from self._read(_ANYWHERE)

    def _sort_until(self, last: int) -> Iterator[tuple[str, float]]:
        if self._after[0] <= last:
            tree = self._trees[last]
            yield self._sort(tree, last), self._search.shares.count_of(tree)

    def _sort_same(self) -> Iterator[tuple[str, float]]:
        if self._after[0] <= _SAME:
            where = f"search_models.doc IN ({self._same}) AND {self._test(self._search.node)}"
            tables = self._search.compiler.with_texts("search_models", where)
            where = f"{self._search.compiler.visible} AND {where}"
            yield self._order(Source(Way.WALK, tables, where, "search_models.doc"), str(_SAME)), 0

    def _read(self, step: int) -> Iterator[tuple[str, float]]:
        """One step: sorted where it is small, else first what is live, then the rest, each as it comes."""
        tree, before = self._trees[step], self._trees.get(step - 1)
        if tree == before or self._after[0] > step:
            return
        node = tree if before is None else self._without(tree, before)
        extra = f" AND search_models.doc NOT IN ({self._same})" if before is None else ""
        share_of = self._search.shares.of
        share = share_of(tree) - (share_of(before) if before else 0)
        self._search.shares.expect(node, share)
        if share * self._search.shares.models_count <= self._sorted_max:
            source = self._search.source(node, wanted=self._sorted_max, newest_first=False, whole=True)
            rows = self._order(replace(source, where=source.where + extra), str(step))
            yield rows, self._search.shares.count_of(node)
            return
        for live in (1, 0):
            if (step, -live) < (self._after[0], -self._after[1]):
                continue
            kind = LIVE if live else Not(LIVE)
            of_it = join((node, kind))
            self._search.shares.expect(of_it, share * share_of(kind))
            behind = self._after[2] if (step, live) == self._after[:2] else None
            source = self._search.source(of_it, wanted=self._limit, before=behind)
            beyond = "" if behind is None else f" AND {source.doc} < {self._search.compiler.binds.of(behind)}"
            told = f"search_models.model_id AS model_id, {step} AS step, {live} AS live, {source.doc} AS doc"
            yield source.select(told, self._limit, extra + beyond), self._search.shares.count_of(of_it)

    def _without(self, tree: Node, before: Node) -> Node:
        """What fits this tree and not the one of the step before."""
        return join((tree, Not(_other_parts(before, tree))))

    def _sort(self, tree: Node, last: int) -> str:
        """All steps up to this one, told apart row by row."""
        source = self._search.source(tree, wanted=self._sorted_max, newest_first=False, whole=True)
        whens = [f"WHEN {self._is_same} THEN {_SAME}"]
        whens += [f"WHEN {self._fits(self._trees[step], tree)} THEN {step}" for step in range(_WHOLE, last)]
        return self._order(source, f"CASE {' '.join(whens)} ELSE {last} END")

    def _order(self, source: Source, step: str) -> str:
        tables = self._search.compiler.with_texts(source.tables, step)
        live = f"CASE WHEN {self._test(LIVE)} THEN 1 ELSE 0 END"
        told = (
            f"SELECT search_models.model_id AS model_id, {step} AS step, {live} AS live, {source.doc} AS doc "  # noqa: S608
            f"FROM {tables} WHERE {source.where}"
        )
        beyond = ""
        if self._after != _FIRST:
            at_step, at_live, at_doc = (self._search.compiler.binds.of(one) for one in self._after)
            behind = f"live < {at_live} OR (live = {at_live} AND doc < {at_doc})"
            beyond = f" WHERE step > {at_step} OR (step = {at_step} AND ({behind}))"
        return (
            f"SELECT * FROM ({told}) AS told{beyond} "  # noqa: S608 - values are bound
            f"ORDER BY step, live DESC, doc DESC LIMIT {self._limit}"
        )

    def _fits(self, step: Node, tree: Node) -> str:
        """Whether what fits the tree is of this step."""
        return self._search.test(_other_parts(step, tree), self._search.shares.count_of(tree))[0]

    def _test(self, node: Node) -> str:
        return self._search.compiler.test(node)
