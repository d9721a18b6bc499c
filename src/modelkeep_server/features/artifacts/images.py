"""
Container images that are referred to by digest rather than uploaded.

A reference is kept as a file like any other: canonical JSON, sealed, hashed and listed, so that nothing about it needs
a rule of its own. The name is that of the OCI distribution specification (registry/repository[:tag]@digest).
"""

import re

from modelkeep_server.features.artifacts.service import NewFile
from modelkeep_server.kit import canonical
from modelkeep_server.rules.errors import FieldError, Invalid
from modelkeep_server.rules.formats import ArtifactType

_HOST = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,250}[a-zA-Z0-9])?|\[[0-9a-fA-F:]{2,45}\])(?::[0-9]{1,5})?"
_PATH = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?:{_HOST}/)?{_PATH}(?:/{_PATH}){{0,10}}(?::[a-zA-Z0-9_][a-zA-Z0-9._-]{{0,127}})?@sha256:[0-9a-f]{{64}}"
)
_CHARS_MAX = 500


def describe(group: str, name: str, version: str, reference: str, path: str | None) -> tuple[NewFile, bytes]:
    """
    The file that refers to an image: where it shall stand, and its content.

    Raises:
        Invalid: It is no image reference, or has no digest.
    """
    reference = reference.strip()
    if len(reference) > _CHARS_MAX or not _REFERENCE.fullmatch(reference):
        how = "`docker buildx imagetools inspect NAME` prints the digest."
        said = "has no digest" if "@" not in reference else "is no image with a SHA-256 digest"
        raise Invalid.of(
            [FieldError("reference", f"This {said}. Write registry/repository@sha256:<64 hex digits>. {how}")]
        )
    image = reference.partition("@")[0].rsplit("/", 1)[-1].partition(":")[0]
    content = canonical.dumps({"image": reference}).encode()
    return NewFile(group, name, version, path or f"{image}.image.json", ArtifactType.CONTAINER.value), content
