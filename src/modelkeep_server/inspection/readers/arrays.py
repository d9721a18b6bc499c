"""NumPy: single arrays and archives of them. Source: numpy/lib/format.py."""

import ast
from typing import Any

from modelkeep_server.inspection.readers.bounded import Misfit
from modelkeep_server.inspection.readers.tidying import Tensors, clean
from modelkeep_server.inspection.report import Header
from modelkeep_server.inspection.scanning.arrays import itemsize_of
from modelkeep_server.inspection.scanning.bounds import Budget
from modelkeep_server.inspection.scanning.npys import MAGIC
from modelkeep_server.inspection.scanning.zips import list_members
from modelkeep_server.inspection.source import Source

_HEADER_MAX = 10_000
_KINDS = {"f": "float", "i": "int", "u": "uint", "c": "complex", "b": "bool", "U": "str", "S": "bytes", "O": "object",
          "M": "datetime", "m": "timedelta", "V": "void"}  # fmt: skip


def read_npy(source: Source) -> Header:
    """See readers/reading.py. Raises Misfit unless the file has just the size that its header tells."""
    tensors = Tensors()
    dtype, shape = read_array(source)
    tensors.add("array", dtype, shape)
    return Header(framework="numpy", **tensors.told())


def read_npz(source: Source) -> Header:
    """See readers/reading.py. Of each array the header is read, and no more."""
    tensors, budget = Tensors(), Budget()
    for member in list_members(source):
        dtype, shape = read_array(member.open(source, budget), size_bytes=member.size_bytes)
        tensors.add(member.name.removesuffix(".npy"), dtype, shape)
    return Header(framework="numpy", **tensors.told())


def read_array(source: Source, *, size_bytes: int | None = None) -> tuple[str, tuple[int, ...]]:
    """The dtype and shape of one array. Raises Misfit, or what reading the source raises."""
    head = source.read(0, 12)
    wide = head[6:7] in (b"\x02", b"\x03")
    if head[:6] != MAGIC or head[6:8] not in (b"\x01\x00", b"\x02\x00", b"\x03\x00"):
        raise Misfit
    begins = 12 if wide else 10
    length = int.from_bytes(head[8:begins], "little")
    if length > _HEADER_MAX:
        raise Misfit
    try:
        told = ast.literal_eval(source.read(begins, length).decode("latin-1").strip())
    except SyntaxError as error:
        raise Misfit from error
    if not isinstance(told, dict) or set(told) != {"descr", "fortran_order", "shape"}:
        raise Misfit
    shape = told["shape"]
    if not isinstance(shape, tuple) or not all(type(n) is int and 0 <= n < 1 << 48 for n in shape) or len(shape) > 64:
        raise Misfit
    label, itemsize = _describe(told["descr"])
    total = itemsize or 0
    for n in shape:
        total *= n
    size = source.size_bytes if size_bytes is None else size_bytes
    if itemsize is not None and begins + length + total != size:
        raise Misfit
    return label, shape


def _describe(descr: Any) -> tuple[str, int | None]:
    """A dtype as people name it, and the bytes of an element; None where elements are objects."""
    if isinstance(descr, str):
        size, holds_objects = itemsize_of(descr)
        kind = descr.lstrip("<>=|")[:1]
        bits = "" if kind in "bOMm" else str(size if kind in "SUV" else 8 * size)
        return _KINDS.get(kind, clean(descr, chars=20)) + bits, None if holds_objects else size
    if not isinstance(descr, list) or not descr or len(descr) > 1_000:
        raise Misfit
    sizes = [_describe(row[1])[1] for row in descr]
    counts = [_product(row[2]) if len(row) > 2 else 1 for row in descr]
    if any(size is None for size in sizes):
        return f"record of {len(descr)}", None
    return f"record of {len(descr)}", sum((size or 0) * count for size, count in zip(sizes, counts, strict=True))


def _product(shape: Any) -> int:
    total = 1
    for length in shape if isinstance(shape, tuple) else (shape,):
        if type(length) is not int or length < 0:
            raise Misfit
        total *= length
    return total
