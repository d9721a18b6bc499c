"""
One real PostgreSQL server a test run, started by whoever needs it first and stopped when the run ends.

The run's own folder is named in an environment variable, so that the workers of one run share one server. As root the
server runs as the user `postgres`, since PostgreSQL refuses root; its folder lies in memory or right under /tmp, for
initdb fails beneath a folder that its user cannot enter. A keeper process stops it should the run be killed.
"""

import fcntl
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import psycopg

RUN_FOLDER = "TESTS_OF_MODELKEEP_RUN"
_STOP = "stop-postgres"
_INSTALL = (
    "The tests need PostgreSQL's server programs (initdb, postgres). Debian: apt-get install postgresql; "
    "macOS: brew install postgresql@17; scripts/test.sh does it."
)
#: Speed over safety: this database is thrown away.
_OPTIONS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "200",
    "listen_addresses": "",
    "autovacuum": "off",
}
_keepers: list[subprocess.Popen[bytes]] = []


def begin_run(memory: Path | None = None) -> None:
    """
    Called once a run, before any worker starts.

    Args:
        memory: A file system in memory for the server's files. On a disk a new database, which is hundreds of them,
            takes up to a second.
    """
    folder = tempfile.mkdtemp(prefix="modelkeep-tests-", dir=memory or "/tmp")
    owner = _find_its_user()
    if owner:
        os.chown(folder, owner["user"], owner["group"])
    os.environ[RUN_FOLDER] = folder
    # It waits until this process closes the pipe, or dies; then it stops the server, if one was started.
    script = f"cat; [ ! -e {folder}/{_STOP} ] || sh {folder}/{_STOP}; rm -rf {folder}"
    _keepers.append(
        subprocess.Popen(
            ["/bin/sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, cwd="/", **owner,
        )
    )  # fmt: skip


def end_run() -> None:
    """Stop the server of this run, where one was started, and remove its folder."""
    os.environ.pop(RUN_FOLDER, None)
    for keeper in _keepers:
        keeper.communicate()


def server_url() -> str:
    """The URL of this run's server with `{name}` for the database; starts the server where it is not up yet."""
    folder = Path(os.environ[RUN_FOLDER])
    with (folder / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / _STOP).exists():
            _start(folder)
    return f"postgresql://postgres@/{{name}}?host={folder}"


def create_database(name: str, *, template: str | None = None) -> str:
    """Make a database, as a copy of another where one is named, and give back its URL."""
    url = server_url()
    with psycopg.connect(url.format(name="postgres"), autocommit=True) as connection:
        copied = f' TEMPLATE "{template}"' if template else ""
        # As it was always done before PostgreSQL 15: through the log it takes twice as long.
        as_files = " STRATEGY file_copy" if connection.info.server_version >= 150_000 else ""
        connection.execute(f'CREATE DATABASE "{name}"{copied}{as_files}')
    return url.format(name=name)


def drop_database(name: str) -> None:
    """Remove a database, whoever is connected."""
    with psycopg.connect(server_url().format(name="postgres"), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _start(folder: Path) -> None:
    owner = _find_its_user()
    if not owner and os.geteuid() == 0:
        raise RuntimeError(_INSTALL)
    data, control = folder / "data", _find("pg_ctl")
    locale = "C.UTF-8" if os.uname().sysname == "Linux" else "C"
    initdb = [_find("initdb"), "--pgdata", data, "--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8"]
    _run([*initdb, f"--locale={locale}"], owner)
    with (data / "postgresql.conf").open("a") as settings:
        settings.writelines(f"{name} = '{value}'\n" for name, value in _OPTIONS.items())
        settings.write(f"unix_socket_directories = '{folder}'\n")
    _run([control, "start", "--wait", "--silent", "--pgdata", data, f"--log={folder / 'postgres.log'}"], owner)
    (folder / _STOP).write_text(f"{control} stop --silent --mode=immediate --pgdata {data}\n")


def _run(command: list[Any], owner: dict[str, Any]) -> None:
    words = [str(word) for word in command]
    done = subprocess.run(
        words, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **owner
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")


def _find_its_user() -> dict[str, Any]:
    """As whom the server runs: ourselves, or as root the user that its package made, where it is installed."""
    if os.geteuid() != 0:
        return {}
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _find(program: str) -> str:
    places = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/opt/homebrew/opt").glob("postgresql@*/bin")]
    newest_first = sorted(places, key=lambda place: [int(n) for n in place.parts[-2].split("@")[-1].split(".")])[::-1]
    found = shutil.which(program) or next((str(p / program) for p in newest_first if (p / program).exists()), None)
    if found is None:
        raise RuntimeError(_INSTALL)
    return found
