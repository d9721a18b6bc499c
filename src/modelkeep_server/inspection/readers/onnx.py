"""
ONNX: a ModelProto, of which the weights are passed over.

Source: github.com/onnx/onnx, onnx/onnx.proto.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from modelkeep_server.inspection.readers.bounded import Misfit
from modelkeep_server.inspection.readers.protobuf import LENGTH, VARINT, Message, packed
from modelkeep_server.inspection.readers.tidying import Facts, Port, Tensors, clean, schema_of, some
from modelkeep_server.inspection.report import Header
from modelkeep_server.inspection.source import Source

_MODEL = {1: VARINT, 2: LENGTH, 3: LENGTH, 4: LENGTH, 5: VARINT, 6: LENGTH, 7: LENGTH, 8: LENGTH, 14: LENGTH,
          20: LENGTH, 25: LENGTH, 26: LENGTH}  # fmt: skip
_GRAPH = {1: LENGTH, 2: LENGTH, 5: LENGTH, 10: LENGTH, 11: LENGTH, 12: LENGTH, 13: LENGTH, 14: LENGTH, 15: LENGTH,
          16: LENGTH}  # fmt: skip
_TENSOR: Mapping[int, Any] = {1: packed(VARINT), 2: VARINT, 3: LENGTH, 4: packed(5), 5: packed(VARINT), 6: LENGTH,
                              7: packed(VARINT), 8: LENGTH, 9: LENGTH, 10: packed(1), 11: packed(VARINT), 12: LENGTH,
                              13: LENGTH, 14: VARINT, 16: LENGTH}  # fmt: skip
_TYPES = {1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "string",
          9: "bool", 10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128",
          16: "bfloat16", 17: "float8e4m3fn", 18: "float8e4m3fnuz", 19: "float8e5m2", 20: "float8e5m2fnuz",
          21: "uint4", 22: "int4", 23: "float4e2m1", 24: "float8e8m0", 25: "uint2", 26: "int2"}  # fmt: skip
_FRAMEWORKS = {"pytorch": "pytorch", "tf2onnx": "tensorflow", "skl2onnx": "scikit-learn", "keras2onnx": "keras"}
_IR_MAX = 64


def read(source: Source) -> Header:
    """See readers/reading.py. Raises Misfit unless every byte belongs to a field that a ModelProto has."""
    model = Message(source)
    told: dict[int, str] = {}
    opsets: list[str] = []
    properties: dict[str, str] = {}
    graph, ir = None, 0
    for entry in model.walk(_MODEL):
        if entry.number == 1:
            ir = entry.value
        elif entry.number == 7:
            graph = model.inner(entry)
        elif entry.number == 8:
            opsets.append(_read_opset(model.inner(entry)))
        elif entry.number == 14 and len(properties) < 40:
            inner = model.inner(entry)
            fields = inner.fields()
            properties[inner.first_text(fields, 1) or ""] = inner.first_text(fields, 2) or ""
        elif entry.number in (2, 3, 4, 6):
            told[entry.number] = clean(model.text_of(entry))
    if graph is None or not 1 <= ir <= _IR_MAX or (ir >= 3 and not opsets):
        raise Misfit
    return _to_header(ir, told, opsets, properties, graph)


def _to_header(ir: int, told: dict[int, str], opsets: list[str], properties: dict[str, str], graph: Message) -> Header:
    tensors, inputs, outputs, operators, name = _read_graph(graph)
    known = tensors[1]
    producer = told.get(2, "")
    facts = Facts().add("Producer", " ".join(filter(None, (producer, told.get(3))))).add("IR version", ir)
    facts.add("Operator sets", ", ".join(opsets[:10])).add("Graph", name).add("Nodes", operators.total())
    facts.add("Operators", ", ".join(f"{kind} ({count})" for kind, count in _often(operators)))
    for key, value in properties.items():
        facts.add(key, value)
    framework = _FRAMEWORKS.get(producer.lower(), "onnx")
    return Header(
        framework=framework,
        # Converters tell their own version; only PyTorch writes ONNX itself.
        framework_version=(told.get(3) or None) if framework == "pytorch" else None,
        model_type=some(properties.get("model_type") or properties.get("architecture")),
        license=some(properties.get("license")),
        input_schema=schema_of([port for port in inputs if port.name not in known]),
        output_schema=schema_of(outputs),
        facts=facts.done(),
        **tensors[0].told(),
    )


def _often(operators: Counter[str]) -> list[tuple[str, int]]:
    # Not `most_common`, which imports as it runs: whoever looks through files can open none.
    return sorted(operators.items(), key=lambda row: -row[1])[:12]


def _read_opset(message: Message) -> str:
    fields = message.fields()
    version = fields[2][-1].value if fields.get(2) else 0
    return f"{clean(message.first_text(fields, 1) or 'ai.onnx', chars=60)} {version}"


def _read_graph(
    graph: Message,
) -> tuple[tuple[Tensors, set[str]], list[Port], list[Port], Counter[str], str]:
    tensors, known, operators, name = Tensors(), set(), Counter[str](), ""
    inputs: list[Port] = []
    outputs: list[Port] = []
    for entry in graph.walk(_GRAPH):
        if entry.number == 1:
            operators[_operator(graph.inner(entry))] += 1
        elif entry.number == 2:
            name = graph.text_of(entry)
        elif entry.number == 5:
            known.add(_read_tensor(graph.inner(entry), tensors))
        elif entry.number in (11, 12):
            ports = inputs if entry.number == 11 else outputs
            if len(ports) < 10_000:
                ports.append(_read_port(graph.inner(entry)))
    return (tensors, known), inputs, outputs, operators, name


def _operator(node: Message) -> str:
    kind, domain = "", ""
    for entry in node.walk():
        if entry.number == 4:
            kind = node.text_of(entry, 200)
        elif entry.number == 7:
            domain = node.text_of(entry, 200)
    return clean(f"{domain}.{kind}" if domain and domain != "ai.onnx" else kind, chars=60)


def _read_tensor(tensor: Message, tensors: Tensors) -> str:
    shape: list[int] = []
    kind, name = 0, ""
    for entry in tensor.walk(_TENSOR):
        if entry.number == 1:
            shape += tensor.numbers_of(entry)
        elif entry.number == 2:
            kind = entry.value
        elif entry.number == 8:
            name = tensor.text_of(entry)
    tensors.add(name, _TYPES.get(kind, f"type {kind}"), shape)
    return name


def _read_port(value: Message) -> Port:
    fields = value.fields()
    name = value.first_text(fields, 1) or ""
    if not fields.get(2):
        return Port(name, "unknown", None)
    kind = value.inner(fields[2][-1])
    kinds = kind.fields()
    if not kinds.get(1):
        return Port(name, "sequence or map", None)
    tensor = kind.inner(kinds[1][-1])
    parts = tensor.fields()
    dtype = _TYPES.get(parts[1][-1].value, "unknown") if parts.get(1) else "unknown"
    if not parts.get(2):
        return Port(name, dtype, None)
    shape = tensor.inner(parts[2][-1])
    return Port(name, dtype, tuple(_dimension(shape.inner(entry)) for entry in shape.walk({1: LENGTH})))


def _dimension(message: Message) -> int | str | None:
    fields = message.fields()
    if fields.get(1):
        return fields[1][-1].value if fields[1][-1].value < 1 << 53 else None
    return clean(message.first_text(fields, 2) or "", chars=40) or None
