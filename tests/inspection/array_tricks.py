"""Pickles and files of joblib of which their readers take other bytes than somebody who is careless would think."""

import gzip
import struct
import zlib

from modelkeep_server.rules.formats import Format
from tests.inspection.corpus import SYSTEM
from tests.support.model_files import text

_WRAPPER = b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n"
_NEW = _WRAPPER + b")\x81"
_MADE_BY_OTHERS = b"ccopyreg\n_reconstructor\n(" + _WRAPPER + b"c__builtin__\nobject\nNtR"
#: More values than the walk keeps of a memo.
_FLOOD = b")\x940" * 200_001
_FIRST = b"\x80\x04"
_CODE = b"0" + SYSTEM[2:]


def _fill(count: int, code: str = "u1", more: bytes = b"") -> bytes:
    """What sets a state of that many elements in the dict on top."""
    dtype = b"cnumpy\ndtype\n" + text(code) + b"\x89\x88\x87R"
    shape = b"J" + struct.pack("<i", count) + b"\x85"
    return (
        b"(" + text("subclass") + b"cnumpy\nndarray\n" + text("shape") + shape + text("order") + text("C")
        + text("dtype") + dtype + text("allow_mmap") + b"\x88" + more + b"u"
    )  # fmt: skip


def _hidden(length: int) -> bytes:
    """Five bytes that an array of five has, or that begin a constant of as many bytes as the code behind it."""
    return b"B" + struct.pack("<I", length)


_ALIGNED = text("numpy_array_alignment_bytes") + b"K\x10"
_BEHIND = _hidden(len(_CODE)) + _CODE + b"."
#: Nine bytes for whoever reads no padding; with it, one, five and nine.
_PADDED = b"\x05" * 9 + b"N" + _BEHIND
_MANY = b"".join(text(f"k{number}") + b"N" for number in range(64))
_IN_MEMO = struct.pack("<I", 200_001)
_INNER = b"\x80\x02" + _NEW + b"}" + _fill(len(SYSTEM)) + b"b" + SYSTEM + b"."


def _frame(length: int) -> bytes:
    return b"\x95" + struct.pack("<Q", length)


_TWO_MEMOS = b"".join(
    text(name) + b"p%d\n0" % at for at, name in ((2, "posix"), (3, "system"), (12, "collections"), (13, "OrderedDict"))
)
#: Python's reader in C forgets what stands in a frame before the instruction is whole: `g12` is `g2` to it.
_FRAMES = {
    "the number of a value": _FIRST
    + _TWO_MEMOS
    + _frame(2)
    + b"g12\n"
    + _frame(2)
    + b"g13\n\x93"
    + text("id")
    + b"\x85R.",
    "a name": _FIRST + _frame(4) + b"ccollections\nOrderedDict\n)R.",
    "a length": _FIRST + _frame(3) + text("collections") + b".",
    "a text": _FIRST + _frame(8) + text("collections") + b".",
    "what follows the last instruction": _FIRST + _frame(9) + b"N.N.N.N.X" + SYSTEM,
}

ARRAY_TRICKS: dict[str, tuple[Format, bytes]] = {
    "wrapper made by another function": (Format.JOBLIB, _FIRST + _MADE_BY_OTHERS + b"}" + _fill(5) + b"b" + _BEHIND),
    "wrapper in a memo that overflows": (
        Format.JOBLIB, _FIRST + _FLOOD + _NEW + b"\x940j" + _IN_MEMO + b"}" + _fill(5) + b"b" + _BEHIND,
    ),
    "state in a memo that overflows": (
        Format.JOBLIB,
        _FIRST + _FLOOD + _NEW + b"}\x94" + _fill(0) + b"j" + _IN_MEMO + b"(" + text("shape") + b"K\x05\x85u0b"
        + _BEHIND,
    ),
    "state that is too large, then small": (
        Format.JOBLIB, _FIRST + _NEW + b"}q\x00(" + _ALIGNED + _MANY + b"u0h\x00" + _fill(9) + b"b" + _PADDED,
    ),
    "state set twice": (
        Format.JOBLIB,
        _FIRST + _NEW + b"q\x00}" + _fill(0, more=_ALIGNED) + b"b\x01\xff0h\x00}" + _fill(9) + b"b" + _PADDED,
    ),
    "state set by a call, then again": (
        Format.JOBLIB,
        _FIRST + _WRAPPER + b"(cnumpy\nndarray\n)NN\x88K\x10tR}" + _fill(9) + b"b" + _PADDED,
    ),
    "array within an array of objects": (
        Format.JOBLIB, zlib.compress(_FIRST + _NEW + b"}" + _fill(1, "O") + b"b" + _INNER + b"."),
    ),
    **{f"frame that ends within {what}": (Format.PICKLE, content) for what, content in _FRAMES.items()},
    "program that is a pickle": (
        Format.JOBLIB,
        b"MZ\x00U\x3b" + bytes(55) + struct.pack("<I", 66) + b"U\x04PE\x00\x00" + text("joblib.numpy_pickle") + b".",
    ),
    "array that is a pickle, packed": (Format.JOBLIB, gzip.compress(_INNER)),
    "array that is a long pickle": (
        Format.PICKLE, _FIRST + _NEW + b"}" + _fill(20_002 + len(SYSTEM)) + b"b" + b"N0" * 10_001 + SYSTEM + b".",
    ),
    "array that stands in another file": (
        Format.JOBLIB,
        _FIRST + b"cjoblib.numpy_pickle_compat\nNDArrayWrapper\n)\x81}(" + text("filename") + text("/tmp/other")
        + text("allow_mmap") + b"\x89ub.",
    ),
    "booster that another function calls": (
        Format.PICKLE,
        _FIRST + b"ctorch._tensor\n_rebuild_from_type_v2\n(cxgboost.core\nBooster\ncxgboost.core\nBooster\n(N)"
        + text("/etc/passwd") + b"t}tR.",
    ),
}  # fmt: skip
