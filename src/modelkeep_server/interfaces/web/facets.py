"""What the facets beside the catalogue are drawn from: each line with what pressing it makes of the query."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from modelkeep_server.features.search.facets.counting import CHOSEN_ONE_OF
from modelkeep_server.features.search.language.editing import (
    Clause,
    add_term,
    add_words,
    clauses,
    exclude_term,
    remove_span,
    remove_term,
    write_term,
)
from modelkeep_server.features.search.language.fields import FIELDS
from modelkeep_server.features.search.language.scanning import unquote
from modelkeep_server.features.search.language.tree import Fit, Mine, Node, Not, Or, Value, leaves, parts_of
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
    "tag": "Tag",
    "framework": "Framework",
    "owner": "Owner",
    "state": "State of any version",
    "modelType": "Model type",
    "license": "License",
}
#: What stands folded under its title until something of it is chosen.
_QUIET = ("state", "modelType", "license")
_STATE_FIELDS = ("newest", "state")
#: Of more values that a query names itself no lines are drawn: for each, the query without it is read anew.
CHOSEN_MAX = 20
#: What is offered of `is` and `has`, in words.
_ONLY = (
    ("is", "mine", "Yours"),
    ("is", "live", "Live in production"),
    ("has", "card", "With a model card"),
    ("is", "restricted", "Restricted"),
    ("is", "external", "Made by others"),
    ("is", "retired", "Retired"),
)
#: Spans of time that are offered: words, and what is written after the colon.
_SPANS = (("7 days", ">=now-7d"), ("30 days", ">=now-30d"), ("1 year", ">=now-1y"))

#: Makes an address of a query.
Href = Callable[[str], str]


@dataclass(frozen=True)
class Choice:
    """A line of a facet. `standing` is empty, `chosen` or `excluded`; pressing it turns that round."""

    field: str
    value: str
    label: str
    count: str
    standing: str
    href: str
    exclude_href: str


@dataclass(frozen=True)
class FacetBox:
    """
    A facet. `mark` says how values are drawn: tier, state, or as they are; `beyond` what is counted in no line. A quiet
    one stands folded under its title.
    """

    field: str
    title: str
    shown: tuple[Choice, ...]
    folded: tuple[Choice, ...]
    more: str
    mark: str = ""
    beyond: str = ""
    is_quiet: bool = False


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
class Selection:
    """Which values a query chooses and excludes by its outermost terms: (field, folded value)."""

    chosen: frozenset[tuple[str, str]] = frozenset()
    excluded: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, node: Node) -> "Selection":
        """Where the lines of facets stand under this query."""
        parts = parts_of(node)
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


@dataclass(frozen=True)
class _Drawing:
    """What lines are drawn with."""

    query: str
    selection: Selection
    href: Href
    #: Values that the query names, by field and folded value, as they are typed there.
    spelled: Mapping[tuple[str, str], str]

    def line(self, field: str, key: str, shown: str, count: str, label: str = "") -> Choice:
        """A line, with what pressing it makes of the query."""
        stands = self.selection.say(field, key)
        if stands:
            pressed, without = remove_term(self.query, field, shown), ""
        else:
            pressed = _choose(self.query, field, shown)
            without = self.href(exclude_term(self.query, field, shown))
        return Choice(field, shown, label or _label(field, shown), count, stands, self.href(pressed), without)


def draw_facets(query: str, node: Node, facets: Sequence[Facet], href: Href) -> tuple[FacetBox, ...]:
    """The facets of a query that can be read."""
    counted = {facet.field: facet for facet in facets}
    drawing = _Drawing(query, Selection.of(node), href, _spell(query, node))
    boxes = [_box(drawing, counted[field]) for field in TITLES if field in counted]
    loud = tuple(box for box in boxes if box.shown and not box.is_quiet)
    quiet = tuple(box for box in boxes if box.shown and box.is_quiet)
    return (*loud, _only(drawing, counted), *quiet)


def _spell(query: str, node: Node) -> Mapping[tuple[str, str], str]:
    """How values are spelled that no model found has, so that none tells it better."""
    spelled = {}
    for leaf, _ in leaves(node):
        if isinstance(leaf, Value) and len(leaf.patterns) == 1:
            typed = query[leaf.span.start : leaf.span.end].rpartition(":")[2].strip()
            typed = unquote(typed) if typed.startswith('"') else typed
            if fold_value(typed) == leaf.patterns[0].text:
                spelled[leaf.field, leaf.patterns[0].text] = typed
    return spelled


def _box(drawing: _Drawing, facet: Facet) -> FacetBox:
    field, plus = facet.field, "+" if facet.is_capped else ""
    counts = {count.key: (count.shown, count.count) for count in facet.counts}
    choices = {fold_value(value): value for value in FIELDS[field].choices}
    for key, value in choices.items() if counts else ():
        counts.setdefault(key, (value, 0))
    for key in drawing.selection.keys(field)[:CHOSEN_MAX]:
        counts.setdefault(key, (choices.get(key) or drawing.spelled.get((field, key), key), 0))
    lines = [drawing.line(field, key, shown, f"{count:,}{plus}") for key, (shown, count) in counts.items()]
    if field == "riskTier":
        order = {tier.value: -at for at, tier in enumerate(RiskTier)}
        return FacetBox(field, TITLES[field], tuple(sorted(lines, key=lambda line: order[line.value])), (), "", "tier")
    quiet = field in _QUIET and not any(line.standing for line in lines)
    if field in _STATE_FIELDS:
        some = tuple(line for line in lines if line.standing or counts[fold_value(line.value)][1])
        none = tuple(line for line in lines if line not in some)
        more = f"{len(none)} {'other' if len(none) == 1 else 'others'}, none"
        return FacetBox(field, TITLES[field], some, none, more, "state", is_quiet=quiet)
    return _cut(facet, lines, is_quiet=quiet)


def _cut(facet: Facet, lines: Sequence[Choice], *, is_quiet: bool) -> FacetBox:
    """What is chosen stands first; what there is no room for is unfolded, or has to be typed."""
    held = [line for line in lines if line.standing]
    free = [line for line in lines if not line.standing]
    room = max(SHOWN - len(held), 3)
    # One line more takes no more room than the words that would unfold it.
    room = len(free) if len(free) <= room + 1 else room
    beyond = f"{facet.others:,} others; type to find them" if facet.others > 0 else ""
    return FacetBox(
        facet.field, TITLES[facet.field], (*held, *free[:room]), tuple(free[room:]), f"{len(free) - room:,} more",
        beyond=beyond, is_quiet=is_quiet,
    )  # fmt: skip


def _only(drawing: _Drawing, counted: Mapping[str, Facet]) -> FacetBox:
    """What holds for a model, or what it has, where it holds for one; whose a model is, is not counted."""
    counts = {
        (field, count.key): f"{count.count:,}{'+' if counted[field].is_capped else ''}"
        for field in ("is", "has")
        if field in counted
        for count in counted[field].counts
    }
    lines = tuple(
        drawing.line(field, value, value, counts.get((field, value), ""), label)
        for field, value, label in _ONLY
        if value == "mine" or (field, value) in counts or drawing.selection.say(field, value)
    )
    return FacetBox("only", "Show only", lines, (), "")


def _choose(query: str, field: str, value: str) -> str:
    """
    The query that asks for this value as well. Of what a model has one of, another value is one more that fits; of
    what it has several of, it must have both.
    """
    own = next((clause for clause in clauses(query) if clause.field == field and not clause.negated), None)
    if own is None or field not in CHOSEN_ONE_OF:
        return add_term(query, field, value)
    said, term = query[own.span.start : own.span.end], write_term(field, value)
    if said.startswith(f"{field}:"):
        values = said.removeprefix(f"{field}:").strip()
        values = values[1:-1] if values.startswith("(") and values.endswith(")") else values
        joined = f"{field}:({values} OR {term.removeprefix(f'{field}:')})"
    else:
        joined = f"({said} OR {term})"
    return query[: own.span.start] + joined + query[own.span.end :]


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
