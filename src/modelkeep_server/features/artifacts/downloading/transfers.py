"""
What goes out through a link: one event as it begins, one as it is over, however many ranges lie between.

A program that reads a file by ranges, or goes on where a connection broke, sends many requests through one link. They
add up in a housekeeping row; it is closed, and the end recorded, when the whole file went out, or when the link has
expired and nothing runs any more. A ZIP goes out whole: there each request is a download of its own, and the row counts
those that run, so that those of a server that was killed get their end as well.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, Table, bindparam, delete, func, select, update

from modelkeep_server.db import recording
from modelkeep_server.db.tables import (
    artifacts,
    blobs,
    bundle_links,
    link_transfers,
    links,
    models,
    people,
    service_accounts,
    versions,
)
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.downloading.tallies import SPANS, Taken
from modelkeep_server.features.jobs.views import Schedule
from modelkeep_server.kit.spans import add_span

CLOSE = "close-downloads"
SCHEDULES = (Schedule(CLOSE, timedelta(minutes=5)),)
#: A server that was killed never says that its transfer ended.
FORGOTTEN = timedelta(hours=24)
_AT_ONCE = 500


def begin(work: Work, link_id: str) -> bool:
    """Note that a request through a link begins. True where it is the first, which the caller records as an event."""
    row = link_transfers.c
    more = {"requests": row.requests + 1, "running": row.running + 1, "last_at": work.now}
    statement = work.upsert(link_transfers).values(**_fresh(work, link_id, requests=1))
    work.keep(link_transfers, statement.on_conflict_do_update(index_elements=["link_id"], set_=more))
    return bool(work.scalar(select(row.requests).where(row.link_id == link_id)) == 1)


def is_open(work: Work, link_id: str) -> bool:
    """Whether a download through a link has begun on record and not ended. One statement."""
    return work.first(_open_by_link(), {"link_id": link_id}) is not None


def end(work: Work, link_id: str, *, start: int, sent_bytes: int, size_bytes: int, is_final: bool = False) -> None:
    """
    Note that a request through a link to a file is over, and record the end of the download where all of the file went
    out, or where nothing left.

    Args:
        start: Where in the file it began, bytes.
        sent_bytes: How many bytes left, also where it was cut.
        size_bytes: How long the file is.
        is_final: Nothing more can follow, since the file was found damaged.
    """
    seen = _find(work, link_id)
    if seen is None:
        return
    went = Taken(link_id, size_bytes, 0, sent_bytes, ((start, start + sent_bytes),))
    _go_on(work, seen, went, running=max(0, seen.running - 1), is_final=is_final)


def add(work: Work, taken: Taken, *, is_final: bool = False) -> None:
    """
    Write down ranges that were added up (tallies.py), as `end` does one request. Those that went out while the download
    they were judged for ended become one of their own, so that all that left is on record.
    """
    seen = _find(work, taken.link_id) or _begin_late(work, taken)
    if seen is None:
        return
    _go_on(work, seen, taken, running=seen.running, is_final=is_final)


def end_bundle(work: Work, link_id: str, *, sent_bytes: int, is_whole: bool) -> None:
    """Note that a request through a link to a ZIP is over, and record its end, unless `close_expired` has done so."""
    seen = _find(work, link_id)
    if seen is None:
        return
    row = link_transfers.c
    if seen.running > 1:
        values = {"running": seen.running - 1, "last_at": work.now}
        work.keep(link_transfers, update(link_transfers).where(row.link_id == link_id).values(values))
    else:
        _forget(work, link_id)
    _record_bundle_end(work, link_id, sent_bytes=sent_bytes, is_whole=is_whole)


def close_expired(work: Work) -> int:
    """Record the end of downloads whose link has expired and through which nothing runs. Gives of how many links."""
    row = link_transfers.c
    expires_at = func.coalesce(links.c.expires_at, bundle_links.c.expires_at)
    rows = work.all(
        select(row.link_id, bundle_links.c.id.label("bundle"))
        .outerjoin(links, links.c.public_id == row.link_id)
        .outerjoin(bundle_links, bundle_links.c.public_id == row.link_id)
        .where(expires_at < work.now, (row.running == 0) | (row.last_at < work.now - FORGOTTEN))
        .order_by(row.last_at)
        .limit(_AT_ONCE)
    )
    closed = 0
    for found in rows:
        seen = _find(work, found.link_id)
        if seen is None or (seen.running and seen.last_at >= work.now - FORGOTTEN):
            continue
        closed += 1
        if found.bundle is None:
            _record_end(work, found.link_id, requests=seen.requests, sent_bytes=seen.sent_bytes, spans=seen.spans)
            continue
        _forget(work, found.link_id)
        for _ in range(seen.running):
            _record_bundle_end(work, found.link_id, sent_bytes=None, is_whole=False)
    return closed


def _find(work: Work, link_id: str) -> Row[Any] | None:
    """The row of a link, ours until the transaction ends: requests that end at one moment add to one another."""
    return work.first(select(link_transfers).where(link_transfers.c.link_id == link_id).with_for_update())


def _fresh(work: Work, link_id: str, *, requests: int) -> dict[str, Any]:
    """The row of a download of which nothing has left, with so many requests that run."""
    return {
        "link_id": link_id, "requests": requests, "running": requests, "sent_bytes": 0, "spans": [],
        "begun_at": work.now, "last_at": work.now,
    }  # fmt: skip


def _go_on(work: Work, seen: Row[Any], went: Taken, *, running: int, is_final: bool) -> None:
    """Add what went out to the row of a link; record the end where all of the file did by now, or nothing at all."""
    spans = seen.spans
    for start, behind in went.spans:
        spans = add_span(spans, start, behind, at_most=SPANS)
    requests, sent_bytes = seen.requests + went.requests, seen.sent_bytes + went.sent_bytes
    if is_final or (not running and (not sent_bytes or _is_whole(spans, went.size_bytes))):
        _record_end(work, went.link_id, requests=requests, sent_bytes=sent_bytes, spans=spans)
        return
    values = {
        "requests": requests, "running": running, "sent_bytes": sent_bytes, "spans": spans, "last_at": work.now,
    }  # fmt: skip
    work.keep(link_transfers, update(link_transfers).where(link_transfers.c.link_id == went.link_id).values(values))


def _begin_late(work: Work, taken: Taken) -> Row[Any] | None:
    told = work.first(_of_link(_OPENED, links, taken.link_id))
    if told is None or not taken.spans:
        return None
    upsert = work.upsert(link_transfers).values(**_fresh(work, taken.link_id, requests=0))
    if work.keep(link_transfers, upsert.on_conflict_do_nothing(index_elements=["link_id"])):
        start, behind = taken.spans[0]
        after = {"link": taken.link_id, "sha256": told.sha256, "range": f"bytes={start}-{behind - 1}"}
        _record(work, "artifact.download", told, f"{_label_of(told)}/{told.path}", after)
    return _find(work, taken.link_id)


@cache
def _open_by_link() -> Select[Any]:
    return select(link_transfers.c.link_id).where(link_transfers.c.link_id == bindparam("link_id"))


def _forget(work: Work, link_id: str) -> None:
    work.keep(link_transfers, delete(link_transfers).where(link_transfers.c.link_id == link_id))


def _is_whole(spans: Any, size_bytes: int) -> bool:
    return size_bytes == 0 or [tuple(span) for span in spans] == [(0, size_bytes)]


def _record_end(work: Work, link_id: str, *, requests: int, sent_bytes: int, spans: Any) -> None:
    _forget(work, link_id)
    told = work.first(_of_link(_OPENED, links, link_id))
    if told is not None:
        whole = _is_whole(spans, told.size_bytes)
        after = {"link": link_id, "sentBytes": sent_bytes, "requests": requests, "whole": whole}
        _record(work, "artifact.download_end", told, f"{_label_of(told)}/{told.path}", after)


def _record_bundle_end(work: Work, link_id: str, *, sent_bytes: int | None, is_whole: bool) -> None:
    opened = select(versions.c.public_id, *_AROUND).join_from(
        bundle_links, versions, versions.c.id == bundle_links.c.version_id
    )
    told = work.first(_of_link(opened, bundle_links, link_id))
    if told is not None:
        after = {"link": link_id, "sentBytes": sent_bytes, "whole": is_whole}
        _record(work, "bundle.download_end", told, _label_of(told), after)


_AROUND = (
    versions.c.version, models.c.group_name, models.c.name, people.c.pseudonym,
    service_accounts.c.id.label("service_id"),
)  # fmt: skip
_OPENED = (
    select(artifacts.c.public_id, artifacts.c.path, blobs.c.sha256, blobs.c.size_bytes, *_AROUND)
    .join_from(links, artifacts, artifacts.c.id == links.c.artifact_id)
    .join(blobs, blobs.c.id == artifacts.c.blob_id)
    .join(versions, versions.c.id == artifacts.c.version_id)
)


def _of_link(opened: Select[Any], table: Table, link_id: str) -> Select[Any]:
    """What a link opens, with the model around it and who made the link."""
    return (
        opened.join(models, models.c.id == versions.c.model_id)
        .join(people, people.c.id == table.c.person_id)
        .outerjoin(service_accounts, service_accounts.c.person_id == people.c.id)
        .where(table.c.public_id == link_id)
    )


def _label_of(told: Row[Any]) -> str:
    return f"{told.group_name}/{told.name}:{told.version}"


def _record(work: Work, action: str, told: Row[Any], label: str, after: Mapping[str, Any]) -> None:
    kind = "person" if told.service_id is None else "service"
    recording.record(
        work, action, actor=told.pseudonym, actor_kind=kind, auth="link", object_id=told.public_id,
        object_label=label, after=after,
    )  # fmt: skip
