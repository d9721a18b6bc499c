"""What an inspection found. Plain values, so that a report crosses a pipe and a database column as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from modelkeep_server.rules.formats import Format

#: Grows with every change of what counts as code that runs on load; files judged by an earlier one are looked at anew.
RULE_VERSION = 2

#: How much of a file's beginning a report carries, for formats that are known by their first bytes.
HEAD_BYTES = 64
FINDINGS_MAX = 50
TENSORS_SHOWN = 2_000
FACTS_MAX = 40
TEXT_CHARS = 300


class Verdict(StrEnum):
    """
    What the rules found. None of these says that a file does no harm.

    CLEAN_DATA: the format holds data only, and it parses strictly. CODE_ALLOWLISTED: it names code, and all of it is on
    the list. UNKNOWN: not all of it could be judged. BLOCKED: it brings code that is not on the list, or is not what it
    pretends to be. PENDING: not judged yet.
    """

    CLEAN_DATA = "CLEAN_DATA"
    CODE_ALLOWLISTED = "CODE_ALLOWLISTED"
    UNKNOWN = "UNKNOWN"
    BLOCKED = "BLOCKED"
    PENDING = "PENDING"


@dataclass(frozen=True)
class Finding:
    """One thing that was found. `rule` is a short stable name such as `pickle.global`, `detail` a sentence."""

    rule: str
    detail: str


@dataclass(frozen=True)
class Tensor:
    """A named array in a file. `dtype` as the format writes it, `shape` in elements."""

    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Header:
    """
    What a file says of itself; every value may be missing, and none is checked against anything.

    `framework` is one of the names of rules/fields.py where it is known. `input_schema` and `output_schema` are JSON
    Schemas. `facts` are further labels and values as people read them, in order. `tensors` are the first 2,000;
    `tensor_count` and `parameters` (elements in all) count every one. `dtypes` maps a dtype to its number of tensors.
    `image_digest` is `sha256:<hex>` of the image that a container file holds or refers to.
    """

    framework: str | None = None
    framework_version: str | None = None
    model_type: str | None = None
    license: str | None = None
    tensor_count: int | None = None
    parameters: int | None = None
    dtypes: Mapping[str, int] = field(default_factory=dict)
    input_schema: Mapping[str, Any] | None = None
    output_schema: Mapping[str, Any] | None = None
    hyperparameters: Mapping[str, Any] | None = None
    facts: tuple[tuple[str, str], ...] = ()
    tensors: tuple[Tensor, ...] = ()
    image_digest: str | None = None

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """The header again. Raises KeyError, TypeError, ValueError for what `Report.to_json` did not give."""
        header = dict(told)
        header["facts"] = tuple((str(label), str(value)) for label, value in header["facts"])
        header["tensors"] = tuple(
            Tensor(row["name"], row["dtype"], tuple(int(n) for n in row["shape"])) for row in header["tensors"]
        )
        return cls(**header)


@dataclass(frozen=True)
class Report:
    """
    One file, looked through. `format` is None where no reader knows the content; `verdict` is then BLOCKED or UNKNOWN.
    """

    format: Format | None
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    header: Header = field(default_factory=Header)
    rule_version: int = RULE_VERSION
    head: bytes = b""

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {**asdict(self), "head": self.head.hex()}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """The report again. Raises KeyError, TypeError, ValueError for what `to_json` did not give."""
        return cls(
            format=None if told["format"] is None else Format(told["format"]),
            verdict=Verdict(told["verdict"]),
            findings=tuple(Finding(row["rule"], row["detail"]) for row in told["findings"]),
            header=Header.from_json(told["header"]),
            rule_version=int(told["rule_version"]),
            head=bytes.fromhex(told["head"])[:HEAD_BYTES],
        )
