"""What a test sends to each route to learn whether somebody may: valid, so that what is allowed is answered as done."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.standing import UNWAIVED, WAIVED, Target
from tests.support.tus import BODY, RESUMABLE, UPLOADS, metadata

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


#: An event of OpenLineage about a version.
EVENT: dict[str, Any] = {
    "eventType": "COMPLETE", "eventTime": "2026-02-28T23:04:00Z", "run": {"runId": "golden"},
    "job": {"namespace": "airflow", "name": "train"},
    "outputs": [{"namespace": "modelkeep", "name": "{group}/{name}:{version}"}],
}  # fmt: skip

#: What API routes take, by method and address. What is in braces is filled in from what there is.
BODIES: dict[str, Any] = {
    "POST /api/v1/device-logins": {},
    "POST /api/v1/device-logins/token": {"deviceCode": "x"},
    "POST /api/v1/tokens": {"name": "ci"},
    "PATCH /api/v1/users/{id}": {"disabled": True, "reason": "Left."},
    "POST /api/v1/users/{id}/roles": {"role": "SRE"},
    "POST /api/v1/users/{id}/reset": {},
    "POST /api/v1/users/{id}/sign-out": {},
    "POST /api/v1/invitations": {"email": "another@example.com", "roles": []},
    "POST /api/v1/role-requests/{id}/decline": {},
    "POST /api/v1/teams": {"name": "Another", "email": "another-team@example.com", "members": []},
    "PATCH /api/v1/teams/{id}": {"name": "Renamed for the table"},
    "POST /api/v1/service-accounts": {"name": "golden-service", "purpose": "For the table.", "scopes": ["read"]},
    "PATCH /api/v1/service-accounts/{id}": {"purpose": "Another."},
    "POST /api/v1/service-accounts/{id}/tokens": {"name": "ci", "scopes": ["read"]},
    "POST /api/v1/webhooks": {
        "name": "Golden", "url": "https://hooks.example.com/golden", "kinds": ["review.asked"],
    },
    "PATCH /api/v1/webhooks/{id}": {"groups": ["golden"]},
    "POST /api/v1/webhooks/{id}/rotate": {},
    "POST /api/v1/webhooks/{id}/test": {},
    "POST /api/v1/searches": {"name": "Golden", "query": "tag:golden"},
    "PATCH /api/v1/searches/{id}": {"sort": "name"},
    "POST /api/v1/searches/{id}/copy": {},
    "POST /api/v1/searches/{id}/restore": {},
    "PUT /api/v1/searches/{id}/alert": {},
    "POST /api/v1/keys/escrow": {"fingerprint": "AAAA-BBBB-CCCC-DDDD-EEEE"},
    "POST /api/v1/incidents": {"title": "Slow", "components": ["database"], "impact": "DEGRADED", "text": "We look."},
    "POST /api/v1/incidents/{id}/updates": {"status": "RESOLVED", "text": "Done."},
    "POST /api/v1/models": {
        "group": "golden", "name": "new-one", "description": "For the table.", "owners": ["a@example.com"],
        "riskTier": "LOW",
    },
    "PATCH /api/v1/models/{group}/{name}": {"description": "Other words."},
    "POST /api/v1/models/{group}/{name}/transfer": {"owners": ["new-owner@example.com"], "reason": "Moved on."},
    "POST /api/v1/models/{group}/{name}/retire": {"reason": "Done with."},
    "PUT /api/v1/models/{group}/{name}/collaborators/{email}": {"access": "READ"},
    "POST /api/v1/models/{group}/{name}/versions": {"version": "9.0.0"},
    "PATCH /api/v1/models/{group}/{name}/versions/{version}": {"description": "Other words."},
    "POST /api/v1/models/{group}/{name}/versions/{version}/bundle-links": {},
    "POST /api/v1/models/{group}/{name}/versions/{version}/close": {"reason": "Goes no further."},
    "POST /api/v1/models/{group}/{name}/versions/{version}/reopen": {"reason": "Goes on."},
    "POST /api/v1/models/{group}/{name}/versions/{version}/promotions": {"target": "STAGING", "justification": "Now."},
    "POST /api/v1/models/{group}/{name}/versions/{version}/promotions/{id}/withdraw": {"reason": "Not yet."},
    "POST /api/v1/models/{group}/{name}/versions/{version}/reviews": {
        "decision": "REQUEST_CHANGES", "comment": "Say more.", "digest": "{digest}",
    },
    "POST /api/v1/models/{group}/{name}/versions/{version}/moves": {"to": "STAGING"},
    "POST /api/v1/models/{group}/{name}/versions/{version}/hold": {"reason": "A leak."},
    "POST /api/v1/models/{group}/{name}/versions/{version}/lift": {"reason": "It is over."},
    "POST /api/v1/models/{group}/{name}/versions/{version}/comments": {"text": "Looks good."},
    "POST /api/v1/models/{group}/{name}/versions/{version}/findings": {"text": "Name the owner of the data."},
    "POST /api/v1/models/{group}/{name}/versions/{version}/findings/{id}/settle": {
        "status": "RESOLVED", "answer": "Done.",
    },
    "POST /api/v1/models/{group}/{name}/versions/{version}/artifacts/{path:path}/links": {},
    "POST /api/v1/models/{group}/{name}/versions/{version}/artifacts/{path:path}/waivers": {"reason": "Looked at it."},
    "POST /api/v1/models/{group}/{name}/versions/{version}/evaluations": {
        "dataset": {"name": "holdout"}, "metrics": [{"name": "auc", "value": 0.9}],
    },
    "POST /api/v1/models/{group}/{name}/versions/{version}/evaluations/{id}/sign": {"comment": "As measured."},
    "PUT /api/v1/models/{group}/{name}/versions/{version}/card/annotations/{section}": {"markdown": "For the table."},
    "POST /api/v1/models/{group}/{name}/versions/{version}/lineage": {
        "kind": "DATASET", "name": "golden", "version": "2", "role": "TEST",
    },
    "POST /api/v1/lineage/tell": {"node": "version:{group}/{name}/{version}", "message": "It was recalled."},
    "POST /api/v1/evaluation-suites": {
        "name": "Golden", "description": "For the table.",
        "thresholds": [{"metric": "auc", "comparison": ">=", "value": 0.5}],
    },
    "PATCH /api/v1/evaluation-suites/{id}": {"description": "Other words."},
    "POST /api/v1/environments": {"name": "golden", "kind": "STAGING"},
    "PATCH /api/v1/environments/{id}": {"region": "eu-west"},
    "POST /api/v1/environments/{id}/end": {},
    "POST /api/v1/deployments": {"model": "{group}/{name}", "environment": "{environment}", "live": []},
    "POST /api/v1/deployments/{id}/rollback": {"reason": "Errors."},
    "POST /api/v1/policies": {
        "name": "Golden", "rules": [{"expression": "size(artifacts) > 0", "message": "There is a file."}],
    },
    "POST /api/v1/policies/dry-run": {"rules": [{"expression": "size(artifacts) > 0", "message": "There is a file."}]},
    "PATCH /api/v1/policies/{id}": {"description": "Other words."},
    "POST /api/v1/policies/{id}/enable": {},
    "POST /api/v1/policies/{id}/disable": {"reason": "For the table."},
    "POST /api/v1/policies/{id}/confirm": {},
    "POST /api/v1/policies/{id}/decline": {"reason": "For the table."},
    "POST /api/v1/exceptions": {
        "policy": "{policy}", "version": "{group}/{name}:{version}", "justification": "Once.", "risk": "Little.",
        "mitigation": "Watched.", "expiresAt": "2030-01-01",
    },
    "POST /api/v1/exceptions/{id}/grant": {},
    "POST /api/v1/exceptions/{id}/refuse": {"reason": "No."},
    "POST /api/v1/exceptions/{id}/withdraw": {},
    "POST /api/v1/exceptions/{id}/end": {"reason": "Over."},
    "POST /api/v1/models/{group}/{name}/versions/{version}/attestations": {"comment": "Looked at it again."},
    "POST /api/v1/approval-rules": {
        "riskTier": "HIGH", "target": "PRODUCTION", "roles": ["MRC"], "reason": "For the table.",
    },
    "POST /api/v1/approval-rules/{id}/end": {"reason": "For the table."},
    "POST /api/v1/approval-rules/{id}/confirm": {},
    "POST /api/v1/approval-rules/{id}/decline": {},
    "POST /api/v1/access-requests": {"model": "{group}/{name}", "purpose": "To look.", "days": 7},
    "POST /api/v1/access-requests/{id}/grant": {"days": 7},
    "POST /api/v1/access-requests/{id}/refuse": {"reason": "Not now."},
    "POST /api/v1/access-requests/{id}/withdraw": {},
    "PUT /api/v1/notices/settings": {"quiet": True},
    "POST /api/v1/lineage/openlineage": EVENT,
    "POST /api/v1/lineage/openlineage/batch": [EVENT],
}  # fmt: skip

#: What forms of pages hold, by address.
FORMS: dict[str, dict[str, Any]] = {
    "/device/answer": {"code": "BDWP-HQPK", "answer": "deny"},
    "/deployments/environments/new": {"name": "golden", "kind": "STAGING"},
    "/deployments/environments/{id}": {"name": "golden", "revision": "1"},
    "/deployments/environments/{id}/end": {"reason": "Over."},
    "/deployments/record": {"environment": "{environment}", "model": "{group}/{name}"},
    "/deployments/{id}/rollback": {"reason": "Errors."},
    "/exceptions/{id}/refuse": {"comment": "No."},
    "/exceptions/{id}/end": {"reason": "Over."},
    "/findings/{id}/settle": {"status": "RESOLVED", "answer": "Done."},
    "/lineage/tell": {"node": "version:{group}/{name}/{version}", "message": "Recalled."},
    "/policies/{id}/switch": {"reason": "For the table."},
    "/models/{group}/{name}/versions/{version}/lineage/new": {"name": "golden", "version": "1", "role": "TEST"},
    "/models/{group}/{name}/versions/{version}/card/annotations/{section}": {"markdown": "Seen."},
    "/models/{group}/{name}/versions/{version}/card/publish": {"edition": "1"},
    "/models/{group}/{name}/versions/{version}/card/discard": {"edition": "1"},
    "/models/{group}/{name}/versions/{version}/close": {"reason": "Goes no further."},
    "/models/{group}/{name}/versions/{version}/comments": {"text": "Looks good."},
    "/models/{group}/{name}/versions/{version}/findings": {"text": "Name the owner of the data.", "severity": "LOW"},
    "/models/{group}/{name}/versions/{version}/findings/{id}/settle": {"status": "RESOLVED", "answer": "Done."},
    "/models/{group}/{name}/versions/{version}/hold": {"reason": "A leak."},
    "/models/{group}/{name}/versions/{version}/moves": {"to": "STAGING"},
    "/models/{group}/{name}/versions/{version}/promotions": {"target": "STAGING", "justification": "Now."},
    "/models/{group}/{name}/versions/{version}/promotions/{id}/withdraw": {"reason": "Not yet."},
    "/models/{group}/{name}/versions/{version}/reviews": {
        "decision": "REQUEST_CHANGES",
        "comment": "Say more.",
        "digest": "{digest}",
    },
    "/profile/notices": {"quiet": "on"},
    "/profile/tokens": {"name": "ci", "scopes": ["read"]},
    "/admin/approvals/{id}/end": {"reason": "Over."},
    "/admin/people/{id}/roles": {"role": "SRE"},
    "/admin/people/{id}/disable": {"reason": "Left."},
    "/models/{group}/{name}/transfer": {"owners": "new-owner@example.com", "reason": "Moved on."},
}

#: What is asked in the query.
QUERIES: dict[str, str] = {
    "GET /api/v1/audit/events/export": "?format=csv",
    "GET /api/v1/lineage/graph": "?node=version:{group}/{name}/{version}",
    "GET /api/v1/lineage/impact": "?node=version:{group}/{name}/{version}",
    "GET /api/v1/lineage/tell": "?node=version:{group}/{name}/{version}",
    "GET /lineage/tell": "?node=version:{group}/{name}/{version}",
    "GET /api/v1/lineage/nodes": "?q={name}",
    "GET /models/{group}/{name}/versions/{version}/lineage/export": "?format=json",
    "GET /lineage/export": "?format=json&node=environment:nowhere",
    "GET /api/v1/models/{group}/{name}/versions/{version}/card/compare": "?before=1&now=draft",
    "PUT /api/v1/models/{group}/{name}/versions/{version}/artifacts/{path:path}": "?type=WEIGHTS",
}

#: What stands in addresses beside ids.
_WORDS = {"role": "SRE", "chapter": "roles", "section": "metrics", "sequence": "0", "sha256": "0" * 64}


def _fill(body: Any, values: Mapping[str, str]) -> Any:
    """What is in braces of the texts of a body is filled in, however deep they stand."""
    if isinstance(body, str):
        return _fill_text(body, values)
    if isinstance(body, list):
        return [_fill(inner, values) for inner in body]
    return {key: _fill(inner, values) for key, inner in body.items()} if isinstance(body, dict) else body


def _fill_text(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{(group|name|version|policy|environment|digest)\}", lambda found: values[found[1]], text)


def version_for(path: str, target: Target) -> str:
    """The version that is far enough in its life for a route to be answered by right."""
    if path.endswith("/moves"):
        return target.approved
    if target.unjudged is not None and "/waivers" in path:
        return target.unjudged
    under_review = ("/promotions/{id}", "/review", "/reviews", "/findings")
    return target.staged if any(f"/{{version}}{part}" in path for part in under_review) else target.version


def file_for(path: str, target: Target) -> str:
    """The file that a route is about."""
    if target.unjudged is None or "/waivers" not in path:
        return target.path
    return WAIVED if "{id}" in path else UNWAIVED


def knock_of(method: str, path: str, target: Target, things: Mapping[str, str]) -> Knock:
    """What is sent to a route about this model, or about these other things."""
    route = f"{method} {path}"
    noun, verb = (re.findall(r"/([a-z-]+)/\{id\}(?:/([a-z-]+)$)?", path) or [("", "")])[-1]
    named = things.get(f"{noun}/{verb}") or target.ids.get(noun) or things.get(noun, "0")
    values = {
        **_WORDS, "group": target.group, "name": target.name, "version": version_for(path, target),
        "path:path": file_for(path, target), "id": named, "token": things["token"], "delivery": things["delivery"],
        "email": things["email"], "policy": things["policies"], "environment": things["environments"],
        "digest": target.digest,
    }  # fmt: skip
    address = re.sub(r"\{([^}]+)\}", lambda found: values.get(found[1], "x"), path + QUERIES.get(route, ""))
    if not path.startswith("/api/"):
        form = _fill(FORMS.get(path, {}), values) if method == "POST" else None
        return Knock(address, PAGE, form=form)
    if path.endswith("/artifacts/{path:path}") and method == "PUT":
        wrong = "sha-256=:" + "A" * 43 + "=:"
        return Knock(address, JSON, content=b"{}", headers={"repr-digest": wrong})
    if path.startswith(UPLOADS) and method in ("POST", "PATCH", "DELETE"):
        told = metadata(model=f"{target.group}/{target.name}", version=target.version, type="CONFIG", path="x.txt")
        headers = {**RESUMABLE, "upload-length": "5", "upload-metadata": told} if method == "POST" else RESUMABLE
        if method == "PATCH":
            return Knock(address, JSON, content=b"x", headers={**BODY, "upload-offset": "0"})
        return Knock(address, JSON, headers=headers)
    return Knock(address, JSON, json=_fill(BODIES.get(route), values))
