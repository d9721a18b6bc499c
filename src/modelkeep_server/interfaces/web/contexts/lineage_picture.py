"""A part of the lineage graph as pages show it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from modelkeep_server.features.lineage.graph.joining import keep_families
from modelkeep_server.features.lineage.views import Direction, Edge, Graph, Impact, Node, Reached, Use
from modelkeep_server.interfaces.lineage.words import describe, icon_of_node, name_of, say_depth, say_impact
from modelkeep_server.interfaces.web.contexts.lineage_facts import SHORT_LABELS, Fact, list_facts
from modelkeep_server.interfaces.web.forms import href_of_version
from modelkeep_server.rules.lineage import (
    DEPTH_DEFAULT,
    FAMILY_LABELS,
    KINDS,
    NAMING,
    NODES,
    TAKEN_IN,
    Control,
    Family,
    ItemKind,
    NodeKind,
)
from modelkeep_server.rules.permission_words import join

#: The depths that a page offers.
DEPTHS = (1, 2, 3, 5, 10)
#: Among the kinds of an address: ticks were sent, so that one without any is not one that asks for all.
NO_KINDS = "NONE"
IMPACT_ROWS = 50
EXPANDED_MAX = 20
FAMILY_ICONS: Mapping[Family, str] = {
    Family.DATA: "database",
    Family.CODE: "git-commit-horizontal",
    Family.MODELS: "box",
    Family.DEPLOYMENTS: "server",
    Family.CONSUMERS: "users",
}
DIRECTION_LABELS: Mapping[Direction, str] = {
    Direction.BOTH: "Up and down",
    Direction.UPSTREAM: "Upstream only",
    Direction.DOWNSTREAM: "Downstream only",
}


@dataclass(frozen=True)
class Asked:
    """
    What an address asks of a picture. `view` is graph, table, or empty; `families` None for all of them; `expanded` are
    the nodes whose neighbours are shown as well.
    """

    chosen: str = ""
    depth: int = DEPTH_DEFAULT
    direction: Direction = Direction.BOTH
    view: str = ""
    families: frozenset[Family] | None = None
    expanded: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tick:
    """A family to filter by: how many of the picture's nodes are of it, and whether it is shown."""

    family: Family
    label: str
    icon: str
    count: int
    is_on: bool


@dataclass(frozen=True)
class NodeRow:
    """A node as a line of the table. `says` are the edges that lead on to the middle, as sentences without it."""

    node: Node
    name: str
    word: str
    icon: str
    says: tuple[str, ...]
    href: str
    is_chosen: bool


@dataclass(frozen=True, kw_only=True)
class Picture:
    """
    A part of the graph as a page shows it: as a graph or as a table, with one node chosen, and what a change of that
    one reaches. `at` is the page's address, `kept` what else its query holds, `chooser` the parameter that names the
    chosen node. `open_href` is where the chosen thing is to be seen, empty where that is no address of the web;
    `owners` are those of a chosen version.
    """

    graph: Graph
    asked: Asked
    chosen: Node
    impact: Impact
    at: str
    open_href: str = ""
    owners: tuple[str, ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict)
    chooser: str = "node"

    def href_with(self, **changes: Any) -> str:
        """This page with something asked otherwise: chosen, depth, direction, view, families, expanded."""
        asked = self.asked
        wanted = {
            "chosen": asked.chosen, "depth": asked.depth, "direction": asked.direction, "view": asked.view,
            "families": asked.families, "expanded": asked.expanded, **changes,
        }  # fmt: skip
        pairs = [*self.kept.items(), *self._pairs_of(wanted)]
        return f"{self.at}?{urlencode(pairs)}" if pairs else self.at

    def _pairs_of(self, wanted: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        if wanted["chosen"]:
            yield self.chooser, wanted["chosen"]
        if wanted["depth"] != DEPTH_DEFAULT:
            yield "depth", str(wanted["depth"])
        if wanted["direction"] is not Direction.BOTH:
            yield "direction", wanted["direction"].value
        if wanted["view"]:
            yield "view", wanted["view"]
        yield from (("expand", node_id) for node_id in wanted["expanded"])
        if wanted["families"] is not None:
            yield "kinds", NO_KINDS
            yield from (("kinds", family.value) for family in Family if family in wanted["families"])

    @property
    def beside_kinds(self) -> tuple[tuple[str, str], ...]:
        """What the form of the families carries beside them."""
        asked = vars(self.asked) | {"families": None}
        return (*self.kept.items(), *self._pairs_of(asked))

    def choose_href(self, node: Node) -> str:
        """This page with another node chosen."""
        return self.href_with(chosen=node.id) + "#chosen"

    def expand_href(self, node: Node) -> str:
        """This page with the neighbours of a node as well."""
        kept = tuple(one for one in self.asked.expanded if one != node.id)
        return self.href_with(expanded=(*kept, node.id)[-EXPANDED_MAX:])

    def export_href(self, format_: str) -> str:
        """This picture as a file."""
        of_node = replace(self, at="/lineage/export", kept={"node": self.graph.middle}, chooser="chosen")
        return f"{of_node.href_with(view='')}&format={format_}"

    @property
    def depths(self) -> tuple[int, ...]:
        """The depths to choose from."""
        return DEPTHS

    @property
    def directions(self) -> Mapping[Direction, str]:
        """The ways to choose from."""
        return DIRECTION_LABELS

    @property
    def depth_words(self) -> str:
        """How far the picture goes, as "2 up, 2 down"."""
        return say_depth(self.asked.direction, self.asked.depth)

    @cached_property
    def ticks(self) -> tuple[Tick, ...]:
        """The families, with how many nodes each has here."""
        counts = dict.fromkeys(Family, 0)
        for node in self.graph.nodes:
            counts[node.family] += 1
        on = self.asked.families
        return tuple(
            Tick(family, FAMILY_LABELS[family], FAMILY_ICONS[family], counts[family], on is None or family in on)
            for family in Family
        )

    @cached_property
    def shown(self) -> Graph:
        """The graph without the families that are not ticked; its middle always stays."""
        return keep_families(self.graph, self.asked.families)

    @property
    def middle(self) -> Node:
        """The node that the picture is around."""
        return next(node for node in self.graph.nodes if node.id == self.graph.middle)

    @property
    def middle_name(self) -> str:
        """What it is called."""
        return name_of(self.middle)

    @property
    def groups(self) -> tuple[tuple[str, tuple[NodeRow, ...]], ...]:
        """The nodes of the table, nearest first: what it comes from, and what comes of it."""
        rows = sorted(self._rows, key=lambda row: (abs(row.node.distance), row.node.family, row.name.casefold()))
        sides = {"Upstream: what it comes from": -1, "Downstream: what uses it": 1, "Beside it": 0}
        titled = ((title, tuple(row for row in rows if _side_of(row.node) == side)) for title, side in sides.items())
        return tuple((title, group) for title, group in titled if group)

    @cached_property
    def _rows(self) -> list[NodeRow]:
        labels = {node.id: name_of(node) for node in self.graph.nodes}
        edges: dict[str, list[Edge]] = {}
        for edge in self.shown.edges:
            edges.setdefault(edge.from_id, []).append(edge)
            edges.setdefault(edge.to_id, []).append(edge)
        rows = []
        for node in self.shown.nodes:
            if node.id == self.graph.middle:
                continue
            word, icon = describe(node), icon_of_node(node)
            side = _side_of(node)
            toward = [one for one in edges.get(node.id, ()) if not side or (one.from_id == node.id) == (side < 0)]
            toward.sort(key=lambda one: self._rank(one, one.to_id if one.from_id == node.id else one.from_id))
            says = tuple(dict.fromkeys(_say_edge(one, node.id, labels) for one in toward))
            is_chosen = node.id == self.chosen.id
            rows.append(NodeRow(node, labels[node.id], word, icon, says, self.choose_href(node), is_chosen))
        return rows

    @property
    def chosen_name(self) -> str:
        """What the chosen node is called."""
        return name_of(self.chosen)

    @property
    def chosen_word(self) -> str:
        """What the chosen node is."""
        return NODES[self.chosen.kind][0]

    @property
    def chosen_icon(self) -> str:
        """Its icon."""
        return icon_of_node(self.chosen)

    @property
    def chosen_facts(self) -> tuple[Fact, ...]:
        """What is known of the chosen thing, its role first; of a version nothing here, since it has its page."""
        if self.chosen.kind in (NodeKind.VERSION, NodeKind.DEPLOYMENT):
            return ()
        facts = {key: value for key, value in self.chosen.facts.items() if key not in (*NAMING, "role")}
        info = KINDS[ItemKind(self.chosen.kind.value)]
        return (*self._roles, *list_facts(info, facts, SHORT_LABELS))

    @property
    def _roles(self) -> tuple[Fact, ...]:
        """What a dataset was used for; where versions used it for different things, for which of them."""
        edges = [edge for edge in self.graph.edges if edge.from_id == self.chosen.id and edge.roles]
        words = [join([role.lower() for role in edge.roles], "and").capitalize() for edge in edges]
        if len(set(words)) > 1:
            labels = {node.id: name_of(node) for node in self.graph.nodes}
            pairs = zip(edges, words, strict=True)
            words = [
                f"{said} {'through' if edge.relation == TAKEN_IN else 'for'} {labels[edge.to_id]}"
                for edge, said in sorted(pairs, key=lambda pair: self._rank(pair[0], pair[0].to_id))
            ]
        return (Fact("Role", tuple(dict.fromkeys(words)), Control.ROLE),) if words else ()

    @cached_property
    def _steps(self) -> Mapping[str, int]:
        return {node.id: abs(node.distance) for node in self.graph.nodes}

    def _rank(self, edge: Edge, end: str) -> tuple[int, str, str]:
        """For sorting edges: those that end nearest to the middle first."""
        return self._steps.get(end, 0) if end != self.graph.middle else -1, end, edge.relation

    @property
    def centre_href(self) -> str:
        """The graph around the chosen node."""
        return href_of_lineage(self.chosen.id)

    def centre_href_of(self, node: Node) -> str:
        """The graph around another."""
        return href_of_lineage(node.id)

    @property
    def impact_rows(self) -> tuple[tuple[Any, str], ...]:
        """The versions that a change reaches, as many as a page has room for, each with its address."""
        return tuple((one, href_of_version(one.model, one.version)) for one in self.impact.items)

    @property
    def impact_more(self) -> int:
        """How many of them are not on the page."""
        return self.impact.total - len(self.impact_rows)

    @property
    def impact_says(self) -> str:
        """What a change reaches, in numbers: "4 versions are reached, 3 are live on 7 endpoints; 5 consumers"."""
        return say_impact(self.impact)

    @property
    def consumers(self) -> tuple[tuple[str, str, tuple[Reached, ...]], ...]:
        """Who uses the versions on the page: a name, their address or nothing, and the versions that they use."""
        found: dict[str, list[Use]] = {}
        for use in self.impact.uses:
            found.setdefault(use.node, []).append(use)
        return tuple(
            (uses[0].name, next((use.url for use in uses if use.url), ""), tuple(use.of for use in uses))
            for uses in found.values()
        )

    @property
    def tell_href(self) -> str:
        """The page that tells the owners of what is reached."""
        return f"/lineage/tell?{urlencode({'node': self.chosen.id, 'back': self.href_with()})}"

    @property
    def csv_href(self) -> str:
        """What is reached, for a spreadsheet."""
        return f"/api/v1/lineage/impact?{urlencode({'node': self.chosen.id, 'format': 'csv'})}"


def href_of_node(node: Node) -> str:
    """Where a thing is to be seen; empty where that is no address of the web."""
    if node.kind is NodeKind.VERSION and node.model and node.version:
        return href_of_version(node.model, node.version)
    return node.url if node.url and node.url.startswith(("https://", "http://", "/")) else ""


def href_of_lineage(node_id: str) -> str:
    """The page of the graph around a node."""
    return f"/lineage?{urlencode({'node': node_id})}"


def _side_of(node: Node) -> int:
    """-1 upstream of the middle, 1 downstream, 0 beside it."""
    return (node.distance > 0) - (node.distance < 0)


def _say_edge(edge: Edge, node_id: str, labels: Mapping[str, str]) -> str:
    if edge.from_id == node_id:
        return f"{edge.says} {labels.get(edge.to_id, edge.to_id)}"
    return f"{labels.get(edge.from_id, edge.from_id)} {edge.says} it"
