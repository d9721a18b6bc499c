"""The examples of policies and exceptions, in the story of samples.py."""

from collections.abc import Mapping
from typing import Any

_RULE = {"expression": 'artifacts.exists(a, a.type == "WEIGHTS")', "message": "The weights are there.", "detail": None}
_SCOPE = {"riskTiers": ["HIGH"], "targets": ["PRODUCTION"], "groups": []}
_POLICY = {
    "name": "Weights before production",
    "description": "What goes live can be loaded.",
    "severity": "BLOCK",
    "enabled": True,
    "scope": _SCOPE,
    "rules": [_RULE],
    "reason": None,
}
_EXCEPTION = {
    "policy": "019a1f6e-3c5b-7d20-9a44-5f1be2c07a61",
    "version": "customer-analytics/customer-churn-predictor:1.2.0",
    "justification": "The weights come on Monday.",
    "risk": "Nothing to run until then.",
    "mitigation": "It stays in staging.",
    "expiresAt": "2026-03-31",
}

#: What a field holds in one shape.
STORY_OF: Mapping[str, Mapping[str, Any]] = {
    **dict.fromkeys(("RuleIn", "RuleOut"), _RULE),
    **dict.fromkeys(("ScopeIn", "ScopePatch", "ScopeOut"), _SCOPE),
    **dict.fromkeys(("PolicyIn", "PolicyPatch"), _POLICY),
    "PolicyOut": {**_POLICY, "revision": 1, "proposal": None, "starter": None},
    "RevisionOut": {**_POLICY, "revision": 1, "status": "IN_FORCE", "decidedBy": None, "decidedAt": None},
    "DryRunIn": {"rules": [_RULE], "scope": _SCOPE, "policy": None, "version": None},
    "ExceptionIn": _EXCEPTION,
    "ExceptionOut": {**_EXCEPTION, "policy": "Weights are there", "status": "OPEN", "holds": False},
}

#: By the route's name.
PYTHON: Mapping[str, str] = {
    "list_policies": """for policy in registry.list_policies():
    print(policy.name, policy.severity, policy.enabled)""",
    "show_policy": """policy = next(iter(registry.list_policies()))
print(registry.get_policy(policy.id).rules)""",
    "list_policy_revisions": """policy = next(iter(registry.list_policies()))
for revision in registry.list_policy_revisions(policy.id):
    print(revision.revision, revision.status, revision.proposed_by)""",
    "list_exceptions": """for exception in registry.list_exceptions(status="GRANTED"):
    print(exception.version, exception.policy, exception.expires_at)""",
}
