"""A small company for pictures of a registry: its people, its models, and what they did this week.

Everything goes through the doors that people use: invitations, the API, uploads. Nothing is written to tables.
"""

import json
import random
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2

PASSPHRASE = "a quiet harbour in march"
MIB = 1024 * 1024


@dataclass(frozen=True)
class Person:
    """Somebody of the company. `roles` as the command line takes them."""

    email: str
    name: str
    roles: str


PRIYA = Person("priya.raman@company.com", "Priya Raman", "MODEL_OWNER,AUDITOR")
TOMAS = Person("tomas.lindqvist@company.com", "Tomas Lindqvist", "MODEL_OWNER")
MEI = Person("mei.tanaka@company.com", "Mei Tanaka", "MODEL_OWNER")
OLU = Person("olu.adeyemi@company.com", "Olu Adeyemi", "MODEL_OWNER,SRE")
PEOPLE = (PRIYA, TOMAS, MEI, OLU, Person("ines.moreau@company.com", "Inès Moreau", "MRC"))

#: owner, address, tier, description, tags, versions
MODELS: Sequence[tuple[Person, str, str, str, Sequence[str], Sequence[str]]] = (
    (OLU, "supply-chain/demand-forecast", "LOW", "Weekly demand by store and article, 12 weeks ahead.",
     ("forecast", "lightgbm"), ("3.0.0", "3.1.0")),
    (OLU, "supply-chain/delivery-delay", "LOW", "Hours that a shipment will be late, from carrier and weather.",
     ("regression",), ("0.9.0",)),
    (MEI, "nlp-models/ticket-router", "LOW", "Sends a support ticket to the team that can solve it.",
     ("bert", "support"), ("2.0.0", "2.1.0", "2.2.0-rc.1")),
    (MEI, "nlp-models/contract-clauses", "MEDIUM", "Finds and names clauses in supplier contracts.",
     ("bert", "legal"), ("1.0.0",)),
    (MEI, "nlp-models/review-summaries", "MEDIUM", "Two sentences on what customers say about a product.",
     ("t5", "generation"), ("0.4.0",)),
    (TOMAS, "risk/credit-scoring", "HIGH", "Probability of default within a year for consumer credit.",
     ("credit", "xgboost"), ("4.0.0", "4.1.0")),
    (TOMAS, "risk/card-fraud", "HIGH", "Scores card payments while they are being authorised.",
     ("fraud", "real-time"), ("7.2.0",)),
    (TOMAS, "vision/shelf-gaps", "LOW", "Marks empty places on pictures of shelves.",
     ("resnet50", "vision"), ("1.1.0",)),
    (PRIYA, "customer-analytics/next-best-offer", "MEDIUM", "Ranks offers for a customer who calls.",
     ("ranking", "xgboost"), ("2.3.0",)),
    (PRIYA, "customer-analytics/lifetime-value", "LOW", "Expected margin of a customer over three years.",
     ("regression", "finance"), ("1.0.0", "1.1.0")),
    (PRIYA, "customer-analytics/customer-churn-predictor", "MEDIUM",
     "XGBoost model that predicts which customers leave within 90 days, from usage patterns and demographics.",
     ("churn", "xgboost", "customer-analytics"), ("1.0.0", "1.1.0", "1.2.0")),
)  # fmt: skip

#: Versions come round by round, as they would over weeks.
ROUNDS = 3
SHOWN = "/models/customer-analytics/customer-churn-predictor/versions/1.2.0"

METADATA: Mapping[str, Any] = {
    "framework": "xgboost",
    "frameworkVersion": "2.1.3",
    "modelType": "gradient-boosted trees",
    "inputSchema": {
        "type": "object",
        "properties": {"tenureMonths": {"type": "integer"}, "monthlyUsage": {"type": "number"}},
        "required": ["tenureMonths"],
    },
    "outputSchema": {"type": "object", "properties": {"churn": {"type": "number"}}},
    "hyperparameters": {"max_depth": 6, "eta": 0.1, "n_estimators": 400},
    "trainingDataset": {"name": "churn-events", "version": "2026-02"},
    "intendedUse": "Weekly retention lists. People decide whom to call.",
    "limitations": "Not for customers of less than three months.",
}


def furnish(url: str, operate: Callable[..., str]) -> str:
    """
    Fill a registry.

    Args:
        url: Its address.
        operate: Runs an operator's command and gives what it printed.
    Returns:
        Priya's session, the value of its cookie.
    """
    sessions, clients = {}, {}
    for person in PEOPLE:
        sessions[person] = _accept(url, operate("admin", "invite", person.email, "--roles", person.roles), person.name)
        token = operate("admin", "create-token", "--user", person.email, "--roles", person.roles)
        headers = {"authorization": f"Bearer {token}"}
        clients[person] = httpx2.Client(base_url=f"{url}/api/v1", headers=headers, timeout=60)
    for owner, address, tier, description, tags, _ in MODELS:
        group, name = address.split("/")
        document = {"group": group, "name": name, "description": description, "riskTier": tier, "tags": list(tags)}
        owners = [owner.email, f"{group}@company.com"]
        _send(clients[owner], "POST", "/models", json={**document, "owners": owners})
    for number in range(ROUNDS):
        for owner, address, *_, versions in MODELS:
            if number < len(versions):
                _add_version(clients[owner], address, versions[number], number)
    link = f"{SHOWN}/artifacts/model.safetensors/links"
    clients[TOMAS].post(SHOWN.removesuffix("/1.2.0"), json={"version": "1.3.0"})
    clients[OLU].post(link, json={"purpose": "Batch scoring of week 9"})
    clients[PRIYA].post(link)
    for client in clients.values():
        client.close()
    return sessions[PRIYA]


def _add_version(client: httpx2.Client, address: str, version: str, number: int) -> None:
    shown = f"/models/{address}/versions/{version}" == SHOWN
    chance = random.Random(f"{address}:{version}")
    document = {"version": version, "commitSha": f"{chance.getrandbits(40):010x}"}
    known = dict(METADATA) if shown else dict(list(METADATA.items())[: 3 + number * 2])
    _send(client, "POST", f"/models/{address}/versions", json={**document, "metadata": known})
    files = f"/models/{address}/versions/{version}/artifacts"
    weights = make_safetensors(18 * MIB if shown else 200_000, chance)
    _send(client, "PUT", f"{files}/model.safetensors?type=WEIGHTS", content=weights)
    if shown:
        vocabulary = json.dumps({"features": sorted(METADATA)}, indent=2).encode()
        _send(client, "PUT", f"{files}/features.json?type=CONFIG", content=vocabulary)


def make_safetensors(size_bytes: int, chance: random.Random) -> bytes:
    """A valid safetensors file of one tensor."""
    header = json.dumps({"trees": {"dtype": "U8", "shape": [size_bytes], "data_offsets": [0, size_bytes]}}).encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + chance.randbytes(size_bytes)


def _accept(url: str, link: str, name: str) -> str:
    """Accept an invitation as a browser does. Returns the session."""
    headers = {"origin": url, "sec-fetch-site": "same-origin"}
    with httpx2.Client(headers=headers, timeout=60) as browser:
        token = re.search(r'name="csrf_token" value="(\w+)"', browser.get(link).text)
        if token is None:
            raise RuntimeError("The invitation's page has no form.")
        sent = {"csrf_token": token[1], "name": name, "passphrase": PASSPHRASE}
        browser.post(link, data=sent)
        return str(browser.cookies["mk-session"])


def _send(client: httpx2.Client, method: str, path: str, **body: Any) -> None:
    answer = client.request(method, path, **body)
    if answer.is_error:
        raise RuntimeError(f"{method} {path}: {answer.text}")
