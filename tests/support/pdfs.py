"""What a PDF says, and how it is told to readers of screens."""

import io
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject


def read_pdf(content: bytes) -> PdfReader:
    """A reader of it."""
    return PdfReader(io.BytesIO(content), strict=True)


def squeeze(text: str) -> str:
    """Text without blanks, in one form: where lines break is of no matter."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFC", text))


def text_of(content: bytes) -> str:
    """All of its text, squeezed."""
    return squeeze("".join(page.extract_text() for page in read_pdf(content).pages))


def structure_of(content: bytes) -> list[tuple[str, str | None]]:
    """The kinds of its tagged parts in reading order, each with its words for who does not see it."""
    root = read_pdf(content).trailer["/Root"]["/StructTreeRoot"]
    return list(_walk(root))


def _walk(node: Any) -> Iterator[tuple[str, str | None]]:
    if isinstance(node, IndirectObject):
        node = node.get_object()
    if isinstance(node, ArrayObject):
        for inner in node:
            yield from _walk(inner)
    elif isinstance(node, DictionaryObject):
        if "/S" in node:
            yield str(node["/S"]), str(node["/Alt"]) if "/Alt" in node else None
        if "/K" in node:
            yield from _walk(node.raw_get("/K"))
