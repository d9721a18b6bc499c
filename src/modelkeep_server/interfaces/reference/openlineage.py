"""The example of an event of OpenLineage, in the story of samples.py."""

from collections.abc import Mapping
from typing import Any

_VERSION = "customer-analytics/customer-churn-predictor:1.2.0"
_EVENT: Mapping[str, Any] = {
    "eventType": "COMPLETE",
    "run": {"runId": "01a218a0-c8b9-72a0-8fe5-3509b0ea548b"},
    "job": {"namespace": "airflow", "name": "train-churn"},
    "inputs": [
        {
            "namespace": "s3://data",
            "name": "churn/events",
            "facets": {"version": {"datasetVersion": "2026-02"}, "modelkeep": {"role": "TRAINING"}},
            "inputFacets": {"inputStatistics": {"size": 18_400_128}},
        }
    ],
    "outputs": [{"namespace": "modelkeep", "name": _VERSION}],
}
_ITEM = {
    "id": "019a1f6e-3c5b-7d20-9a44-5f1be2c07a61",
    "kind": "TRAINING_RUN",
    "system": "airflow",
    "runId": _EVENT["run"]["runId"],
    "node": f"run:airflow/{_EVENT['run']['runId']}",
    "source": "OPENLINEAGE",
    "addedBy": "priya@company.com",
    "addedAt": "2026-01-31T09:00:00Z",
}

#: What a field holds in one shape.
STORY_OF: Mapping[str, Mapping[str, Any]] = {
    "OpenLineageEventIn": _EVENT,
    "VersionReceivedOut": {"added": [_ITEM], "known": 1},
    "ReceivedOut": {"said": f"1 item was added to the lineage of {_VERSION}."},
    "BatchOut": {
        "status": "partial_success",
        "summary": {"received": 2, "successful": 1, "failed": 1},
        "failed_events": [{"index": 1, "reason": "There is no such version.", "retriable": False}],
    },
}
