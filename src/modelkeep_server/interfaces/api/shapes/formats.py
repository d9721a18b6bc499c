"""The JSON of file formats."""

from pydantic import Field

from modelkeep_server.interfaces.api.shapes.base import FileType, Input, Moment, Shape


class FormatOut(Shape):
    """A format that files may have."""

    name: str = Field(description="As `format` of a file says it.")
    label: str
    types: list[FileType] = Field(description="What a file of this format may be.")
    endings: list[str] = Field(description="The usual ends of names. The content decides, never the name.")
    may_carry_code: bool = Field(description="Whether loading such a file can run code that it brings.")
    added_by: str | None = Field(default=None, description="The Admin who listed it; null for the registry's own.")
    added_at: Moment | None = None


class FormatsOut(Shape):
    """Every format that is taken: the registry's own first, then those that Admins listed."""

    items: list[FormatOut]


class FormatIn(Input):
    """A further format."""

    name: str = Field(description="1 to 40 of a-z, 0-9 and dashes.", examples=["coreml"])
    label: str = Field(description="As people read it, at most 60 characters.", examples=["Core ML"])
    types: list[str] = Field(
        description="What its files may be: WEIGHTS, CONTAINER, TOKENIZER, CONFIG.", examples=[["WEIGHTS"]]
    )
    ending: str = Field(description="The end of their names, with the dot.", examples=[".mlmodel"])
    magic: str | None = Field(default=None, description="Bytes that stand in every such file, in hex.")
    magic_offset: int = Field(default=0, description="Where those bytes stand, counted from 0.")
