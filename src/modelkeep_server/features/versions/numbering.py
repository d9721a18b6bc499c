"""Which version number comes next."""

import semver
from sqlalchemy import select

from modelkeep_server.db.tables import versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.versions.views import Version


def suggest_number(work: Work, version: Version) -> str:
    """The next PATCH number after a version that its model has not taken yet. One statement."""
    taken = {
        row.version for row in work.all(select(versions.c.version).where(versions.c.model_id == version.model_key))
    }
    number = semver.Version.parse(version.version).bump_patch()
    while str(number) in taken:
        number = number.bump_patch()
    return str(number)
