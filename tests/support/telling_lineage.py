"""Telling the lineage of a version through its pages, and reading them."""

from typing import Any
from urllib.parse import quote

from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.lineage import ItemKind
from tests.support.clients import Api
from tests.support.make import Person
from tests.support.pages import words_of

DATASET = {"name": "churn-events", "version": "2026-02", "uri": "s3://data/churn/2026-02/", "role": "TRAINING"}
FILLED: dict[ItemKind, dict[str, str]] = {
    ItemKind.DATASET: {**DATASET, "sha256": "ab" * 32, "sizeBytes": "2048", "personalData": "YES"},
    ItemKind.FEATURE_PIPELINE: {"name": "text-normaliser", "uri": "airflow://features/text", "commitSha": "8c41f0e1"},
    ItemKind.COMMIT: {"repositoryUrl": "https://git.company.com/churn", "commitSha": "7be41c9aa"},
    ItemKind.TRAINING_SCRIPT: {"name": "train.py", "uri": "git+https://git.company.com/churn/train.py"},
    ItemKind.PREPROCESSING: {"name": "prepare.py", "uri": "jobs/prepare.py"},
    ItemKind.BASE_MODEL: {"uri": "hf:xlm/base-multilingual"},
    ItemKind.TRAINING_RUN: {"system": "mlflow", "runId": "sent-1187", "url": "https://mlflow.company.com/sent-1187"},
    ItemKind.CONSUMER: {"name": "Help desk", "url": "https://help.company.com"},
}
#: How each of them is called in the graph and in the list of what was told.
CALLED = {
    ItemKind.FEATURE_PIPELINE: "text-normaliser",
    ItemKind.COMMIT: "7be41c9aa",
    ItemKind.TRAINING_SCRIPT: "train.py",
    ItemKind.PREPROCESSING: "prepare.py",
    ItemKind.BASE_MODEL: "hf:xlm/base-multilingual",
    ItemKind.TRAINING_RUN: "mlflow/sent-1187",
    ItemKind.CONSUMER: "Help desk",
}


def name_dataset(version: Version) -> str:
    """A dataset that no other test tells of."""
    return f"events-{version.model.partition('/')[0]}"


def node_of(version: Version) -> str:
    """The node of that dataset, as an address has it."""
    return quote(f"dataset:{name_dataset(version)}@2026-02", safe="")


def call(version: Version, kind: ItemKind) -> str:
    """What the default of a kind is called, told of this version."""
    return f"{name_dataset(version)} 2026-02" if kind is ItemKind.DATASET else CALLED[kind]


def tab_of(version: Version) -> str:
    """The address of a version's Lineage tab."""
    return f"/models/{version.model}/versions/{version.version}/lineage"


def box_of(page: str) -> str:
    """The words of the graph or table itself, with its tools."""
    picture = page.partition('id="picture"')[2].partition('id="chosen"')[0]
    return words_of(f"<main{picture}</main>")


def tell(api: Api, person: Person, of: Version, kind: ItemKind = ItemKind.DATASET, /, **typed: str) -> Any:
    """Send the form of a kind."""
    filled = {**FILLED[kind], "name": name_dataset(of)} if kind is ItemKind.DATASET else FILLED[kind]
    return api.browser(person).submit(f"{tab_of(of)}/new?kind={kind}", typed or filled)
