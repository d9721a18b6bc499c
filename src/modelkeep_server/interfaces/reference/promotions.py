"""The examples of promotions, reviews and what waits, in the story of samples.py."""

from collections.abc import Mapping
from typing import Any

_VERSION = "customer-analytics/customer-churn-predictor:1.2.0"

_RULE = {
    "riskTier": "HIGH",
    "target": "PRODUCTION",
    "roles": ["SECURITY_ARCHITECT"],
    "count": 1,
    "reason": "Two Security Architects look at what decides on credit.",
}

#: What a field holds in one shape.
STORY_OF: Mapping[str, Mapping[str, Any]] = {
    "ApprovalRuleIn": _RULE,
    "ApprovalRuleOut": {**_RULE, "addedBy": "ada@company.com", "ending": None},
}

#: The same by the Python client, by the route's name.
PYTHON: Mapping[str, str] = {
    "list_todo": """for one in registry.list_todo():
    print(one.what, one.address or one.title, one.due_at, one.link)""",
    "list_reviews": """for row in registry.list_reviews(can_decide=True, sort="due"):
    print(row.promotion.address, row.promotion.target, row.promotion.due_at)""",
    "list_promotions": f'''for promotion in registry.list_promotions("{_VERSION}"):
    print(promotion.round, promotion.target, promotion.status)''',
    "list_findings": """for finding in registry.list_findings(status="OPEN"):
    print(finding.version, finding.severity, finding.text)""",
    "show_trail": f'''for event in registry.iter_trail("{_VERSION}"):
    print(event.sequence, event.at, event.actor.email, event.says, event.proof.leaf)''',
    "list_findings_of_version": f'''for finding in registry.list_findings_of("{_VERSION}"):
    print(finding.severity, finding.status, finding.text)''',
    "list_next_reviews": """for row in registry.list_next_reviews(due=True):
    print(row.address, row.next_review_at, row.overdue)""",
    "list_attestations": f'''for attestation in registry.list_attestations("{_VERSION}"):
    print(attestation.at, attestation.by, attestation.comment)''',
    "list_approval_rules": """for rule in registry.list_approval_rules():
    print(rule.risk_tier, rule.target, rule.count, rule.roles, rule.added_by)""",
    "add_approval_rule": f'''rule = registry.add_approval_rule(
    "HIGH", "PRODUCTION", ["SECURITY_ARCHITECT"], reason="{_RULE["reason"]}"
)
print(rule.id)''',
    "end_approval_rule": """for rule in registry.list_approval_rules():
    if rule.added_by == registry.me().email and not rule.ending:
        registry.end_approval_rule(rule.id, reason="It takes too long.")""",
    "confirm_approval_rule_end": """for rule in registry.list_approval_rules():
    if rule.ending and rule.ending.by != registry.me().email:
        registry.confirm_approval_rule_end(rule.id)""",
    "decline_approval_rule_end": """for rule in registry.list_approval_rules():
    if rule.ending:
        registry.decline_approval_rule_end(rule.id, reason="Not before the next audit.")""",
}
