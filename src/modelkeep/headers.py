"""What the registry tells of the inside of files. See `modelkeep.told` for what holds for all answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from modelkeep.told import Told


@dataclass(frozen=True, kw_only=True)
class Tensor(Told):
    """A named array in a file. `dtype` is as the format writes it."""

    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Fact(Told):
    """A further line of a header, as people read it."""

    label: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Header(Told):
    """
    What a file says of itself; nobody has checked it. Until the registry has looked through it, `is_read` is false and
    the rest empty. `parameters` counts the elements of all tensors; `tensors` are the first 2,000.
    """

    path: str
    is_read: bool
    framework: str | None = None
    framework_version: str | None = None
    model_type: str | None = None
    license: str | None = None
    tensor_count: int | None = None
    parameters: int | None = None
    dtypes: Mapping[str, Any] = field(default_factory=dict)
    input_schema: Mapping[str, Any] | None = None
    output_schema: Mapping[str, Any] | None = None
    hyperparameters: Mapping[str, Any] | None = None
    facts: tuple[Fact, ...] = ()
    tensors: tuple[Tensor, ...] = ()
    image_digest: str | None = None


@dataclass(frozen=True, kw_only=True)
class Suggestion(Told):
    """
    A value for a metadata field (`framework`, `card.license`), told by `files` files of which `path` is the first.

    `present` is what stands there now. `is_conflict`: somebody has to choose, since something else stands there or
    another file tells it otherwise.
    """

    field: str
    label: str
    value: Any
    path: str
    files: int = 1
    present: Any = None
    is_conflict: bool = False
