"""Versions made from each other, for tests of the lineage graph through the API."""

import secrets
from typing import Any

from modelkeep_server.features.versions.views import Version
from tests.support.clients import Client
from tests.support.make import Make, Person

GRAPH, IMPACT, NODES, TELL = (f"/api/v1/lineage/{part}" for part in ("graph", "impact", "nodes", "tell"))


def made_from(make: Make, owner: Person, dataset: str = "", base: Version | None = None, **more: Any) -> Version:
    """A version of a new model, made from a dataset `name@version`, or from another version."""
    metadata: dict[str, Any] = {}
    if dataset:
        name, _, version = dataset.partition("@")
        metadata["trainingDataset"] = {"name": name, "version": version, "uri": f"s3://data/{name}"}
    if base is not None:
        metadata["baseModel"] = {"model": base.model, "version": base.version}
    return make.version(make.model(owner, **more), metadata=metadata)


def fresh(name: str) -> str:
    """A name that no other test uses."""
    return f"{name}-{secrets.token_hex(4)}"


def node_of(version: Version) -> str:
    """The id of a version's node."""
    return f"version:{version.model}/{version.version}"


def reached_from(client: Client, node: str) -> list[str]:
    """The versions that a change of a node reaches, by their addresses."""
    answer = client.get(IMPACT, params={"node": node})
    assert answer.status_code == 200, answer.text
    return [f"{item['model']}:{item['version']}" for item in answer.json()["items"]]
