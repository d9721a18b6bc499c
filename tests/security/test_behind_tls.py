"""
A whole registry behind a TLS proxy: cookies, addresses and visitors are right, whatever a request claims, and the log
of it all holds no secret.
"""

import json
import re
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
import pytest

from tests.support.running import RunningRegistry, running_registry
from tests.support.tls_proxy import TlsProxy, make_certificate

PASSPHRASE = "canary kettles sing of seven"
EMAIL = "canary-ada@example.com"


@dataclass(frozen=True)
class Front:
    """The registry as people reach it, and how."""

    registry: RunningRegistry
    inside: str
    trust: ssl.SSLContext

    def client(self, **headers: str) -> httpx2.Client:
        """Somebody outside."""
        return httpx2.Client(base_url=self.registry.url, verify=self.trust, headers=headers)

    def log(self) -> list[dict[str, object]]:
        """The entries of the log so far."""
        return [json.loads(line) for line in self.registry.output.read_text().splitlines()]


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """Two proxies in front of a registry that logs requests; the inner one is told by the address that it adds."""
    folder = tmp_path_factory.mktemp("behind")
    certificate = make_certificate(folder)
    proxy = TlsProxy(certificate, hops=("10.9.9.9",))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    proxy.target = port
    with (
        proxy.running(),
        running_registry(
            folder,
            MODELKEEP_PORT=str(port),
            MODELKEEP_PUBLIC_URL=f"https://127.0.0.1:{proxy.port}",
            MODELKEEP_BEHIND_PROXY="true",
            MODELKEEP_PROXY_HOPS="2",
            MODELKEEP_LOG_REQUESTS="true",
            MODELKEEP_PROT="canary-of-a-setting",
        ) as registry,
    ):
        yield Front(registry, f"http://127.0.0.1:{port}", ssl.create_default_context(cafile=str(certificate)))


def accept(front: Front, client: httpx2.Client, link: str) -> httpx2.Response:
    """Open an invitation and take it."""
    csrf = re.search(r'name="csrf_token" value="(\w+)"', client.get(link).text)
    assert csrf is not None
    fields = {"csrf_token": csrf[1], "name": "Ada Canary", "passphrase": PASSPHRASE}
    return client.post(link, data=fields, headers={"origin": front.registry.url})


def sign_in(front: Front, client: httpx2.Client, passphrase: str) -> httpx2.Response:
    """Send the sign-in form, signed out."""
    client.cookies.clear()
    csrf = re.search(r'name="csrf_token" value="(\w+)"', client.get("/login").text)
    assert csrf is not None
    fields = {"csrf_token": csrf[1], "email": EMAIL, "passphrase": passphrase}
    return client.post("/login", data=fields, headers={"origin": front.registry.url})


def test_people_are_met_by_tls_alone_whatever_a_request_claims(front: Front) -> None:
    """Cookies are Secure, answers demand TLS, links hold the public address; claims of other ones change nothing."""
    link = front.registry.operate("admin", "invite", EMAIL, "--roles", "MODEL_OWNER,ADMIN").strip()
    claims = {"x-forwarded-proto": "http", "x-forwarded-host": "evil.example", "x-forwarded-for": "203.0.113.66"}
    with front.client(**claims) as client:
        taken = accept(front, client, link)
        again = sign_in(front, client, PASSPHRASE)
        elsewhere = client.get("/login", headers={"host": "evil.example"})

    assert link.startswith(f"{front.registry.url}/invitations/")
    for answer in (taken, again):
        assert answer.status_code == 303
        assert re.search(r"__Host-mk-session=[^;]+;.*Secure", answer.headers["set-cookie"])
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        assert not answer.headers["location"].startswith("http:")
        assert "evil.example" not in str(answer.headers)
    assert elsewhere.status_code == 400


def test_the_visitor_is_whom_the_outer_proxy_saw(front: Front) -> None:
    """Two hops from the right: neither what the visitor wrote nor the inner proxy. Nobody passed on is near."""
    with front.client(**{"x-forwarded-for": "203.0.113.66"}) as client:
        told = client.get("/healthz")
        far = client.get("/metrics")
    near = httpx2.get(f"{front.inside}/metrics")

    (entry,) = [entry for entry in front.log() if entry.get("request_id") == told.headers["x-request-id"]]
    assert entry["source"] == "127.0.0.1"
    assert (entry["route"], entry["status"], entry["method"]) == ("/healthz", 200, "GET")
    assert (far.status_code, near.status_code) == (401, 200)


def test_no_secret_is_in_the_log(front: Front) -> None:
    """Signing in and failing to, tokens, links, invitations, setup, faults of form: none of what they carried."""
    link = front.registry.operate("admin", "invite", "canary-bob@example.com", "--roles", "SRE").strip()
    token = front.registry.token("canary-kim@example.com", "MODEL_OWNER")
    setup = (front.registry.output.parent / "data" / "first-start-link").read_text().strip()
    files = "/api/v1/models/logs/first/versions/1.0.0/artifacts"
    with front.client() as browser, front.client(authorization=f"Bearer {token}") as client:
        accept(front, browser, link)
        session = browser.cookies.get("__Host-mk-session")
        sign_in(front, browser, "canary of a wrong passphrase")
        browser.get(setup)
        browser.get(f"/nothing/canary-path?token={token}")
        httpx2.get(f"{front.registry.url}/api/v1/me", headers={"authorization": "Bearer canary"}, verify=front.trust)
        body = {"name": "first", "group": "logs", "description": "d", "owners": [EMAIL], "riskTier": "LOW"}
        client.post("/api/v1/models", json=body).raise_for_status()
        client.post("/api/v1/models/logs/first/versions", json={"version": "1.0.0"}).raise_for_status()
        client.put(f"{files}/canary.bin?type=CONFIG", content=b"canary" * 1000).raise_for_status()
        download = client.post(f"{files}/canary.bin/links").json()["url"]
        client.get(download).raise_for_status()
        client.post("/api/v1/models", content=b'{"canary": ', headers={"content-type": "application/json"})
    with socket.create_connection(("127.0.0.1", int(front.inside.rpartition(":")[2]))) as raw:
        raw.sendall(b"canary that is no HTTP\r\n\r\n")
        raw.recv(1000)
    wanted = {"/login", "/invitations/{secret}", "/setup", "/d/{handle}/{file_name}"}
    deadline = time.monotonic() + 10
    # A request is logged when it ended, which is a moment after its last byte.
    while not wanted <= (routes := {str(entry.get("route")) for entry in front.log()}) and time.monotonic() < deadline:
        time.sleep(0.05)

    text = front.registry.output.read_text()
    assert wanted <= routes
    assert "logs/first:1.0.0" in text
    secrets = {
        "token": token, "token id": token.split("_")[2], "invitation": link.rpartition("/")[2],
        "setup": setup.partition("token=")[2], "link": download.split("/")[-2], "session": str(session),
        "anything": "canary", "address": "@example.com", "passphrase": "kettles",
    }  # fmt: skip
    assert [name for name, secret in secrets.items() if secret in text] == []
    assert "MODELKEEP_PROT is not a setting" in text


def test_every_line_of_the_log_is_an_entry(front: Front) -> None:
    """Where no terminal listens each line is JSON with a time and a level, also what the web server itself says."""
    with front.client() as client:
        client.get("/login")

    entries = front.log()

    assert len(entries) > 1
    assert [entry for entry in entries if not {"timestamp", "level", "event"} <= set(entry)] == []
