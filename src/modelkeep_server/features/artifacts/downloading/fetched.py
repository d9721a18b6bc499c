"""Who fetched a file lately, alone or with all files of its version: read off the log by the object."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select, union_all

from modelkeep_server.db.tables import audit_events, audit_people
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import queries
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.rules.events import Outcome

SHOWN = 20
#: A download has two events, and an end may stand there whose beginning is older than what is read.
_READ = 3 * SHOWN


@dataclass(frozen=True)
class Download:
    """
    A download of a file. `by` is an e-mail, None where the log no longer says whose; `sent_bytes` and `ended_at` are
    None until it is over. `with_all`: it came in the ZIP of all files of its version, and `sent_bytes` are of that,
    and None where the server that sent it was killed.
    """

    by: str | None
    at: datetime
    ended_at: datetime | None
    sent_bytes: int | None
    whole: bool
    with_all: bool


def list_downloads(work: Work, actor: Actor, group: str, name: str, version: str, path: str) -> tuple[Download, ...]:
    """
    The last downloads of a file, the newest first, at most 20. Two statements beside finding the file.

    Raises:
        NotFound. NotPermitted: Neither an owner, nor in a role that sees who downloaded.
    """
    model, found, artifact = queries.get_by_address(work, actor, group, name, version, path)
    relations = model_queries.relations_of(actor, model)
    access.require(work, actor, "download.read", relations, owners=model.owners)
    newest = [_newest_of(artifact.id, "artifact.download"), _newest_of(found.id, "bundle.download")]
    read = union_all(*(select(one.subquery()) for one in newest)).subquery()
    people = select(read, audit_people.c.email).outerjoin(audit_people, audit_people.c.pseudonym == read.c.actor)
    return _pair(work.all(people.order_by(read.c.sequence.desc())), artifact.id)


def _newest_of(object_id: str, action: str) -> Select[Any]:
    event = audit_events.c
    return (
        select(event.sequence, event.at, event.action, event.actor, event.body)
        .where(event.object_id == object_id, event.action.in_((action, f"{action}_end")))
        .where(event.outcome == Outcome.ALLOWED.value)
        .order_by(event.sequence.desc())
        .limit(_READ)
    )


def _pair(rows: Any, artifact_id: str) -> tuple[Download, ...]:
    """Beginnings with their ends, newest first. A link may be opened several times: an end is that of one beginning."""
    ends: dict[str, list[tuple[Row[Any], Mapping[str, Any]]]] = {}
    downloads: list[Download] = []
    for row in rows:
        told = _facts_of(row.body)
        link = str(told.get("link"))
        if row.action.endswith("_end"):
            ends.setdefault(link, []).append((row, told))
            continue
        end = ends[link].pop() if ends.get(link) else None
        with_all = row.action == "bundle.download"
        if len(downloads) < SHOWN and (not with_all or _holds(told, artifact_id)):
            ended_at, sent = (end[0].at, end[1].get("sentBytes")) if end else (None, None)
            whole = bool(end and end[1].get("whole"))
            downloads.append(Download(row.email, row.at, ended_at, sent, whole, with_all))
    return tuple(downloads)


def _facts_of(body: str) -> Mapping[str, Any]:
    """What an event says was after it; nothing where its text was spoilt by hand."""
    try:
        told = json.loads(body).get("after")
    except (ValueError, AttributeError):
        return {}
    return told if isinstance(told, dict) else {}


def _holds(told: Mapping[str, Any], artifact_id: str) -> bool:
    """Whether a bundle held a file. One of more files than its event names may have: then it is shown."""
    listed = [line for name, value in told.items() if name[5:].isdigit() and isinstance(value, list) for line in value]
    return len(listed) < told.get("files", 0) or any(str(line).startswith(artifact_id) for line in listed)
