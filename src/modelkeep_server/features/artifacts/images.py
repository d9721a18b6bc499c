"""
Container images that are referred to by digest rather than uploaded.

A reference is kept as a file like any other: canonical JSON, sealed, hashed and listed, so that nothing about it needs
a rule of its own. The name is that of the OCI distribution specification (registry/repository[:tag]@digest).
"""

from modelkeep_server.features.artifacts.service import NewFile
from modelkeep_server.rules import images
from modelkeep_server.rules.errors import FieldError, Invalid
from modelkeep_server.rules.formats import ArtifactType


def describe(group: str, name: str, version: str, reference: str, path: str | None) -> tuple[NewFile, bytes]:
    """
    The file that refers to an image: where it shall stand, and its content.

    Raises:
        Invalid: It is no image reference, or has no digest.
    """
    reference = reference.strip()
    if not images.is_reference(reference):
        how = "The command docker buildx imagetools inspect NAME prints it."
        said = "has no digest" if "@" not in reference else "is no image with a SHA-256 digest"
        raise Invalid.of(
            [FieldError("reference", f"This {said}. Write registry/repository@sha256:<64 hex digits>. {how}")]
        )
    place = path or f"{images.name_of(reference)}.image.json"
    return NewFile(group, name, version, place, ArtifactType.CONTAINER.value), images.file_of(reference)
