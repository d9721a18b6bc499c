"""The JSON of what files say of themselves, and of what that suggests for metadata."""

from typing import Any

from pydantic import Field

from modelkeep_server.interfaces.api.shapes.base import Shape


class FactOut(Shape):
    """A further line of a header, as people read it."""

    label: str
    value: str


class TensorOut(Shape):
    """A named array in a file."""

    name: str
    dtype: str = Field(description="As the format writes it.")
    shape: list[int]


class HeaderOut(Shape):
    """
    What a file says of itself. Every value may be null or empty, and none is checked against anything.
    """

    path: str
    is_read: bool = Field(description="Whether the file was looked through; until then everything else is empty.")
    framework: str | None
    framework_version: str | None
    model_type: str | None
    license: str | None
    tensor_count: int | None
    parameters: int | None = Field(description="Elements of all tensors.")
    dtypes: dict[str, int] = Field(description="How many tensors have which dtype.")
    input_schema: dict[str, Any] | None
    output_schema: dict[str, Any] | None
    hyperparameters: dict[str, Any] | None
    facts: list[FactOut]
    tensors: list[TensorOut] = Field(description="The first 2,000.")
    image_digest: str | None = Field(description="Of the container image that the file holds or refers to.")


class SuggestionOut(Shape):
    """A value for one metadata field, as files of the version tell it."""

    field: str = Field(description="Where it stands in `metadata`, such as `framework` or `card.license`.")
    label: str
    value: Any = Field(description="What the files tell.")
    path: str = Field(description="The first file that tells it.")
    files: int = Field(description="How many files tell the same.")
    present: Any = Field(description="What stands in the field now; null where nothing does.")
    is_conflict: bool = Field(
        description="Whether somebody has to choose: something else stands there, or another file tells it otherwise."
    )
