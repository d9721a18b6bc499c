"""The JSON of lineage items."""

from typing import Literal, Self

from pydantic import ConfigDict, Field

from modelkeep_server.features.lineage.views import Item, NewItem
from modelkeep_server.interfaces.api.shapes.base import Input, Moment, Shape
from modelkeep_server.rules.lineage import ItemKind

KindName = Literal[
    "DATASET",
    "FEATURE_PIPELINE",
    "COMMIT",
    "TRAINING_SCRIPT",
    "PREPROCESSING",
    "BASE_MODEL",
    "TRAINING_RUN",
    "CONSUMER",
]
RoleName = Literal["TRAINING", "VALIDATION", "TEST"]
PersonalDataName = Literal["YES", "NO", "UNKNOWN"]
SourceName = Literal["FORM", "API", "OPENLINEAGE", "CARRIED", "VERSION"]


class LineageItemIn(Input):
    """
    Something that a version comes from, or that uses it. Which fields a kind has: DATASET name, version, uri, role,
    sha256, sizeBytes, personalData; COMMIT repositoryUrl, commitSha; BASE_MODEL model and version, or uri; TRAINING_RUN
    system, runId, url, inputs; CONSUMER name, url; scripts, pipelines and preprocessing name, uri, commitSha, inputs.
    """

    kind: KindName = Field(description="What it is.", examples=["DATASET"])
    name: str | None = Field(default=None, description="What it is called.", examples=["churn-events"])
    version: str | None = Field(default=None, description="Which version of it.", examples=["2026-02"])
    uri: str | None = Field(default=None, description="Where it is.", examples=["s3://data/churn/2026-02/"])
    role: RoleName | None = Field(default=None, description="What a dataset was used for.", examples=["TRAINING"])
    sha256: str | None = Field(default=None, description="64 hexadecimal digits.", examples=[None])
    size_bytes: int | None = Field(default=None, description="From 0 to 2^53 - 1.", examples=[None])
    personal_data: PersonalDataName | None = Field(default=None, description="About people or not.", examples=["NO"])
    repository_url: str | None = Field(default=None, description="Where the code is.", examples=[None])
    commit_sha: str | None = Field(default=None, description="7 to 64 hexadecimal digits.", examples=[None])
    model: str | None = Field(default=None, description="A registered model as group/name.", examples=[None])
    system: str | None = Field(default=None, description="The system that a run is in.", examples=[None])
    run_id: str | None = Field(default=None, description="The id of a run there.", examples=[None])
    url: str | None = Field(default=None, description="The page of it, http or https.", examples=[None])
    inputs: list[str] | None = Field(
        default=None,
        description="What it took in: `node` of other items of this version, as the list of items has it.",
        examples=[None],
    )

    def to_new(self) -> NewItem:
        """As the feature takes it."""
        facts = self.model_dump(by_alias=True, exclude_none=True, exclude={"kind"})
        return NewItem(ItemKind(self.kind), facts)


class LineageItemOut(Shape):
    """
    A lineage item, with the fields of its kind. `node` is the id of the node that it leads to in the graph.

    Of what stands in the version's own fields `source` is VERSION, and `id` says which: training-dataset, base-model,
    commit or training-job; `addedBy` and `addedAt` are of the last edit of that field.
    """

    model_config = ConfigDict(extra="allow")

    id: str
    kind: KindName
    node: str
    source: SourceName
    added_by: str | None = None
    added_at: Moment | None = None

    @classmethod
    def of(cls, item: Item) -> Self:
        """From the feature's view."""
        told = {"id": item.id, "kind": item.kind.value, **item.facts, "node": item.node, "source": item.source.value}
        return cls.model_validate({**told, "addedBy": item.added_by, "addedAt": item.added_at})


class LineageItemsOut(Shape):
    """The lineage items of a version, by kind."""

    items: list[LineageItemOut]
