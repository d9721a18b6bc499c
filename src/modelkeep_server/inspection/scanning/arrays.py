"""
How many raw bytes an array takes that joblib writes between the instructions of a pickle.

Source: joblib/numpy_pickle.py, NumpyArrayWrapper.read_array; numpy/_core/src/multiarray/descriptor.c, __setstate__.
"""

import re
from typing import Any

from modelkeep_server.inspection.scanning.bounds import Broken
from modelkeep_server.inspection.scanning.values import Items, Made, Named, Table

_CODE = re.compile(r"[<>=|]?([?bBhHiIuclLqQefdgFDGSUVOMm])(\d*)(\[[a-zA-Zμ0-9/]{1,12}\])?\Z")
_FIXED = {"?": 1, "b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "l": 8, "L": 8, "q": 8, "Q": 8, "e": 2, "f": 4,
          "d": 8, "g": 16, "F": 8, "D": 16, "G": 32, "O": 8, "M": 8, "m": 8, "c": 1}  # fmt: skip
_SIZED = "biufcMmO"
_HAS_OBJECT = 1
ALIGNMENT_MAX = 64


def itemsize_of(code: str) -> tuple[int, bool]:
    """
    Bytes of an element of this type as NumPy writes it (`<f8`, `|O`, `U10`), and whether it is an object.

    Raises Broken for what is no such type.
    """
    found = _CODE.match(code)
    if found is None or len(found[2]) > 9:
        raise unreadable()
    kind, digits = found[1], found[2]
    if kind in "SUV":
        return int(digits or 0) * (4 if kind == "U" else 1), False
    if digits and (kind in _SIZED or kind == "b"):
        size = int(digits)
        if size not in (1, 2, 4, 8, 10, 12, 16, 24, 32):
            raise unreadable()
        return size, kind == "O"
    if kind not in _FIXED:
        raise unreadable()
    return _FIXED[kind], kind == "O"


def size_of(wrapper: Made) -> tuple[int, bool, int | None]:
    """
    Of an array that joblib wrapped: bytes of its elements, whether they are objects (another pickle then follows
    instead), and the alignment that its bytes were padded to, None where they were not.

    Raises Broken where the walk could not say, since what follows could then be anything.
    """
    state = wrapper.state.pairs if isinstance(wrapper.state, Table) else {}
    shape, dtype, alignment = state.get("shape"), state.get("dtype"), state.get("numpy_array_alignment_bytes")
    if not isinstance(shape, Items) or not isinstance(dtype, Made) or not isinstance(state.get("subclass"), Named):
        raise unreadable()
    itemsize, holds_objects = _dtype_size(dtype)
    total = itemsize
    for length in shape.values:
        if type(length) is not int or length < 0:
            raise unreadable()
        total *= length
        # NumPy counts with 64 bits and would wrap around.
        if total >= 1 << 62:
            raise unreadable()
    if alignment is not None and not (type(alignment) is int and 0 < alignment <= ALIGNMENT_MAX):
        raise unreadable()
    return total, holds_objects, alignment


def _dtype_size(dtype: Made) -> tuple[int, bool]:
    code = dtype.args.values[0] if isinstance(dtype.args, Items) and dtype.args.values else None
    if str(dtype.by) != "numpy.dtype" or not isinstance(code, str):
        raise unreadable()
    size, holds_objects = itemsize_of(code)
    state = dtype.state
    if state is None:
        return size, holds_objects
    if not isinstance(state, Items) or len(state.values) < 8:
        raise unreadable()
    _, _, base, names, fields, told, _, flags, *_ = state.values
    if base is not None:
        raise unreadable()
    if type(told) is int and told >= 0 and told != size:
        raise unreadable()
    if names is not None or fields is not None:
        holds_objects |= _fields_hold_objects(fields)
    if type(flags) is not int:
        raise unreadable()
    return size, holds_objects or bool(flags & _HAS_OBJECT)


def _fields_hold_objects(fields: Any) -> bool:
    if not isinstance(fields, Table):
        raise unreadable()
    held = False
    for entry in fields.pairs.values():
        if not isinstance(entry, Items) or len(entry.values) < 2 or not isinstance(entry.values[0], Made):
            raise unreadable()
        held |= _dtype_size(entry.values[0])[1]
    return held


def unreadable() -> Broken:
    """An array whose end cannot be found."""
    return Broken("pickle.array", "It holds an array whose size cannot be told, so that what follows cannot be read.")
