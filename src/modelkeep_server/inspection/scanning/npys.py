"""NumPy arrays: a header that is read strictly, then raw data, or a pickle where the elements are objects."""

import ast
import math
from dataclasses import dataclass
from typing import Any

from modelkeep_server.inspection.report import Verdict
from modelkeep_server.inspection.scanning.arrays import itemsize_of
from modelkeep_server.inspection.scanning.bounds import Broken, Judgement
from modelkeep_server.inspection.scanning.pickled import judge_pickle
from modelkeep_server.inspection.source import Source, Window

MAGIC = b"\x93NUMPY"
#: As numpy.load has it (`max_header_size`).
HEADER_MAX = 10_000


@dataclass(frozen=True)
class NpyHeader:
    """
    What stands before an array: where its elements begin, their type as NumPy writes it, the shape, and how many bytes
    they take where they are no objects.
    """

    begins: int
    descr: Any
    shape: tuple[int, ...]
    bytes: int
    holds_objects: bool


def judge_npy(source: Source) -> Judgement:
    """The verdict on one array. Source: numpy/lib/format.py."""
    header = read_npy_header(source)
    if header.holds_objects:
        judgement = judge_pickle(Window(source, header.begins, source.size_bytes - header.begins))
        words = "The array holds Python objects, as a pickle, which NumPy loads only if it is told to. Give it a type."
        judgement.worsen(Verdict.UNKNOWN, "npy.objects", words)
        return judgement
    if source.size_bytes - header.begins != header.bytes:
        raise Broken("npy.size", "The array has not the size that its header tells.")
    return Judgement(Verdict.CLEAN_DATA)


def read_npy_header(source: Source) -> NpyHeader:
    """Raises Broken for what NumPy would not take."""
    head = source.read(0, 12)
    wide = head[6:7] in (b"\x02", b"\x03")
    if head[:6] != MAGIC or head[6:8] not in (b"\x01\x00", b"\x02\x00", b"\x03\x00") or len(head) < 12:
        raise _broken()
    begins = 12 if wide else 10
    length = int.from_bytes(head[8:begins], "little")
    raw = source.read(begins, length) if length <= HEADER_MAX else b""
    if not raw or len(raw) != length:
        raise _broken()
    try:
        told = ast.literal_eval(raw.decode("latin-1").strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise _broken() from error
    if not isinstance(told, dict) or set(told) != {"descr", "fortran_order", "shape"}:
        raise _broken()
    shape = told["shape"]
    if not isinstance(shape, tuple) or not all(type(length) is int and 0 <= length < 1 << 48 for length in shape):
        raise _broken()
    itemsize, holds_objects = _element(told["descr"])
    return NpyHeader(begins + length, told["descr"], shape, itemsize * math.prod(shape), holds_objects)


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
