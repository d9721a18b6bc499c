"""Graphs of operators in protocol buffers: ONNX and TensorFlow. Walked by the wire, large values skipped."""

from collections.abc import Callable

from modelkeep_server.inspection.report import Verdict
from modelkeep_server.inspection.scanning.bounds import Broken, Judgement
from modelkeep_server.inspection.scanning.keras import LAMBDA
from modelkeep_server.inspection.scanning.messages import Wire
from modelkeep_server.inspection.scanning.savers import SAVERS, find_other_savers
from modelkeep_server.inspection.scanning.streams import Stream
from modelkeep_server.inspection.source import Source
from modelkeep_server.rules.model_code import ONNX_CODE, ONNX_DOMAINS, TF_CODE, TF_OPS

_DEPTH_MAX = 24


def judge_onnx(source: Source) -> Judgement:
    """
    Data only, where every operator is of ONNX or ONNX Runtime and other files are named within its folder.

    Source: onnx/onnx.proto.
    """
    judgement = Judgement()
    walk = _Onnx(Wire(Stream(source)), judgement)
    walk.model(source.size_bytes)
    foreign = sorted(walk.domains - ONNX_DOMAINS - walk.own)
    if foreign:
        words = f"It needs operators that ONNX does not have: {', '.join(foreign[:5])}."
        judgement.worsen(Verdict.UNKNOWN, "onnx.domain", words)
    return judgement


class _Onnx:
    def __init__(self, wire: Wire, judgement: Judgement) -> None:
        self._wire = wire
        self._judgement = judgement
        self.domains: set[str] = set()
        self.own: set[str] = set()
        self._depth = 0

    def model(self, ends: int) -> None:
        self._each(ends, {7: self._graph, 25: self._function, 20: self._training})

    def _each(self, ends: int, inner: dict[int, Callable[[int], None]]) -> None:
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            raise Broken("onnx.depth", "Its graphs lie too deep in one another.")
        for number, wire, after in self._wire.fields(ends):
            if number in inner and wire == 2:
                inner[number](after)
        self._depth -= 1

    def _training(self, ends: int) -> None:
        self._each(ends, {1: self._graph, 2: self._graph})

    def _graph(self, ends: int) -> None:
        self._each(ends, {1: self._node, 5: self._tensor, 15: self._sparse})

    def _sparse(self, ends: int) -> None:
        self._each(ends, {1: self._tensor, 2: self._tensor})

    def _function(self, ends: int) -> None:
        def domain(after: int) -> None:
            self.own.add(self._wire.text(after))

        self._each(ends, {7: self._node, 10: domain})

    def _node(self, ends: int) -> None:
        told = {"operator": "", "domain": ""}

        def keep(name: str) -> Callable[[int], None]:
            def take(after: int) -> None:
                told[name] = self._wire.text(after)

            return take

        self._each(ends, {4: keep("operator"), 7: keep("domain"), 5: self._attribute})
        self.domains.add(told["domain"])
        if told["operator"] in ONNX_CODE:
            words = f"The operator {told['operator']} runs code that comes with the model."
            self._judgement.worsen(Verdict.BLOCKED, "onnx.operator", words)

    def _attribute(self, ends: int) -> None:
        self._each(
            ends,
            {5: self._tensor, 6: self._graph, 10: self._tensor, 11: self._graph, 22: self._sparse, 23: self._sparse},
        )

    def _tensor(self, ends: int) -> None:
        self._each(ends, {13: self._outside})

    def _outside(self, ends: int) -> None:
        told: dict[int, str] = {}
        for number, wire, after in self._wire.fields(ends):
            if wire == 2:
                told[number] = self._wire.text(after)
        if told.get(1) != "location":
            return
        place = told.get(2, "").replace("\\", "/")
        if place.startswith("/") or ".." in place.split("/") or ":" in place or not place:
            words = f"It would read {place or 'a file without name'}, outside of its folder."
            self._judgement.worsen(Verdict.BLOCKED, "onnx.outside", words)
        else:
            self._judgement.note("onnx.data", f"Its numbers stand in another file, {place}.")


def judge_saved_model(source: Source) -> Judgement:
    """
    Allowed, where every operator only computes, and only the saver of TensorFlow saves and restores.

    Source: tensorflow/core/protobuf/{saved_model,meta_graph}.proto.
    """
    judgement = Judgement(Verdict.CODE_ALLOWLISTED)
    wire = Wire(Stream(source))
    operators: set[str] = set()
    _walk(wire, source.size_bytes, _SAVED_MODEL, operators)
    for operator in sorted(operators & TF_CODE):
        judgement.worsen(Verdict.BLOCKED, "tensorflow.operator", f"{operator} runs code or reads and writes files.")
    unlisted = sorted(operators - TF_CODE - TF_OPS)
    if unlisted:
        words = f"It has operators that are not on the list: {', '.join(unlisted[:8])}."
        judgement.worsen(Verdict.UNKNOWN, "tensorflow.operator", words)
    if operators & SAVERS:
        others = find_other_savers(source)
        if others:
            words = f"Elsewhere than the saver of TensorFlow, it saves or restores in {', '.join(others[:5])}."
            judgement.worsen(Verdict.UNKNOWN, "tensorflow.saver", words)
    at, last = 0, b""
    while found := source.read(at, 1 << 20):
        run = last + found
        if LAMBDA.search(run):
            judgement.worsen(Verdict.BLOCKED, "keras.code", "It has a Lambda layer of Keras, which brings code.")
        last, at = found[-256:], at + len(found)
    return judgement


#: Message by message, the numbers of fields that lead to operators; a set of names is where one stands.
_NODE: dict[int, object] = {2: None}
_SAVED_MODEL: dict[int, object] = {2: {2: {1: _NODE, 2: {1: {3: _NODE}}}}}


def _walk(wire: Wire, ends: int, into: dict[int, object], found: set[str]) -> None:
    for number, kind, after in wire.fields(ends):
        if number not in into or kind != 2:
            continue
        inner = into[number]
        if isinstance(inner, dict):
            _walk(wire, after, inner, found)
        elif len(found) < 10_000:
            found.add(wire.text(after))
