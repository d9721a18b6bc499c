"""
How much of all models fits a tree (selectivity): told by a look at the newest of them.

It chooses the way of a search, never its answer.
"""

from collections.abc import Callable, Mapping, Sequence
from math import prod, sqrt

from modelkeep_server.features.search.compiling.compiler import Compiler
from modelkeep_server.features.search.compiling.lookups import HELD_MAX
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
    leaves,
    parts_of,
)

#: How many of the newest models are looked at.
LOOKED_AT = 512
_MODELS = "search_models"
#: So many models of a date are counted.
_DATED_MAX = 20_000


class Shares:
    """What is known of how much fits each tree, for the actor whose compiler this is."""

    def __init__(self, compiler: Compiler, run: Callable[[str], Sequence[tuple[object, ...]]]) -> None:
        """`run` gives the rows of a statement that was made with the compiler."""
        self._compiler = compiler
        self._run = run
        self._shares: dict[Node, float] = {Everything(): 1.0}
        self.models_count = 0
        # The newest document, and how far apart the numbers of two are that the actor sees.
        self.newest, self.apart = 0, 1.0
        # Whether a date has more models than are counted.
        self.is_uncounted = False

    def __contains__(self, node: Node) -> bool:
        """Whether somebody looked at this tree, or took its share for known."""
        return node in self._shares

    def know(self, node: Node, count: int) -> None:
        """So many models fit, and no more: no share of them is guessed any more."""
        self._shares[node] = count / max(self.models_count, 1)

    def look(self, nodes: Sequence[Node]) -> None:
        """Find out how much of the newest models fits each of these trees, and each of their parts. One statement."""
        asked = list(dict.fromkeys(part for node in nodes for part in (node, *parts_of(node), *dates_in(node))))
        asked = [node for node in asked if node not in self._shares]
        if not asked:
            return
        # Each leaf is tested once, whichever and however many of the trees hold it.
        found = dict.fromkeys(leaf for node in asked for leaf, _ in leaves(node))
        names: dict[Node, str] = {leaf: f"t{number}" for number, leaf in enumerate(found)}
        tests = [f"{self._compiler.test(leaf)} AS {name}" for leaf, name in names.items()]
        newest = (
            f"(SELECT * FROM {self._compiler.table_for(*tests)} AS {_MODELS} WHERE {self._compiler.visible} "  # noqa: S608
            f"ORDER BY doc DESC LIMIT {LOOKED_AT}) AS {_MODELS}"
        )
        tables = self._compiler.with_texts(newest, *tests)
        # The limit keeps either database from testing anew wherever a test is named.
        looked = f"(SELECT {_MODELS}.doc AS doc, {', '.join(tests)} FROM {tables} LIMIT {LOOKED_AT}) AS looked"  # noqa: S608
        spans = list(dict.fromkeys(leaf for node in asked for leaf in dates_in(node)))
        told = "".join(f", sum(CASE WHEN {_say(node, names)} THEN 1 ELSE 0 END)" for node in asked)
        told += "".join(f", ({self._count_first(leaf)})" for leaf in spans)
        rows = self._run(
            f"SELECT (SELECT max(model_id) FROM {_MODELS}), count(*), max(doc), min(doc){told} FROM {looked}"  # noqa: S608
        )
        self.models_count, seen, self.newest, oldest, *counts = (int(str(value or 0)) for value in rows[0])
        self.apart = max((self.newest - oldest) / max(seen - 1, 1), 1.0)
        looked_at, counted = counts[: len(asked)], counts[len(asked) :]
        self._shares |= {node: (fits + 0.5) / (seen + 1) for node, fits in zip(asked, looked_at, strict=True)}
        # What was made or changed long ago is not among the newest; of what is not counted to its end these tell more.
        dated: dict[Node, float] = {
            leaf: max((count + 0.5) / (self.models_count + 1), self._shares[leaf] if count == _DATED_MAX else 0)
            for leaf, count in zip(spans, counted, strict=True)
        }
        self.is_uncounted |= _DATED_MAX in counted
        self._shares |= dated
        self._shares |= {Not(leaf): 1 - share for leaf, share in dated.items()}
        for node in asked:
            if isinstance(node, And) and dates_in(node):
                self._shares[node] = prod(self.of(part) for part in node.parts)

    def _count_first(self, leaf: Node) -> str:
        where = self._compiler.test(leaf)
        return f"SELECT count(*) FROM (SELECT 1 FROM {_MODELS} WHERE {where} LIMIT {_DATED_MAX}) AS dated"  # noqa: S608

    def of(self, node: Node) -> float:
        """How much of all models fits, as far as is known."""
        if node not in self._shares:
            shares = [self.of(part) for part in parts_of(node) if part != node]
            # Of what nobody looked at nothing is known but that it is no more than its parts.
            self._shares[node] = 1 - self.of(node.part) if isinstance(node, Not) else min(shares, default=0.1)
        return self._shares[node]

    def expect(self, node: Node, share: float) -> None:
        """Take it that so much of all models fits, where nobody looked."""
        self._shares.setdefault(node, max(share, 0.5 / max(self.models_count, 1)))

    def count_of(self, node: Node) -> float:
        """About how many models fit."""
        return self.of(node) * self.models_count

    def spare_of(self, share: float) -> float:
        """How many more rows are read than should be enough: the rarer, the less sure is a share."""
        return 1.2 + 1.5 / sqrt(max(share * LOOKED_AT, 1.0))

    def of_alike(self, part: Text) -> float:
        """The most that fits any tree of the same texts, in whichever place, and whether or not they go on."""
        texts = [one.text for one in part.patterns]
        alike = (node for node in self._shares if isinstance(node, Text) and [p.text for p in node.patterns] == texts)
        return max(self.of(node) for node in (part, *alike))

    def exact_of(self, part: Node) -> float:
        """As it was counted, where a part means values that few have."""
        held = self._compiler.expand(part).held if isinstance(part, Value) else None
        if held is None or held >= HELD_MAX or single_value(self._compiler, part) is None:
            return self.of(part)
        return held / max(self.models_count, 1)


def single_value(compiler: Compiler, part: Node) -> int | None:
    """The one value that a part means, where it is one."""
    if not isinstance(part, Value) or not FIELDS[part.field].letter:
        return None
    ids = compiler.expand(part).ids
    return ids[0] if ids is not None and len(ids) == 1 else None


def dates_in(node: Node) -> list[Node]:
    """Every date that a tree asks for."""
    return [leaf for leaf, _ in leaves(node) if isinstance(leaf, During)]


def _say(node: Node, names: Mapping[Node, str]) -> str:
    """A tree of tests that have names."""
    if isinstance(node, Not):
        return f"NOT {_say(node.part, names)}"
    if isinstance(node, And | Or):
        word = " AND " if isinstance(node, And) else " OR "
        return f"({word.join(_say(part, names) for part in node.parts)})"
    return names[node]
