"""
What is digested of a version: one document over its metadata, files and how it was made. Pure. Source: product R3.

Evaluations, cards, consumers and deployments stay outside it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import canonical

#: Lineage stands in a document where there are items beside the version's own fields; one without is of schema 1.
SCHEMA, SCHEMA_WITH_LINEAGE = 1, 2
PREFIX = "sha256:"

#: The files of a version, each with at least what is digested of it.
Files = Sequence[Mapping[str, Any]]
_OF_FILE = ("path", "type", "sha256", "sizeBytes")


def compose(
    model: str, version: Version | Row[Any], files: Files, lineage: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """
    The document of what is at hand: the address of the model, the version or its row, its files, and its items as
    features/lineage has them for its content.
    """
    return {
        "schema": SCHEMA_WITH_LINEAGE if lineage else SCHEMA,
        "model": model,
        "version": version.version,
        "commitSha": version.commit_sha,
        "trainingJobId": version.training_job_id,
        "description": version.description,
        "metadata": dict(version.whole_metadata),
        "artifacts": sorted(({key: file[key] for key in _OF_FILE} for file in files), key=lambda file: file["path"]),
        **({"lineage": list(lineage)} if lineage else {}),
    }


def digest_of(content: dict[str, Any]) -> str:
    """`sha256:<hex>` of the canonical JSON (RFC 8785) of a document."""
    return f"{PREFIX}{canonical.digest(content)}"
