"""
Links and what they open.

A link is minted by someone who may download, lives for minutes, and is judged again at each use: the minter's right,
their session or token, the version's state and hold and the file's status. The event stands before the first byte
leaves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from sqlalchemy import Row, select

from modelkeep_server.db.tables import links
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import damage, flows, queries, rights
from modelkeep_server.features.artifacts.damage import FoundBy
from modelkeep_server.features.artifacts.flows import Flow
from modelkeep_server.features.artifacts.queries import StoredFile
from modelkeep_server.features.artifacts.ranges import Range, Unsatisfiable, parse_range
from modelkeep_server.features.artifacts.sealing import wrap_context
from modelkeep_server.features.artifacts.views import NewLink
from modelkeep_server.features.artifacts.withholding import demand_available
from modelkeep_server.features.identity import access, secrets
from modelkeep_server.features.identity import queries as identity_queries
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules import texts
from modelkeep_server.rules.errors import (
    FieldError,
    Invalid,
    LinkExpired,
    LinkRefused,
    NotFound,
    RangeUnsatisfiable,
)
from modelkeep_server.rules.fields import DESCRIPTION_CHARS
from modelkeep_server.rules.links import ASKED, Asks, LinkTerms

PATH_PREFIX = "/d"


class NoSuchLink(NotFound):
    """No file was ever linked under this handle."""


@dataclass(frozen=True)
class Opening:
    """A download that was allowed and noted: the file, its key, and which part; `part` None is all of it."""

    stored: StoredFile
    flow: Flow
    part: Range | None
    dek: bytes = field(repr=False)

    @property
    def span(self) -> Range:
        """The bytes that go out."""
        return self.part or Range(0, self.stored.artifact.size_bytes)


def mint_link(
    work: Work, actor: Actor, group: str, name: str, version: str, path: str, *, purpose: str | None
) -> NewLink:
    """
    Make a link that opens one file for some minutes.

    Raises:
        NotFound, NotPermitted; Invalid where a purpose is asked and missing. StateForbids: the version is on hold.
        IntegrityBroken, FileBlocked, StateForbids: the file is withheld.
    """
    model = model_queries.get_model(work, actor, group, name)
    found = version_queries.get_version(work, actor, group, name, version)
    artifact = queries.get_artifact(work, found, path)
    terms = rights.require(work, actor, model, found)
    demand_available(work, artifact)
    purpose = read_purpose(terms, purpose)
    handle = secrets.new_secret()
    row = new_link_row(work, actor, terms, handle, purpose)
    work.insert(links, {**row, "artifact_id": artifact.key})
    access.record(
        work,
        actor,
        "artifact.link",
        object_id=artifact.id,
        object_label=f"{found.address}/{artifact.path}",
        after={"link": row["public_id"], "sha256": artifact.sha256, **say_terms(terms)},
        reason=purpose,
    )
    url_path = f"{PATH_PREFIX}/{handle}/{quote(artifact.path.rsplit('/', 1)[-1])}"
    return NewLink(url_path, row["expires_at"], artifact.sha256, artifact.size_bytes)


def read_purpose(terms: LinkTerms, purpose: str | None) -> str | None:
    """What a download is for, as it is kept. Raises Invalid where it is asked and missing, or no text."""
    purpose = (purpose or "").strip()
    fault = texts.find_text_fault(purpose, max_chars=DESCRIPTION_CHARS, lines=True, required=terms.needs_purpose)
    if fault:
        raise Invalid.of([FieldError("purpose", fault if purpose else ASKED.get(terms.asks, ("", fault))[1])])
    return purpose or None


def new_link_row(work: Work, actor: Actor, terms: LinkTerms, handle: str, purpose: str | None) -> dict[str, Any]:
    """What every link keeps of who made it, and until when."""
    return {
        "public_id": ids.uuid7(clock.to_us(work.now)),
        "handle_hash": secrets.hash_secret(handle),
        "person_id": actor.user_id,
        "session_id": actor.credential_id if actor.method == "session" else None,
        "token_id": actor.credential_id if actor.method == "token" else None,
        "purpose": purpose,
        "created_at": work.now,
        "expires_at": work.now + timedelta(seconds=terms.ttl_seconds),
    }


def say_terms(terms: LinkTerms) -> Mapping[str, Any]:
    """The terms of a link as its event tells them."""
    investigates = {"investigation": True} if terms.asks is Asks.INVESTIGATION else {}
    return {"seconds": terms.ttl_seconds, **investigates}


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
        NotFound: Not a link of this registry.
        LinkExpired, LinkRefused: It no longer opens, with the reason. StateForbids: the version is on hold.
        IntegrityBroken, FileBlocked, StateForbids: the file is withheld. RangeUnsatisfiable: no such bytes.
    """
    row = work.first(select(links).where(links.c.handle_hash == secrets.hash_secret(handle)))
    if row is None:
        raise NoSuchLink("There is no such link.")
    minter = find_minter(work, row)
    stored = queries.get_stored_file(work, row.artifact_id)
    version = demand_open(work, minter, visitor, row, stored.artifact.version_key)
    artifact = stored.artifact
    demand_available(work, artifact)
    part = parse_range(asked if if_range in (None, artifact.etag) else None, artifact.size_bytes)
    if isinstance(part, Unsatisfiable):
        refused = RangeUnsatisfiable(f"The file has {part.size_bytes} bytes.")
        refused.size_bytes = part.size_bytes
        raise refused
    flow = Flow.by(
        minter, row.public_id, flows.DOWNLOAD, artifact.id, f"{version.address}/{artifact.path}", artifact.size_bytes,
        sha256=artifact.sha256, range=_say_range(part),
    )  # fmt: skip
    if begins:
        flows.begin(work, flow)
    dek = work.parts.keys.unwrap(stored.wrapped, wrap_context(stored.blob_id))
    return Opening(stored, flow, part, dek)


def find_minter(work: Work, row: Row[Any]) -> Actor:
    """Who made a link, as they stand now. Raises LinkExpired, LinkRefused."""
    if row.expires_at <= work.now:
        raise LinkExpired("This download link has expired.")
    minter = identity_queries.find_actor_by_credential(work, session_id=row.session_id, token_id=row.token_id)
    if minter is None:
        raise LinkRefused("The session or token that made this link has ended.")
    return minter


def demand_open(work: Work, minter: Actor, visitor: Actor, row: Row[Any], version_key: int) -> Version:
    """
    The version that a link leads to, where who made it may download from it now, on the terms that hold now.

    Raises NotFound, LinkExpired, LinkRefused, StateForbids.
    """
    version = version_queries.get_version_by_key(work, minter, version_key)
    model = model_queries.get_model(work, minter, *version.model.split("/"))
    judged = rights.judge(work, minter, model, version)
    rights.demand_not_held(version)
    if judged.refusal is not None:
        raise LinkRefused(f"Whoever made this link may no longer download. {judged.refusal}")
    terms = judged.terms
    if row.created_at + timedelta(seconds=terms.ttl_seconds) <= work.now:
        raise LinkExpired(f"This download link has expired: {version.address} has become {version.state} since.")
    if terms.needs_purpose and row.purpose is None:
        raise LinkRefused(f"{version.address} has become {version.state} since, and downloads from it name a purpose.")
    if not terms.alone and visitor.user_id != minter.user_id:
        raise LinkRefused(
            f"{version.address} is {version.state}: the link opens with its maker's own session or token."
        )
    return version


def quarantine(work: Work, stored: StoredFile) -> None:
    """Withhold every file whose stored bytes are those of this one: they are not what was uploaded."""
    damage.note_damage(work, stored.blob_key, FoundBy.DOWNLOAD)


def _say_range(part: Range | None) -> str:
    """What of a file is about to go out, in our words: the header itself is free text and stays out of the log."""
    return "all" if part is None else f"bytes={part.start}-{part.end - 1}"
