"""Every route takes odd addresses, queries and bodies without a fault of its own, for whoever asks."""

import itertools
import json
from collections import defaultdict
from urllib.parse import quote

import pytest

from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.registries import Registry

ODD = ["%FF", "a%0Ab", "-1", "9" * 30, "%F0%90%90%80" * 600, "'", "..%2F..", "%E2%80%AE"]
QUERIES = (
    "q",
    "group",
    "tag",
    "owner",
    "cursor",
    "limit",
    "sort",
    "createdFrom",
    "updatedTo",
    "person",
    "object",
    "from",
)
LISTS = ("/models", "/audit", "/events")
BODIES = [
    b"",
    b"null",
    b"[]",
    b"1" * 6000,
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"\xff\xfe",
    b"NaN",
    b'{"name":"\\ud800"}',
    b'{"name":"\\u0000","scopes":["\\u0000"]}',
    b'{"version":"1.0.0","metadata":{"custom":{"\\ud800":1e999}}}',
    b'{"purpose":"\\u0000"}',
    json.dumps({"name": "n" * 100_000, "days": 10**30}).encode(),
]


def addresses(registry: Registry) -> list[tuple[str, str]]:
    """Each method and path that the registry describes, and its pages."""
    described = registry.app._app.openapi()["paths"]
    calls = [(method.upper(), path) for path, methods in described.items() for method in methods]
    pages = ["/models", "/models/new", "/models/{group}/{name}", "/models/{group}/{name}/versions/{version}", "/audit"]
    pages += ["/audit/{sequence}", "/d/{handle}/{file}", "/setup", "/login", "/invitations/{secret}", "/static/{file}"]
    pages += ["/findings/{id}", "/deployments/{id}", "/deployments/environments/{id}", "/admin/webhooks/{id}"]
    pages += ["/exceptions/{id}", "/models/{group}/{name}/versions/{version}/trail"]
    return calls + [("GET", page) for page in pages]


@pytest.mark.parametrize(
    ("kind", "who"),
    [
        ("sqlite", "everything"), ("sqlite", "nobody"),
        pytest.param("postgresql", "everything", marks=pytest.mark.postgres),
    ],
)  # fmt: skip
def test_odd_addresses_and_queries_are_no_fault(registry: Registry, api: Api, make: Make, who: str) -> None:
    """Also where a database has bounds that Python has not; whom the door knows not comes no further on either."""
    client = api.as_(make.person(*Role)) if who == "everything" else api.anonymous
    asked = []
    for (method, path), odd in itertools.product(addresses(registry), ODD):
        filled = path
        while "{" in filled:
            filled = filled[: filled.index("{")] + odd + filled[filled.index("}") + 1 :]
        asked += (
            [(method, filled)]
            if "{" in path
            else [(method, f"{path}?{name}={odd}") for name in QUERIES if path.endswith(LISTS)]
        )

    faults = [ask for ask in asked if client.request(*ask, headers={"accept": "text/html"}).status_code >= 500]

    assert faults == []


def test_odd_bodies_are_no_fault(registry: Registry, api: Api, make: Make) -> None:
    """JSON that is deep, endless, broken or holds half a character is told so."""
    owner = make.person(*Role)
    version = make.version(make.model(owner), owner)
    artifact = make.file(version, owner)
    group, name = version.model.split("/")
    named = defaultdict(lambda: "x")
    named |= {
        "group": group,
        "name": name,
        "version": "1.0.0",
        "path": quote(artifact.path),
        "id": "x",
        "sequence": "1",
    }
    faults = []
    for (method, path), body in itertools.product(addresses(registry), BODIES):
        if method in ("POST", "DELETE", "PUT") and not path.endswith("{path}"):
            answer = api.as_(owner).request(
                method, path.format_map(named), content=body, headers={"content-type": "application/json"}
            )
            faults += [(method, path, body[:20])] if answer.status_code >= 500 else []

    assert faults == []
