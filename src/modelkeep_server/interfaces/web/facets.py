"""What the facets beside the catalogue are drawn from: each line with what pressing it makes of the query."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from modelkeep_server.features.search.language.editing import (
    Clause,
    add_term,
    add_words,
    clauses,
    exclude_term,
    remove_span,
    remove_term,
)
from modelkeep_server.features.search.language.fields import FIELDS, Kind
from modelkeep_server.features.search.language.tree import And, Fit, Mine, Node, Not, Or, Value
from modelkeep_server.features.search.views import Facet
from modelkeep_server.kit.words import fold_value
from modelkeep_server.rules.approvals import TIERS, RiskTier
from modelkeep_server.rules.lifecycle import STATES, State

#: How many lines of a facet are shown before the rest is unfolded.
SHOWN = 6
#: Titles of the facets, in the order in which they stand.
TITLES: Mapping[str, str] = {
    "group": "Group",
    "riskTier": "Risk tier",
    "newest": "State of newest version",
    "state": "State of a version",
    "tag": "Tag",
    "framework": "Framework",
    "owner": "Owner",
    "modelType": "Model type",
    "license": "License",
}
_STATE_FIELDS = ("newest", "state")
#: Spans of time that are offered: words, and what is written after the colon.
_SPANS = (("7 days", ">=now-7d"), ("30 days", ">=now-30d"), ("1 year", ">=now-1y"))

#: Makes an address of a query.
Href = Callable[[str], str]


@dataclass(frozen=True)
class Choice:
    """A line of a facet. `standing` is empty, `chosen` or `excluded`; pressing it turns that round."""

    value: str
    label: str
    count: str
    standing: str
    href: str
    exclude_href: str


@dataclass(frozen=True)
class FacetBox:
    """A facet. `mark` says how values are drawn: tier, state, or as they are; `beyond` what is counted in no line."""

    field: str
    title: str
    shown: tuple[Choice, ...]
    folded: tuple[Choice, ...]
    more: str
    mark: str = ""
    beyond: str = ""


@dataclass(frozen=True)
class SpanChoice:
    """A span of time that can be pressed."""

    word: str
    href: str
    is_chosen: bool


@dataclass(frozen=True)
class SpanBox:
    """Spans of time of a field; `rest` is the query without what it says of that field."""

    field: str
    title: str
    choices: tuple[SpanChoice, ...]
    rest: str


@dataclass(frozen=True)
class Standing:
    """Which values a query chooses and excludes by its outermost terms: (field, folded value)."""

    chosen: frozenset[tuple[str, str]] = frozenset()
    excluded: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, node: Node) -> "Standing":
        """Where the lines of facets stand under this query."""
        parts = node.parts if isinstance(node, And) else (node,)
        chosen = (pair for part in parts for pair in _pairs(part))
        excluded = (pair for part in parts if isinstance(part, Not) for pair in _pairs(part.part))
        return cls(frozenset(chosen), frozenset(excluded))

    def say(self, field: str, key: str) -> str:
        """How a line stands."""
        pair = (field, key)
        return "chosen" if pair in self.chosen else "excluded" if pair in self.excluded else ""

    def keys(self, field: str) -> tuple[str, ...]:
        """What is chosen or excluded of a field."""
        return tuple(sorted(key for name, key in self.chosen | self.excluded if name == field))


def _pairs(node: Node) -> Iterable[tuple[str, str]]:
    """The values that a term names, if it names nothing but values of one field."""
    if isinstance(node, Mine):
        return (("is", "mine"),)
    if isinstance(node, Value):
        whole = all(pattern.fit is Fit.WHOLE for pattern in node.patterns)
        return tuple((node.field, pattern.text) for pattern in node.patterns) if whole else ()
    if isinstance(node, Or):
        pairs = [tuple(_pairs(part)) for part in node.parts]
        fields = {field for found in pairs for field, _ in found}
        return tuple(pair for found in pairs for pair in found) if all(pairs) and len(fields) == 1 else ()
    return ()


def draw_facets(
    query: str, node: Node, facets: Sequence[Facet], href: Href, *, is_capped: bool
) -> tuple[FacetBox, ...]:
    """The facets of a query that can be read."""
    counted = {facet.field: facet for facet in facets}
    standing = Standing.of(node)
    boxes = (_box(query, counted[field], standing, href, is_capped) for field in TITLES if field in counted)
    return tuple(box for box in boxes if box.shown or box.folded)


def _box(query: str, facet: Facet, standing: Standing, href: Href, is_capped: bool) -> FacetBox:
    field = facet.field
    counts = {count.key: (count.shown, count.count) for count in facet.counts}
    choices = FIELDS[field].choices if FIELDS[field].kind is Kind.CHOICE else ()
    for value in choices:
        counts.setdefault(fold_value(value), (value, 0))
    for key in standing.keys(field):
        counts.setdefault(key, (key, 0))
    lines = [_choice(query, field, key, *counts[key], standing.say(field, key), href, is_capped) for key in counts]
    if field == "riskTier":
        order = {tier.value: -at for at, tier in enumerate(RiskTier)}
        return FacetBox(field, TITLES[field], tuple(sorted(lines, key=lambda line: order[line.value])), (), "", "tier")
    if field in _STATE_FIELDS:
        some = tuple(line for line in lines if line.standing or counts[fold_value(line.value)][1])
        none = tuple(line for line in lines if line not in some)
        more = f"{len(none)} {'other' if len(none) == 1 else 'others'}, none"
        return FacetBox(field, TITLES[field], some, none, more, "state")
    held = [line for line in lines if line.standing]
    free = [line for line in lines if not line.standing]
    room = max(SHOWN - len(held), 3)
    # One line more takes no more room than the words that would unfold it.
    room = len(free) if len(free) <= room + 1 else room
    beyond = f"and {facet.others:,} more; type to find them" if facet.others else ""
    return FacetBox(
        field, TITLES[field], (*held, *free[:room]), tuple(free[room:]), f"{len(free) - room:,} more", beyond=beyond
    )  # fmt: skip


def _choice(
    query: str, field: str, key: str, shown: str, count: int, standing: str, href: Href, is_capped: bool
) -> Choice:
    pressed = remove_term(query, field, shown) if standing else add_term(query, field, shown)
    without = "" if standing else href(exclude_term(query, field, shown))
    return Choice(shown, _label(field, shown), f"{count:,}{'+' if is_capped else ''}", standing, href(pressed), without)


def _label(field: str, value: str) -> str:
    if field in _STATE_FIELDS:
        return STATES[State(value)].label
    return TIERS[RiskTier(value)].label if field == "riskTier" else value


def draw_spans(query: str, href: Href) -> tuple[SpanBox, ...]:
    """What can be pressed of the times of a query that can be read."""
    said = clauses(query)
    return tuple(
        _span_box(query, field, title, said, href) for field, title in (("updated", "Updated"), ("created", "Created"))
    )


def _span_box(query: str, field: str, title: str, said: Sequence[Clause], href: Href) -> SpanBox:
    own = [clause for clause in said if clause.field == field and not clause.negated]
    rest = query
    for clause in reversed(own):
        rest = remove_span(rest, clause.span)
    words = {clause.words for clause in own}
    choices = tuple(
        SpanChoice(word, href(rest if span in words else add_words(rest, f"{field}:{span}")), span in words)
        for word, span in _SPANS
    )
    return SpanBox(field, title, choices, rest)
