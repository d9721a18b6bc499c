"""
Where a SavedModel saves and restores: only as the saver that TensorFlow writes does, below the path that it is handed.

Sources: tensorflow/core/framework/{graph,function,op_def,node_def,attr_value,tensor}.proto,
tensorflow/core/protobuf/{meta_graph,saver,saved_object_graph}.proto.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from modelkeep_server.inspection.scanning.bounds import Broken, TooMuch
from modelkeep_server.inspection.scanning.messages import FIELDS_MAX, Wire
from modelkeep_server.inspection.scanning.streams import Stream
from modelkeep_server.inspection.source import Source

#: Operators that write or read files, and how many of their first inputs are paths.
_PATHS = {"SaveV2": 1, "RestoreV2": 1, "MergeV2Checkpoints": 2}
SAVERS = frozenset(_PATHS)
_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
_HELD = SAVERS | {"Placeholder", "Identity", "StringJoin", "ShardedFilename", "Pack", "Select", "Const"}
#: What the saver puts behind the path that it is handed. Anything else might lead out of its folder.
_ENDING = re.compile(r"\.part|_temp(_[0-9a-f]{1,64})?/part")
_ENDING_MAX = 80
_INPUTS_MAX = 1_000
_DEPTH_MAX = 24
#: A fraction of the memory that looking into a file may take.
_HELD_MAX = 200_000
#: The attributes of nodes are looked into too, which the search for operators passes over.
_FIELDS_MAX = 4 * FIELDS_MAX


def find_other_savers(source: Source) -> list[str]:
    """
    The functions, by name, that save or restore otherwise than the saver of TensorFlow; "its graph" for the graph.

    Reads the whole file, and holds at most 200,000 nodes. Raises Broken, TooMuch, EOFError.
    """
    reader = _Reader(Wire(Stream(source), _FIELDS_MAX))
    found: set[str] = set()
    for number, wire, after in reader.wire.fields(source.size_bytes):
        if number == 2 and wire == 2:
            found.update(_find_others(reader.meta_graph(after)))
    return sorted(found)


@dataclass(slots=True)
class _Node:
    name: str = ""
    operator: str = ""
    #: Those that carry data, one more than are followed at most.
    inputs: list[str] = field(default_factory=list)
    #: The functions that it calls by its attribute `f`.
    functions: frozenset[str] = frozenset()
    #: Whether an attribute is a text, or is put in by who calls the function.
    has_text: bool = False
    #: The texts of its tensor, two at most.
    values: tuple[str, ...] = ()


@dataclass
class _Body:
    """A function, or the graph of the model: the nodes on which a path may depend."""

    is_graph: bool = False
    name: str = ""
    arguments: list[str] = field(default_factory=list)
    nodes: dict[str, _Node] = field(default_factory=dict)
    savers: list[_Node] = field(default_factory=list)
    #: TensorFlow may put a function in the place of another that implements the same.
    replaceable: bool = False


@dataclass
class _MetaGraph:
    graph: _Body = field(default_factory=lambda: _Body(is_graph=True))
    functions: list[_Body] = field(default_factory=list)
    #: Nodes of the graph that call functions, and functions that are named by anything else.
    calls: list[_Node] = field(default_factory=list)
    elsewhere: set[str] = field(default_factory=set)
    #: Nodes that are handed values by who calls a signature, or by a loader.
    fed: set[str] = field(default_factory=set)
    #: Assets as TensorFlow 1 lists them, which may be handed to any node.
    has_old_assets: bool = False
    filename: str = ""


def _find_others(meta: _MetaGraph) -> Iterator[str]:
    name = meta.filename.removesuffix(":0")
    placeholder = meta.graph.nodes.get(name)
    is_known = placeholder is not None and placeholder.operator == "Placeholder"
    paths = {name, f"{name}:0"} if is_known and name not in meta.fed and not meta.has_old_assets else set()
    if not _is_below(meta.graph, paths, meta.fed):
        yield "its graph"
    elsewhere = set(meta.elsewhere)
    for call in meta.calls:
        if call.operator not in _CALLS or paths.isdisjoint(call.inputs[:1]):
            elsewhere |= call.functions
    for body in meta.functions:
        first = set(body.arguments[:1]) - set(body.arguments[1:])
        if body.replaceable or body.name in elsewhere or not _is_below(body, first, set()):
            yield body.name or "a function without name"


def _is_below(body: _Body, paths: set[str], fed: set[str]) -> bool:
    """Whether each path in it is one of these, with nothing but endings of the saver behind it."""
    seen: set[tuple[str, bool]] = set()
    for saver in body.savers:
        many = _PATHS[saver.operator]
        if len(saver.inputs) < many:
            return False
        left = [(one, True) for one in saver.inputs[:many]]
        while left:
            one = left.pop()
            tensor, is_path = one
            if one in seen or (is_path and tensor in paths):
                continue
            seen.add(one)
            further = _follow(body, tensor, fed, is_path=is_path)
            if not further:
                return False
            left += further
    return True


def _follow(body: _Body, tensor: str, fed: set[str], *, is_path: bool) -> list[tuple[str, bool]]:
    """What a path, or the ending of one, depends on; itself where it is an ending of the saver. Empty: another."""
    name, colon, _ = tensor.partition(":")
    node = body.nodes.get(name)
    # In a function, what has no colon is an argument.
    if node is None or name in fed or not (colon or body.is_graph) or len(node.inputs) > _INPUTS_MAX:
        return []
    inputs = node.inputs
    if node.operator in {"Identity", "ShardedFilename"}:
        return [(one, is_path) for one in inputs[:1] if is_path or node.operator == "Identity"]
    if is_path:
        if node.operator == "StringJoin" and not node.has_text:
            return [(one, at == 0) for at, one in enumerate(inputs)]
        return [(one, True) for one in inputs] if node.operator == "Pack" else []
    if node.operator == "Select":
        return [(one, False) for one in inputs[1:]]
    return [(tensor, False)] if node.operator == "Const" else []


class _Reader:
    """What of a graph concerns its saver. A message that stands there twice is one, as the format has it."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self._held = 0

    def meta_graph(self, ends: int) -> _MetaGraph:
        meta = _MetaGraph()
        for number, after in self._messages(ends):
            if number == 2:
                self._graph(after, meta)
            elif number == 3:
                meta.filename = self._last(after, 1) or meta.filename
            elif number == 4:
                meta.has_old_assets |= self._last(after, 1) == "saved_model_assets"
            elif number == 5:
                for inner in self._within(after, 2, 1, 2):
                    self._tensor_info(inner, meta.fed, 0)
            elif number == 6:
                for inner in self._within(after, 1):
                    self._tensor_info(inner, meta.fed, 0)
            elif number == 7:
                self._objects(after, meta.elsewhere)
        return meta

    def _graph(self, ends: int, meta: _MetaGraph) -> None:
        for number, after in self._messages(ends):
            if number == 1:
                node = self._node(after, meta.elsewhere)
                self._keep(node, meta.graph)
                if node.functions:
                    self._hold(1)
                    meta.calls.append(node)
            elif number == 2:
                self._library(after, meta)

    def _library(self, ends: int, meta: _MetaGraph) -> None:
        for number, after in self._messages(ends):
            if number == 1:
                body = self._function(after, meta.elsewhere)
                if body.savers:
                    meta.functions.append(body)
            elif number in {2, 3}:
                # What computes the gradient of another function.
                for inner in self._within(after, 2 if number == 2 else 1):
                    self._name(inner, meta.elsewhere)

    def _function(self, ends: int, elsewhere: set[str]) -> _Body:
        body, held = _Body(), 0
        for number, after in self._messages(ends):
            if number == 1:
                for part, inner in self._messages(after):
                    if part == 1:
                        body.name = self.wire.text(inner)
                    elif part == 2:
                        self._hold(1)
                        body.arguments.append(self._last(inner, 1))
            elif number == 3:
                node = self._node(after, elsewhere)
                elsewhere |= node.functions
                held += self._keep(node, body)
            elif number == 5:
                body.replaceable |= self._last(after, 1) == "api_implements"
        if not body.savers:
            self._held -= held + len(body.arguments)
        return body

    def _keep(self, node: _Node, body: _Body) -> int:
        """Hold a node where a path may depend on it. How much was held."""
        if node.operator not in _HELD or (node.operator == "Const" and not _is_ending(node)):
            return 0
        weight = 1 + sum(map(len, (node.name, *node.inputs))) // 64
        self._hold(weight)
        # Two of one name cannot be told apart.
        body.nodes[node.name] = _Node() if node.name in body.nodes else node
        if node.operator in SAVERS:
            body.savers.append(node)
        return weight

    def _node(self, ends: int, elsewhere: set[str]) -> _Node:
        node = _Node()
        for number, after in self._messages(ends):
            if number == 1:
                node.name = self.wire.text(after)
            elif number == 2:
                node.operator = self.wire.text(after)
            elif number == 3 and len(node.inputs) <= _INPUTS_MAX:
                told = self.wire.text(after)
                if not told.startswith("^"):
                    node.inputs.append(told)
            elif number == 5:
                key, called = "", set[str]()
                for part, inner in self._messages(after):
                    if part == 1:
                        key = self.wire.text(inner)
                    elif part == 2:
                        self._value(inner, node, called, elsewhere, 0)
                if key == "f":
                    node.functions |= called
                else:
                    elsewhere |= called
        return node

    def _value(self, ends: int, node: _Node, called: set[str], elsewhere: set[str], depth: int) -> None:
        """The value of an attribute. A function that is handed on to another one is called elsewhere."""
        if depth > _DEPTH_MAX:
            raise Broken("graph.depth", "Its functions lie too deep in one another.")
        for number, after in self._messages(ends):
            if number in {2, 9}:
                node.has_text |= after > self.wire.stream.position
            elif number == 8:
                self._tensor(after, node)
            elif number == 10:
                self._named(after, node, called, elsewhere, depth)
            elif number == 1:
                for inner in self._within(after, 9):
                    self._named(inner, node, elsewhere, elsewhere, depth)

    def _named(self, ends: int, node: _Node, called: set[str], elsewhere: set[str], depth: int) -> None:
        for number, after in self._messages(ends):
            if number == 1:
                self._name(after, called)
            elif number == 2:
                for inner in self._within(after, 2):
                    self._value(inner, node, elsewhere, elsewhere, depth + 1)

    def _tensor(self, ends: int, node: _Node) -> None:
        for number, after in self._messages(ends):
            if len(node.values) > 1:
                return
            if number == 8:
                is_short = after - self.wire.stream.position <= _ENDING_MAX
                node.values += (self.wire.text(after) if is_short else "",)
            elif number == 4:
                # Packed bytes, which go before the texts.
                node.values += ("",)

    def _objects(self, ends: int, elsewhere: set[str]) -> None:
        """The functions that a loader hands out, or calls by itself, with values that are kept beside them."""
        for number, after in self._messages(ends):
            if number == 2:
                self._names(after, elsewhere, 1)
            elif number == 1:
                for part, inner in self._messages(after):
                    if part in {6, 8}:
                        self._names(inner, elsewhere, 1)

    def _tensor_info(self, ends: int, into: set[str], depth: int) -> None:
        if depth > _DEPTH_MAX:
            raise Broken("graph.depth", "Its inputs lie too deep in one another.")
        for number, after in self._messages(ends):
            if number == 1:
                self._name(after, into, until=":")
            elif number == 4:
                for part, inner in self._messages(after):
                    if part in {1, 2, 3}:
                        self._name(inner, into, until=":")
            elif number == 5:
                for inner in self._within(after, 2):
                    self._tensor_info(inner, into, depth + 1)

    def _messages(self, ends: int) -> Iterator[tuple[int, int]]:
        for number, wire, after in self.wire.fields(ends):
            if wire == 2:
                yield number, after

    def _within(self, ends: int, *path: int) -> Iterator[int]:
        """Where each field ends that these numbers, one inside the other, lead to."""
        for number, after in self._messages(ends):
            if number == path[0] and len(path) == 1:
                yield after
            elif number == path[0]:
                yield from self._within(after, *path[1:])

    def _last(self, ends: int, number: int) -> str:
        told = ""
        for after in self._within(ends, number):
            told = self.wire.text(after)
        return told

    def _names(self, ends: int, into: set[str], number: int) -> None:
        for after in self._within(ends, number):
            self._name(after, into)

    def _name(self, ends: int, into: set[str], until: str | None = None) -> None:
        told = self.wire.text(ends)
        if until:
            told = told.partition(until)[0]
        if told not in into:
            self._hold(1 + len(told) // 64)
            into.add(told)

    def _hold(self, weight: int) -> None:
        self._held += weight
        if self._held > _HELD_MAX:
            raise TooMuch(f"It has more than {_HELD_MAX:,} nodes that its saver may depend on.")


def _is_ending(node: _Node) -> bool:
    return len(node.values) == 1 and _ENDING.fullmatch(node.values[0]) is not None
