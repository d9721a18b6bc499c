"""
Links and what they open.

A link is minted by someone who may download, lives for minutes, and is judged again at each use: the minter's right,
their session or token, the version's state and the file's status. The event stands before the first byte leaves; what
further ranges take through the same link adds to it (transfers.py).
"""

from dataclasses import dataclass, field

from modelkeep_server.db import recording
from modelkeep_server.db.tables import links
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import damage, queries
from modelkeep_server.features.artifacts.damage import FoundBy
from modelkeep_server.features.artifacts.downloading import handles, rights, transfers
from modelkeep_server.features.artifacts.file_keys import open_file_key
from modelkeep_server.features.artifacts.queries import StoredFile
from modelkeep_server.features.artifacts.views import Artifact, ArtifactStatus, NewLink
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit.ranges import Range, Unsatisfiable, parse_range
from modelkeep_server.rules.errors import (
    IntegrityBroken,
    NotFound,
    RangeUnsatisfiable,
    StateForbids,
)

FINDINGS_TOLD = 3


@dataclass(frozen=True)
class Opening:
    """A download that was allowed and noted: the file, its key, and which part; None is all of it."""

    link_id: str
    stored: StoredFile
    version: Version
    part: Range | None
    dek: bytes = field(repr=False)

    @property
    def address(self) -> str:
        """`group/name:version/path`."""
        return f"{self.version.address}/{self.stored.artifact.path}"


def mint_link(
    work: Work, actor: Actor, group: str, name: str, version: str, path: str, *, purpose: str | None
) -> NewLink:
    """
    Make a link that opens one file for some minutes.

    Raises:
        NotFound, NotPermitted; StateForbids while the file is withheld; Invalid where a purpose is asked and missing.
    """
    model, found, artifact = queries.get_by_address(work, actor, group, name, version, path)
    terms = rights.require(work, actor, model, found)
    demand_available(artifact)
    link = handles.mint(
        work,
        actor,
        links,
        {"artifact_id": artifact.key},
        terms,
        purpose=purpose,
        file_name=artifact.path.rsplit("/", 1)[-1],
    )
    access.record(
        work,
        actor,
        "artifact.link",
        object_id=artifact.id,
        object_label=f"{found.address}/{artifact.path}",
        after={"link": link.id, "sha256": artifact.sha256, "seconds": terms.ttl_seconds},
        reason=link.purpose,
    )
    return NewLink(link.path, link.expires_at, artifact.sha256, artifact.size_bytes)


def open_link(
    work: Work, visitor: Actor, handle: str, *, asked: str | None, if_range: str | None, begins: bool = True
) -> Opening:
    """
    Judge a link at the moment of use, and note the download before a byte leaves.

    Args:
        visitor: Who comes with the link; matters only where the version is guarded.
        asked: The Range header; it counts only where `if_range`, the If-Range header, is the file's tag or absent.
        begins: Bytes will leave. Without, nothing is written: for HEAD.
    Raises:
        NotFound: Not a link of this registry. RangeUnsatisfiable: no such bytes in the file.
        LinkExpired, LinkRefused: It no longer opens, with the reason. IntegrityBroken, StateForbids: the file is
        withheld.
    """
    row = handles.find(work, links, handle)
    if row is None:
        raise NotFound("There is no such link.")
    minter = handles.get_minter(work, row)
    stored = queries.get_stored_file(work, row.artifact_id)
    version = version_queries.get_version_by_key(work, minter, stored.artifact.version_key)
    handles.demand_allowed(work, visitor, minter, row, version)
    artifact = stored.artifact
    demand_available(artifact)
    part = parse_range(asked if if_range in (None, artifact.etag) else None, artifact.size_bytes)
    if isinstance(part, Unsatisfiable):
        refused = RangeUnsatisfiable(f"The file has {part.size_bytes} bytes.")
        refused.size_bytes = part.size_bytes
        raise refused
    if begins and transfers.begin(work, row.public_id):
        recording.record(
            work, "artifact.download", actor=minter.pseudonym, actor_kind=minter.kind, auth="link",
            object_id=stored.artifact.id,
            object_label=f"{version.address}/{stored.artifact.path}",
            after={"link": row.public_id, "sha256": stored.artifact.sha256, "range": _say_range(part)},
        )  # fmt: skip
    dek = open_file_key(work, stored.wrapped, stored.blob_id)
    return Opening(row.public_id, stored, version, part, dek)


def withhold(work: Work, broken: StoredFile) -> None:
    """Withhold every file whose stored bytes are those of this one: they are not what was uploaded."""
    damage.note_damage(work, broken.blob_key, FoundBy.DOWNLOAD)


def _say_range(part: Range | None) -> str:
    """What of a file is about to go out, in our words: the header itself is free text and stays out of the log."""
    return "all" if part is None else f"bytes={part.start}-{part.end - 1}"


def _say_findings(artifact: Artifact) -> str:
    findings = artifact.scan.findings if artifact.scan is not None else ()
    told = [f"{finding.rule}: {finding.detail}" for finding in findings[:FINDINGS_TOLD]]
    more = [f"{len(findings) - FINDINGS_TOLD} more"] if len(findings) > FINDINGS_TOLD else []
    return f" Found: {'; '.join([*told, *more])}" if told else ""


def demand_available(artifact: Artifact) -> None:
    """Raises IntegrityBroken, StateForbids where a file is withheld."""
    if artifact.status is ArtifactStatus.QUARANTINED and not artifact.is_released:
        if artifact.is_damaged or artifact.scan is None:
            raise IntegrityBroken(f"{artifact.path} is quarantined and cannot be downloaded.")
        if artifact.is_unfit:
            raise StateForbids(
                f"{artifact.path} is quarantined: its content is not of the format that its type or name promises.",
                remedy="Remove it, and send it with the type and name that it has.",
            )
        raise StateForbids(
            f"{artifact.path} is quarantined: code may run from it as it is loaded.{_say_findings(artifact)}",
            remedy="A Security Architect can release it for a time, saying why. Formats that hold data alone, such as "
            "safetensors, bring no code.",
            rule="blocked",
        )
    if artifact.status is ArtifactStatus.PENDING:
        raise StateForbids(f"{artifact.path} is still being scanned.", remedy="Try again in a moment.")
