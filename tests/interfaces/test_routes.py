"""Every route of the registry, as the program has them: what strangers get, and that looking changes nothing."""

import re
from collections.abc import Mapping

import pytest

from modelkeep_server.interfaces.doorway import OPEN
from modelkeep_server.rules.permissions import PERMISSIONS, Role
from tests.support.clients import Api, Browser
from tests.support.footprint import footprint
from tests.support.make import Make
from tests.support.registries import Registry
from tests.support.routes import routes_of

OPEN_PAGES = {
    "/login", "/login/{slug}", "/login/{slug}/callback", "/login/{slug}/sign-out", "/login/{slug}/leave", "/setup",
    "/invitations/{secret}", "/healthz", "/readyz", "/d/{handle}/{file_name}", "/api/v1/docs",
    "/help", "/help/search", "/help/report", "/help/{chapter}", "/status", "/api/v1/status",
    "/api/v1/device-logins", "/api/v1/device-logins/token",
}  # fmt: skip
#: What describes the API, tells whether it is up, or begins to sign a terminal in tells nothing of what is kept.
DESCRIPTIONS = (
    "/api/v1/openapi.json", "/api/v1/docs", "/api/v1/status", "/api/v1/device-logins", "/api/v1/device-logins/token",
)  # fmt: skip
#: These leave an event by design: who took the log out, who downloaded a file, who tried a one-time link.
AUDITED = {
    "/api/v1/audit/bundle",
    "/api/v1/audit/events/export",
    "/api/v1/models/export",
    "/d/{handle}/{file_name}",
    "/invitations/{secret}",
}


def test_the_open_routes_are_the_few_that_must_be(registry: Registry) -> None:
    """Signing in, one-time links, download links, probes, help, status, the API reference; the rest declares an act."""
    opened = {path for _, path, act in routes_of(registry) if act == OPEN}

    assert opened == OPEN_PAGES


def test_no_route_that_changes_things_is_a_get(registry: Registry) -> None:
    """A GET declares an act of reading, or of taking something out."""
    acts = {act for method, _, act in routes_of(registry) if method == "GET" and act in PERMISSIONS}

    # Forms are shown under the act that they will send, and so is what a letter would say.
    forms = {"model.create", "version.create", "lineage.tell"}
    assert {act for act in acts if act.split(".")[1] not in ("read", "export")} <= forms


def test_strangers_get_nothing_from_any_api_route(registry: Registry, api: Api) -> None:
    """401 with a problem document for every method of every route under /api, known or not."""
    client = api.anonymous
    statuses = {
        (method, path): client.request(method, re.sub(r"\{[^}]+\}", "1", path)).status_code
        for method, path, _ in routes_of(registry)
        if path.startswith("/api/") and path not in DESCRIPTIONS
    }

    assert len(statuses) > 15
    assert set(statuses.values()) == {401}


def test_strangers_get_no_page_but_the_sign_in_form(registry: Registry, api: Api) -> None:
    """Every page that declares a permission sends strangers to sign in."""
    client = api.anonymous
    answers = {
        path: client.get(re.sub(r"\{[^}]+\}", "1", path), headers={"accept": "text/html"})
        for method, path, act in routes_of(registry)
        if method == "GET" and act != OPEN and not path.startswith("/api/")
    }

    assert len(answers) > 5
    elsewhere = {
        path for path, answer in answers.items() if not answer.headers.get("location", "").startswith("/login")
    }
    assert elsewhere == set()


def find_changing(registry: Registry, browser: Browser, addresses: Mapping[str, str]) -> list[str]:
    """Which of these routes writes when it is asked. Counts everything after each, which takes long."""
    changing = []
    before = footprint(registry)
    for path, address in addresses.items():
        browser.get(address)
        if footprint(registry) != before:
            changing.append(path)
            before = footprint(registry)
    return changing


def test_looking_changes_nothing(registry: Registry, make: Make, api: Api) -> None:
    """Every GET route, asked as somebody who may see all of it: no event, no row, no file more or less."""
    person = make.person(*Role)
    version = make.version(owner=person)
    artifact = make.file(version)
    group, _, name = version.model.partition("/")
    values = {
        "group": group, "name": name, "version": version.version, "path:path": artifact.path, "sequence": "0",
        "id": version.id, "secret": "x", "chapter": "roles", "slug": "none",
    }  # fmt: skip
    browser = api.browser(person)
    browser.get("/")
    make.event_count()
    addresses = {
        path: re.sub(r"\{([^}]+)\}", lambda found: values.get(found[1], "x"), path)
        for method, path, _ in routes_of(registry)
        if method == "GET" and path not in AUDITED
    }
    before = footprint(registry)

    statuses = {path: browser.get(address).status_code for path, address in addresses.items()}

    changing = [] if footprint(registry) == before else find_changing(registry, browser, addresses) or ["some, once"]
    assert changing == []
    assert {path for path, status in statuses.items() if status >= 500} == set()
    assert sum(status == 200 for status in statuses.values()) > 15


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PROPFIND"])
def test_other_methods_are_not_taken(make: Make, api: Api, method: str) -> None:
    """They are told so, and nothing breaks."""
    answer = api.as_(make.owner()).request(method, "/api/v1/models")

    assert answer.status_code in (403, 405)
