"""The API reference: a page of the registry's own, drawn from the document that describes the API."""

import json
import re
from html import unescape
from typing import Any

import jsonschema_rs
import pytest

from modelkeep_server.interfaces.reference.reading import Reference, Route, read_reference
from modelkeep_server.rules.error_table import list_kinds
from modelkeep_server.rules.fields import FIELDS
from modelkeep_server.rules.permissions import PERMISSIONS
from tests.support.clients import Api
from tests.support.make import Make

PAGE = "/api/v1/docs"

pytestmark = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)


@pytest.fixture
def document(api: Api) -> dict[str, Any]:
    """The OpenAPI document."""
    return dict(api.anonymous.get("/api/v1/openapi.json").json())


@pytest.fixture
def reference(document: dict[str, Any]) -> Reference:
    """The reference as the page has it."""
    return read_reference(document, "http://127.0.0.1:8000")


def routes_of(reference: Reference) -> list[Route]:
    return [route for noun in reference.nouns for route in noun.routes]


def test_anybody_may_read_it_in_the_look_of_who_they_are(make: Make, api: Api) -> None:
    """A stranger gets the page without navigation, a signed-in person with it."""
    strange, known = api.anonymous.get(PAGE), api.browser(make.owner()).get(PAGE)

    assert (strange.status_code, known.status_code) == (200, 200)
    assert 'action="/logout"' not in strange.text
    assert 'action="/logout"' in known.text


def test_it_shows_every_route_with_its_permission_and_scope(api: Api, document: dict[str, Any]) -> None:
    """Each operation of the document has its place on the page, with the address to link to."""
    page = unescape(api.anonymous.get(PAGE).text)
    boxes = dict(re.findall(r'<section class="box ref-route" id="(\w+)"(.*?)</section>', page, re.DOTALL))

    for path, methods in document["paths"].items():
        for method, told in methods.items():
            box = boxes.pop(told["operationId"])
            assert f"{method.upper()} {path} " in box
            if "x-permission" not in told:
                assert "it is open to everyone" in box
                continue
            permission = PERMISSIONS[told["x-permission"]]
            assert f"<code>{permission.act}</code>" in box
            assert (f"<code>{permission.scope}</code>" if permission.scope else "a signed-in session only") in box
            assert f'href="#{told["operationId"]}"' in page
    assert boxes == {}


def test_it_names_every_field_and_every_error(api: Api) -> None:
    """Each metadata field under the versions, and each code under the errors."""
    page = api.anonymous.get(PAGE).text

    assert {f"metadata.{field.path}" for field in FIELDS} <= set(re.findall(r"<code>([\w.]+)</code>", page))
    assert {kind.code for kind in list_kinds()} <= set(re.findall(r"<code>(\w+)</code>", page))


def test_the_shown_error_is_as_the_registry_sends_it(make: Make, api: Api) -> None:
    """The example of a refusal differs from a real one in the request id alone."""
    page = unescape(api.anonymous.get(PAGE).text)
    shown = json.loads(re.search(r'aria-label="An error">(.*?)</pre>', page, re.DOTALL)[1])  # type: ignore[index]

    body = {"name": "churn", "group": make.group(), "description": "x", "owners": ["a@example.com"], "riskTier": "SOME"}
    sent = api.as_(make.owner()).post("/api/v1/models", json=body).json()

    assert {**sent, "requestId": ""} == {**shown, "requestId": ""}


def test_example_answers_fit_the_document(document: dict[str, Any], reference: Reference) -> None:
    """Every example of an answer is valid by the schema that the document gives for it."""
    shown = [route for route in routes_of(reference) if route.answer]

    for route in shown:
        told = document["paths"][route.path][route.method.lower()]["responses"][str(route.status)]
        schema = {**told["content"]["application/json"]["schema"], "components": document["components"]}
        jsonschema_rs.Draft202012Validator(schema).validate(json.loads(route.answer or ""))
    assert len(shown) > 10
