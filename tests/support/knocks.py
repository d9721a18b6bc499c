"""What a test sends to each route to learn whether somebody may: valid, so that what is allowed is answered as done."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.standing import Target

PAGE, JSON = "text/html", "application/json"


@dataclass(frozen=True)
class Knock:
    """One request: the address with its query, and the body as JSON, as a form, or as bytes."""

    address: str
    accept: str
    json: Any = None
    form: Mapping[str, Any] | None = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


#: What API routes take, by method and address.
BODIES: dict[str, Any] = {
    "POST /api/v1/tokens": {"name": "ci"},
    "POST /api/v1/device-logins": {},
    "POST /api/v1/device-logins/token": {"deviceCode": "x"},
    "POST /api/v1/models": {
        "group": "golden", "name": "new-one", "description": "For the table.", "owners": ["a@example.com"],
        "riskTier": "LOW",
    },
    "PATCH /api/v1/models/{group}/{name}": {"description": "Other words."},
    "POST /api/v1/models/{group}/{name}/versions": {"version": "9.0.0"},
    "PATCH /api/v1/models/{group}/{name}/versions/{version}": {"description": "Other words."},
    "POST /api/v1/models/{group}/{name}/versions/{version}/artifacts/{path:path}/links": {},
}  # fmt: skip

#: What forms of pages hold, by address.
FORMS: dict[str, dict[str, Any]] = {
    "/device/answer": {"code": "BDWP-HQPK", "answer": "deny"},
    "/profile/tokens": {"name": "ci", "scopes": ["read"]},
}

#: What is asked in the query.
QUERIES: dict[str, str] = {
    "GET /api/v1/audit/events/export": "?format=csv",
    "PUT /api/v1/models/{group}/{name}/versions/{version}/artifacts/{path:path}": "?type=WEIGHTS",
}


def knock_of(method: str, path: str, target: Target, things: Mapping[str, str]) -> Knock:
    """What is sent to a route about this model, or about these other things."""
    route = f"{method} {path}"
    noun = (re.findall(r"/([a-z-]+)/\{id\}", path) or [""])[-1]
    values = {
        "group": target.group, "name": target.name, "version": target.version, "path:path": target.path,
        "sequence": "0", "secret": "x", "handle": "x", "file_name": "x", "email": things["email"],
        "id": target.access_request if noun == "access-requests" else things.get(noun, "0"),
    }  # fmt: skip
    address = re.sub(r"\{([^}]+)\}", lambda found: values[found[1]], path) + QUERIES.get(route, "")
    if not path.startswith("/api/"):
        form = FORMS.get(path, {}) if method == "POST" else None
        return Knock(address, PAGE, form=form)
    if path.endswith("/artifacts/{path:path}") and method == "PUT":
        wrong = "sha-256=:" + "A" * 43 + "=:"
        return Knock(address + "", JSON, content=b"{}", headers={"repr-digest": wrong})
    return Knock(address, JSON, json=BODIES.get(route))
