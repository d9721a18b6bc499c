"""The command `modelkeep` itself: help, and nouns that are loaded when they are called."""

import subprocess
import sys

import pytest

from modelkeep.cli.nouns import NOUNS, load
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


def test_help_names_every_noun_and_loads_none() -> None:
    """`modelkeep --help` shows a line for each noun of client and server, and imports nothing of the server."""
    told = _probe("'--help'")

    assert told.returncode == 0
    for line in ("serve", "Serve the registry.", "admin", "Verify the audit log.", "download", "whoami"):
        assert line in told.stdout
    assert told.stderr.strip() == "[]"


@pytest.mark.parametrize("noun", ["serve", "admin"])
def test_without_the_servers_packages_it_says_what_to_install(noun: str) -> None:
    """A noun of the server, called where only the client is installed, names the one command that helps."""
    told = _probe(f"'{noun}'", before="sys.modules['pydantic_settings'] = None")

    assert told.returncode == 1
    assert "pip install 'modelkeep[server]'" in told.stderr
    assert "Traceback" not in told.stderr


def test_completion_is_offered_once_for_all_nouns() -> None:
    """No noun offers to install completion of its own, which would not complete `modelkeep`."""
    offering = [
        noun.name
        for noun in NOUNS
        if noun.target and any(option.name == "install_completion" for option in load(noun.name).params)
    ]

    assert offering == []


def test_the_version_is_told() -> None:
    """`modelkeep --version` prints it alone."""
    told = subprocess.run([COMMAND, "--version"], capture_output=True, text=True, timeout=60, check=False)

    assert (told.returncode, told.stdout.split()[0]) == (0, "modelkeep")
