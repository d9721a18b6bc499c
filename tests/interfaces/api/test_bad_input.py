"""Requests that cannot be read at all, or ask in a wrong way: a clear answer, nothing written, never a 500."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.footprint import footprint
from tests.support.make import Make
from tests.support.problems import fields_at_fault, refusal
from tests.support.registries import Registry

JSON = {"content-type": "application/json"}
MALFORMED = {
    "cut": b'{"name": "a"',
    "no JSON": b"name=a",
    "single quotes": b"{'name': 'a'}",
    "trailing comma": b'{"name": "a",}',
    "two values": b"{} {}",
    "broken UTF-8": b'{"name": "\xff\xfe"}',
    "overlong UTF-8": b'{"name": "\xc0\xaf"}',
    "a cut character": b'{"name": "\xe2\x82"}',
    "a raw control character": b'{"name": "\x00"}',
    "a bad escape": b'{"name": "\\x"}',
    "a bad number": b'{"name": 01}',
    "very deep": b'{"name": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "a number without end": b'{"name": ' + b"9" * 500_000 + b"}",
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "NUL bytes": b"\x00" * 1000,
}
NO_OBJECT = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "text": b'"a"',
    "a number": b"5",
    "a list of one": b"[{}]",
}
TYPES = [
    "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/html", "json",
    "application/xml", "application/octet-stream", "application/jsonp", "\x7f",
]  # fmt: skip


@pytest.fixture
def posts(make: Make) -> dict[str, str]:
    """Every route that takes JSON from an owner, with its address."""
    version = make.version()
    make.file(version)
    base = f"/api/v1/models/{version.model}/versions"
    return {
        "model": "/api/v1/models",
        "version": base,
        "link": f"{base}/{version.version}/artifacts/model.safetensors/links",
        "owner": make.owner_of(version).token,
    }


@pytest.mark.parametrize("case", MALFORMED)
def test_a_body_that_is_no_json_is_a_400(registry: Registry, api: Api, posts: dict[str, str], case: str) -> None:
    """Malformed JSON and broken UTF-8 are told apart from wrong fields: 400, on every route that takes a body."""
    client = api.with_token(posts["owner"])
    client.get("/api/v1/me")
    before = footprint(registry)

    answers = [client.post(posts[name], content=MALFORMED[case], headers=JSON) for name in ("model", "version", "link")]

    assert [refusal(answer) for answer in answers] == [(400, "malformed_request")] * 3
    assert footprint(registry) == before


@pytest.mark.parametrize("case", NO_OBJECT)
def test_a_body_that_is_no_object_is_a_422(registry: Registry, api: Api, posts: dict[str, str], case: str) -> None:
    """JSON that is well-formed and no object names the body as the field at fault."""
    client = api.with_token(posts["owner"])
    client.get("/api/v1/me")
    before = footprint(registry)

    answers = [client.post(posts[name], content=NO_OBJECT[case], headers=JSON) for name in ("model", "version")]

    assert [{field.split(".")[0] for field in fields_at_fault(answer)} for answer in answers] == [{"body"}] * 2
    assert footprint(registry) == before


@pytest.mark.parametrize("content_type", TYPES)
def test_another_content_type_is_a_415(registry: Registry, api: Api, posts: dict[str, str], content_type: str) -> None:
    """Only JSON is taken, whatever the body holds."""
    client = api.with_token(posts["owner"])
    client.get("/api/v1/me")
    before = footprint(registry)
    headers = {"content-type": content_type} if content_type else {}

    answers = [client.post(posts[name], content=b"{}", headers=headers) for name in ("model", "version", "link")]

    assert [refusal(answer) for answer in answers] == [(415, "not_accepted")] * 3
    assert footprint(registry) == before


@pytest.mark.parametrize("content_type", ["application/json", "APPLICATION/JSON; charset=UTF-8", "application/json;"])
def test_json_is_taken_however_its_type_is_written(make: Make, api: Api, content_type: str) -> None:
    """The content type is compared without case and parameters."""
    body = b'{"name": "a", "group": "%s", "description": "d", "owners": ["a@b.de"], "riskTier": "LOW"}'

    answer = api.as_(make.owner()).post(
        "/api/v1/models", content=body % make.group().encode(), headers={"content-type": content_type}
    )

    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("declared", [True, False], ids=["with its length", "in chunks"])
def test_a_body_of_ten_megabytes_is_a_413(registry: Registry, api: Api, posts: dict[str, str], declared: bool) -> None:
    """Bodies are read up to 1 MiB and no further, whether their length is declared or not."""
    client = api.with_token(posts["owner"])
    client.get("/api/v1/me")
    before = footprint(registry)
    body = b'{"description": "' + b"x" * 10_000_000 + b'"}'

    def chunks() -> Iterator[bytes]:
        for start in range(0, len(body), 100_000):
            yield body[start : start + 100_000]

    answers = [
        client.post(posts[name], content=body if declared else chunks(), headers=JSON)
        for name in ("model", "version", "link")
    ]

    assert [refusal(answer) for answer in answers] == [(413, "too_large")] * 3
    assert footprint(registry) == before


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"])
def test_a_method_that_a_route_does_not_take_is_a_405(make: Make, api: Api, method: str) -> None:
    """A wrong method is told apart from a wrong address."""
    answer = api.as_(make.owner()).request(method, "/api/v1/models")

    assert refusal(answer) == (405, "method_not_allowed")
    assert {"GET", "POST"} & {name.strip() for name in answer.headers["allow"].split(",")}


@pytest.mark.parametrize("path", ["nothing", "models/a", "models/a/b/c", "models/a/b/versions/1.0.0/x"])
def test_an_address_that_nothing_has_is_a_404(make: Make, api: Api, path: str) -> None:
    """What is not there is a problem document too."""
    answer = api.as_(make.owner()).get(f"/api/v1/{path}")

    assert refusal(answer) == (404, "not_found")


STRANGE = ["'", '"', "%", "%s", "\\", "😀", "\u202e", "a" * 5000, "*", "NULL", "\u2028"]


@pytest.mark.parametrize("text", STRANGE, ids=[ascii(text)[:20] for text in STRANGE])
def test_strange_addresses_are_not_found(registry: Registry, make: Make, api: Api, text: str) -> None:
    """Whatever stands in place of a group, a name, a version or a file, it is not found, and nothing is written."""
    version = make.version()
    owner = make.owner_of(version)
    client = api.as_(owner)
    client.get("/api/v1/me")
    before = footprint(registry)
    odd, base = quote(text, safe=""), "/api/v1/models"
    reads = [
        f"{base}/{odd}/churn", f"{base}/x/{odd}", f"{base}/{odd}/{odd}/versions",
        f"{base}/{version.model}/versions/{odd}", f"{base}/{version.model}/versions/{odd}/moves",
        f"{base}/{version.model}/versions/{odd}/artifacts",
    ]  # fmt: skip

    answers: list[Any] = [client.get(path) for path in reads]
    answers.append(client.post(f"{base}/x/{odd}/versions", json={"version": "1.0.0"}))
    answers.append(client.post(f"{base}/{version.model}/versions/1.0.0/artifacts/{odd}/links"))
    answers.append(client.put(f"{base}/{version.model}/versions/{odd}/artifacts/a?type=CONFIG", content=b"x"))

    assert {answer.status_code for answer in answers} == {404}
    assert footprint(registry) == before


@pytest.mark.parametrize(
    "path",
    [
        "models/%00/x",
        "models/x/%00",
        "models?group=%00",
        "models?q=a%00b",
        "models?tag=%00",
        "models?owner=%00",
        "%00",
        "models/x%0A/y",
        "models/x/y%7F",
    ],
)
def test_a_control_character_in_an_address_is_a_400(registry: Registry, make: Make, api: Api, path: str) -> None:
    """A NUL, which one database takes and the other refuses, is malformed on both; so are line breaks in a path."""
    person = make.person()
    before = footprint(registry)

    answer = api.as_(person).get(f"/api/v1/{path}")

    assert refusal(answer) == (400, "malformed_request")
    assert footprint(registry) == before


QUERIES = [
    ("limit", "0"), ("limit", "-1"), ("limit", "201"), ("limit", "1.5"), ("limit", "x"), ("limit", ""),
    ("limit", "9" * 400), ("riskTier", "low"), ("riskTier", "URGENT"), ("sort", "best"), ("sort", "name; DROP"),
    ("createdFrom", "yesterday"), ("createdTo", "2026-13-01"), ("updatedFrom", "2026-02-30"), ("updatedTo", "0"),
    ("createdFrom", "99999-01-01"), ("createdTo", "2026-01-01T25:00:00Z"),
    ("updatedTo", "0001-01-01T00:00:00+23:59"), ("createdTo", "2026-01-01 or 1=1"), ("q", "x" * 1001),
    ("tag", "x" * 1001), ("owner", "x" * 1001), ("group", "x" * 1001), ("cursor", "x" * 5001),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), QUERIES, ids=[f"{name}={value[:20]}" for name, value in QUERIES])
def test_a_wrong_query_parameter_is_named(make: Make, api: Api, name: str, value: str) -> None:
    """A list that is asked for in a wrong way says which parameter is at fault."""
    answer = api.as_(make.person()).get("/api/v1/models", params={name: value})

    assert fields_at_fault(answer) == {name}


@pytest.mark.parametrize("name", ["group", "tag", "owner"])
def test_strange_filters_find_nothing_and_break_nothing(make: Make, api: Api, name: str) -> None:
    """A filter is plain text: whatever it holds, the answer is a list."""
    client = api.as_(make.person())

    answers = {text: client.get("/api/v1/models", params={name: text[:1000]}).status_code for text in STRANGE}

    assert answers == dict.fromkeys(STRANGE, 200)


def test_strange_queries_are_answered_or_refused_in_words(make: Make, api: Api) -> None:
    """Whatever stands in the box, the answer is a list, or says what is wrong with the query."""
    client = api.as_(make.person())

    answers = [client.get("/api/v1/models", params={"q": text[:1000]}) for text in STRANGE]

    assert all(fields_at_fault(answer) == {"q"} for answer in answers if answer.status_code != 200)


@pytest.mark.parametrize("text", ["𠀀" * 32, "ﷺ" * 8, "x" * 1000, "𝒜" * 1000, "ß" * 1000, "ŉ" * 1000])
def test_the_longest_words_are_searched_for(make: Make, api: Api, text: str) -> None:
    """A word as long as the query may be is looked for like any other, also where it grows when it is folded."""
    asked = {"q": text, "group": make.group()}

    answer = api.as_(make.person()).get("/api/v1/models", params=asked)

    assert (answer.status_code, answer.json().get("items")) == (200, [])


def test_a_token_that_may_not_read_is_refused_at_any_address(make: Make, api: Api, registry: Registry) -> None:
    """A refusal is recorded without breaking, whatever stands in the address."""
    person = make.person(Role.MODEL_OWNER)
    made = api.browser(person).call("POST", "/api/v1/tokens", json={"name": "narrow", "scopes": ["write"]})
    assert made.status_code == 201, made.text
    client = api.with_token(made.json()["token"])

    answers = [client.get(f"/api/v1/models/{quote(text, safe='')}/x") for text in STRANGE]

    assert {refusal(answer) for answer in answers} == {(403, "not_permitted")}


BAD_TOKENS: list[tuple[str, Any]] = [
    *(("name", value) for value in [None, "", " ", 5, [], "x" * 201, "a\x00", "a\n", "\ud800"]),
    *(("days", value) for value in [0, -1, 91, 10**30, 1.5, "1", [], True]),
    *(("scopes", value) for value in [[], ["nope"], [5], "read", None, ["read", "admin"], {}]),
    ("nope", 1), ("roles", ["ADMIN"]),
]  # fmt: skip


@pytest.mark.parametrize("field", dict.fromkeys(field for field, _ in BAD_TOKENS))
def test_every_wrong_value_of_a_token_is_named(registry: Registry, make: Make, api: Api, field: str) -> None:
    """A personal token that is asked for wrongly is not made, and the field is named."""
    browser = api.browser(make.person(Role.MODEL_OWNER))
    browser.call("GET", "/api/v1/me")
    before = footprint(registry)
    misses = []

    for value in (value for name, value in BAD_TOKENS if name == field):
        body = json.dumps({"name": "ci", field: value}).encode()
        headers = {"content-type": "application/json", "x-csrf-token": browser.csrf}
        answer = browser.post("/api/v1/tokens", content=body, headers=headers)
        if answer.status_code != 422 or {told.split(".")[0] for told in fields_at_fault(answer)} != {field}:
            misses.append((ascii(value)[:40], answer.status_code, answer.text[:300]))

    assert misses == []
    assert footprint(registry) == before
