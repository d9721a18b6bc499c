"""What a monitor reads: who may, what is told, and that it names nobody and nothing."""

import re
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal
from prometheus_client.parser import text_string_to_metric_families
from starlette.datastructures import Headers

from modelkeep_server.interfaces.nearness import is_from_here
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api, Client
from tests.support.make import Make
from tests.support.registries import Registries, Registry

FAR = {"x-forwarded-for": "198.51.100.7"}


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_requests_bytes_and_the_log_are_counted(
    make: Make, api: Api, registry: Registry, portal: BlockingPortal
) -> None:
    """By route template, method and class of status; unknown addresses share one series; no name is in it."""
    owner = make.owner()
    model = make.model(owner)
    version = make.version(model, owner)
    content = make.safetensors(100_000)
    client = api.as_(owner)
    before = samples(read(registry, portal))
    artifacts = f"/api/v1/models/{model.group}/{model.name}/versions/{version.version}/artifacts"

    client.get(f"/api/v1/models/{model.group}/{model.name}")
    client.get(f"/api/v1/models/{model.group}/nothing-there")
    client.get("/canary-of-no-route")
    client.request("BREW", "/canary-of-no-method")
    client.put(f"{artifacts}/w.safetensors?type=WEIGHTS", content=content)
    link = client.post(f"{artifacts}/w.safetensors/links").json()["url"]
    client.get(re.sub("^http://[^/]*", "", link))
    text = read(registry, portal)

    after = samples(text)
    grown = {key: value - before.get(key, 0) for key, value in after.items()}
    shown = "/api/v1/models/{group}/{name}"
    assert grown["modelkeep_request_seconds_count", "GET", shown, "2xx"] == 1
    assert grown["modelkeep_request_seconds_count", "GET", shown, "4xx"] == 1
    assert grown["modelkeep_request_seconds_count", "GET", "/d/{handle}/{file_name}", "2xx"] == 1
    assert grown["modelkeep_request_seconds_count", "GET", "other", "4xx"] == 1
    assert grown["modelkeep_request_seconds_count", "other", "other", "4xx"] == 1
    assert grown["modelkeep_body_bytes_total", "up"] >= len(content)
    assert grown["modelkeep_body_bytes_total", "down"] >= len(content)
    assert after["modelkeep_audit_log_events",] >= registry.event_count - 5
    assert (after["modelkeep_open_transfers", "up"], after["modelkeep_open_transfers", "down"]) == (0, 0)
    assert {key[1] for key in after if key[0] == "modelkeep_jobs"} >= {"waiting", "failed"}
    for needed in ("modelkeep_database_connections_max", "process_resident_memory_bytes", "process_open_fds"):
        assert after[needed,] > 0
    for secret in ("canary", model.group, model.name, owner.email, owner.actor.pseudonym):
        assert secret not in text


def read(registry: Registry, portal: BlockingPortal) -> str:
    """What this machine reads without a credential."""
    answer = Client(registry, portal, {}, "127.0.0.1").get("/metrics")
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/plain")
    return str(answer.text)


def test_from_elsewhere_it_takes_the_permission(make: Make, api: Api) -> None:
    """Whatever a proxy passed on needs a token of an SRE or Admin; others are told what they lack."""
    told = {
        role: api.as_(make.person(role)).get("/metrics", headers=FAR).status_code
        for role in (Role.SRE, Role.ADMIN, Role.MODEL_OWNER, Role.AUDITOR)
    }

    assert told == {Role.SRE: 200, Role.ADMIN: 200, Role.MODEL_OWNER: 403, Role.AUDITOR: 403}
    assert api.anonymous.get("/metrics", headers=FAR).status_code == 401


@pytest.mark.parametrize(
    ("peer", "headers", "expected"),
    [
        ("127.0.0.1", {"host": "127.0.0.1:8000"}, True),
        ("127.8.8.8", {"host": "localhost"}, True),
        ("::1", {"host": "[::1]:8000"}, True),
        ("::ffff:127.0.0.1", {"host": "127.0.0.1"}, True),
        ("10.0.0.1", {"host": "127.0.0.1"}, False),
        ("127.0.0.1", {"host": "models.company.com"}, False),
        ("127.0.0.1", {"host": "rebound.example:8000"}, False),
        ("127.0.0.1", {"host": "127.0.0.1", "x-forwarded-for": "127.0.0.1"}, False),
        ("127.0.0.1", {"host": "127.0.0.1", "forwarded": "for=127.0.0.1"}, False),
        ("127.0.0.1", {"host": "127.0.0.1", "via": "1.1 proxy"}, False),
        ("not an address", {"host": "127.0.0.1"}, False),
        ("127.0.0.1", {}, False),
    ],
)
def test_only_a_direct_request_of_this_machine_is_near(peer: str, headers: dict[str, str], expected: bool) -> None:
    """The address of the peer, the name it was sent to, and no trace of a proxy."""
    assert is_from_here({"client": (peer, 5000)}, Headers(headers)) is expected
    assert is_from_here({"client": None}, Headers(headers)) is False


def test_monitors_of_this_machine_use_its_own_name(
    registries: Registries, portal: BlockingPortal, tmp_path: Path
) -> None:
    """Where people use a public address, probes and metrics still answer to loopback, and nothing else does."""
    public = {"public_url": "https://models.example.com", "behind_proxy": True}
    with registries.template("sqlite").copied(tmp_path / "public", public) as registry:
        client = Client(registry, portal, {"host": "127.0.0.1:8000"}, "127.0.0.1")

        statuses = [client.get(path).status_code for path in ("/healthz", "/readyz", "/metrics", "/login", "/")]
        passed_on = client.get("/metrics", headers={**FAR, "host": "models.example.com"}).status_code

    assert statuses == [200, 200, 200, 400, 400]
    assert passed_on == 401
