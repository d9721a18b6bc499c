"""OpenLineage's events as its clients send them, as far as they are read: whatever else they hold is let be."""

from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from modelkeep_server.features.lineage.openlineage.reading import COMPLETE, HOUSE, Code, RunEvent, Thing
from modelkeep_server.features.lineage.openlineage.receiving import Received
from modelkeep_server.interfaces.api.shapes.base import Shape
from modelkeep_server.interfaces.api.shapes.lineage import LineageItemOut
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

    namespace: str = Field(description="`modelkeep` for a version that is registered here.", examples=["modelkeep"])
    name: str = Field(description="Its name there; of a version `GROUP/NAME:VERSION`.")


class InputIn(_Sent):
    """What the run read: a dataset, or a base model in the namespace `modelkeep`."""

    namespace: str = Field(description="Where the dataset lives; `modelkeep` for a version.", examples=["s3://data"])
    name: str = Field(description="Its name there.", examples=["churn/events"])
    facets: DatasetFacets | None = Field(default=None, description="What is known of the dataset.")
    input_facets: InputFacets | None = Field(default=None, description="What the run read of it.")

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

    namespace: str = Field(description="What runs it; the system of the training run.", examples=["airflow"])
    name: str = Field(description="Its name there.", examples=["train-churn"])
    facets: JobFacets | None = Field(default=None, description="What is known of the job.")


class RunFacets(_Sent):
    """The facets of a run that are read."""

    modelkeep: dict[str, Any] | None = Field(
        default=None,
        max_length=30,
        description=f"{_OURS}: `url`, its page, and `system`, the job's namespace where left out.",
    )


class RunIn(_Sent):
    """The run."""

    run_id: str = Field(description="Its id, as the client made it.")
    facets: RunFacets | None = Field(default=None, description="What is known of the run.")


class OpenLineageEventIn(_Sent):
    """
    An event of OpenLineage 2.0, as its clients send it. A RunEvent of the type COMPLETE is read; one of another type,
    a JobEvent and a DatasetEvent are taken and change nothing.
    """

    event_type: EventType | None = Field(default=None, description="COMPLETE is read, others change nothing.")
    run: RunIn | None = Field(default=None, description="The run, of a RunEvent.")
    job: JobIn | None = Field(default=None, description="The job that ran.")
    inputs: list[InputIn] = Field(default=[], max_length=ITEMS_MAX, description="What the run read.")
    outputs: list[OutputIn] = Field(default=[], max_length=ITEMS_MAX, description="What the run wrote.")

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


class VersionReceivedOut(Shape):
    """What an event added to the lineage of one version; `known` counts what was told already."""

    model: str
    version: str
    added: list[LineageItemOut]
    known: int


class ReceivedOut(Shape):
    """What came of an event: of each version that it named, and in words."""

    versions: list[VersionReceivedOut]
    said: str = Field(examples=["4 items were added to the lineage of risk/fraud-detector:1.0.0."])

    @classmethod
    def of(cls, event: RunEvent | None, received: Sequence[Received]) -> Self:
        """From the feature's view."""
        versions = [
            VersionReceivedOut(
                model=one.model,
                version=one.version,
                added=[LineageItemOut.of(item) for item in one.added],
                known=one.known,
            )
            for one in received
        ]
        return cls(versions=versions, said=_say(event, received))


class FailedEventOut(Shape):
    """An event of a batch that was refused: which, counted from 0, and why."""

    index: int
    reason: str
    retriable: bool = Field(description="Whether the same event may be taken later.")


class BatchSummaryOut(Shape):
    """How many events came of a batch, and what became of them."""

    received: int
    successful: int
    failed: int


class BatchOut(Shape):
    """What came of a batch, as OpenLineage answers one."""

    status: Literal["success", "partial_success", "failure"]
    summary: BatchSummaryOut
    failed_events: list[FailedEventOut] = Field(alias="failed_events")

    @classmethod
    def of(cls, received: int, failed: list[FailedEventOut]) -> Self:
        """From those that were refused."""
        status: Literal["success", "partial_success", "failure"] = (
            "success" if not failed else "partial_success" if len(failed) < received else "failure"
        )
        summary = BatchSummaryOut(received=received, successful=received - len(failed), failed=len(failed))
        return cls(status=status, summary=summary, failed_events=failed)


def _say(event: RunEvent | None, received: Sequence[Received]) -> str:
    if event is None:
        return "Nothing was changed: this is no event of a run."
    if event.type != COMPLETE:
        return f"Nothing was changed: the run is not complete ({event.type or 'no eventType'})."
    if not received:
        return f"Nothing was changed: no output of the namespace {HOUSE} names a version."
    return " ".join(
        f"{len(one.added) or 'Nothing'} {'item was' if len(one.added) == 1 else 'items were' if one.added else 'was'} "
        f"added to the lineage of {one.model}:{one.version}."
        for one in received
    )
