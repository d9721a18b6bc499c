"""The picture of an inclusion proof: a small tree, the way from one event to the signed root lit in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from modelkeep_server.features.audit.views import Proof
from modelkeep_server.kit.merkle import Step, trace_inclusion

WIDTH, BOX_WIDTH, BOX_HEIGHT, TIER_HEIGHT = 336, 39, 26, 52
#: More tiers than this under the root are not drawn; the way is shortened in its middle.
TIERS_MAX = 3


@dataclass(frozen=True)
class Box:
    """One node, its top left corner in the picture. `kind`: root, made, given, here, or blank for nodes left out."""

    kind: str
    x: float
    y: int
    text: str = ""
    title: str = ""

    @property
    def middle(self) -> float:
        """The middle of the box, from the left."""
        return self.x + BOX_WIDTH / 2


@dataclass(frozen=True)
class Edge:
    """The line between two nodes, as the `d` of a path. `kind`: hot on the way, cut where it is shortened, plain."""

    kind: str
    d: str


@dataclass(frozen=True)
class ProofTree:
    """Boxes and lines, for a template. `shortened`: some hashes of the proof are not drawn."""

    height: int
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    shortened: bool


def draw_proof_tree(proof: Proof) -> ProofTree:
    """The tree above one event: its tier at the bottom, the root on top. Raises ValueError for a path too long."""
    leaf = bytes.fromhex(proof.leaf)
    steps = trace_inclusion(leaf, proof.index, proof.size, [bytes.fromhex(node) for node in proof.path])
    below = (leaf, *(step.made for step in steps))
    # The two steps next to the event and the one next to the root are drawn; with three or fewer, all.
    shown = [*range(len(steps))] if len(steps) <= TIERS_MAX else [0, 1, len(steps) - 1]
    boxes = [_box(0, 0, "root", proof.root if steps else proof.leaf, "the signed root")]
    edges: list[Edge] = []
    slot = 0
    for tier, number in enumerate(reversed(shown), start=1):
        cut = tier > 1 and number + 1 != list(reversed(shown))[tier - 2]
        edges.extend(_edges_to(tier, slot, steps[number], cut))
        slot = slot * 2 + steps[number].is_left
        boxes.extend(_boxes_of(tier, slot, steps[number], below[number], proof.index if number == 0 else None))
    height = len(shown) * TIER_HEIGHT + BOX_HEIGHT + 2
    ordered = tuple(sorted(edges, key=lambda edge: edge.kind != "plain"))
    return ProofTree(height, tuple(boxes), ordered, len(shown) < len(steps))


def _box(tier: int, slot: int, kind: str, value: str = "", what: str = "", text: str = "") -> Box:
    middle = (slot + 0.5) * WIDTH / (1 << tier)
    title = f"{what}: {value}" if value else ""
    return Box(kind, round(middle - BOX_WIDTH / 2, 1), tier * TIER_HEIGHT + 1, text or value[:4], title)


def _boxes_of(tier: int, slot: int, step: Step, node: bytes, event: int | None) -> Iterator[Box]:
    for each in range(1 << tier):
        if each == slot and event is not None:
            words = str(event) if event < 1_000_000 else "event"
            yield _box(tier, each, "here", node.hex(), f"event {event}", words)
        elif each == slot:
            yield _box(tier, each, "made", node.hex(), "computed")
        elif each == slot ^ 1:
            yield _box(tier, each, "given", step.given.hex(), "given in the proof")
        else:
            yield _box(tier, each, "blank")


def _edges_to(tier: int, parent: int, step: Step, cut: bool) -> Iterator[Edge]:
    on_the_way = parent * 2 + step.is_left
    for each in range(1 << tier):
        above, under = _box(tier - 1, each // 2, ""), _box(tier, each, "")
        start, bend = above.y + BOX_HEIGHT, above.y + BOX_HEIGHT + (TIER_HEIGHT - BOX_HEIGHT) // 2
        kind = "plain" if each != on_the_way else "cut" if cut else "hot"
        yield Edge(kind, f"M{above.middle:g} {start}V{bend}H{under.middle:g}V{under.y}")


def list_hashes(proof: Proof) -> Sequence[tuple[str, str]]:
    """Every hash of a proof from the event up, each with the word for it: this event, given, or the signed root."""
    return (("this event", proof.leaf), *(("given", node) for node in proof.path), ("signed root", proof.root))
