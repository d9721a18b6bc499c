"""The examples of promotions, reviews and what waits, in the story of samples.py."""

from collections.abc import Mapping

_VERSION = "customer-analytics/customer-churn-predictor:1.2.0"

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
}
