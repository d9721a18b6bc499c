"""The JSON of metadata that files tell."""

from typing import Any

from pydantic import Field

from modelkeep_server.interfaces.api.shapes.base import Input, Shape


class SuggestionOut(Shape):
    """A value for one metadata field, told by a file. `fills` is whether the field is empty."""

    field: str = Field(description="The metadata field, such as `framework` or `card.license`.")
    label: str
    value: Any = Field(description="What the file tells.")
    path: str = Field(description="The file that tells it.")
    current: Any = Field(default=None, description="What is written there now; null where nothing is.")
    fills: bool


class SuggestionsIn(Input):
    """Which fields to fill."""

    fields: list[str] | None = Field(
        default=None, max_length=100, description="Metadata fields to fill; without it, every empty one that can be."
    )
