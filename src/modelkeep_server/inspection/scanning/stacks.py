"""The stack and the memo of a pickle that is walked through, with bounds."""

from typing import Any

from modelkeep_server.inspection.scanning.bounds import Broken, TooMuch
from modelkeep_server.inspection.scanning.values import LOST, MARK, UNKNOWN, Items, Made, Named, Table
from modelkeep_server.rules.code_allowlist import ALLOWED

STACK_MAX = 1_000_000
MEMO_MAX = 1 << 27
#: What else is kept of the memo than names that are allowed; of the rest it is known only that it is there.
OTHERS_KEPT = 200_000

_MODULES_AND_NAMES = frozenset(ALLOWED) | frozenset(name for names in ALLOWED.values() for name in names)


class Stack:
    """Values as the walk knows them."""

    def __init__(self) -> None:
        self._values: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._others = 0
        self._has_lost = False
        self._known = bytearray()
        self._count = 0

    def push(self, value: Any) -> None:
        """Put a value on top. Raises TooMuch."""
        if len(self._values) >= STACK_MAX:
            raise TooMuch(f"It lays more than {STACK_MAX:,} values on its stack.")
        self._values.append(value)

    def top(self) -> Any:
        """The value on top. Raises Broken where there is none."""
        if not self._values or self._values[-1] is MARK:
            raise _empty()
        return self._values[-1]

    def pop(self) -> Any:
        """Take the value on top. Raises Broken where there is none."""
        value = self.top()
        self._values.pop()
        return value

    def drop(self) -> None:
        """Take what is on top, a mark as well."""
        if not self._values:
            raise _empty()
        self._values.pop()

    def pop_to_mark(self) -> list[Any]:
        """Take the mark, and give what stood above it."""
        above: list[Any] = []
        while self._values:
            value = self._values.pop()
            if value is MARK:
                return above[::-1]
            above.append(value)
        raise Broken("pickle.broken", "It goes back to a mark that was never set.")

    def replace_top(self, value: Any) -> None:
        """Have another value on top."""
        self.top()
        self._values[-1] = value

    def remember(self, index: int | None) -> None:
        """Note the value on top in the memo, at an index or, for None, at the next one."""
        value = self.top()
        at = self._count if index is None else index
        if not 0 <= at < MEMO_MAX:
            raise TooMuch(f"Its memo has more than {MEMO_MAX:,} places.")
        byte, bit = divmod(at, 8)
        if byte >= len(self._known):
            self._known.extend(bytes(max(byte + 1 - len(self._known), len(self._known))))
        if not self._known[byte] >> bit & 1:
            self._known[byte] |= 1 << bit
            self._count += 1
        self._memo.pop(at, None)
        if isinstance(value, Named) or (isinstance(value, str) and value in _MODULES_AND_NAMES):
            self._memo[at] = value
        elif isinstance(value, str | Made | Items | Table):
            if self._others < OTHERS_KEPT:
                self._others += 1
                self._memo[at] = value
            self._has_lost |= self._others == OTHERS_KEPT

    def recall(self, index: int) -> Any:
        """What the memo has at an index, as far as it was kept. Raises Broken where nothing was put there."""
        byte, bit = divmod(index, 8)
        if index < 0 or byte >= len(self._known) or not self._known[byte] >> bit & 1:
            raise Broken("pickle.broken", "It recalls a value that was never kept.")
        return self._memo.get(index, LOST if self._has_lost else UNKNOWN)


def _empty() -> Broken:
    return Broken("pickle.broken", "It takes a value from an empty stack.")
