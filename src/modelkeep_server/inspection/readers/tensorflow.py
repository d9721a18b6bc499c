"""
TensorFlow: the saved_model.pb of a SavedModel, and TensorFlow Lite.

Sources: tensorflow/core/protobuf/{saved_model,meta_graph}.proto; tensorflow/lite/schema/schema.fbs; the internals of
FlatBuffers.
"""

from modelkeep_server.inspection.readers.bounded import Cursor, Misfit, read_exactly
from modelkeep_server.inspection.readers.protobuf import LENGTH, VARINT, Entry, Message
from modelkeep_server.inspection.readers.tidying import Facts, Port, Tensors, clean, clean_bytes, schema_of, some
from modelkeep_server.inspection.report import Header
from modelkeep_server.inspection.source import Source

_DTYPES = {1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 7: "string", 8: "complex64",
           9: "int64", 10: "bool", 14: "bfloat16", 17: "uint16", 18: "complex128", 19: "float16", 22: "uint32",
           23: "uint64"}  # fmt: skip
_META_GRAPH = dict.fromkeys(range(1, 8), LENGTH)
_LITE_TYPES = ("float32", "float16", "int32", "uint8", "int64", "string", "bool", "int16", "complex64", "int8",
               "float64", "complex128", "uint64", "resource", "variant", "uint32", "uint16", "int4", "bfloat16",
               "int2")  # fmt: skip


def read_saved_model(source: Source) -> Header:
    """See readers/reading.py. Raises Misfit unless it is a SavedModel with at least one graph, and nothing else."""
    saved = Message(source)
    graphs: list[Message] = []
    schema_version = 0
    for entry in saved.walk({1: VARINT, 2: LENGTH}):
        if entry.number == 1:
            schema_version = entry.value
        elif len(graphs) < 100:
            graphs.append(saved.inner(entry))
    if schema_version != 1 or not graphs:
        raise Misfit
    signatures: list[tuple[str, list[Port], list[Port]]] = []
    version, tags = None, ""
    for graph in graphs:
        found = {number: [entry for entry in graph.walk(_META_GRAPH) if entry.number == number] for number in (1, 2, 5)}
        if not found[2]:
            raise Misfit
        for entry in found[1]:
            info = graph.inner(entry)
            fields = info.fields()
            version = info.first_text(fields, 5) or version
            tags = ", ".join(info.text_of(tag, 200) for tag in fields.get(4, [])[:10]) or tags
        signatures += [_read_signature(graph, entry) for entry in found[5][:50]]
    facts = Facts().add("Tags", tags).add("Signatures", ", ".join(name for name, _, _ in signatures))
    served = [row for row in signatures if row[0] == "serving_default"] or [row for row in signatures if row[1]]
    return Header(
        framework="tensorflow",
        framework_version=some(version),
        input_schema=schema_of(served[0][1]) if served else None,
        output_schema=schema_of(served[0][2]) if served else None,
        facts=facts.done(),
    )


def _read_signature(graph: Message, entry: Entry) -> tuple[str, list[Port], list[Port]]:
    pair = graph.inner(entry)
    fields = pair.fields()
    name = clean(pair.first_text(fields, 1) or "", chars=100)
    if not fields.get(2):
        return name, [], []
    signature = pair.inner(fields[2][-1])
    parts = signature.fields()
    return name, *([_read_port(signature, row) for row in parts.get(number, [])[:200]] for number in (1, 2))  # type: ignore[return-value]


def _read_port(signature: Message, entry: Entry) -> Port:
    pair = signature.inner(entry)
    fields = pair.fields()
    name = pair.first_text(fields, 1) or ""
    if not fields.get(2):
        return Port(name, "unknown", None)
    info = pair.inner(fields[2][-1])
    told = info.fields()
    dtype = _DTYPES.get(told[2][-1].value, "unknown") if told.get(2) else "unknown"
    if not told.get(3):
        return Port(name, dtype, None)
    shape = info.inner(told[3][-1])
    dimensions = shape.fields()
    if dimensions.get(3) and dimensions[3][-1].value:
        return Port(name, dtype, None)
    return Port(name, dtype, tuple(_dimension(shape.inner(row)) for row in dimensions.get(2, [])))


def _dimension(message: Message) -> int | None:
    fields = message.fields()
    size = fields[1][-1].value if fields.get(1) else 0
    return size if size < 1 << 53 else None


class _Table:
    """A table of a FlatBuffer."""

    def __init__(self, source: Source, at: int) -> None:
        self.source = source
        self.at = at
        vtable = at - int.from_bytes(read_exactly(source, at, 4), "little", signed=True)
        size = int.from_bytes(read_exactly(source, vtable, 2), "little")
        if size < 4 or size % 2 or size > 4_096:
            raise Misfit
        raw = read_exactly(source, vtable, size)
        self._fields = [int.from_bytes(raw[i : i + 2], "little") for i in range(4, size, 2)]

    def number(self, field: int, width: int) -> int:
        """A number; 0 where it is not there."""
        at = self._place(field)
        return 0 if at is None else int.from_bytes(read_exactly(self.source, at, width), "little")

    def vector(self, field: int) -> tuple[int, int]:
        """Where the elements of a vector begin and how many there are."""
        at = self._place(field)
        if at is None:
            return 0, 0
        begin = at + int.from_bytes(read_exactly(self.source, at, 4), "little")
        count = int.from_bytes(read_exactly(self.source, begin, 4), "little")
        if begin + 4 + count > self.source.size_bytes:
            raise Misfit
        return begin + 4, count

    def numbers(self, field: int) -> list[int]:
        """A short vector of signed numbers of 32 bits."""
        begin, count = self.vector(field)
        if count > 4_096:
            raise Misfit
        raw = read_exactly(self.source, begin, 4 * count)
        return [int.from_bytes(raw[i : i + 4], "little", signed=True) for i in range(0, 4 * count, 4)]

    def tables(self, field: int, limit: int) -> list["_Table"]:
        """The first tables of a vector."""
        begin, count = self.vector(field)
        cursor = Cursor(self.source, begin)
        found = []
        for _ in range(min(count, limit)):
            place = cursor.at
            found.append(_Table(self.source, place + cursor.number(4)))
        return found

    def text(self, field: int) -> str:
        """A string, cut."""
        begin, count = self.vector(field)
        return clean_bytes(read_exactly(self.source, begin, min(count, 2_000)))

    def _place(self, field: int) -> int | None:
        offset = self._fields[field] if field < len(self._fields) else 0
        return self.at + offset if offset else None


def read_lite(source: Source) -> Header:
    """See readers/reading.py. Raises Misfit unless it is a model of schema 3 with a graph."""
    head = read_exactly(source, 0, 8)
    if head[4:] != b"TFL3":
        raise Misfit
    model = _Table(source, int.from_bytes(head[:4], "little"))
    graphs = model.tables(2, 64)
    if model.number(0, 4) != 3 or not graphs:
        raise Misfit
    tensors, ports = Tensors(), ([], [])  # type: tuple[Tensors, tuple[list[Port], list[Port]]]
    shown: list[Port] = []
    for row in graphs[0].tables(0, 10_000):
        dtype = _LITE_TYPES[row.number(1, 1)] if row.number(1, 1) < len(_LITE_TYPES) else "unknown"
        shape = row.numbers(0)
        signature = row.numbers(7) or shape
        shown.append(Port(row.text(3), dtype, tuple(None if length < 0 else length for length in signature)))
        tensors.add(row.text(3), dtype, [max(0, length) for length in shape])
    for field in (1, 2):
        ports[field - 1].extend(shown[index] for index in graphs[0].numbers(field)[:200] if 0 <= index < len(shown))
    facts = Facts().add("Description", model.text(3)).add("Graphs", len(graphs)).add("Tensors", tensors.count)
    facts.add("Operators", graphs[0].vector(3)[1])
    return Header(
        framework="tensorflow",
        model_type=None,
        input_schema=schema_of(ports[0]),
        output_schema=schema_of(ports[1]),
        tensor_count=tensors.count,
        tensors=tensors.told().get("tensors", ()),
        dtypes=tensors.told().get("dtypes", {}),
        facts=facts.done(),
    )
