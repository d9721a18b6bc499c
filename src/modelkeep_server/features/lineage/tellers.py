"""
Who told what stands in a version's own fields, and when: no row of its own has it, the log does.

An event names each field that it changed, so the last one that names a field wrote what stands there.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, literal, select, union_all

from modelkeep_server.db.tables import audit_events, audit_people
from modelkeep_server.db.work import Work
from modelkeep_server.features.lineage.items import IN_METADATA
from modelkeep_server.features.lineage.views import OWN_COMMIT, OWN_JOB
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.events import Outcome

#: What events call the fields, by the ids of items.
_NAMED = {
    **{id_: f"metadata.{field}" for id_, field in IN_METADATA.items()},
    OWN_COMMIT: "commitSha",
    OWN_JOB: "trainingJobId",
}
_WRITERS = ("version.create", "version.update", "lineage.add", "lineage.remove")


@dataclass(frozen=True)
class Teller:
    """Who, by e-mail, None where the log has forgotten it, and when."""

    by: str | None
    at: datetime


def find_tellers(work: Work, version: Version, ids: Collection[str]) -> Mapping[str, Teller]:
    """By the ids of items that stand in a version's own fields. One statement, or none."""
    rows = work.all(_writers_of(frozenset(ids)), {"id": version.id}) if ids else ()
    return {row.item: Teller(row.email, row.at) for row in rows}


@cache
def _writers_of(ids: frozenset[str]) -> Select[Any]:
    of_version = audit_events.c.object_id == bindparam("id")
    # Looked at in each row: without statistics SQLite takes any index, also a useless one.
    writes = (audit_events.c.action + "").in_(_WRITERS), audit_events.c.outcome + "" == Outcome.ALLOWED.value
    last = union_all(
        *(
            select(literal(item).label("item"), func.max(audit_events.c.sequence).label("sequence")).where(
                of_version, *writes, audit_events.c.body.contains(f'"{_NAMED[item]}":', autoescape=True)
            )
            for item in sorted(ids)
        )
    ).subquery()
    return (
        select(last.c.item, audit_events.c.at, audit_people.c.email)
        .join(audit_events, audit_events.c.sequence == last.c.sequence)
        .outerjoin(audit_people, audit_people.c.pseudonym == audit_events.c.actor)
    )
