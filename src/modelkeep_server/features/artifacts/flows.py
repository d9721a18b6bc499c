"""
What goes out through a link, on record: one event when the first byte is about to leave, one when it is over.

A client that takes a file in many ranges, some of them at once, leaves one such pair. It is over when every byte went
out and nothing runs any more; else when the link has expired, which a job of the house notices. What comes through the
same link after that begins anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, delete, literal, null, or_, select, update

from modelkeep_server.db import recording
from modelkeep_server.db.engine import Database
from modelkeep_server.db.tables import artifacts, bundle_links, link_transfers, links, models, people, versions
from modelkeep_server.db.work import Circumstances, Parts, Work
from modelkeep_server.features.artifacts.ranges import add_stretch
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.jobs.views import Handler, Schedule, Task
from modelkeep_server.kit import clock
from modelkeep_server.rules.errors import Unavailable

DOWNLOAD, BUNDLE = "artifact.download", "bundle.download"
END_DOWNLOADS = "end_downloads"
SCHEDULE = Schedule(END_DOWNLOADS, timedelta(minutes=5))
#: A transfer of which nothing was heard for so long died with its server.
LOST_AFTER = timedelta(hours=24)
ENDED_AT_ONCE = 500
_TRIES = 3


@dataclass(frozen=True)
class Flow:
    """Bytes that go out through one link, and what its events say. `action` is DOWNLOAD or BUNDLE."""

    link: str
    action: str
    actor: str
    actor_kind: str
    object_id: str
    object_label: str
    size_bytes: int
    facts: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def by(
        cls, minter: Actor, link: str, action: str, object_id: str, label: str, size_bytes: int, **facts: Any
    ) -> "Flow":
        """For who made the link."""
        return cls(link, action, minter.pseudonym, minter.kind, object_id, label, size_bytes, facts)


def begin(work: Work, flow: Flow) -> None:
    """Note that bytes are about to go out through a link. Records an event where none of its pair stands yet."""
    first = {"link_id": flow.link, "requests": 1, "running": 1, "sent_bytes": 0, "covered": [],
             "begun_at": work.now, "last_at": work.now}  # fmt: skip
    again = {"requests": link_transfers.c.requests + 1, "running": link_transfers.c.running + 1, "last_at": work.now}
    for _ in range(_TRIES):
        if work.keep(link_transfers, work.upsert(link_transfers).values(**first).on_conflict_do_nothing()):
            return _record(work, flow, flow.action, {"link": flow.link, **flow.facts})
        if work.keep(link_transfers, update(link_transfers).where(_is(flow)).values(**again)):
            return None
        # It ended between the two: this request begins the next pair.
    raise Unavailable("This link is in use by too many at once.", retry_after_seconds=1)


def finish(work: Work, flow: Flow, *, start: int, sent_bytes: int, complete: bool, broken: bool = False) -> None:
    """
    Note what one request took of it, and the end where that was the last of it.

    Args:
        start: Where in the file it began, in bytes.
        complete: The request was answered to its last byte.
        broken: The stored bytes are damaged: no more will come.
    """
    ran = {"running": link_transfers.c.running - 1, "sent_bytes": link_transfers.c.sent_bytes + sent_bytes}
    if not work.keep(link_transfers, update(link_transfers).where(_is(flow)).values(last_at=work.now, **ran)):
        # It was given up as lost, and is on record as such; what it sent all the same is on record as well.
        _record(work, flow, f"{flow.action}_end", _end(flow.link, None, sent_bytes, 1, whole=False))
        return
    # The row is locked by now, on every database.
    row = work.all(select(link_transfers).where(_is(flow)))[0]
    covered = add_stretch(row.covered, start, start + sent_bytes)
    whole = covered == [[0, flow.size_bytes]] or (complete and sent_bytes == flow.size_bytes)
    if row.running <= 0 and (whole or broken):
        work.keep(link_transfers, delete(link_transfers).where(_is(flow)))
        _record(
            work, flow, f"{flow.action}_end", _end(flow.link, row.begun_at, row.sent_bytes, row.requests, whole=whole)
        )
        return
    work.keep(link_transfers, update(link_transfers).where(_is(flow)).values(covered=covered))


def end_over(work: Work) -> int:
    """Record the end of what will not go on: the link has expired, and nothing runs or was heard of. Gives how many."""
    ended = 0
    for query in (_files_over(work), _bundles_over(work)):
        for row in work.all(query.limit(ENDED_AT_ONCE)):
            seen = (link_transfers.c.link_id == row.link_id, link_transfers.c.requests == row.requests)
            # Compared, since a request may have come through it meanwhile; none can where the link has expired.
            if not work.keep(
                link_transfers, delete(link_transfers).where(*seen, link_transfers.c.running == row.running)
            ):
                continue
            kind = "service" if row.email.startswith("service:") else "person"
            flow = Flow(row.link_id, row.action, row.pseudonym, kind, row.object_id, _label(row), size_bytes=0)
            told = _end(flow.link, row.begun_at, row.sent_bytes, row.requests, whole=False)
            _record(work, flow, f"{flow.action}_end", told)
            ended += 1
    return ended


def make_handler(database: Database, parts: Parts) -> Handler:
    """What does a job of kind END_DOWNLOADS."""

    def end_all(_task: Task) -> None:
        while True:
            with database.writing(parts, Circumstances.of_the_house()) as work:
                if end_over(work) < ENDED_AT_ONCE:
                    return

    return Handler(end_all)


def _files_over(work: Work) -> Select[Any]:
    return (
        _select_over(artifacts.c.public_id, DOWNLOAD)
        .add_columns(artifacts.c.path)
        .join(links, links.c.public_id == link_transfers.c.link_id)
        .join(artifacts, artifacts.c.id == links.c.artifact_id)
        .join(versions, versions.c.id == artifacts.c.version_id)
        .join(models, models.c.id == versions.c.model_id)
        .join(people, people.c.id == links.c.person_id)
        .where(_over(work, links.c.expires_at))
    )


def _bundles_over(work: Work) -> Select[Any]:
    return (
        _select_over(versions.c.public_id, BUNDLE)
        .add_columns(null().label("path"))
        .join(bundle_links, bundle_links.c.public_id == link_transfers.c.link_id)
        .join(versions, versions.c.id == bundle_links.c.version_id)
        .join(models, models.c.id == versions.c.model_id)
        .join(people, people.c.id == bundle_links.c.person_id)
        .where(_over(work, bundle_links.c.expires_at))
    )


def _select_over(object_id: ColumnElement[str], action: str) -> Select[Any]:
    return select(
        link_transfers,
        literal(action).label("action"),
        object_id.label("object_id"),
        people.c.pseudonym,
        people.c.email,
        models.c.group_name,
        models.c.name,
        versions.c.version,
    ).select_from(link_transfers)


def _over(work: Work, expires_at: ColumnElement[Any]) -> ColumnElement[bool]:
    quiet = or_(link_transfers.c.running <= 0, link_transfers.c.last_at <= work.now - LOST_AFTER)
    return and_(expires_at <= work.now, quiet)


def _label(row: Row[Any]) -> str:
    version = f"{row.group_name}/{row.name}:{row.version}"
    return version if row.path is None else f"{version}/{row.path}"


def _is(flow: Flow) -> ColumnElement[bool]:
    return link_transfers.c.link_id == flow.link


def _end(link: str, begun_at: datetime | None, sent_bytes: int, requests: int, *, whole: bool) -> dict[str, Any]:
    begun = {} if begun_at is None else {"begunAt": clock.iso_seconds(begun_at)}
    return {"link": link, **begun, "sentBytes": sent_bytes, "requests": requests, "whole": whole}


def _record(work: Work, flow: Flow, action: str, after: Mapping[str, Any]) -> None:
    recording.record(
        work, action, actor=flow.actor, actor_kind=flow.actor_kind, auth="link",
        object_id=flow.object_id, object_label=flow.object_label, after=after,
    )  # fmt: skip
