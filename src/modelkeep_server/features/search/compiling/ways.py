"""Which way a search takes to its rows: walking models by falling number and testing each, or out of an index."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from modelkeep_server.db.saying import as_statement
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.search.compiling.compiler import Compiler, looks_into_texts
from modelkeep_server.features.search.compiling.lookups import look_up
from modelkeep_server.features.search.compiling.postgresql import PostgresCompiler
from modelkeep_server.features.search.compiling.shares import Shares, dates_in, single_value
from modelkeep_server.features.search.compiling.sqlite import SqliteCompiler
from modelkeep_server.features.search.compiling.starts import Source, Start, Way
from modelkeep_server.features.search.language.tree import (
    During,
    Node,
    Not,
    Text,
    join,
    parts_of,
    unnegated,
)

_MODELS = "search_models"
#: So many further values are joined to those that a search begins with.
_JOINED_MAX = 3
_COMMON = 0.5
#: Where more of all documents than this is read anyhow, they are read at once.
_SPANNED_MAX = 0.8
#: Of what should be enough this part is asked for first, where more is asked for by itself.
_BARE_SPARE = 0.85
_COMPILERS: Mapping[str, type[Compiler]] = {"sqlite": SqliteCompiler, "postgresql": PostgresCompiler}


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
        #: How much of all models fits a tree, as far as is known.
        self.shares = Shares(self.compiler, self.all)
        #: Every document that fits, with a comma between two, once that is known.
        self.known: str | None = None

    def know(self, docs: str, count: int) -> None:
        """From here on every document that fits the tree is known, so that no share of them is guessed."""
        self.known = docs
        self.shares.know(self.node, count)

    def all(self, sql: str) -> Sequence[tuple[object, ...]]:
        """Rows of a statement that was made here."""
        binds = self.compiler.binds
        return [tuple(row) for row in self.work.all(as_statement(sql, binds.lists), binds.values)]

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
        share = max(self.shares.of(node), 1 / max(self.shares.models_count, 1))
        begun = [
            (self._cost(start, parts, share, wanted, newest_first=newest_first), start)
            for start in self._starts(node, parts, bare=bare)
        ]
        walked = min(self.shares.models_count, wanted / share)
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
        scanned = min(self.shares.models_count, wanted / share) if newest_first else self.shares.models_count
        if start.words is not None:
            tested += costs.of_words(start.words, start.rarest * scanned, scanned)
        if start.way is Way.STREAM:
            return needed * (costs.streamed + (0 if start.is_bare else costs.fetched)) + tested
        if start.at_once:
            reached = (
                self.shares.models_count
                if start.to_end
                else min(self.shares.models_count, scanned * self.shares.spare_of(share))
            )
            read = costs.listed if start.is_bare else costs.gathered
            if start.is_of_entries:
                tests = [self.compiler.test(part) for part in parts if part not in start.parts]
                is_enough = newest_first and self.compiler.is_told_by_entries(*tests)
                read = costs.entered + (0 if is_enough else costs.beside)
            return costs.begun + start.rarest * reached * costs.listed + needed * read + tested
        gathered = min(start.share, 1.0) * self.shares.models_count * costs.gathered
        return gathered + tested + needed * costs.fetched

    def _needed(self, start: Start, share: float, wanted: int, *, newest_first: bool) -> float:
        """How many rows are read before enough of them fit."""
        all_of_it = min(start.share, 1.0) * self.shares.models_count
        if not newest_first or (start.at_once and self._is_elsewhere(start)):
            return all_of_it
        spare = self.shares.spare_of(share) if start.at_once else 1.0
        return min(all_of_it, wanted * start.share / share * spare)

    def _is_elsewhere(self, start: Start) -> bool:
        """Whether a date besides what the index gives may leave nothing of the newest."""
        return self._is_dated() and not any(isinstance(part, During) for part in start.parts)

    def _is_dated(self) -> bool:
        return bool(dates_in(self.node))

    def _spans(
        self, start: Start, share: float, wanted: int, before: int | str | None, *, bare: bool
    ) -> tuple[str, ...]:
        """Where all that an index gives is read before the first row is known: as few as are enough, then the rest."""
        # Numbers are asked for span by span: so many are asked for at once that one is enough mostly.
        spare = _BARE_SPARE * self.shares.spare_of(share) if bare else self.shares.spare_of(share)
        reach = wanted / share * spare * self.shares.apart
        whole = max(self.shares.models_count * self.shares.apart, 1.0)
        if not start.at_once or self._is_elsewhere(start) or reach / whole > _SPANNED_MAX:
            return ("",)
        last = self.shares.newest if before is None else int(before)
        steps: tuple[float, ...] = (1, 1.3, 2, 4) if bare else (1, 3)
        # Where those of a date are is known least.
        if bare and self.shares.is_uncounted:
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
        count = self.shares.count_of(part)
        by_list = count * costs.listed + (costs.of_words(words, count, self.shares.models_count) if words else 0)
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
        rare = [part for part in rest if self.shares.of(part) < _COMMON]
        told = [(part, one) for part in rare if (one := single_value(self.compiler, part)) is not None]
        return sorted(told, key=lambda one: self.shares.of(one[0]))[:_JOINED_MAX]

    def _starts(self, node: Node, parts: Sequence[Node], *, bare: bool) -> Iterator[Start]:
        """Every index that the search could begin with."""
        if self.known is not None and node == self.node:
            docs = self.compiler.docs_among(self.known)
            yield self.compiler.begin_with_docs(docs, tuple(parts), self.shares.of(node))
        if bare and self.compiler.merges and self.compiler.visible_at(f"{_MODELS}.doc") is not None:
            yield from self._merge(parts)
            if isinstance(node, During):
                yield replace(self.compiler.begin_with_dates(node, self.shares.of(node)), is_bare=True)
        yield from self._text_starts(parts)
        for part in parts:
            pairs = self._pair_start(part)
            if pairs is not None:
                yield pairs
            if pairs is not None or self.compiler.listed(part) is not None:
                continue
            value_id = single_value(self.compiler, part)
            if value_id is not None:
                where = f"first.value_id = {self.compiler.binds.of(value_id)}"
                share = self.shares.exact_of(part)
                yield Start(Way.STREAM, "search_postings AS first", where, "first.doc", (part,), share)
            elif isinstance(part, During):
                yield self.compiler.begin_with_dates(part, self.shares.of(part))
            elif self.compiler.words(part) is None:
                docs_of_part = self.compiler.docs(part)
                if docs_of_part is not None:
                    yield self.compiler.begin_with_docs(docs_of_part, (part,), self.shares.of(part))

    def _merge(self, parts: Sequence[Node]) -> Iterator[Start]:
        """The postings of all values side by side, where nothing else is asked for."""
        ids = [one for part in parts if (one := single_value(self.compiler, part)) is not None]
        if len(ids) < len(parts):
            return
        tables = "search_postings AS p0"
        tables += "".join(f" JOIN search_postings AS p{n} ON p{n}.doc = p0.doc" for n in range(1, len(ids)))
        told = (f"p{number}.value_id = {self.compiler.binds.of(one)}" for number, one in enumerate(ids))
        share = sum(self.shares.exact_of(part) for part in parts)
        yield Start(Way.STREAM, tables, " AND ".join(told), "p0.doc", tuple(parts), share, is_bare=True)

    def _pair_start(self, part: Node) -> Start | None:
        """Words side by side, which are found in whichever place, and whether or not they go on."""
        return self.compiler.begin_with_pairs(part, self.shares.of_alike(part)) if isinstance(part, Text) else None

    def _text_starts(self, parts: Sequence[Node]) -> Iterator[Start]:
        """All parts that the full-text index knows of, asked of it at once."""
        compiler = self.compiler
        texts = [part for part in parts if compiler.words(unnegated(part)) is not None]
        asked = join(tuple(texts))
        words = compiler.words(asked) if texts else None
        if words is None:
            return
        share = min(self.shares.exact_of(part) for part in texts)
        # What must not be there shortens no list.
        rarest = min((self.shares.exact_of(part) for part in texts if not isinstance(part, Not)), default=1.0)
        if asked in self.shares:
            share = min(share, self.shares.of(asked))
        yield compiler.begin_with_words(words, tuple(texts), share, rarest)
