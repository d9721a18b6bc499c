"""What stored files say of themselves."""

from typing import Any

from sqlalchemy import Row, select

from modelkeep_server.db.tables import artifacts, scans
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.conditions import is_current_scan
from modelkeep_server.features.artifacts.sealed_words import open_words
from modelkeep_server.features.artifacts.views import Artifact
from modelkeep_server.inspection.report import Header


def find_header(work: Work, artifact: Artifact) -> Header | None:
    """What a file that the caller has found says of itself; None until it was looked through. One statement."""
    row = work.first(
        select(scans.c.blob_id, scans.c.header)
        .join(artifacts, is_current_scan(artifacts.c.blob_id))
        .where(artifacts.c.id == artifact.key)
    )
    return None if row is None else open_header(work, row)


def open_header(work: Work, row: Row[Any]) -> Header:
    """The header in a row with `blob_id` and `header` of a scan; an empty one where it was changed."""
    told = open_words(work, row.blob_id, row.header)
    return Header() if told is None else Header.from_json(told)
