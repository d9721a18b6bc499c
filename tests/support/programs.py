"""A service account in a registry that runs, made as a person makes one: invited, signed in, in a session."""

import re

import httpx2

from tests.support.accounts import PASSPHRASE
from tests.support.running import RunningRegistry

CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


def make_program(running: RunningRegistry, sponsor: str, name: str) -> str:
    """The secret of a token of a new service account, whose sponsor is a new person with the role Model Owner."""
    link = running.operate("admin", "invite", sponsor, "--roles", "MODEL_OWNER").strip().splitlines()[-1]
    path = link[link.index("/invitations/") :]
    with httpx2.Client(base_url=running.url, follow_redirects=True, headers={"origin": running.url}) as browser:
        form = {"name": "Priya Raman", "passphrase": PASSPHRASE}
        browser.post(path, data={**form, "csrf_token": CSRF.findall(browser.get(path).text)[0]}).raise_for_status()
        headers = {"x-csrf-token": CSRF.findall(browser.get("/profile").text)[0]}
        body = {"name": name, "purpose": "Uploads what the nightly run trained."}
        made = browser.post("/api/v1/service-accounts", json=body, headers=headers).raise_for_status().json()
        token = browser.post(f"/api/v1/service-accounts/{made['id']}/tokens", json={"name": "ci"}, headers=headers)
        return str(token.raise_for_status().json()["token"])
