"""NumPy arrays: a header that is read strictly, then raw data, or a pickle where the elements are objects."""

import ast
from typing import Any

from modelkeep_server.inspection.report import Verdict
from modelkeep_server.inspection.scanning.arrays import itemsize_of
from modelkeep_server.inspection.scanning.bounds import Broken, Judgement
from modelkeep_server.inspection.scanning.pickled import judge_pickle
from modelkeep_server.inspection.source import Source, Window

MAGIC = b"\x93NUMPY"
#: As numpy.load has it (`max_header_size`).
HEADER_MAX = 10_000


def judge_npy(source: Source) -> Judgement:
    """The verdict on one array. Source: numpy/lib/format.py."""
    begins, header = _read_header(source)
    count = 1
    for length in header["shape"]:
        count *= length
    itemsize, holds_objects = _element(header["descr"])
    if holds_objects:
        judgement = judge_pickle(Window(source, begins, source.size_bytes - begins))
        judgement.note("npy.objects", "The array holds Python objects, as a pickle.")
        return judgement
    if source.size_bytes - begins != count * itemsize:
        raise Broken("npy.size", "The array has not the size that its header tells.")
    return Judgement(Verdict.CLEAN_DATA)


def _read_header(source: Source) -> tuple[int, dict[str, Any]]:
    head = source.read(0, 12)
    wide = head[6:7] in (b"\x02", b"\x03")
    if head[:6] != MAGIC or head[6:7] not in (b"\x01", b"\x02", b"\x03") or len(head) < 12:
        raise _broken()
    begins = 12 if wide else 10
    length = int.from_bytes(head[8:begins], "little")
    raw = source.read(begins, length) if length <= HEADER_MAX else b""
    if not raw or len(raw) != length:
        raise _broken()
    try:
        header = ast.literal_eval(raw.decode("latin-1").strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise _broken() from error
    if not isinstance(header, dict) or set(header) != {"descr", "fortran_order", "shape"}:
        raise _broken()
    shape = header["shape"]
    if not isinstance(shape, tuple) or not all(type(length) is int and 0 <= length < 1 << 48 for length in shape):
        raise _broken()
    return begins + length, header


def _element(descr: Any) -> tuple[int, bool]:
    """Bytes of an element, and whether it is or holds an object."""
    if isinstance(descr, str):
        return itemsize_of(descr)
    if isinstance(descr, tuple) and len(descr) == 2 and isinstance(descr[1], tuple):
        size, held = _element(descr[0])
        return size * _product(descr[1]), held
    if not isinstance(descr, list) or not descr:
        raise _broken()
    total, holds_objects = 0, False
    for field in descr:
        if not isinstance(field, tuple) or len(field) not in (2, 3):
            raise _broken()
        size, held = _element(field[1])
        total += size * (_product(field[2]) if len(field) == 3 else 1)
        holds_objects |= held
    return total, holds_objects


def _product(shape: Any) -> int:
    total = 1
    for length in shape if isinstance(shape, tuple) else (shape,):
        if type(length) is not int or length < 0:
            raise _broken()
        total *= length
    return total


def _broken() -> Broken:
    return Broken("npy.header", "Its header is not that of a NumPy array.")
