"""The API describes itself, and is as it says."""

from typing import Any

import pytest

from modelkeep_server.interfaces.api.errors import MEDIA_TYPE
from modelkeep_server.rules.permissions import PERMISSIONS
from tests.support.clients import Api

DOCUMENT = "/api/v1/openapi.json"


def operations(document: dict[str, Any]) -> dict[str, Any]:
    """`GET /models` → what the document says of it."""
    return {
        f"{method.upper()} {path}": told
        for path, methods in document["paths"].items()
        for method, told in methods.items()
        if method != "parameters"
    }


@pytest.fixture
def document(api: Api) -> dict[str, Any]:
    """The OpenAPI document, as anybody gets it."""
    answer = api.anonymous.get(DOCUMENT)
    assert answer.status_code == 200
    return dict(answer.json())


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_the_document_is_openapi_3_1_and_says_what_each_route_is_for(document: dict[str, Any]) -> None:
    """Every route has a name of its own, a summary, a sentence, its success and its refusals as problem documents."""
    told = operations(document)

    assert document["openapi"].startswith("3.1.")
    assert len({row["operationId"] for row in told.values()}) == len(told)
    lacking = {
        name: row
        for name, row in told.items()
        if not row.get("summary", "").strip()
        or not row.get("description", "").strip()
        or not any(status.startswith("2") for status in row["responses"])
        or not {"401", "403", "404", "422"} <= row["responses"].keys()
        or any(MEDIA_TYPE not in row["responses"][status]["content"] for status in ("401", "403", "404", "422"))
    }
    assert lacking == {}


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_the_document_says_which_permission_and_credential_each_route_needs(document: dict[str, Any]) -> None:
    """Every route names its row of the permissions table; a bearer token is among the ways in where it has a scope."""
    opened = {name for name, row in operations(document).items() if not row["security"]}
    assert opened == {"GET /api/v1/status", "POST /api/v1/device-logins", "POST /api/v1/device-logins/token"}
    for name, row in operations(document).items():
        if name in opened:
            assert "x-permission" not in row
            continue
        permission = PERMISSIONS[row["x-permission"]]
        ways = {way for choice in row["security"] for way in choice}
        assert row.get("x-token-scope") == permission.scope, name
        assert ways == ({"token", "session"} if permission.scope else {"session"}), name
        assert ways <= document["components"]["securitySchemes"].keys(), name


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_the_document_says_what_each_parameter_and_field_is_for(document: dict[str, Any]) -> None:
    """No parameter and no field of a body stands there with its name alone."""
    silent = [
        f"{name} {parameter['name']}"
        for name, row in operations(document).items()
        for parameter in row.get("parameters", [])
        if not parameter.get("description")
    ]
    shapes = document["components"]["schemas"]
    bodies = [name for name in shapes if name.endswith(("In", "Patch")) or name in ("Metadata", "CardFacts")]
    silent += [
        f"{name}.{field}"
        for name in bodies
        for field, told in shapes[name]["properties"].items()
        if not told.get("description") and "$ref" not in told and "Metadata" not in str(told)
    ]

    assert {"ModelIn", "ModelPatch", "VersionIn", "VersionPatch", "TokenIn"} <= set(bodies)
    assert silent == []


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_the_document_has_the_routes_that_are_promised(document: dict[str, Any]) -> None:
    """What clients rely on is described under its promised address."""
    version = "/api/v1/models/{group}/{name}/versions/{version}"
    promised = {
        "GET /api/v1/me", "POST /api/v1/models", "GET /api/v1/models", "GET /api/v1/models/{group}/{name}",
        "POST /api/v1/models/{group}/{name}/versions", "GET /api/v1/models/{group}/{name}/versions", f"GET {version}",
        f"GET {version}/moves", f"GET {version}/artifacts", f"PUT {version}/artifacts/{{path}}",
        f"POST {version}/artifacts/{{path}}/links", "GET /api/v1/audit/events", "GET /api/v1/audit/checkpoint",
        "POST /api/v1/tokens", "PATCH /api/v1/models/{group}/{name}", f"PATCH {version}",
        f"DELETE {version}/artifacts/{{path}}",
    }  # fmt: skip

    assert promised - operations(document).keys() == set()
