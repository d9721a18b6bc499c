"""
The instructions of pickle, protocols 0 to 5: name and argument of each.

Source: the documentation in Python's pickletools.py and PEPs 307, 3154 and 574. A test compares every row with it.
"""

from collections.abc import Mapping

#: What stands behind an instruction: a number of bytes, or one of these.
LINE, TWO_LINES, LENGTH_1, LENGTH_4, LENGTH_8 = -1, -2, -3, -4, -5

_ROWS = """
    ( MARK 0            . STOP 0            0 POP 0             1 POP_MARK 0        2 DUP 0
    F FLOAT -1          I INT -1            J BININT 4          K BININT1 1         L LONG -1
    M BININT2 2         N NONE 0            P PERSID -1         Q BINPERSID 0       R REDUCE 0
    S STRING -1         T BINSTRING -4      U SHORT_BINSTRING -3                    V UNICODE -1
    X BINUNICODE -4     a APPEND 0          b BUILD 0           c GLOBAL -2         d DICT 0
    } EMPTY_DICT 0      e APPENDS 0         g GET -1            h BINGET 1          i INST -2
    j LONG_BINGET 4     l LIST 0            ] EMPTY_LIST 0      o OBJ 0             p PUT -1
    q BINPUT 1          r LONG_BINPUT 4     s SETITEM 0         t TUPLE 0           ) EMPTY_TUPLE 0
    u SETITEMS 0        G BINFLOAT 8
    80 PROTO 1          81 NEWOBJ 0         82 EXT1 1           83 EXT2 2           84 EXT4 4
    85 TUPLE1 0         86 TUPLE2 0         87 TUPLE3 0         88 NEWTRUE 0        89 NEWFALSE 0
    8a LONG1 -3         8b LONG4 -4         42 BINBYTES -4      43 SHORT_BINBYTES -3
    8c SHORT_BINUNICODE -3                  8d BINUNICODE8 -5   8e BINBYTES8 -5     8f EMPTY_SET 0
    90 ADDITEMS 0       91 FROZENSET 0      92 NEWOBJ_EX 0      93 STACK_GLOBAL 0   94 MEMOIZE 0
    95 FRAME 8          96 BYTEARRAY8 -5    97 NEXT_BUFFER 0    98 READONLY_BUFFER 0
"""


def _read() -> dict[int, tuple[str, int]]:
    words = _ROWS.split()
    rows = zip(words[::3], words[1::3], words[2::3], strict=True)
    return {ord(code) if len(code) == 1 else int(code, 16): (name, int(argument)) for code, name, argument in rows}


#: By the byte that says it.
OPCODES: Mapping[int, tuple[str, int]] = _read()
