"""The examples of environments and deployments, in the story of samples.py."""

from collections.abc import Mapping
from typing import Any

_ENVIRONMENT = {"name": "production-eu", "kind": "PRODUCTION", "region": "eu-west-1"}
_LIVE = {
    "version": "customer-analytics/customer-churn-predictor:1.2.0",
    "share": 100,
    "endpointUrl": "https://churn.company.com/score",
    "region": "eu-west-1",
}
_TOLD = {"environment": "production-eu", "reason": "Released to everyone."}

#: What a field holds in one shape.
STORY_OF: Mapping[str, Mapping[str, Any]] = {
    "EnvironmentIn": _ENVIRONMENT,
    "EnvironmentPatch": {"name": "production-eu", "region": "eu-west-1", "reason": "Named as its cluster."},
    "EnvironmentOut": {**_ENVIRONMENT, "endedAt": None},
    "LiveIn": _LIVE,
    "LiveOut": {**_LIVE, "state": "PRODUCTION"},
    "DeploymentIn": {**_TOLD, "live": [_LIVE], "model": None, "replaces": None},
    "DeploymentOut": {**_TOLD, "kind": "PRODUCTION", "supersededAt": None, "cause": "RECORD"},
}

#: By the route's name.
PYTHON: Mapping[str, str] = {
    "list_environments": """for environment in registry.list_environments():
    print(environment.name, environment.kind, environment.region)""",
    "list_deployments": """for deployment in registry.list_deployments(current=True):
    for part in deployment.live:
        print(deployment.environment, part.version, part.share, deployment.at)""",
    "list_live": """model = "customer-analytics/customer-churn-predictor"
for deployment in registry.list_live(model, at="2026-01-31"):
    print(deployment.environment, [part.version for part in deployment.live])""",
}
