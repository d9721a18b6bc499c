"""
What governance costs: each step of a full promotion with ten policies in force, and a long queue of reviews.

Times are those of one client on the same machine, from the request to the whole answer.
"""

import json
import struct

from bench.desk import Desk, Timed
from bench.seeding import OWNER, Cast
from bench.server import Running

POLICIES = 10
LOOKS = 30
#: Beside the starter pack: each asks of something else, so that nothing is judged once for all.
_RULES = (
    'model.description != ""',
    "model.owners.size() > 0",
    "model.tags.size() > 0",
    'artifacts.exists(a, a.format == "safetensors")',
    "artifacts.all(a, a.sizeBytes < 100000000000)",
    "evaluations.runs.all(r, r.metrics.all(m, m.value >= 0.0))",
    "version.metadata.limitations.size() > 10",
    'lineage.datasets.all(d, d.name != "")',
)
METADATA = {
    "framework": "pytorch",
    "frameworkVersion": "2.9.0",
    "modelType": "classifier",
    "inputSchema": {"type": "object", "properties": {"age": {"type": "integer"}}},
    "outputSchema": {"type": "number"},
    "hyperparameters": {"layers": 6},
    "trainingDataset": {"name": "events", "version": "2026-02"},
    "intendedUse": "Weekly lists; people decide.",
    "limitations": "Weak on accounts under 30 days.",
    "ethicalConsiderations": "Postcode was dropped.",
}
DECISION_COMMENT = "Looked at the metrics, the schemas and the files; nothing is missing."


def measure_governance(registry: Running, cast: Cast, *, promotions: int) -> list[Timed]:
    """Carry so many versions to production, then look at the queue of reviews."""
    desk = Desk(registry, cast)
    for number, rule in enumerate(_RULES[: POLICIES - len(desk.send("security", "GET", "/policies")["items"])]):
        desk.send("security", "POST", "/policies", {
            "name": f"Measured {number}", "description": "Asked in every promotion that is measured.",
            "severity": "BLOCK", "enabled": True, "rules": [{"expression": rule, "message": "This is there."}],
        })  # fmt: skip
    for number in range(promotions):
        _carry(desk, _prepare(desk, number))
    for _ in range(LOOKS):
        desk.look("/reviews", step="page of open reviews")
        desk.look("/reviews?canDecide=true&sort=due", step="page of mine, due first")
        desk.look("/", step="dashboard of an MRC")
    return desk.timed()


def _prepare(desk: Desk, number: int) -> str:
    """A model of HIGH risk with a version that may be promoted; gives where the version lies."""
    model = {
        "group": "promoted", "name": f"model-{number:06}", "description": "Measured.", "owners": [OWNER],
        "riskTier": "HIGH", "tags": ["bench"],
    }  # fmt: skip
    desk.send("owner", "POST", "/models", model)
    versions = f"/models/promoted/{model['name']}/versions"
    desk.send("owner", "POST", versions, {"version": "1.0.0", "metadata": METADATA})
    path = f"{versions}/1.0.0"
    desk.send("owner", "PUT", f"{path}/artifacts/model.safetensors?type=WEIGHTS", make_weights(number))
    measured = {"dataset": {"name": "holdout"}, "metrics": [{"name": "auc", "value": 0.89}]}
    desk.send("owner", "POST", f"{path}/evaluations", measured)
    return path


def make_weights(number: int) -> bytes:
    body = number.to_bytes(8) * 128
    header = json.dumps({"weight": {"dtype": "U8", "shape": [len(body)], "data_offsets": [0, len(body)]}}).encode()
    header = header.ljust(-(-len(header) // 8) * 8)
    return struct.pack("<Q", len(header)) + header + body


def _ask_for(desk: Desk, path: str, target: str, step: str = "") -> str:
    asked = {"target": target, "justification": "Recall rose by two points on the holdout."}
    digest: str = desk.send("owner", "POST", f"{path}/promotions", asked, step=step)["digest"]
    return digest


def _carry(desk: Desk, path: str) -> None:
    """From DRAFT to PRODUCTION, with its page looked at on the way."""
    for target in ("STAGING", "PRODUCTION"):
        if target == "PRODUCTION":
            desk.send("owner", "POST", f"{path}/card", step="generate the card")
            desk.send("owner", "POST", f"{path}/card/publish", step="publish the card")
        digest = _ask_for(desk, path, target, "request")
        desk.look(path, step="page of the version, under review")
        decision = {"decision": "APPROVE", "comment": DECISION_COMMENT, "digest": digest}
        desk.send("mrc", "POST", f"{path}/reviews", decision, step="first approval")
        desk.send("security", "POST", f"{path}/reviews", decision, step="last approval")
        desk.send("sre", "POST", f"{path}/moves", {"to": target}, step=f"move to {target}")
