"""The examples of lineage, in the story of samples.py."""

from collections.abc import Mapping
from typing import Any

_MODEL, _NUMBER = "customer-analytics/customer-churn-predictor", "1.2.0"
_NODE, _VERSION = "dataset:churn-events@2026-02", f"version:{_MODEL}/{_NUMBER}"
_ITEM = {
    "kind": "DATASET",
    "name": "churn-events",
    "version": "2026-02",
    "uri": "s3://data/churn/2026-02/",
    "role": "TRAINING",
    "personalData": "YES",
    # Of other kinds.
    **dict.fromkeys(("repositoryUrl", "commitSha", "model", "system", "runId", "url", "inputs")),
}
_TOLD = {"addedBy": "priya@company.com", "addedAt": "2026-01-31T09:00:00Z"}
_DATASET: Mapping[str, Any] = {
    "id": _NODE,
    "kind": "DATASET",
    "label": "churn-events",
    "detail": "2026-02, training",
    **dict.fromkeys(("state", "riskTier", "model", "version", "url")),
    "flags": [],
    "liveIn": [],
    "facts": {"role": "TRAINING", "uri": "s3://data/churn/2026-02/"},
    "distance": -1,
    "hiddenUp": 0,
    "hiddenDown": 2,
}

#: What a field holds in one shape.
STORY_OF: Mapping[str, Mapping[str, Any]] = {
    "LineageItemIn": _ITEM,
    "LineageItemOut": {**_ITEM, "id": "training-dataset", "node": _NODE, "source": "VERSION", **_TOLD},
    "NodeOut": _DATASET,
    "EdgeOut": {"from": _NODE, "to": _VERSION, "relation": "is data of", "roles": ["TRAINING"]},
    "GraphOut": {"middle": _VERSION},
    "ReachedOut": {"state": "PRODUCTION", "live": True, "liveIn": ["eu-west"], "steps": 1, "path": [_NODE, _VERSION]},
    "EndpointOut": {
        "environment": "eu-west",
        "kind": "PRODUCTION",
        "share": 100,
        "region": None,
        "endpointUrl": "https://churn.company.com/",
    },
    "ConsumerOut": {
        "node": "consumer:Retention lists",
        "name": "Retention lists",
        "url": "https://retention.company.com",
        "live": True,
    },
    "ImpactOut": {"liveCount": 1, "endpointCount": 1, "consumerCount": 1, "nextCursor": None, "truncated": False},
    "TellIn": {"node": _NODE, "message": "This dataset was recalled. Train again with 2026-03."},
    "ToldOut": {"told": 1},
    "RecipientOut": {
        "email": "data-team@company.com",
        "mailed": True,
        "toldToday": False,
        "namesNode": True,
        "versions": [f"{_MODEL}:{_NUMBER}"],
        "versionCount": 1,
    },
    "TellPreviewOut": {"unheard": [], "left": 20, "reason": None},
    "LetterOut": {
        "subject": f"A change of dataset churn-events 2026-02 reaches {_MODEL}:{_NUMBER}",
        "text": "Hello, ...",
    },
}

#: What a query asks in an example.
QUERIES: Mapping[str, Mapping[str, str]] = {
    "show_lineage": {"direction": "upstream", "depth": "all"},
    "show_lineage_graph": {"node": _VERSION},
    "show_lineage_impact": {"node": _NODE},
    "preview_lineage_tell": {"node": _NODE},
    "find_lineage_nodes": {"q": "churn"},
}

#: By the route's name.
PYTHON: Mapping[str, str] = {
    "add_lineage": f'''version = "{_MODEL}:{_NUMBER}"
data = registry.add_lineage(version, "DATASET", name="churn-holdout", version="2026-02", role="VALIDATION")
registry.add_lineage(version, "TRAINING_RUN", system="mlflow", run_id="churn-2291", inputs=[data.node])''',
    "list_lineage": f'''for item in registry.list_lineage("{_MODEL}:{_NUMBER}"):
    print(item.kind, item.node)''',
    "remove_lineage": f'''item = registry.add_lineage(
    "{_MODEL}:{_NUMBER}", "CONSUMER", name="Retention lists"
)
registry.remove_lineage("{_MODEL}:{_NUMBER}", item.id)''',
    "show_lineage": f'''graph = registry.get_lineage("{_MODEL}:{_NUMBER}", direction="upstream", depth=None)
for node in graph.nodes:
    print(node.distance, node.label, node.detail)''',
    "show_lineage_graph": f'''for edge in registry.get_lineage("{_MODEL}:{_NUMBER}").edges:
    print(edge.from_id, edge.relation, edge.to_id)''',
    "find_lineage_nodes": """for node in registry.find_lineage_nodes("churn"):
    print(node.id, node.detail)""",
    "preview_lineage_tell": f'''for one in registry.preview_lineage_tell("{_VERSION}").recipients:
    print(one.email, one.versions)''',
    "show_lineage_impact": f'''for reached in registry.list_impact("{_VERSION}"):
    print(reached.model, reached.version, reached.state, reached.live_in, reached.owners)
for used in registry.get_impact("{_VERSION}").consumers:
    print(used.name, used.url, used.model, used.version)''',
}
