"""
The examples of the API reference: one story, told by the same values wherever a field of that name stands.

A route that is not named here still has its curl example, made from its description. The tests run all of them.
"""

import json
import shlex
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from modelkeep_server.interfaces.reference import (
    cards,
    deployments,
    evaluations,
    finding,
    lineage,
    notices,
    openlineage,
    policies,
    promotions,
    searches,
)
from modelkeep_server.rules.errors import FieldError, Invalid

GROUP, NAME, VERSION, FILE = "customer-analytics", "customer-churn-predictor", "1.2.0", "model.safetensors"
MODEL = f"{GROUP}/{NAME}"
PERSON = "priya@company.com"
SHA256 = "9f2c4be1d07a3f5586e1b0c24d9a7735f0e8c6b1a2d34958671f0ec3ba9d2274"

#: What a field holds in examples. A value is taken only where its type fits the field.
STORY: Mapping[str, Any] = {
    "id": "019a1f6e-3c5b-7d20-9a44-5f1be2c07a61",
    "group": GROUP,
    "name": NAME,
    "model": MODEL,
    "version": VERSION,
    "path": FILE,
    "description": "Predicts which customers leave within 90 days.",
    "owners": ["data-team@company.com"],
    "riskTier": "MEDIUM",
    "tags": ["churn", "xgboost"],
    "number": 3,
    "commitSha": "7be41c9",
    "trainingJobId": "mlflow/churn-2291",
    "metadata": {"framework": "xgboost", "frameworkVersion": "2.1.3", "intendedUse": "Weekly retention lists."},
    "framework": "xgboost",
    "frameworkVersion": "2.1.3",
    "modelType": "xgboost",
    "inputSchema": {"type": "object", "properties": {"tenureMonths": {"type": "integer"}}},
    "hyperparameters": {"max_depth": 6, "eta": 0.1},
    "trainingDataset": {"name": "churn-events", "version": "2026-02"},
    "intendedUse": "Weekly retention lists; people decide.",
    "score": 0.6,
    "field": "limitations",
    "why": "People who rely on it must know where it fails.",
    "type": "WEIGHTS",
    "format": "safetensors",
    "sizeBytes": 18_400_128,
    "sha256": SHA256,
    "url": f"https://registry.company.com/d/5hQx2m/{FILE}",
    "purpose": "Nightly scoring on batch-7",
    "email": PERSON,
    "roles": ["MODEL_OWNER"],
    "permissions": ["me.read", "model.read", "model.create", "model.update", "version.create"],
    "scopes": ["read", "write", "download"],
    "source": "ADMIN",
    "days": 30,
    "sequence": 4,
    "action": "model.create",
    "kind": "model",
    "label": MODEL,
    "role": "MODEL_OWNER",
    "auth": "token",
    "requestId": "01K3Z8QW5T7M2N4P6R8S0V1X3Y",
    "after": {"riskTier": "MEDIUM", "visibility": "INTERNAL"},
    "leaf": SHA256,
    "root": SHA256[::-1],
    "index": 4,
    "size": 1501,
    "rowsChecked": 214,
    "to": "SUBMITTED",
    "code": "forbidden",
    "by": PERSON,
    "registrar": PERSON,
    "createdBy": PERSON,
    "uploadedBy": PERSON,
    "message": "To request a promotion you need to be an owner of this model.",
    "remedy": "Ask an owner of the model.",
    "findings": [],
    "limit": 50,
    "total": 1,
}

_SAM = "sam@company.com"
_TOKEN_ROW = {
    "id": STORY["id"],
    "name": "nightly training",
    "scopes": ["read", "write", "download"],
    "expiresAt": "2026-03-02T09:00:00Z",
    "lastUsedAt": "2026-01-31T09:00:00Z",
    "createdAt": "2026-01-31T08:58:12Z",
    "token": None,
}

_INCIDENT = {"title": "Downloads are slow", "components": ["STORAGE"], "impact": "DEGRADED"}

_TEAM = {"name": "Data Team", "email": "data-team@company.com", "members": [PERSON]}
_PROGRAM = {"name": "nightly-training", "purpose": "Uploads what the nightly run trained.", "sponsor": PERSON}

#: What a field holds in one shape, where the same word elsewhere means another thing.
STORY_OF: Mapping[str, Mapping[str, Any]] = {
    **evaluations.STORY_OF,
    **finding.STORY_OF,
    **cards.STORY_OF,
    **lineage.STORY_OF,
    **notices.STORY_OF,
    **openlineage.STORY_OF,
    **policies.STORY_OF,
    **deployments.STORY_OF,
    **promotions.STORY_OF,
    **searches.STORY_OF,
    "MeOut": {"name": "Priya Raman"},
    "EventActorOut": {"name": "Priya Raman", "id": "p_6f1c09a2b47d3e8851c0"},
    "TeamIn": _TEAM,
    "TeamPatch": _TEAM,
    "TeamOut": {**_TEAM, "endedAt": None},
    "ServiceAccountIn": _PROGRAM,
    "ServiceAccountPatch": _PROGRAM,
    "ServiceAccountOut": {**_PROGRAM, "account": "service:nightly-training", "endedAt": None},
    "TokenIn": {"name": "nightly training"},
    "ServiceTokenIn": {"name": "CI of churn", "days": 90},
    "TokenOut": {**_TOKEN_ROW, "lastUsedAt": None, "token": "mk_pat_..."},
    "PageOut[TokenOut]": {"items": [_TOKEN_ROW]},
    "MissingOut": {"field": "limitations"},
    "MoveOut": {"allowed": False},
    "UserOut": {"name": "Priya Raman", "disabled": False, "requested": []},
    "UserPatch": {"disabled": True},
    "InvitationIn": {"email": "grace@company.com"},
    "InvitationOut": {
        "kind": "INVITATION",
        "email": "grace@company.com",
        "url": "https://registry.company.com/invitations/3v0Jq...",
    },
    "FactOut": {"label": "Written by", "value": "nightly training"},
    "TensorOut": {"name": "encoder.weight", "dtype": "F32", "shape": [1024, 256]},
    "HeaderOut": {
        "isRead": True,
        "framework": "pytorch",
        "frameworkVersion": None,
        "modelType": None,
        "license": "MIT",
        "tensorCount": 1,
        "parameters": 262144,
        "dtypes": {"F32": 1},
        "inputSchema": None,
        "outputSchema": None,
        "hyperparameters": None,
        "imageDigest": None,
    },
    "SuggestionOut": {
        "field": "card.license",
        "label": "License",
        "value": "MIT",
        "files": 1,
        "present": None,
        "isConflict": False,
    },
    "EventOut": {"reason": None, "rule": None},
    "ReasonIn": {"reason": "Replaced by customer-churn-v2."},
    "OptionalReasonIn": {"reason": "They have left the company."},
    "TransferIn": {"reason": "Priya moved to another team."},
    "CollaboratorOut": {"email": _SAM, "name": "Sam Ode", "grantedBy": PERSON, "until": None},
    "AccessRequestOut": {"by": _SAM, "decidedBy": None, "decidedAt": None, "answer": None},
    "GrantIn": {"days": 30},
    "ActivityOut": {"was": [], "became": []},
    "VersionOut": {"closed": None, "hold": None},
    "IncidentIn": _INCIDENT
    | {"text": "The file store answers slowly. Uploads are not affected.", "status": "INVESTIGATING"},
    "IncidentOut": _INCIDENT | {"status": "INVESTIGATING"},
    "IncidentUpdateIn": {"status": "MONITORING", "text": "A full disk was emptied; we watch it."},
    "IncidentUpdateOut": {"status": "INVESTIGATING", "text": "The file store answers slowly."},
    "ComponentOut": {"id": "DATABASE", "name": "Database", "status": "UP", "responseMs": 0.6},
    "MinuteOut": {"requests": 412, "p50Ms": 3.1, "p95Ms": 18.4},
}

_FAULT = Invalid.of([FieldError("riskTier", "Choose one of LOW, MEDIUM, HIGH.")])
#: A refusal as the API sends it.
PROBLEM: Mapping[str, Any] = {
    "type": f"urn:modelkeep:error:{_FAULT.code}",
    "title": _FAULT.title,
    "status": _FAULT.status,
    "detail": _FAULT.detail,
    "code": _FAULT.code,
    "remedy": _FAULT.remedy,
    "requestId": STORY["requestId"],
    "errors": [{"field": fault.field, "message": fault.message} for fault in _FAULT.errors],
}

#: A question worth asking, for lists that take filters.
QUERIES: Mapping[str, Mapping[str, str]] = {
    "list_events": {"action": "model.create", "outcome": "ALLOWED"},
    "upload_artifact": {"type": "WEIGHTS"},
    **cards.QUERIES,
    **finding.QUERIES,
    **lineage.QUERIES,
}

_TUS = ("Tus-Resumable: 1.0.0",)
_METADATA = ("model", MODEL), ("version", VERSION), ("type", "WEIGHTS"), ("path", FILE)
#: What stands in headers beside the credential.
HEADERS: Mapping[str, tuple[str, ...]] = {
    "create_upload": (
        *_TUS,
        f"Upload-Length: {STORY['sizeBytes']}",
        "Upload-Metadata: " + ",".join(f"{name} {b64encode(value.encode()).decode()}" for name, value in _METADATA),
    ),
    "continue_upload": (*_TUS, "Upload-Offset: 0", "Content-Type: application/offset+octet-stream"),
    "end_upload": _TUS,
    "find_offset": _TUS,
}

_OPENED = "from modelkeep.client import Client\n\nwith Client() as registry:  # MODELKEEP_URL and MODELKEEP_TOKEN\n"

#: The same by the Python client, by the route's name.
PYTHON: Mapping[str, str] = {
    "show_me": "print(registry.me().permissions)",
    "create_model": f'''registry.create_model(
    "{MODEL}",
    description="Predicts which customers leave within 90 days.",
    owners=["data-team@company.com"],
    risk_tier="MEDIUM",
    tags=["churn", "xgboost"],
)''',
    "show_model": f'model = registry.get_model("{MODEL}")',
    "update_model": f'''model = registry.get_model("{MODEL}")
registry.update_model("{MODEL}", {{"tags": ["churn"], "reason": "One is enough."}}, revision=model.revision)''',
    "transfer_model": f'''model = registry.get_model("{MODEL}")  # list_models(ID) finds it by its id
registry.transfer_model(model.address, ["data-team@company.com"], reason="Priya moved to another team.")''',
    "retire_model": f'registry.retire_model("{MODEL}", reason="Replaced by customer-churn-v2.")',
    "list_collaborators": f'''for person in registry.list_collaborators("{MODEL}"):
    print(person.email, person.access, person.until)''',
    "share_model": f'registry.share_model("{MODEL}", "{_SAM}", access="WRITE")',
    "unshare_model": f'registry.unshare_model("{MODEL}", "{_SAM}")',
    "ask_for_access": f'''asked = registry.request_access("{MODEL}", purpose="Nightly scoring.", days=30)
print(asked.id, asked.status)''',
    "list_access_requests": """for request in registry.list_access_requests(status="OPEN"):
    print(request.id, request.by, request.model, request.purpose)""",
    "show_access_request": f'print(registry.get_access_request("{STORY["id"]}").status)',
    "grant_access": f'registry.grant_access("{STORY["id"]}", days=30)',
    "refuse_access": f'registry.refuse_access("{STORY["id"]}", reason="Use the copy in staging.")',
    "withdraw_access_request": f'registry.withdraw_access_request("{STORY["id"]}")',
    "close_version": f'registry.close_version("{MODEL}:{VERSION}", reason="Superseded by 1.3.0.")',
    "reopen_version": f'registry.reopen_version("{MODEL}:{VERSION}", reason="Needed after all.")',
    **evaluations.PYTHON,
    **finding.PYTHON,
    **cards.PYTHON,
    **lineage.PYTHON,
    **policies.PYTHON,
    **deployments.PYTHON,
    **promotions.PYTHON,
    **searches.PYTHON,
    "list_activity": """for happening in registry.list_activity():
    print(happening.at, happening.by, happening.says)""",
    "list_activity_of_model": f'''for happening in registry.list_activity("{MODEL}"):
    print(happening.at, happening.by, happening.says)''',
    **notices.PYTHON,
    "list_teams": """for team in registry.list_teams(mine=True):
    print(team.name, team.email, team.members)""",
    "list_service_accounts": """for account in registry.list_service_accounts():
    print(account.account, account.sponsor, account.purpose)""",
    "create_version": f'''registry.create_version(
    "{MODEL}:{VERSION}",
    commit_sha="7be41c9",
    metadata={{"framework": "xgboost", "hyperparameters": {{"max_depth": 6}}}},
)''',
    "list_versions": f'''for version in registry.list_versions("{MODEL}"):
    print(version.version, version.state)''',
    "show_version": f'''version = registry.get_version("{MODEL}:{VERSION}")
print(version.completeness.missing)''',
    "compare_versions": f'''registry.create_version(
    "{MODEL}:1.3.0", from_version="{VERSION}", metadata={{"hyperparameters": {{"max_depth": 9}}}}
)
compared = registry.compare_versions("{MODEL}:1.3.0", "{VERSION}")
for flag in compared.flags:
    print(flag.text)''',
    "update_version": f'''version = registry.get_version("{MODEL}:{VERSION}")
changes = {{"metadata": {{"limitations": "Not for customers of less than 30 days."}}}}
registry.update_version("{MODEL}:{VERSION}", changes, revision=version.revision)''',
    "list_activity_of_version": f'''for happening in registry.list_activity("{MODEL}:{VERSION}"):
    print(happening.at, happening.by, happening.says)''',
    "list_artifacts": f'''for artifact in registry.list_artifacts("{MODEL}:{VERSION}"):
    print(artifact.path, artifact.sha256)''',
    "show_header": f'''header = registry.get_header("{MODEL}:{VERSION}/{FILE}")
print(header.framework, header.tensor_count, header.parameters)''',
    "list_suggestions": f'''for told in registry.list_suggestions("{MODEL}:{VERSION}"):
    print(told.field, told.value, told.path)''',
    "upload_artifact": f'registry.upload("{MODEL}:{VERSION}", "{FILE}", type="WEIGHTS")',
    "remove_artifact": f'registry.remove_artifact("{MODEL}:{VERSION}/{FILE}")',
    "create_link": f'''link = registry.create_link("{MODEL}:{VERSION}/{FILE}")
files = registry.download("{MODEL}:{VERSION}", to="models")  # or at once, verified''',
    "create_bundle_link": f'''link = registry.create_bundle_link("{MODEL}:{VERSION}")
print(link.url, link.files, link.size_bytes)
zipped = registry.download_zip("{MODEL}:{VERSION}", to="all.zip")  # or at once, verified''',
    "list_downloads": f'''for download in registry.list_downloads("{MODEL}:{VERSION}/{FILE}"):
    print(download.at, download.by, download.sent_bytes)''',
    "list_places_of_digest": f'''for place in registry.find_digest("{SHA256}"):
    print(place.model, place.version, place.path, place.state)''',
    "list_events": f'''for event in registry.list_events(object="{MODEL}"):
    print(event.at, event.action, event.outcome)''',
    "export_events": f'''events = registry.list_events(object="{MODEL}", outcome="REFUSED")
registry.export_events(events, "refused.csv")''',
    "list_users": """for user in registry.list_people(role="MODEL_OWNER"):
    print(user.email, user.last_seen_at)""",
    "create_invitation": """link = registry.invite_person("grace@company.com", ["MODEL_OWNER"])
print(link.url)  # told this once""",
    "list_invitations": """for link in registry.list_invitations():
    print(link.email, link.expires_at)""",
    "list_role_requests": """for request in registry.list_role_requests():
    print(request.user, request.role, request.by)""",
    "verify_log": "print(registry.verify_log().ok)",
}


def write_python(name: str) -> str | None:
    """A whole program for the route of this name, or None where the client has no method for it."""
    body = PYTHON.get(name)
    return None if body is None else _OPENED + "\n".join(f"    {line}" for line in body.splitlines())


def write_curl(
    url: str,
    method: str,
    body: Any = None,
    *,
    sends_file: bool = False,
    saves: str | None = None,
    headers: Sequence[str] = (),
) -> str:
    """
    A command for a shell in which TOKEN is set.

    Args:
        url: The whole address with its query.
        body: What is sent as JSON, None for nothing.
        sends_file: Whether the body is the file of the story.
        saves: The file that keeps the answer, where it is no text.
        headers: What stands in headers beside the credential. One that names `offset+octet-stream` sends the file.
    """
    how = {"GET": "", "HEAD": " -I", "PUT": f" -T {FILE}" if sends_file else " -X PUT"}
    how["POST"] = "" if body is not None else " -X POST"
    lines = [f"curl -sS{how.get(method, f' -X {method}')} {shlex.quote(url)}", '-H "Authorization: Bearer $TOKEN"']
    lines += [f"-H {shlex.quote(header)}" for header in headers]
    if any("offset+octet-stream" in header for header in headers):
        lines.append(f"--data-binary @{FILE}")
    if body is not None:
        text = json.dumps(body, indent=2, ensure_ascii=False)
        lines += ['-H "Content-Type: application/json"', f"-d {shlex.quote(text)}"]
    if saves:
        lines.append(f"-o {saves}")
    return " \\\n  ".join(lines)


def fill_path(path: str) -> str:
    """A route's address with the story's values in the place of its names."""
    path = path.replace("{email}", quote(_SAM)).replace("{format_name}", "coreml")
    path = path.replace("{section}", "intended-use")
    for name in ("group", "name", "version", "path", "sequence", "id", "role", "sha256"):
        path = path.replace(f"{{{name}}}", quote(str(STORY[name]), safe=""))
    return path


def write_query(name: str) -> str:
    """The query of a route's example, with its question mark; empty where it asks nothing."""
    asked = QUERIES.get(name)
    return f"?{urlencode(asked)}" if asked else ""
