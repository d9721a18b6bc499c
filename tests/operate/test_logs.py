"""The server's log tells what went wrong, and nothing of what a request carried."""

import json
import os
import pty
import subprocess
import sys

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.support.registries import Registry

FAILING = """
import structlog
from modelkeep_server.operate.logs import configure_logs

configure_logs()
def act(token):
    try:
        raise RuntimeError("it broke")
    except RuntimeError as error:
        structlog.get_logger().error("request failed", request_id="01X", exc_info=error)
act("mk_pat_secret" + "_value")
"""


def test_a_fault_is_one_json_line_without_the_values_at_hand() -> None:
    """An error is logged with its traceback and request id, and without local variables."""
    done = subprocess.run([sys.executable, "-c", FAILING], capture_output=True, text=True, check=True)

    (line,) = done.stderr.splitlines()
    entry = json.loads(line)
    assert (entry["event"], entry["level"], entry["request_id"]) == ("request failed", "error", "01X")
    assert "it broke" in entry["exception"]
    assert "secret_value" not in done.stderr
    assert done.stdout == ""


def test_on_a_terminal_the_log_is_for_people_and_as_silent() -> None:
    """Lines without braces, with a traceback, and still without the values at hand."""
    ours, theirs = pty.openpty()

    done = subprocess.run([sys.executable, "-c", FAILING], stderr=theirs, check=True)
    os.close(theirs)
    said = os.read(ours, 65536).decode()
    os.close(ours)

    assert done.returncode == 0
    assert ("request failed" in said, "it broke" in said, said.startswith("{")) == (True, True, False)
    assert "secret_value" not in said


def test_a_fault_of_the_database_does_not_tell_its_values(registry: Registry) -> None:
    """The text of a database error holds the statement and no value."""
    with pytest.raises(DBAPIError) as told, registry.house.database.writer.connect() as connection:
        connection.execute(text("SELECT nothing FROM nowhere WHERE x = :value"), {"value": "ada@example.com"})

    assert "nowhere" in str(told.value)
    assert "ada@example.com" not in str(told.value)
