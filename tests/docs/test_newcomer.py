"""
The newcomer's test: a new metadata field is one row in rules/fields.py and nothing else.

The registry runs from the sources as they are, except for one file: a copy of rules/fields.py with three rows more.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import httpx2
import pytest

import modelkeep_server
from tests.support.running import RunningRegistry, running_registry

SOURCES = Path(modelkeep_server.__file__).parent
CHANGED = Path("rules/fields.py")
ROWS = """    Field(
        "carbonFootprint",
        "Carbon Footprint",
        Kind.LINE,
        "training",
        "Kilograms of CO2 that the training took.",
        "Sustainability reports add these up.",
    ),
    Field("energySources", "Energy Sources", Kind.OBJECT, "training", "Shares of each source, as a JSON object."),
    _card("nextRetraining", "Next retraining", "The day it is due.", Kind.DATE),
)

NAME_PATTERN"""
MODEL = "climate/load-forecast"
PASSPHRASE = "a quiet harbour in march"


@dataclass(frozen=True)
class Changed:
    """The registry with the new rows: programs' client, a person's browser, and the environment of its sources."""

    running: RunningRegistry
    program: httpx2.Client
    browser: httpx2.Client
    environment: dict[str, str]

    def page(self, path: str) -> str:
        """A page as its reader sees it, entities resolved."""
        answer = self.browser.get(path)
        assert answer.status_code == 200, answer.text
        return unescape(answer.text)

    def csrf(self, path: str) -> str:
        """The token of the form on this page."""
        found = re.search(r'name="csrf_token" value="(\w+)"', self.browser.get(path).text)
        assert found is not None
        return found[1]


def overlay(folder: Path) -> Path:
    """A folder for the import path: the package as links to its files, but for the one that has changed."""
    package = folder / SOURCES.name
    (package / CHANGED.parent).mkdir(parents=True)
    for path in SOURCES.iterdir():
        if path.name not in (CHANGED.parent.name, "__pycache__"):
            (package / path.name).symlink_to(path)
    for path in (SOURCES / CHANGED.parent).iterdir():
        if path.name not in (CHANGED.name, "__pycache__"):
            (package / CHANGED.parent / path.name).symlink_to(path)
    text = (SOURCES / CHANGED).read_text("utf-8")
    assert text.count(")\n\nNAME_PATTERN") == 1
    (package / CHANGED).write_text(text.replace(")\n\nNAME_PATTERN", ROWS), "utf-8")
    return folder


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Changed]:
    """That registry, running, with a model in it and a person at a browser."""
    folder = tmp_path_factory.mktemp("newcomer")
    found_first = os.pathsep.join([str(overlay(folder / "overlay")), str(SOURCES.parent)])
    with running_registry(folder, PYTHONPATH=found_first) as running:
        token = running.token("nadia@company.com", "MODEL_OWNER")
        headers = {"authorization": f"Bearer {token}"}
        same_origin = {"origin": running.url, "sec-fetch-site": "same-origin", "accept": "text/html"}
        with (
            httpx2.Client(base_url=running.url, headers=headers) as program,
            httpx2.Client(base_url=running.url, headers=same_origin, follow_redirects=True) as browser,
        ):
            made = Changed(running, program, browser, {**os.environ, "PYTHONPATH": found_first})
            link = running.operate("admin", "invite", "nadia@company.com", "--roles", "MODEL_OWNER").strip()
            sent = {"csrf_token": made.csrf(link), "name": "Nadia Newcomer", "passphrase": PASSPHRASE}
            assert browser.post(link, data=sent).status_code == 200
            group, name = MODEL.split("/")
            body = {"group": group, "name": name, "description": "Load.", "owners": ["nadia@company.com"]}
            assert program.post("/api/v1/models", json={**body, "riskTier": "LOW"}).status_code == 201
            yield made


def test_it_is_on_the_form_and_the_form_keeps_it(changed: Changed) -> None:
    """Each new field has a control with its label and hint, and what is typed there is the version's metadata."""
    address = f"/models/{MODEL}/versions/new"
    form = changed.page(address)

    sent = {
        "csrf_token": changed.csrf(address), "version": "1.0.0", "metadata.carbonFootprint": "41 kg",
        "metadata.energySources": '{"wind": 0.8}', "metadata.card.nextRetraining": "2027-01-31",
    }  # fmt: skip
    answer = changed.browser.post(address, data=sent)

    for field in ("carbonFootprint", "energySources", "card.nextRetraining"):
        assert f'name="metadata.{field}"' in form
    assert "Carbon Footprint" in form
    assert "Kilograms of CO2 that the training took." in form
    assert answer.status_code == 200, answer.text
    kept = changed.program.get(f"/api/v1/models/{MODEL}/versions/1.0.0").json()["metadata"]
    assert kept["carbonFootprint"] == "41 kg"
    assert kept["energySources"] == {"wind": 0.8}
    assert kept["card"]["nextRetraining"] == "2027-01-31"


def test_it_is_in_the_json_and_judged_there(changed: Changed) -> None:
    """The API takes it in its place, not as an unknown key, gives it back, and refuses a value of another kind."""
    versions = f"/api/v1/models/{MODEL}/versions"
    metadata = {"carbonFootprint": "38 kg", "energySources": {"sun": 1}, "card": {"nextRetraining": "2027-02-28"}}

    made = changed.program.post(versions, json={"version": "2.0.0", "metadata": metadata})
    wrong = {"energySources": "sun", "card": {"nextRetraining": "soon"}}
    refused = changed.program.post(versions, json={"version": "2.0.1", "metadata": wrong})

    assert made.status_code == 201, made.text
    assert changed.program.get(f"{versions}/2.0.0").json()["metadata"] == metadata
    assert refused.status_code == 422
    assert "metadata.energySources" in {fault["field"] for fault in refused.json()["errors"]}


def test_it_is_in_the_description_of_the_api(changed: Changed) -> None:
    """The OpenAPI document and the API reference have it, with its hint."""
    shapes = changed.program.get("/api/v1/openapi.json").json()["components"]["schemas"]
    reference = changed.page("/api/v1/docs")

    assert "Kilograms of CO2" in shapes["Metadata"]["properties"]["carbonFootprint"]["description"]
    assert {"energySources"} <= shapes["Metadata"]["properties"].keys()
    assert {"nextRetraining"} <= shapes["CardFacts"]["properties"].keys()
    for field in ("carbonFootprint", "energySources", "card.nextRetraining"):
        assert f"<code>metadata.{field}</code>" in reference


def test_it_is_on_the_page_of_a_version(changed: Changed) -> None:
    """Label and value stand on the page."""
    metadata = {"carbonFootprint": "29 kg", "energySources": {"tide": 1}, "card": {"nextRetraining": "2027-03-31"}}
    sent = {"version": "3.0.0", "metadata": metadata}
    assert changed.program.post(f"/api/v1/models/{MODEL}/versions", json=sent).status_code == 201

    page = changed.page(f"/models/{MODEL}/versions/3.0.0")

    for words in ("Carbon Footprint", "29 kg", "Energy Sources", "tide", "Next retraining", "2027-03-31"):
        assert words in page, words


def test_completeness_asks_for_it(changed: Changed) -> None:
    """It is listed as missing, with its reason, in JSON and on the page; one without a reason is not."""
    sent = {"version": "4.0.0"}
    made = changed.program.post(f"/api/v1/models/{MODEL}/versions", json=sent).json()

    page = changed.page(f"/models/{MODEL}/versions/4.0.0")

    missing = {row["field"]: row["why"] for row in made["completeness"]["missing"]}
    assert missing["carbonFootprint"] == "Sustainability reports add these up."
    assert "energySources" not in missing
    assert "Carbon Footprint" in page
    assert "Sustainability reports add these up." in page


def test_it_is_in_the_generated_docs(changed: Changed, tmp_path: Path) -> None:
    """`make docs` writes it into the page of fields."""
    command = [sys.executable, "-m", "modelkeep_server.operate.docs", "--into", str(tmp_path)]
    subprocess.run(command, check=True, env=changed.environment, timeout=60)

    page = (tmp_path / "fields.md").read_text("utf-8")
    for field in ("carbonFootprint", "energySources", "card.nextRetraining"):
        assert f"`metadata.{field}`" in page
    assert "Sustainability reports add these up." in page
