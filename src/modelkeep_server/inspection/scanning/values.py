"""What the walk through a pickle knows of the values that its instructions make: names, small constants, no more."""

from dataclasses import dataclass
from typing import Any

KEPT_ITEMS_MAX = 64
KEPT_DEPTH_MAX = 9


@dataclass(frozen=True, slots=True)
class Named:
    """A class or function that the pickle names, its module as it is called today."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(slots=True)
class Made:
    """What calling a name gives. Arguments and state only where the walk needs them later."""

    by: Named
    args: Any = None
    state: Any = None


@dataclass(frozen=True, slots=True)
class Items:
    """A small tuple."""

    values: tuple[Any, ...]
    depth: int


@dataclass(slots=True)
class Table:
    """A small dict with names for keys. `depth` grows with what is put in."""

    pairs: dict[str, Any]
    depth: int = 1


class Unknown:
    """Any value of which nothing more needs to be known."""


#: A value of which nothing is known, one that was known and is not any more, and the mark that some go back to.
UNKNOWN, LOST, MARK = Unknown(), Unknown(), Unknown()

_KEEPERS = frozenset({"numpy.dtype", "joblib.numpy_pickle.NumpyArrayWrapper"})


def make(by: Named, args: Any) -> Made:
    """What a call gives; arguments are kept of arrays' types only."""
    return Made(by, args if str(by) in _KEEPERS else None)


def keeps_state(value: Any) -> bool:
    """Whether the state that is set on a value matters later."""
    return isinstance(value, Made) and str(value.by) in _KEEPERS


def items(values: list[Any]) -> Any:
    """A tuple, as far as it is small."""
    depth = 1 + max(map(depth_of, values), default=0)
    if len(values) > KEPT_ITEMS_MAX or depth > KEPT_DEPTH_MAX:
        return UNKNOWN
    return Items(tuple(values), depth)


def put(table: Table, key: Any, value: Any) -> bool:
    """Set an entry. False where the dict is no small one with names for keys."""
    depth = max(table.depth, 1 + depth_of(value))
    if not isinstance(key, str) or len(table.pairs) >= KEPT_ITEMS_MAX or depth > KEPT_DEPTH_MAX:
        return False
    table.pairs[key] = value
    table.depth = depth
    return True


def spoil(table: Table) -> None:
    """Forget what is in a dict, for good: more is in it than is kept, also where it is met again by the memo."""
    table.pairs.clear()
    table.depth = KEPT_DEPTH_MAX + 1


def depth_of(value: Any) -> int:
    """How deep small values lie in one another."""
    if isinstance(value, Items | Table):
        return value.depth
    if isinstance(value, Made):
        return 1 + max(depth_of(value.args), depth_of(value.state))
    return 0
