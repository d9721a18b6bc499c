"""
Which way a search takes to its rows: walking models by falling number and testing each, or out of an index.

A look at the newest models says how much of what is asked fits. It chooses the way, never the answer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod, sqrt

from modelkeep_server.db.saying import as_statement
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.search.compiling.compiler import Compiler, looks_into_texts
from modelkeep_server.features.search.compiling.lookups import HELD_MAX, look_up
from modelkeep_server.features.search.compiling.postgresql import PostgresCompiler
from modelkeep_server.features.search.compiling.sqlite import SqliteCompiler
from modelkeep_server.features.search.compiling.starts import Source, Start, Way
from modelkeep_server.features.search.language.fields import FIELDS
from modelkeep_server.features.search.language.tree import (
    And,
    During,
    Everything,
    Node,
    Not,
    Or,
    Text,
    Value,
    join,
    leaves,
    parts_of,
    unnegated,
)

#: How many of the newest models are looked at.
LOOKED_AT = 512
_MODELS = "search_models"
#: So many further values are joined to those that a search begins with.
_JOINED_MAX = 3
_COMMON = 0.5
#: So many models of a date are counted.
_DATED_MAX = 20_000
#: Where more of all documents than this is read anyhow, they are read at once.
_SPANNED_MAX = 0.8
#: Of what should be enough this part is asked for first, where more is asked for by itself.
_BARE_SPARE = 0.85
_COMPILERS: Mapping[str, type[Compiler]] = {"sqlite": SqliteCompiler, "postgresql": PostgresCompiler}


@dataclass(frozen=True)
class Known:
    """Every document that fits, with a comma between two, and how many these are."""

    docs: str
    count: int


class Search:
    """One tree on its way to rows, for whoever asks. `only` is for those who must see that every way leads there."""

    def __init__(
        self, work: Work, actor: Actor, node: Node, *, beside: Sequence[Node] = (), only: Way | None = None
    ) -> None:
        """`beside` are values that rows will be told by, besides the tree. A statement at most."""
        self.work = work
        self.only = only
        lookups = look_up(work, join((node, *beside)))
        self.node = lookups.settle(node)
        self.compiler = _COMPILERS[work.dialect](actor, lookups)
        self._shares: dict[Node, float] = {Everything(): 1.0}
        self.models_count = 0
        # The newest document, and how far apart the numbers of two are that the actor sees.
        self._newest, self._apart = 0, 1.0
        #: Every document that fits, once that is known.
        self.known: Known | None = None
        # Whether a date has more models than are counted.
        self._is_uncounted = False

    def know(self, docs: str, count: int) -> None:
        """From here on every document that fits the tree is known, so that no share of them is guessed."""
        self.known = Known(docs, count)
        self._shares[self.node] = count / max(self.models_count, 1)

    def all(self, sql: str) -> Sequence[tuple[object, ...]]:
        """Rows of a statement that was made here."""
        binds = self.compiler.binds
        return [tuple(row) for row in self.work.all(as_statement(sql, binds.lists), binds.values)]

    def look(self, nodes: Sequence[Node]) -> None:
        """Find out how much of the newest models fits each of these trees, and each of their parts. One statement."""
        asked = list(dict.fromkeys(part for node in nodes for part in (node, *parts_of(node), *_dates_in(node))))
        asked = [node for node in asked if node not in self._shares]
        if not asked:
            return
        # Each leaf is tested once, whichever and however many of the trees hold it.
        found = dict.fromkeys(leaf for node in asked for leaf, _ in leaves(node))
        names: dict[Node, str] = {leaf: f"t{number}" for number, leaf in enumerate(found)}
        tests = [f"{self.compiler.test(leaf)} AS {name}" for leaf, name in names.items()]
        newest = (
            f"(SELECT * FROM {self.compiler.table_for(*tests)} AS {_MODELS} WHERE {self.compiler.visible} "  # noqa: S608
            f"ORDER BY doc DESC LIMIT {LOOKED_AT}) AS {_MODELS}"
        )
        tables = self.compiler.with_texts(newest, *tests)
        # The limit keeps either database from testing anew wherever a test is named.
        looked = f"(SELECT {_MODELS}.doc AS doc, {', '.join(tests)} FROM {tables} LIMIT {LOOKED_AT}) AS looked"  # noqa: S608
        spans = list(dict.fromkeys(leaf for node in asked for leaf in _dates_in(node)))
        told = "".join(f", sum(CASE WHEN {_say(node, names)} THEN 1 ELSE 0 END)" for node in asked)
        told += "".join(f", ({self._count_first(leaf)})" for leaf in spans)
        rows = self.all(
            f"SELECT (SELECT max(model_id) FROM {_MODELS}), count(*), max(doc), min(doc){told} FROM {looked}"  # noqa: S608
        )
        self.models_count, seen, self._newest, oldest, *counts = (int(str(value or 0)) for value in rows[0])
        self._apart = max((self._newest - oldest) / max(seen - 1, 1), 1.0)
        looked_at, counted = counts[: len(asked)], counts[len(asked) :]
        self._shares |= {node: (fits + 0.5) / (seen + 1) for node, fits in zip(asked, looked_at, strict=True)}
        # What was made or changed long ago is not among the newest; of what is not counted to its end these tell more.
        dated: dict[Node, float] = {
            leaf: max((count + 0.5) / (self.models_count + 1), self._shares[leaf] if count == _DATED_MAX else 0)
            for leaf, count in zip(spans, counted, strict=True)
        }
        self._is_uncounted |= _DATED_MAX in counted
        self._shares |= dated
        self._shares |= {Not(leaf): 1 - share for leaf, share in dated.items()}
        for node in asked:
            if isinstance(node, And) and _dates_in(node):
                self._shares[node] = prod(self.share_of(part) for part in node.parts)

    def _count_first(self, leaf: Node) -> str:
        where = self.compiler.test(leaf)
        return f"SELECT count(*) FROM (SELECT 1 FROM {_MODELS} WHERE {where} LIMIT {_DATED_MAX}) AS dated"  # noqa: S608

    def share_of(self, node: Node) -> float:
        """How much of all models fits, as far as is known."""
        if node not in self._shares:
            shares = [self.share_of(part) for part in parts_of(node) if part != node]
            # Of what nobody looked at nothing is known but that it is no more than its parts.
            self._shares[node] = 1 - self.share_of(node.part) if isinstance(node, Not) else min(shares, default=0.1)
        return self._shares[node]

    def expect(self, node: Node, share: float) -> None:
        """Take it that so much of all models fits, where nobody looked."""
        self._shares.setdefault(node, max(share, 0.5 / max(self.models_count, 1)))

    def count_of(self, node: Node) -> float:
        """About how many models fit."""
        return self.share_of(node) * self.models_count

    def source(
        self,
        node: Node,
        *,
        wanted: int,
        newest_first: bool = True,
        whole: bool = False,
        before: int | str | None = None,
        bare: bool = False,
    ) -> Source:
        """
        The way to so many rows that fit.

        Args:
            newest_first: They are wanted in the order of their numbers, in which streams come. Else in one that
                `search_models` has an index for.
            whole: All that fits is read, and sorted after that.
            before: The document behind which they are wanted, where it is not all from the newest.
            bare: Nothing is wanted of them but their numbers: `search_models` is not read where no condition asks.
        """
        parts = parts_of(node)
        share = max(self.share_of(node), 1 / max(self.models_count, 1))
        begun = [
            (self._cost(start, parts, share, wanted, newest_first=newest_first), start)
            for start in self._starts(node, parts, bare=bare)
        ]
        walked = min(self.models_count, wanted / share)
        if self.only is Way.WALK:
            return self._walk(parts, walked, by_index=not (newest_first or whole), bare=bare)
        if self.only is not None:
            begun = [(cost, start) for cost, start in begun if start.way is self.only] or begun
        best = min(begun, key=lambda one: one[0], default=None)
        if best is None or (self.only is None and self._cost_of_walk(parts, walked) <= best[0]):
            return self._walk(parts, walked, by_index=not (newest_first or whole), bare=bare)
        start = best[1]
        rows = self._needed(start, share, wanted, newest_first=newest_first)
        spans = self._spans(start, share, wanted, before, bare=bare) if newest_first else ("",)
        source = self._begin(start, parts, rows, bare=bare, is_whole=not newest_first)
        return replace(source, spans=spans, is_gathered=start.at_once)

    def _cost(self, start: Start, parts: Sequence[Node], share: float, wanted: int, *, newest_first: bool) -> float:
        costs = self.compiler.costs
        needed = self._needed(start, share, wanted, newest_first=newest_first)
        tested = sum(self.test(part, needed)[1] for part in parts if part not in start.parts)
        scanned = min(self.models_count, wanted / share) if newest_first else self.models_count
        if start.words is not None:
            tested += costs.of_words(start.words, start.rarest * scanned, scanned)
        if start.way is Way.STREAM:
            return needed * (costs.streamed + (0 if start.is_bare else costs.fetched)) + tested
        if start.at_once:
            reached = self.models_count if start.to_end else min(self.models_count, scanned * self._spare(share))
            read = costs.listed if start.is_bare else costs.gathered
            if start.is_of_entries:
                tests = [self.compiler.test(part) for part in parts if part not in start.parts]
                is_enough = newest_first and self.compiler.is_told_by_entries(*tests)
                read = costs.entered + (0 if is_enough else costs.beside)
            return costs.begun + start.rarest * reached * costs.listed + needed * read + tested
        gathered = min(start.share, 1.0) * self.models_count * costs.gathered
        return gathered + tested + needed * costs.fetched

    def _needed(self, start: Start, share: float, wanted: int, *, newest_first: bool) -> float:
        """How many rows are read before enough of them fit."""
        all_of_it = min(start.share, 1.0) * self.models_count
        if not newest_first or (start.at_once and self._is_elsewhere(start)):
            return all_of_it
        spare = self._spare(share) if start.at_once else 1.0
        return min(all_of_it, wanted * start.share / share * spare)

    def _is_elsewhere(self, start: Start) -> bool:
        """Whether a date besides what the index gives may leave nothing of the newest."""
        return self._is_dated() and not any(isinstance(part, During) for part in start.parts)

    def _is_dated(self) -> bool:
        return bool(_dates_in(self.node))

    def _spare(self, share: float) -> float:
        """How many more rows are read than should be enough: the rarer, the less sure is a share."""
        return 1.2 + 1.5 / sqrt(max(share * LOOKED_AT, 1.0))

    def _spans(
        self, start: Start, share: float, wanted: int, before: int | str | None, *, bare: bool
    ) -> tuple[str, ...]:
        """Where all that an index gives is read before the first row is known: as few as are enough, then the rest."""
        # Numbers are asked for span by span: so many are asked for at once that one is enough mostly.
        spare = _BARE_SPARE * self._spare(share) if bare else self._spare(share)
        reach = wanted / share * spare * self._apart
        whole = max(self.models_count * self._apart, 1.0)
        if not start.at_once or self._is_elsewhere(start) or reach / whole > _SPANNED_MAX:
            return ("",)
        last = self._newest if before is None else int(before)
        steps: tuple[float, ...] = (1, 1.3, 2, 4) if bare else (1, 3)
        # Where those of a date are is known least.
        if bare and self._is_uncounted:
            steps = (0.3, 0.6, *steps)
        elif not bare and self._is_dated():
            steps = (*steps, 10, 30)
        ends = [int(last - reach * further) for further in steps if reach * further < whole]
        return self.compiler.spans(start, last, ends)

    def _cost_of_walk(self, parts: Sequence[Node], rows: float) -> float:
        return rows * self.compiler.costs.walked + sum(self.test(part, rows)[1] for part in parts)

    def test(self, part: Node, rows: float) -> tuple[str, float]:
        """How so many rows are tested, and what it costs: one by one, or against a list of all that fit."""
        test = self.compiler.test(part)
        if not looks_into_texts(test):
            return test, 0.0
        costs, words = self.compiler.costs, self.compiler.words(part)
        by_row = rows * costs.tested
        count = self.count_of(part)
        by_list = count * costs.listed + (costs.of_words(words, count, self.models_count) if words else 0)
        listed = self.compiler.listed(part) if by_list < by_row and self.only is None else None
        return (test, by_row) if listed is None else (listed, by_list)

    def _walk(self, parts: Sequence[Node], rows: float, *, by_index: bool, bare: bool) -> Source:
        tests = [self.test(part, rows)[0] for part in parts]
        if bare and self.compiler.has_texts_alone and looks_into_texts(*tests):
            alone = self._alone(Start(Way.WALK, "search_texts", "1 = 1", "search_texts.doc", (), 1.0), tests)
            if alone is not None:
                return alone
        where = " AND ".join([self.compiler.visible, *tests])
        # Orders other than by number have indexes on `search_models` alone.
        table = _MODELS if by_index else f"{self.compiler.table_for(where)} AS {_MODELS}"
        return Source(Way.WALK, self.compiler.with_texts(table, where), where, f"{_MODELS}.doc")

    def _begin(self, start: Start, parts: Sequence[Node], rows: float, *, bare: bool, is_whole: bool) -> Source:
        """Rows out of one index: other values are joined to it, what is left is tested."""
        compiler = self.compiler
        rest = [part for part in parts if part not in start.parts]
        tables, told = start.tables, [start.where]
        joined = self._joined(rest) if start.way is Way.STREAM else []
        for number, (part, value_id) in enumerate(joined):
            name = f"p{number}"
            on = f"{name}.value_id = {compiler.binds.of(value_id)} AND {name}.doc = {start.doc}"
            tables += f" {compiler.join('search_postings', name, on)}"
            rest.remove(part)
        tests = [self.test(part, rows)[0] for part in rest]
        alone = self._alone(replace(start, tables=tables), tests) if bare and _MODELS not in tables else None
        if alone is not None:
            return alone
        told += [compiler.visible, *tests]
        if tables == _MODELS:
            tables = f"{compiler.table_for(*told)} AS {_MODELS}"
        elif _MODELS not in tables:
            tables += f" {compiler.join_models(start.doc, *told, is_whole=is_whole)}"
        return Source(start.way, compiler.with_texts(tables, *told), " AND ".join(told), start.doc)

    def _alone(self, start: Start, tests: Sequence[str]) -> Source | None:
        """Rows without the facts of their models; None where a condition names these."""
        visible = self.compiler.visible_at(start.doc)
        is_of_texts = looks_into_texts(*tests) and not self.compiler.has_texts_alone
        if visible is None or is_of_texts or any(f"{_MODELS}." in test for test in tests):
            return None
        where = " AND ".join((start.where, *tests, visible))
        return Source(start.way, self.compiler.with_texts(start.tables, *tests, doc=start.doc), where, start.doc)

    def _joined(self, rest: Sequence[Node]) -> list[tuple[Node, int]]:
        """Which parts are probed among postings before a row is read: single values that most models do not have."""
        rare = [part for part in rest if self.share_of(part) < _COMMON]
        told = [(part, value_id) for part in rare for value_id in [self._single(part)] if value_id is not None]
        return sorted(told, key=lambda one: self.share_of(one[0]))[:_JOINED_MAX]

    def _single(self, part: Node) -> int | None:
        """The one value that a part means."""
        if not isinstance(part, Value) or not FIELDS[part.field].letter:
            return None
        ids = self.compiler.expand(part).ids
        return ids[0] if ids is not None and len(ids) == 1 else None

    def _starts(self, node: Node, parts: Sequence[Node], *, bare: bool) -> Iterator[Start]:
        """Every index that the search could begin with."""
        if self.known is not None and node == self.node:
            docs = self.compiler.docs_among(self.known.docs)
            share = self.known.count / max(self.models_count, 1)
            yield self.compiler.begin_with_docs(docs, tuple(parts), share)
        if bare and self.compiler.merges and self.compiler.visible_at(f"{_MODELS}.doc") is not None:
            yield from self._merge(parts)
            if isinstance(node, During):
                yield replace(self.compiler.begin_with_dates(node, self.share_of(node)), is_bare=True)
        yield from self._text_starts(parts)
        for part in parts:
            pairs = self._pair_start(part)
            if pairs is not None:
                yield pairs
            if pairs is not None or self.compiler.listed(part) is not None:
                continue
            value_id = self._single(part)
            if value_id is not None:
                where = f"first.value_id = {self.compiler.binds.of(value_id)}"
                share = self._exact_share_of(part)
                yield Start(Way.STREAM, "search_postings AS first", where, "first.doc", (part,), share)
            elif isinstance(part, During):
                yield self.compiler.begin_with_dates(part, self.share_of(part))
            elif self.compiler.words(part) is None:
                docs_of_part = self.compiler.docs(part)
                if docs_of_part is not None:
                    yield self.compiler.begin_with_docs(docs_of_part, (part,), self.share_of(part))

    def _merge(self, parts: Sequence[Node]) -> Iterator[Start]:
        """The postings of all values side by side, where nothing else is asked for."""
        ids = [one for one in map(self._single, parts) if one is not None]
        if len(ids) < len(parts):
            return
        tables = "search_postings AS p0"
        tables += "".join(f" JOIN search_postings AS p{n} ON p{n}.doc = p0.doc" for n in range(1, len(ids)))
        told = (f"p{number}.value_id = {self.compiler.binds.of(one)}" for number, one in enumerate(ids))
        share = sum(self._exact_share_of(part) for part in parts)
        yield Start(Way.STREAM, tables, " AND ".join(told), "p0.doc", tuple(parts), share, is_bare=True)

    def _pair_start(self, part: Node) -> Start | None:
        """Words side by side, which are found in whichever place, and whether or not they go on."""
        if not isinstance(part, Text):
            return None
        texts = [one.text for one in part.patterns]
        alike = (node for node in self._shares if isinstance(node, Text) and [p.text for p in node.patterns] == texts)
        return self.compiler.begin_with_pairs(part, max(self.share_of(node) for node in (part, *alike)))

    def _exact_share_of(self, part: Node) -> float:
        """As it was counted, where a part means values that few have."""
        held = self.compiler.expand(part).held if isinstance(part, Value) else None
        if held is None or held >= HELD_MAX or self._single(part) is None:
            return self.share_of(part)
        return held / max(self.models_count, 1)

    def _text_starts(self, parts: Sequence[Node]) -> Iterator[Start]:
        """All parts that the full-text index knows of, asked of it at once."""
        compiler = self.compiler
        texts = [part for part in parts if compiler.words(unnegated(part)) is not None]
        asked = join(tuple(texts))
        words = compiler.words(asked) if texts else None
        if words is None:
            return
        share = min(self._exact_share_of(part) for part in texts)
        # What must not be there shortens no list.
        rarest = min((self._exact_share_of(part) for part in texts if not isinstance(part, Not)), default=1.0)
        if asked in self._shares:
            share = min(share, self._shares[asked])
        yield compiler.begin_with_words(words, tuple(texts), share, rarest)


def _say(node: Node, names: Mapping[Node, str]) -> str:
    """A tree of tests that have names."""
    if isinstance(node, Not):
        return f"NOT {_say(node.part, names)}"
    if isinstance(node, And | Or):
        word = " AND " if isinstance(node, And) else " OR "
        return f"({word.join(_say(part, names) for part in node.parts)})"
    return names[node]


def _dates_in(node: Node) -> list[Node]:
    return [leaf for leaf, _ in leaves(node) if isinstance(leaf, During)]
