"""Who answers for a file until a time: releases of what is blocked, and waivers for what could not be judged."""

from collections.abc import Collection
from enum import StrEnum

from sqlalchemy import select

from modelkeep_server.db.tables import waivers
from modelkeep_server.db.work import Work


class WaiverKind(StrEnum):
    """RELEASE opens a file that is BLOCKED, WAIVE accepts one that is UNKNOWN."""

    RELEASE = "RELEASE"
    WAIVE = "WAIVE"


def is_released(work: Work, artifact_key: int) -> bool:
    """Whether a Security Architect lets a blocked file out now. One statement."""
    return bool(list_released(work, [artifact_key]))


def list_released(work: Work, artifact_keys: Collection[int]) -> frozenset[int]:
    """Those of these files that a Security Architect lets out now. One statement; none for no file."""
    if not artifact_keys:
        return frozenset()
    rows = work.all(
        select(waivers.c.artifact_id).where(
            waivers.c.artifact_id.in_(list(artifact_keys)),
            waivers.c.kind == WaiverKind.RELEASE.value,
            waivers.c.ended_at.is_(None),
            waivers.c.expires_at > work.now,
        )
    )
    return frozenset(row.artifact_id for row in rows)
