"""OpenLineage's events as its clients send them, as far as they are read: whatever else they hold is let be."""

from typing import Any, Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from modelkeep_server.features.lineage.openlineage import HOUSE, Code, RunEvent, Thing
from modelkeep_server.interfaces.api.shapes.base import Shape
from modelkeep_server.rules.lineage import ITEMS_MAX

BATCH_MAX = 100
EventType = Literal["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]
_OURS = f"Our own facet, `{HOUSE}`"


class _Sent(Shape):
    """A part of an event. Standards grow: a field that is not known here is no error."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=False, extra="ignore", strict=True, str_max_length=20_000
    )


class DatasetVersionFacet(_Sent):
    """The standard facet `version`: DatasetVersionDatasetFacet."""

    dataset_version: str | None = None


class DatasetTypeFacet(_Sent):
    """The standard facet `datasetType`: DatasetTypeDatasetFacet."""

    dataset_type: str | None = None


class DatasetFacets(_Sent):
    """The facets of a dataset that are read."""

    version: DatasetVersionFacet | None = None
    dataset_type: DatasetTypeFacet | None = None
    modelkeep: dict[str, Any] | None = Field(
        default=None,
        max_length=30,
        description=f"{_OURS}: `role` (TRAINING where left out, VALIDATION, TEST), `personalData` (YES, NO, UNKNOWN), "
        "`sha256`, and `version`, `uri`, `sizeBytes` where the standard facets do not say them.",
    )


class InputStatisticsFacet(_Sent):
    """The standard facet `inputStatistics`: InputStatisticsInputDatasetFacet."""

    size: int | None = None


class InputFacets(_Sent):
    """The facets of an input that are read."""

    input_statistics: InputStatisticsFacet | None = None


class OutputIn(_Sent):
    """What the run wrote: a version in the namespace `modelkeep`, named `GROUP/NAME:VERSION`."""

    namespace: str
    name: str


class InputIn(_Sent):
    """What the run read: a dataset, or a base model in the namespace `modelkeep`."""

    namespace: str
    name: str
    facets: DatasetFacets | None = None
    input_facets: InputFacets | None = None

    def to_thing(self) -> Thing:
        """The same for the feature."""
        facets, inputs = self.facets or DatasetFacets(), self.input_facets or InputFacets()
        return Thing(
            self.namespace,
            self.name,
            facets.version.dataset_version if facets.version else None,
            inputs.input_statistics.size if inputs.input_statistics else None,
            bool(facets.dataset_type and (facets.dataset_type.dataset_type or "").upper() == "MODEL"),
            _own(facets.modelkeep),
        )


class SourceCodeLocationFacet(_Sent):
    """The standard facet `sourceCodeLocation`: SourceCodeLocationJobFacet."""

    type: str = ""
    url: str = ""
    repo_url: str | None = None
    version: str | None = None


class JobFacets(_Sent):
    """The facets of a job that are read."""

    source_code_location: SourceCodeLocationFacet | None = None


class JobIn(_Sent):
    """The job that ran."""

    namespace: str
    name: str
    facets: JobFacets | None = None


class RunFacets(_Sent):
    """The facets of a run that are read."""

    modelkeep: dict[str, Any] | None = Field(
        default=None,
        max_length=30,
        description=f"{_OURS}: `url`, its page, and `system`, the job's namespace where left out.",
    )


class RunIn(_Sent):
    """The run."""

    run_id: str
    facets: RunFacets | None = None


class OpenLineageEventIn(_Sent):
    """
    An event of OpenLineage 2.0, as its clients send it. A RunEvent of the type COMPLETE is read; one of another type,
    a JobEvent and a DatasetEvent are taken and change nothing.
    """

    event_type: EventType | None = None
    run: RunIn | None = None
    job: JobIn | None = None
    inputs: list[InputIn] = Field(default=[], max_length=ITEMS_MAX)
    outputs: list[OutputIn] = Field(default=[], max_length=ITEMS_MAX)

    def to_event(self) -> RunEvent | None:
        """The same for the feature; None of what is no run."""
        if self.run is None or self.job is None:
            return None
        code = self.job.facets.source_code_location if self.job.facets else None
        return RunEvent(
            self.event_type,
            self.run.run_id,
            self.job.namespace,
            Code(code.type.lower(), code.url, code.repo_url, code.version) if code else None,
            tuple(one.to_thing() for one in self.inputs),
            tuple(Thing(one.namespace, one.name) for one in self.outputs),
            _own(self.run.facets.modelkeep if self.run.facets else None),
        )


def _own(facet: dict[str, Any] | None) -> dict[str, Any]:
    """What our own facet says, without what every facet says of itself: `_producer`, `_schemaURL`."""
    return {key: value for key, value in (facet or {}).items() if not key.startswith("_")}
