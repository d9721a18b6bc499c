"""
How a container image is named by its digest, and the file that stands for it in a version.

Source: github.com/distribution/reference, its grammar (registry/repository[:tag]@digest).
"""

import json
import re

CHARS_MAX = 500
_HOST = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,250}[a-zA-Z0-9])?|\[[0-9a-fA-F:]{2,45}\])(?::[0-9]{1,5})?"
_PATH = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?:{_HOST}/)?{_PATH}(?:/{_PATH}){{0,10}}(?::[a-zA-Z0-9_][a-zA-Z0-9._-]{{0,127}})?@sha256:[0-9a-f]{{64}}"
)


def is_reference(text: str) -> bool:
    """Whether it names an image by its SHA-256 digest."""
    return len(text) <= CHARS_MAX and _REFERENCE.fullmatch(text) is not None


def digest_of(reference: str) -> str:
    """`sha256:<hex>` of a reference."""
    return reference.rpartition("@")[2]


def name_of(reference: str) -> str:
    """The last part of the repository, without its tag."""
    return reference.partition("@")[0].rsplit("/", 1)[-1].partition(":")[0]


def file_of(reference: str) -> bytes:
    """The content of the file that refers to an image: JSON with one key, written in one way only."""
    return json.dumps({"image": reference}, separators=(",", ":")).encode()
