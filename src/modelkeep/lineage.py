"""What versions were made from and what uses them, from Python: a part of the client."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from modelkeep.addresses import Address, parse_version
from modelkeep.asking import Asking, given
from modelkeep.reading import read, read_page
from modelkeep.told import Told


@dataclass(frozen=True, kw_only=True)
class LineageItem(Told):
    """
    One thing that a version comes from, or that uses it. Fields that its kind has not are None.

    `node` is what it leads to in the graph. What stands in the version's own fields has the source VERSION.
    """

    id: str
    kind: str
    node: str
    source: str
    name: str | None = None
    version: str | None = None
    uri: str | None = None
    role: str | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    personal_data: str | None = None
    repository_url: str | None = None
    commit_sha: str | None = None
    model: str | None = None
    system: str | None = None
    run_id: str | None = None
    url: str | None = None
    inputs: tuple[str, ...] = ()
    added_by: str | None = None
    added_at: datetime | None = None


class Lineage(Asking):
    """Telling where versions come from. `address` is `GROUP/NAME:VERSION` everywhere."""

    def add_lineage(
        self,
        address: str | Address,
        kind: str,
        *,
        name: str | None = None,
        version: str | None = None,
        uri: str | None = None,
        role: str | None = None,
        sha256: str | None = None,
        size_bytes: int | None = None,
        personal_data: str | None = None,
        repository_url: str | None = None,
        commit_sha: str | None = None,
        model: str | None = None,
        system: str | None = None,
        run_id: str | None = None,
        url: str | None = None,
        inputs: Sequence[str] = (),
    ) -> LineageItem:
        """
        Tell one more thing of where a version comes from, or of what uses it.

        Args:
            kind: DATASET (name, version, uri, role, sha256, size_bytes, personal_data), COMMIT (repository_url,
                commit_sha), BASE_MODEL (model and version, or uri), TRAINING_RUN (system, run_id, url), CONSUMER (name,
                url); FEATURE_PIPELINE, TRAINING_SCRIPT, PREPROCESSING (name, uri, commit_sha).
            inputs: Of pipelines, programs and runs: what they took in, as the `node` of other items of the version.
                Told again with more of them, they are added.
            role: TRAINING, VALIDATION or TEST. The first training dataset is the version's `trainingDataset` too.
            personal_data: YES, NO or UNKNOWN.
        Raises:
            Forbidden, NotFound; Invalid: names every field at fault. Conflict: it is told already, or how the version
            was made can no longer change.
        """
        document = given(
            kind=kind, name=name, version=version, uri=uri, role=role, sha256=sha256, sizeBytes=size_bytes,
            personalData=personal_data, repositoryUrl=repository_url, commitSha=commit_sha, model=model, system=system,
            runId=run_id, url=url, inputs=list(inputs) or None,
        )  # fmt: skip
        return read(LineageItem, self._transport.post(_route_of(address), document))

    def list_lineage(self, address: str | Address) -> tuple[LineageItem, ...]:
        """What is told of a version's lineage, by kind, what stands in its own fields first. Raises NotFound."""
        return read_page(LineageItem, self._transport.get(f"{_route_of(address)}/items")).items

    def remove_lineage(self, address: str | Address, item_id: str, *, reason: str | None = None) -> None:
        """
        Take one thing back that was told of a version's lineage.

        Raises:
            Forbidden, NotFound; Conflict: it is the version's own commit or training job, which are changed by editing
            the version, or how the version was made can no longer change.
        """
        query = f"?reason={quote(reason, safe='')}" if reason else ""
        self._transport.delete(f"{_route_of(address)}/items/{quote(item_id, safe='')}{query}")


def _route_of(address: str | Address) -> str:
    return f"{parse_version(address).version_route}/lineage"
