"""NumPy: single arrays and archives of them. Source: numpy/lib/format.py."""

from typing import Any

from modelkeep_server.inspection.readers.bounded import Misfit
from modelkeep_server.inspection.readers.tidying import Tensors, clean
from modelkeep_server.inspection.report import Header
from modelkeep_server.inspection.scanning.arrays import itemsize_of
from modelkeep_server.inspection.scanning.bounds import Budget
from modelkeep_server.inspection.scanning.npys import read_npy_header
from modelkeep_server.inspection.scanning.zips import list_members
from modelkeep_server.inspection.source import Source

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
    """The dtype and shape of one array. Raises Misfit, Broken, or what reading the source raises."""
    header = read_npy_header(source)
    size = source.size_bytes if size_bytes is None else size_bytes
    if not header.holds_objects and header.begins + header.bytes != size:
        raise Misfit
    return _describe(header.descr), header.shape


def _describe(descr: Any) -> str:
    """A dtype as people name it."""
    if isinstance(descr, tuple):
        return _describe(descr[0])
    if isinstance(descr, list):
        return f"record of {len(descr)}"
    size, _ = itemsize_of(descr)
    kind = descr.lstrip("<>=|")[:1]
    # Texts are told by their characters, of which NumPy keeps each in four bytes.
    bits = "" if kind in "bOMm" else str({"S": size, "V": size, "U": size // 4}.get(kind, 8 * size))
    return _KINDS.get(kind, clean(descr, chars=20)) + bits
