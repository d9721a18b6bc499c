"""The JSON of a comparison of two versions."""

from typing import Any, Literal, Self

from pydantic import Field

from modelkeep_server.features.comparison.views import Comparison, VersionComparison
from modelkeep_server.interfaces.api.shapes.base import FileType, Shape, StateName, VerdictName

#: The most files of one answer; what changed comes first.
FILES_MAX = 1_000

ChangeName = Literal["CHANGED", "ADDED", "REMOVED", "SAME"]
EffectName = Literal["BREAKING", "MAY_BREAK", "COMPATIBLE"]


class ComparedOut(Shape):
    """One of the two versions."""

    version: str
    number: int
    state: StateName


class FieldChangeOut(Shape):
    """A fact or a piece of metadata; `before` and `now` are null where it is absent."""

    field: str = Field(examples=["hyperparameters.max_depth"])
    label: str
    change: ChangeName
    before: Any = None
    now: Any = None


class FindingOut(Shape):
    """What a change of a schema does to callers (of an input) or consumers (of an output)."""

    path: str = Field(description="The field, dotted; empty for the whole schema.", examples=["device.os"])
    effect: EffectName
    text: str


class SchemaChangeOut(Shape):
    """A schema: how many fields it describes, which came and went, and what that does to others."""

    field: str = Field(examples=["inputSchema"])
    label: str
    change: ChangeName
    fields_before: int | None
    fields_now: int | None
    added: list[str]
    removed: list[str]
    findings: list[FindingOut]
    is_flagged: bool = Field(description="It breaks others, and the version number says that nothing breaks.")


class ArtifactChangeOut(Shape):
    """A file, by its path."""

    path: str
    type: FileType
    change: ChangeName
    size_before: int | None
    size_now: int | None
    size_delta: int | None = Field(description="Bytes.")
    sha256_before: str | None
    sha256_now: str | None
    verdict_before: VerdictName | None
    verdict_now: VerdictName | None


class MetricChangeOut(Shape):
    """A number of the latest runs of a suite; `isBetter` by what is asked of it, null where nothing is."""

    name: str = Field(examples=["recall"])
    slice: str | None
    suite: str | None
    change: ChangeName
    before: float | None
    now: float | None
    delta: float | None
    is_better: bool | None
    comparison: Literal[">=", ">", "<=", "<"] | None
    limit: float | None
    verdict: Literal["PASS", "NEAR", "OVER", "MISSING"] | None


class CompareFlagOut(Shape):
    """Something to look at first."""

    section: str = Field(examples=["schemas"])
    field: str = Field(examples=["inputSchema"])
    text: str


class DifferencesOut(Shape):
    """What differs between two contents, section by section, and what is the same."""

    changed: int = Field(description="How many facts, fields, schemas and files differ.")
    same: int
    flags: list[CompareFlagOut]
    metrics: list[MetricChangeOut] = Field(description="Of the latest runs; empty where contents alone are compared.")
    facts: list[FieldChangeOut]
    metadata: list[FieldChangeOut]
    schemas: list[SchemaChangeOut]
    artifacts: list[ArtifactChangeOut] = Field(description=f"At most {FILES_MAX:,}; what changed comes first.")
    artifacts_left_off: int = 0


class ComparisonOut(DifferencesOut):
    """What differs between two versions of a model, and what is the same."""

    before: ComparedOut = Field(description="The version that is compared with.")
    now: ComparedOut

    @classmethod
    def of(cls, compared: VersionComparison) -> Self:
        """Both versions, and the whole comparison."""
        return cls(
            before=ComparedOut.model_validate(compared.before),
            now=ComparedOut.model_validate(compared.now),
            **sections_of(compared.comparison),
        )


def sections_of(found: Comparison) -> dict[str, Any]:
    """The fields of DifferencesOut."""
    return {
        "changed": found.changed,
        "same": found.same,
        "flags": [CompareFlagOut.model_validate(flag) for flag in found.flags],
        "metrics": [MetricChangeOut.model_validate(metric) for metric in found.metrics],
        "facts": [FieldChangeOut.model_validate(fact) for fact in found.facts],
        "metadata": [FieldChangeOut.model_validate(field) for field in found.metadata],
        "schemas": [SchemaChangeOut.model_validate(schema) for schema in found.schemas],
        "artifacts": [ArtifactChangeOut.model_validate(file) for file in found.artifacts[:FILES_MAX]],
        "artifacts_left_off": max(0, len(found.artifacts) - FILES_MAX),
    }
