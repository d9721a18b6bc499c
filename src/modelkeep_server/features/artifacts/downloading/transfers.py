"""
What goes out through a link: one event as it begins, one as it is over, however many ranges lie between.

A program that reads a file by ranges, or goes on where a connection broke, sends many requests through one link. They
add up in a housekeeping row; it is closed, and the end recorded, when the whole file went out, or when the link has
expired and nothing runs any more.
"""

from datetime import timedelta

from sqlalchemy import case, delete, select, update

from modelkeep_server.db import recording
from modelkeep_server.db.engine import Database
from modelkeep_server.db.tables import (
    artifacts,
    blobs,
    link_transfers,
    links,
    models,
    people,
    service_accounts,
    versions,
)
from modelkeep_server.db.work import Circumstances, Parts, Work
from modelkeep_server.features.jobs.views import Handler, Schedule, Task

CLOSE = "close-downloads"
SCHEDULES = (Schedule(CLOSE, timedelta(minutes=5)),)
#: A server that was killed never says that its transfer ended.
FORGOTTEN = timedelta(hours=24)
_AT_ONCE = 500


def begin(work: Work, link_id: str) -> bool:
    """Note that a request through a link begins. True where it is the first, which the caller records as an event."""
    row = link_transfers.c
    fresh = {
        "link_id": link_id, "requests": 1, "running": 1, "sent_bytes": 0, "reached_bytes": 0, "begun_at": work.now,
        "last_at": work.now,
    }  # fmt: skip
    more = {"requests": row.requests + 1, "running": row.running + 1, "last_at": work.now}
    statement = work.upsert(link_transfers).values(**fresh)
    work.keep(link_transfers, statement.on_conflict_do_update(index_elements=["link_id"], set_=more))
    return bool(work.scalar(select(row.requests).where(row.link_id == link_id)) == 1)


def end(work: Work, link_id: str, *, start: int, sent_bytes: int, is_final: bool = False) -> None:
    """
    Note that a request through a link is over, and record the end of the download where that was all of the file, or
    where nothing left.

    Args:
        start: Where in the file it began, bytes.
        sent_bytes: How many bytes left, also where it was cut.
        is_final: Nothing more can follow, since the file was found damaged.
    """
    row = link_transfers.c
    gap_free = (row.reached_bytes >= start) & (row.reached_bytes < start + sent_bytes)
    done = {
        "running": case((row.running > 0, row.running - 1), else_=0),
        "sent_bytes": row.sent_bytes + sent_bytes,
        "reached_bytes": case((gap_free, start + sent_bytes), else_=row.reached_bytes),
        "last_at": work.now,
    }
    work.keep(link_transfers, update(link_transfers).where(row.link_id == link_id).values(done))
    _close(work, link_id, is_over=is_final)


def close_expired(work: Work) -> int:
    """Record the end of downloads whose link has expired and through which nothing runs. Gives how many."""
    row = link_transfers.c
    rows = work.all(
        select(row.link_id)
        .join(links, links.c.public_id == row.link_id)
        .where(links.c.expires_at < work.now, (row.running == 0) | (row.last_at < work.now - FORGOTTEN))
        .order_by(row.last_at)
        .limit(_AT_ONCE)
    )
    for found in rows:
        _close(work, found.link_id, is_over=True)
    return len(rows)


def make_closing_handler(database: Database, parts: Parts) -> Handler:
    """What does jobs of the kind CLOSE."""

    def close(task: Task) -> None:
        del task
        with database.writing(parts, Circumstances.of_the_house()) as work:
            close_expired(work)

    return Handler(close, tries=3)


def _close(work: Work, link_id: str, *, is_over: bool) -> None:
    """Record the end of a download, where it is over, or the whole file went out and nothing runs."""
    told = work.first(
        select(
            link_transfers,
            blobs.c.size_bytes,
            artifacts.c.public_id,
            artifacts.c.path,
            versions.c.version,
            models.c.group_name,
            models.c.name,
            people.c.pseudonym,
            service_accounts.c.id.label("service_id"),
        )
        .join(links, links.c.public_id == link_transfers.c.link_id)
        .join(artifacts, artifacts.c.id == links.c.artifact_id)
        .join(blobs, blobs.c.id == artifacts.c.blob_id)
        .join(versions, versions.c.id == artifacts.c.version_id)
        .join(models, models.c.id == versions.c.model_id)
        .join(people, people.c.id == links.c.person_id)
        .outerjoin(service_accounts, service_accounts.c.person_id == people.c.id)
        .where(link_transfers.c.link_id == link_id)
    )
    if told is None:
        return
    whole = told.reached_bytes >= told.size_bytes
    is_done = told.running == 0 and (whole or told.sent_bytes == 0)
    if not (is_over or is_done):
        return
    # Of two requests that end at the same moment, one finds the row.
    as_seen = (link_transfers.c.link_id == link_id, link_transfers.c.requests == told.requests)
    if not work.keep(link_transfers, delete(link_transfers).where(*as_seen)):
        return
    kind = "person" if told.service_id is None else "service"
    recording.record(
        work, "artifact.download_end", actor=told.pseudonym, actor_kind=kind, auth="link",
        object_id=told.public_id, object_label=f"{told.group_name}/{told.name}:{told.version}/{told.path}",
        after={"link": link_id, "sentBytes": told.sent_bytes, "requests": told.requests, "whole": whole},
    )  # fmt: skip
