"""The examples of finding models: a query as it is typed, what a result is made of, and all of it as a file."""

from collections.abc import Mapping
from typing import Any

_NEWEST = {"model": "customer-analytics/customer-churn-predictor", "updatedAt": "2026-01-31T09:00:00Z"}
_COUNTS = {"models": 14, "modelsCapped": False, "riskTiers": {"LOW": 3, "MEDIUM": 8, "HIGH": 3}, "newest": _NEWEST}
_URL = "https://registry.company.com/models/customer-analytics/customer-churn-predictor"

STORY_OF: Mapping[str, Mapping[str, Any]] = {
    "OfferOut": {
        "kind": "VALUE", "insert": "churn", "start": 4, "end": 6, "label": "churn", "says": "", "model": None,
    },
    "BrowsedOut": {**_COUNTS, "name": "churn", "query": "tag:churn"},
    "ExportedOut": {"productionVersions": ["1.1.0"], "frameworks": ["xgboost"], "versionCount": 3, "url": _URL},
}  # fmt: skip

QUERIES: Mapping[str, Mapping[str, str]] = {
    "list_models": {"q": "tag:churn -tag:experimental", "facets": "true"},
    "complete_query": {"q": "tag:ch"},
    "export_models": {"q": "riskTier:HIGH", "format": "csv"},
    "list_groups": {"sort": "use"},
    "list_tags": {"q": "ch"},
}

PYTHON: Mapping[str, str] = {
    "list_models": """found = registry.list_models("tag:churn -tag:experimental", sort="relevance")
for model in found:
    print(model.address, [version.state for version in model.newest])
print(registry.count_facets(found).facets)""",
    "complete_query": """for offer in registry.complete_query("tag:ch"):
    print(offer.insert, offer.says)""",
    "export_models": """registry.export_models(registry.list_models("riskTier:HIGH"), "high-risk.csv")""",
    "list_groups": """for group in registry.list_groups(sort="use"):
    print(group.name, group.models)""",
    "list_tags": """for tag in registry.list_tags("ch"):
    print(tag.query, tag.models)""",
}
