"""The command `modelkeep` itself: help, and nouns that are loaded when they are called."""

import resource
import subprocess
import sys

import pytest
from tests.support.running import COMMAND

PROBE = """
import sys
from modelkeep.cli import main
sys.argv = ["modelkeep", {arguments}]
{before}
try:
    main()
finally:
    print(sorted(name for name in sys.modules if name.startswith("modelkeep_server")), file=sys.stderr)
"""


def _probe(arguments: str, before: str = "") -> "subprocess.CompletedProcess[str]":
    script = PROBE.format(arguments=arguments, before=before)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_help_names_every_noun_and_loads_none() -> None:
    """`modelkeep --help` shows a line for each noun of client and server, and imports nothing of the server."""
    told = _probe("'--help'")

    assert told.returncode == 0
    for line in ("serve", "Serve the registry.", "admin", "Verify the audit log.", "download", "whoami"):
        assert line in told.stdout
    assert told.stderr.strip() == "[]"


def test_help_is_fast() -> None:
    """`modelkeep --help` takes less than 0.4 s of processor time: the best of three, as the machine is shared."""
    taken = []
    for _ in range(3):
        before = _children_seconds()
        subprocess.run([COMMAND, "--help"], check=True, capture_output=True)
        taken.append(_children_seconds() - before)

    assert min(taken) < 0.4


@pytest.mark.parametrize("noun", ["serve", "admin"])
def test_without_the_servers_packages_it_says_what_to_install(noun: str) -> None:
    """A noun of the server, called where only the client is installed, names the one command that helps."""
    told = _probe(f"'{noun}'", before="sys.modules['sqlalchemy'] = None")

    assert told.returncode == 1
    assert "pip install 'modelkeep[server]'" in told.stderr
    assert "Traceback" not in told.stderr


def test_the_version_is_told() -> None:
    """`modelkeep --version` prints it alone."""
    told = subprocess.run([COMMAND, "--version"], capture_output=True, text=True, timeout=60, check=False)

    assert (told.returncode, told.stdout.split()[0]) == (0, "modelkeep")
