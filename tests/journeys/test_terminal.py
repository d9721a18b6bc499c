"""Signing in a terminal: the code it shows, the page that allows it, and the commands that work then."""

import json
import os
import re
import subprocess
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.journeys.conftest import enter, keep_picture, visit
from tests.support.running import COMMAND, RunningRegistry


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command as this person runs it, to its end."""
    return subprocess.run(
        [COMMAND, *arguments], env=environment_of(home), capture_output=True, text=True, timeout=60, check=False
    )


def environment_of(home: Path) -> dict[str, str]:
    """A machine without a keyring and without variables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MODELKEEP_", "XDG_", "DISPLAY"))}
    return {**kept, "HOME": str(home), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


def test_a_terminal_is_let_in_from_the_browser(chromium: Browser, served: RunningRegistry, tmp_path: Path) -> None:
    """`modelkeep login` shows a code; allowed in the browser, the next commands act as that person."""
    email = "terminal@company.com"
    context = enter(chromium, served, email, "MODEL_OWNER")
    visitor = visit(context, served.url)
    terminal = subprocess.Popen(
        [COMMAND, "login", "--url", served.url], env=environment_of(tmp_path), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert terminal.stderr is not None
    said = "".join(terminal.stderr.readline() for _ in range(3))
    found = re.search(r"/device\?code=([A-Z]{4}-[A-Z]{4})", said)
    assert found is not None, said

    visitor.go("/device")
    keep_picture(visitor.page, "device-enter")
    visitor.fill(code=found[1].replace("-", " ").lower())
    visitor.press("Continue")
    keep_picture(visitor.page, "device-asks")
    faults = Axe().run(visitor.page).response["violations"]
    shown = visitor.page.locator("main").inner_text()
    visitor.press("Allow")
    keep_picture(visitor.page, "device-allowed")
    out, _ = terminal.communicate(timeout=60)
    who, models = run(tmp_path, "whoami", "--json"), run(tmp_path, "models", "list")

    assert found[1] in shown
    assert "modelkeep on " in shown
    assert faults == []
    assert (terminal.returncode, out) == (0, f"{email} at {served.url}\n")
    assert (json.loads(who.stdout)["email"], json.loads(who.stdout)["scopes"]) == (email, ["read", "write", "download"])
    assert models.returncode == 0, models.stderr
    assert visitor.complaints == []
