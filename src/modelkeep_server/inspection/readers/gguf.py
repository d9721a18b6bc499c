"""
GGUF: key-value pairs, a list of tensors, and their bytes, aligned.

Source: github.com/ggml-org/ggml, docs/gguf.md, and the table of types of its Python package.
"""

import struct
from typing import Any

from modelkeep_server.inspection.readers.bounded import READ_MAX, Cursor, Misfit
from modelkeep_server.inspection.readers.tidying import Facts, Tensors, clean, clean_bytes, some
from modelkeep_server.inspection.report import Header
from modelkeep_server.inspection.source import Source

_FIXED = {0: "B", 1: "b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9
_KEY_MAX = 65_535
_DEPTH_MAX = 4
#: Name of a type of tensor, elements of a block, bytes of a block.
_TYPES = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 40), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82), 23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4), 27: ("I64", 1, 8), 28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2), 34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17), 40: ("NVFP4", 64, 36), 41: ("Q1_0", 128, 18),
}  # fmt: skip
_SHOWN = (
    ("general.name", "Name"), ("general.basename", "Base name"), ("general.size_label", "Size"),
    ("general.author", "Author"), ("general.organization", "Organization"), ("general.version", "Version"),
    ("general.quantized_by", "Quantized by"), ("general.file_type", "File type"),
    ("tokenizer.ggml.model", "Tokenizer"), ("tokenizer.ggml.pre", "Pre-tokenizer"),
)  # fmt: skip
_OF_ARCHITECTURE = (
    ("context_length", "Context length"), ("embedding_length", "Embedding length"), ("block_count", "Blocks"),
    ("feed_forward_length", "Feed-forward length"), ("attention.head_count", "Attention heads"),
    ("attention.head_count_kv", "Key-value heads"), ("expert_count", "Experts"), ("vocab_size", "Vocabulary"),
)  # fmt: skip


def read(source: Source) -> Header:
    """See readers/reading.py. Raises Misfit unless the tensors end where the file does, but for padding."""
    cursor = Cursor(source)
    if cursor.take(4) != b"GGUF":
        raise Misfit
    # The version is small: where its first bytes are zeros, the file is one for machines that are big-endian.
    cursor.order = "big" if source.read(4, 2) == b"\x00\x00" else "little"
    if cursor.number(4) not in (2, 3):
        raise Misfit
    tensor_count, pair_count = cursor.number(8), cursor.number(8)
    # The least that a tensor takes is 24 bytes, a pair 13: a count that cannot be is refused before anything is read.
    if tensor_count * 24 + pair_count * 13 > cursor.left:
        raise Misfit
    pairs: dict[str, Any] = {}
    for _ in range(pair_count):
        key = _read_string(cursor, _KEY_MAX).decode()
        if key in pairs or not key:
            raise Misfit
        pairs[key] = _read_value(cursor, cursor.number(4), 0)
    tensors, end = _read_tensors(cursor, tensor_count)
    alignment = pairs.get("general.alignment", 32)
    if type(alignment) is not int or not 8 <= alignment <= 65_536 or alignment & (alignment - 1):
        raise Misfit
    start = -(-cursor.at // alignment) * alignment
    if tensor_count:
        _demand_end(source, start + end, alignment)
    elif source.size_bytes > start:
        raise Misfit
    return _to_header(pairs, tensors)


def _demand_end(source: Source, end: int, alignment: int) -> None:
    """Raises Misfit unless the file ends here, or where the padding of the last tensor does."""
    padded = -(-end // alignment) * alignment
    if source.size_bytes not in (end, padded) or source.read(end, padded - end).strip(b"\x00"):
        raise Misfit


def _read_tensors(cursor: Cursor, count: int) -> tuple[Tensors, int]:
    tensors, end = Tensors(), 0
    for _ in range(count):
        name = clean_bytes(_read_string(cursor, _KEY_MAX))
        dimensions = cursor.number(4)
        if dimensions > 8:
            raise Misfit
        shape = [cursor.number(8) for _ in range(dimensions)]
        label, block, size = _TYPES[cursor.number(4)]
        offset = cursor.number(8)
        # The first dimension of GGUF is the innermost, and the one that is cut into blocks.
        tensors.add(name, label, shape[::-1])
        elements = 1
        for length in shape:
            elements *= length
        if shape and shape[0] % block:
            raise Misfit
        end = max(end, offset + elements // block * size)
    return tensors, end


def _read_string(cursor: Cursor, limit: int) -> bytes:
    length = cursor.number(8)
    if length > limit:
        raise Misfit
    return cursor.take(length)


def _read_value(cursor: Cursor, kind: int, depth: int) -> Any:
    if kind == _STRING:
        length = cursor.number(8)
        found = cursor.take(min(length, READ_MAX, 8_192))
        cursor.skip(length - len(found))
        return found.decode(errors="replace")
    if kind == _ARRAY:
        return _pass_array(cursor, depth)
    form = _FIXED[kind] if cursor.order == "little" else _FIXED[kind].replace("<", ">")
    return struct.unpack(form, cursor.take(struct.calcsize(form)))[0]


def _pass_array(cursor: Cursor, depth: int) -> Any:
    """An array is passed over; what is kept of it is how long it is, and all of it where it is short."""
    kind, count = cursor.number(4), cursor.number(8)
    if depth > _DEPTH_MAX:
        raise Misfit
    if kind in _FIXED:
        width = struct.calcsize(_FIXED[kind])
        if count <= 16:
            return [_read_value(cursor, kind, depth) for _ in range(count)]
        cursor.skip(width * count)
        return _Long(count)
    if count * 8 > cursor.left:
        raise Misfit
    for _ in range(count):
        if kind == _STRING:
            cursor.skip(cursor.number(8))
        else:
            _read_value(cursor, kind, depth + 1)
    return _Long(count)


class _Long:
    """An array that was passed over."""

    def __init__(self, count: int) -> None:
        self.count = count


def _to_header(pairs: dict[str, Any], tensors: Tensors) -> Header:
    architecture = pairs.get("general.architecture")
    architecture = architecture if isinstance(architecture, str) else ""
    facts = Facts()
    for key, label in (*_SHOWN, *((f"{architecture}.{key}", label) for key, label in _OF_ARCHITECTURE)):
        value = pairs.get(key)
        if isinstance(value, str | int | float):
            facts.add(label, value)
    tokens = pairs.get("tokenizer.ggml.tokens")
    if isinstance(tokens, _Long):
        facts.add("Tokens", tokens.count)
    if "tokenizer.chat_template" in pairs:
        facts.add("Chat template", "yes: a program in Jinja that runs where the model is used")
    context = pairs.get(f"{architecture}.context_length")
    return Header(
        framework="llama.cpp",
        model_type=some(clean(architecture)),
        license=some(pairs.get("general.license")),
        hyperparameters={"context_length": context} if isinstance(context, int) and context < 2**53 else None,
        facts=facts.done(),
        **tensors.told(),
    )
