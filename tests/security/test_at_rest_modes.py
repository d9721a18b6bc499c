"""The database on disk belongs to the server's user alone, whatever the folder around it allows."""

import os
import stat
from pathlib import Path

from sqlalchemy import text

from modelkeep_server.db.copies import copy_database
from modelkeep_server.db.engine import open_sqlite


def test_a_new_database_is_closed_to_other_people_of_the_machine(tmp_path: Path) -> None:
    """It holds hashes of passphrases and people's addresses; its side files take its mode."""
    tmp_path.chmod(0o755)
    earlier = os.umask(0o022)
    try:
        database = open_sqlite(tmp_path / "modelkeep.db", connections=2)
        with database.writer.begin() as connection:
            connection.execute(text("CREATE TABLE t (x)"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
        database.close()
    finally:
        os.umask(earlier)

    assert "modelkeep.db-wal" in modes
    assert set(modes.values()) == {0o600}


def test_a_copy_for_a_backup_is_closed_while_it_is_written(tmp_path: Path) -> None:
    """Not only once it is whole: it stands in a folder of the operator's choice meanwhile."""
    modes: list[int] = []
    copy = tmp_path / "backup.partial.db"
    earlier = os.umask(0o022)
    try:
        database = open_sqlite(tmp_path / "modelkeep.db", connections=2)
        with database.writer.begin() as connection:
            connection.execute(text("CREATE TABLE t (x)"))
        copy_database(database, copy, lambda done, total: modes.append(stat.S_IMODE(copy.stat().st_mode)))
        database.close()
    finally:
        os.umask(earlier)

    assert set(modes) == {0o600}
