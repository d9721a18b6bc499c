"""The database on disk belongs to the server's user alone, whatever the folder around it allows."""

import os
import stat
from pathlib import Path

from sqlalchemy import text

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
