"""The examples of promotions, findings and trails, in the story of samples.py."""

_ADDRESS = "customer-analytics/customer-churn-predictor:1.2.0"

#: The body of a handler's example in Python, by the handler's name.
PYTHON: dict[str, str] = {
    "list_promotions": f"""for promotion in registry.list_promotions("{_ADDRESS}"):
    print(promotion.round, promotion.target, promotion.status)""",
    "list_findings": """for finding in registry.list_findings(status="OPEN"):
    print(finding.version, finding.severity, finding.text)""",
    "show_trail": f"""for event in registry.iter_trail("{_ADDRESS}"):
    print(event.sequence, event.at, event.actor.email, event.says, event.proof.leaf)""",
}
