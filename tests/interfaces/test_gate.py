"""The gate: hosts, security headers on every kind of answer, the size of bodies, and a fault that tells nothing."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from starlette.requests import Request
from starlette.responses import Response

from modelkeep_server.app import build_app
from modelkeep_server.interfaces.gate import SECURITY_HEADERS
from tests.support.clients import Api, Browser, Client
from tests.support.knocking import endless, knock
from tests.support.make import Make
from tests.support.registries import Registries, Registry

MIB = 1024 * 1024


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "LOCALHOST", "[::1]:8000", "127.0.0.1"])
def test_the_registrys_own_names_are_answered(api: Api, host: str) -> None:
    """Loopback under each of its names, with and without the port."""
    assert api.anonymous.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "evil.example:8000",
        "127.0.0.1@evil.example",
        "10.0.0.1:8000",
        "",
        "[::2]",
    ],
)
def test_other_names_are_not(api: Api, host: str) -> None:
    """A name that an attacker points at this address (DNS rebinding) gets nothing, wherever it knocks."""
    for path in ("/healthz", "/login", "/api/v1/openapi.json", "/static/x"):
        answer = api.anonymous.get(path, headers={"host": host})

        assert answer.status_code == 400


def test_a_public_name_is_the_only_one(registries: Registries, portal: BlockingPortal, tmp_path: Path) -> None:
    """Behind a proxy the public host answers, loopback does not; cookies are host-only and HSTS is sent."""
    public = {"public_url": "https://models.example.com", "behind_proxy": True}
    with registries.template("sqlite").copied(tmp_path / "public", public) as registry:
        client = Client(registry, portal, {})

        own = client.get("/login", headers={"host": "models.example.com"})
        loopback = client.get("/login", headers={"host": "127.0.0.1:8000"})

    assert (own.status_code, loopback.status_code) == (200, 400)
    assert own.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert registry.app._app.state.cookie_name == "__Host-mk-session"


def with_fault(registry: Registry, portal: BlockingPortal) -> Client:
    """A client at a second door of the registry, which has a route that breaks."""
    app = build_app(registry.house)

    def break_down(_: Request) -> Response:
        raise RuntimeError("canary-of-a-fault")

    for path in ("/broken", "/api/v1/broken"):
        app._app.add_route(path, break_down)
    return Client(Registry(registry.kind, registry.house, app, registry.settings), portal, {"cookie": "mk-session=x"})


def answers(make: Make, api: Api, registry: Registry, portal: BlockingPortal) -> dict[str, Any]:
    """One answer of every kind, by what it is."""
    owner = make.owner()
    client, browser, broken = api.as_(owner), api.browser(owner), with_fault(registry, portal)
    asset = f"/static/{Path('manifest.json')}"
    return {
        "page": browser.get("/"),
        "redirect": api.anonymous.get("/", headers={"accept": "text/html"}),
        "JSON": client.get("/api/v1/me"),
        "401": api.anonymous.get("/api/v1/me"),
        "403": browser.post("/logout", headers={"sec-fetch-site": "cross-site"}),
        "404 page": browser.get("/nowhere"),
        "404 API": client.get("/api/v1/nowhere"),
        "405": client.put("/api/v1/me"),
        "400": client.post("/api/v1/models", content=b"{", headers={"content-type": "application/json"}),
        "400 host": api.anonymous.get("/", headers={"host": "evil.example"}),
        "413": client.post("/api/v1/models", content=b" " * (MIB + 1), headers={"content-type": "application/json"}),
        "415": client.post("/api/v1/models", content=b"x", headers={"content-type": "text/plain"}),
        "422": client.post("/api/v1/models", json={}),
        "500 page": broken.get("/broken", headers={"accept": "text/html"}),
        "500 API": broken.get("/api/v1/broken"),
        "static": api.anonymous.get(asset),
        "static 404": api.anonymous.get("/static/nothing.js"),
        "probe": api.anonymous.get("/healthz"),
    }  # fmt: skip


def test_every_kind_of_answer_carries_the_security_headers(
    make: Make, api: Api, registry: Registry, portal: BlockingPortal
) -> None:
    """Pages, JSON, redirects, assets, every error: all of the headers, the request id, and nothing kept in caches."""
    lacking = {}

    for kind, answer in answers(make, api, registry, portal).items():
        wanted = {*SECURITY_HEADERS, "X-Request-Id", "Cache-Control"}
        missing = {name for name in wanted if name.lower() not in answer.headers}
        stored = "no-store" not in answer.headers.get("cache-control", "") and kind != "static"
        lacking[kind] = missing | ({"no-store"} if stored else set())

    assert {kind: names for kind, names in lacking.items() if names} == {}


def test_the_kinds_of_answers_have_their_status(
    make: Make, api: Api, registry: Registry, portal: BlockingPortal
) -> None:
    """Each refusal has the status that the API's shape gives it; none of them is a 500 but the fault itself."""
    statuses = {kind: answer.status_code for kind, answer in answers(make, api, registry, portal).items()}

    expected = {kind: int(kind.split()[0]) for kind in statuses if kind[0].isdigit()}
    others = {"page": 200, "redirect": 303, "JSON": 200, "static": 200, "static 404": 404, "probe": 200}
    assert statuses == {**expected, **others}


def test_the_policy_lets_no_script_in_but_the_registrys_own() -> None:
    """No inline script, no eval, no other site, no frame, no plug-in, no base."""
    policy = dict(part.strip().partition(" ")[::2] for part in SECURITY_HEADERS["Content-Security-Policy"].split(";"))

    assert policy["default-src"] == policy["base-uri"] == policy["object-src"] == policy["frame-ancestors"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "connect-src", "form-action")} == {"'self'"}


@pytest.mark.parametrize("path", ["/broken", "/api/v1/broken"])
def test_a_fault_tells_nothing_but_its_request_id(registry: Registry, portal: BlockingPortal, path: str) -> None:
    """A 500 shows neither exception nor traceback; the request id leads whoever runs the server to both."""
    answer = with_fault(registry, portal).get(path, headers={"accept": "text/html"})

    assert answer.status_code == 500
    assert answer.headers["x-request-id"] in answer.text
    for secret in ("canary", "RuntimeError", "Traceback", "/site-packages/", ".py"):
        assert secret not in answer.text


def test_two_requests_have_two_ids(api: Api) -> None:
    """The request id is the registry's own, never one that was sent."""
    ids = {api.anonymous.get("/healthz", headers={"x-request-id": "mine"}).headers["x-request-id"] for _ in range(3)}

    assert len(ids) == 3
    assert "mine" not in ids


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_over_one_mebibyte_is_not_read_on(registry: Registry, make: Make, declared: bool) -> None:
    """Declared too long, not a byte is read; undeclared and endless, reading ends just after the limit."""
    headers = [("authorization", f"Bearer {make.owner().token}"), ("content-type", "application/json")]
    if declared:
        headers.append(("content-length", str(10 * MIB)))

    answer = asyncio.run(knock(build_app(registry.house), "POST", "/api/v1/models", headers, endless()))

    assert answer.status == 413
    assert answer.chunks_read <= (0 if declared else MIB // 65_536 + 1)


def test_a_body_of_one_mebibyte_is_read(make: Make, api: Api) -> None:
    """The limit itself is allowed: the body is then judged for what it says."""
    padded = b'{"name": "x"' + b" " * (MIB - 13) + b"}"

    answer = api.as_(make.owner()).post("/api/v1/models", content=padded, headers={"content-type": "application/json"})

    assert (len(padded), answer.status_code) == (MIB, 422)


def test_a_form_over_one_mebibyte_is_refused(make: Make, api: Api) -> None:
    """Pages take no more than the API."""
    browser: Browser = api.browser(make.owner())

    answer = browser.submit("/profile/tokens", {"name": "x" * (MIB + 1)})

    assert answer.status_code == 413


def parts_of(boundary: bytes, count: int) -> Iterable[bytes]:
    """The body of a form in many parts."""
    for number in range(count):
        yield b'--%b\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nx\r\n' % (boundary, number)
    yield b"--%b--\r\n" % boundary


def test_a_form_of_a_thousand_fields_or_with_files_is_malformed(make: Make, api: Api) -> None:
    """A form holds what its page has, and no files."""
    browser = api.browser(make.owner())
    multipart = {"content-type": "multipart/form-data; boundary=b"}

    many = browser.post("/profile/tokens", content=b"".join(parts_of(b"b", 1000)), headers=multipart)
    with_file = browser.post("/profile/tokens", data={"csrf_token": browser.csrf}, files={"f": ("a.txt", b"x")})

    assert (many.status_code, with_file.status_code) == (400, 400)


@pytest.mark.parametrize("content", [b"csrf_token=%ff%fe", b"\xff\xfe=\xff", b"--x", b"a" * 200_000, b"%=%&&&==", b""])
def test_a_form_that_cannot_be_read_is_refused_without_a_fault(make: Make, api: Api, content: bytes) -> None:
    """Whatever a form holds, its sender gets a 4xx."""
    browser = api.browser(make.owner())

    for content_type in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data"):
        answer = browser.post("/profile/tokens", content=content, headers={"content-type": content_type})

        assert 400 <= answer.status_code < 500, answer.text


def test_a_wrong_method_says_which_is_right(make: Make, api: Api) -> None:
    """405 names the methods that the address takes (RFC 9110, 15.5.6), as a problem document."""
    answer = api.as_(make.owner()).put("/api/v1/me")

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["allow"] == "GET"
