"""
Safetensors: eight bytes of length, a JSON header, and the tensors' bytes without holes.

Source: github.com/huggingface/safetensors, "Format", and its validation (no holes, no overlap, nothing behind).
"""

import math
from typing import Any

from modelkeep_server.inspection.readers.bounded import Misfit, parse_json, read_all, read_exactly
from modelkeep_server.inspection.readers.tidying import Facts, Tensors, some
from modelkeep_server.inspection.report import Header
from modelkeep_server.inspection.source import Source

_HEADER_MAX = 16 * 1024 * 1024
_BITS = {"BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
         "F8_E5M2FNUZ": 8, "F8_E4M3FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32,
         "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64}  # fmt: skip
_FRAMEWORKS = {"pt": "pytorch", "tf": "tensorflow", "flax": "jax", "jax": "jax", "np": "numpy", "mlx": "mlx",
               "paddle": "paddlepaddle"}  # fmt: skip


def read(source: Source) -> Header:
    """See readers/reading.py. Raises Misfit unless the tensors fill the file to its last byte."""
    length = int.from_bytes(read_exactly(source, 0, 8), "little")
    if not 2 <= length <= min(_HEADER_MAX, source.size_bytes - 8):
        raise Misfit
    told = parse_json(read_all(source, limit=_HEADER_MAX, offset=8, length=length), unique_keys=True)
    if not isinstance(told, dict):
        raise Misfit
    metadata = told.pop("__metadata__", None) or {}
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise Misfit
    tensors, spans = Tensors(), []
    for name, entry in told.items():
        spans.append(_span(entry))
        tensors.add(name, entry["dtype"], entry["shape"])
    end = 0
    for begin, following in sorted(spans):
        if begin != end:
            raise Misfit
        end = following
    if 8 + length + end != source.size_bytes:
        raise Misfit
    facts = Facts()
    for key in sorted(metadata):
        facts.add(key, metadata[key])
    return Header(
        framework=_FRAMEWORKS.get(metadata.get("format", "")),
        framework_version=some(metadata.get("framework_version")),
        model_type=some(metadata.get("modelspec.architecture") or metadata.get("model_type")),
        license=some(metadata.get("license") or metadata.get("modelspec.license")),
        facts=facts.done(),
        **tensors.told(),
    )


def _span(entry: Any) -> tuple[int, int]:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise Misfit
    shape, offsets = entry["shape"], entry["data_offsets"]
    numbers = [*shape, *offsets]
    if len(offsets) != 2 or not all(type(number) is int and number >= 0 for number in numbers) or len(shape) > 64:
        raise Misfit
    bits = math.prod(shape) * _BITS[entry["dtype"]]
    if bits % 8 or offsets[1] - offsets[0] != bits // 8:
        raise Misfit
    return offsets[0], offsets[1]
