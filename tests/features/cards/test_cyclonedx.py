"""A card as a CycloneDX 1.7 bill of materials, by the official schema."""

import base64
import importlib
import json
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from typing import Any

import pytest

from modelkeep_server.features.cards.exports.cyclonedx import to_cyclonedx
from modelkeep_server.features.cards.views import Card, Table
from tests.support import cards, naughty

PUBLIC_URL = "https://models.example.com"


@pytest.fixture(scope="module")
def validator() -> Any:
    # Loading it takes seconds, of every process that collects this file.
    schema, validation = map(importlib.import_module, ("cyclonedx.schema", "cyclonedx.validation.json"))
    return validation.JsonStrictValidator(schema.SchemaVersion.V1_7)


def made(card: Card) -> dict[str, Any]:
    return json.loads(json.dumps(to_cyclonedx(card, PUBLIC_URL)))


@pytest.mark.parametrize(
    "card",
    [
        cards.make_card(), cards.empty_card(), cards.as_draft(cards.make_card()), cards.huge_card(),
        cards.spoken_in(cards.RIGHT_TO_LEFT), *map(cards.spoken_in, cards.ATTACKS),
        *map(cards.spoken_in, [text for text in naughty.STRINGS if text.isprintable()][::90]),
    ],
)  # fmt: skip
def test_it_keeps_to_the_schema(card: Card, validator: Any) -> None:
    """Whatever the card says or lacks."""
    assert validator.validate_str(json.dumps(made(card))) is None


@pytest.mark.parametrize("text", [*cards.ATTACKS, "javascript://a.example/%0aalert(1)", "data://text/html,x"])
def test_what_people_write_is_told_and_is_no_address(text: str) -> None:
    """Word for word, and no link that a reader of the document could follow into a script."""
    columns = ("Dataset", "Version", "Role", "Personal data", "Location")
    data = Table(columns, ((text, text, text, text, text),))
    card = cards.spoken_in(text)
    sections = tuple(
        replace(section, items=tuple(replace(item, value=data) if item.id == "datasets" else item
                                     for item in section.items)) for section in card.sections
    )  # fmt: skip
    document = made(replace(card, sections=sections))
    told = next(part for part in document["components"] if part["bom-ref"] == "dataset-0")

    assert told["name"] == text.strip()
    assert "contents" not in told["data"][0]
    assert {"name": "modelkeep:dataset:location", "value": text.strip()} in told["properties"]
    assert [one["url"] for one in document["metadata"]["component"]["externalReferences"]] == [
        f"{PUBLIC_URL}/models/{card.model}/versions/{card.version}/card"
    ]
    assert document["metadata"]["component"]["description"] == text


def test_a_wrong_word_would_be_found(validator: Any) -> None:
    """The schema reads the model's card: this test would fail where it did not."""
    document = made(cards.make_card())
    document["metadata"]["component"]["modelCard"]["bogus"] = 1

    assert validator.validate_str(json.dumps(document)) is not None


def test_the_model_has_its_card() -> None:
    """Architecture, data, metrics with slices and intervals, uses, limits, risks and how they are met."""
    component = made(cards.make_card())["metadata"]["component"]
    card = component["modelCard"]

    assert (component["type"], component["group"], component["name"], component["version"]) == (
        "machine-learning-model", "customer-analytics", "customer-churn-predictor", "1.2.0",
    )  # fmt: skip
    assert component["licenses"] == [{"license": {"id": "Apache-2.0"}}]
    assert component["pedigree"]["ancestors"][0]["name"] == "hf:microsoft/deberta-v3-small"
    assert card["modelParameters"]["architectureFamily"] == "Gradient-boosted trees"
    assert card["quantitativeAnalysis"]["performanceMetrics"][0] == {
        "type": "AUC", "value": "0.871", "slice": "churn-holdout 2025-12",
        "confidenceInterval": {"lowerBound": "0.866", "upperBound": "0.876"},
    }  # fmt: skip
    assert card["considerations"]["users"] == ["The retention teams in Germany, Austria and the Nordics."]
    assert card["considerations"]["ethicalConsiderations"][0]["mitigationStrategy"].startswith("Customers of fewer")
    assert card["considerations"]["fairnessAssessments"][0]["groupAtRisk"] == "18 to 24"
    assert {"name": "modelkeep:card:digest", "value": cards.DIGEST} in component["properties"]


def test_files_data_and_base_models_are_its_parts() -> None:
    """Files with their hashes, data sets as data, base models as models; the model depends on all of them."""
    document = made(cards.make_card())
    parts = {part["bom-ref"]: part for part in document["components"]}

    assert parts["file-0"]["hashes"] == [{"alg": "SHA-256", "content": cards.SHA256}]
    assert [part["name"] for part in parts.values() if part["type"] == "data"] == [
        "churn-events", "crm-profile", "churn-holdout", "churn-typos",
    ]  # fmt: skip
    assert parts["base-0"]["type"] == "machine-learning-model"
    assert parts["base-0"]["purl"] == "pkg:huggingface/microsoft/deberta-v3-small"
    assert document["dependencies"][0] == {"ref": "model", "dependsOn": list(parts)}


def test_what_data_is_for_and_how_it_is_guarded_stand_where_the_standard_asks() -> None:
    """Role and size in the description, personal data in class and sensitive data, place and hash, the rest named."""
    rows = (
        ("events", "3", "Training", "Yes", "1,204", cards.SHA256, "s3://lake/events"),
        ("profile", "", "Validation", "No", "", "", "the archive in the cellar"),
        ("odd", "1", "Test", "Unknown", "", "", ""),
    )
    columns = ("Dataset", "Version", "Role", "Personal data", "Bytes", "SHA-256", "Location")
    values = {
        "datasets": Table(columns, rows, (4,)),
        "evaluation-datasets": Table(("Dataset", "Version", "Suite"), (("odd", "1", "A"), ("held", "2", "Tabular"))),
    }
    document = made(cards.make_card(values, {}))  # fmt: skip
    events, profile, odd, held = document["components"]

    assert events["data"] == [{
        "type": "dataset", "name": "events", "contents": {"url": "s3://lake/events"}, "classification": "Personal data",
        "sensitiveData": ["Personal data"], "description": "Training data, 1,204 bytes",
    }]  # fmt: skip
    assert events["hashes"] == [{"alg": "SHA-256", "content": cards.SHA256}]
    assert {(one["name"], one["value"]) for one in events["properties"]} == {
        ("modelkeep:dataset:role", "Training"), ("modelkeep:dataset:personal-data", "Yes"),
        ("modelkeep:dataset:bytes", "1204"),
    }  # fmt: skip
    assert profile["data"][0] == {
        "type": "dataset", "name": "profile", "classification": "No personal data", "description": "Validation data",
    }  # fmt: skip
    assert {"name": "modelkeep:dataset:location", "value": "the archive in the cellar"} in profile["properties"]
    assert "classification" not in odd["data"][0]
    assert (held["name"], held["data"][0]["description"]) == ("held", "Evaluation data")
    assert [one["ref"] for one in document["metadata"]["component"]["modelCard"]["modelParameters"]["datasets"]] == [
        part["bom-ref"] for part in document["components"]
    ]


def test_what_is_demanded_of_metrics_and_what_lessens_them_is_told() -> None:
    """Thresholds with what came of them; factors among the limits, as the standard asks; who answers for it."""
    document = made(cards.make_card())
    component = document["metadata"]["component"]
    limits = component["modelCard"]["considerations"]["technicalLimitations"]
    told = [one["value"] for one in component["modelCard"]["properties"] if one["name"] == "modelkeep:threshold"]

    assert "AUC on churn-holdout 2025-12 >= 0.85: passes" in told
    assert "AUC of tenure=Under 3 months on churn-holdout 2025-12 >= 0.85: does not pass" in told
    assert any(one.startswith("Environmental factors: Scores drift") for one in limits)
    assert {"name": "data-team@company.com", "email": "data-team@company.com"} in component["authors"]
    assert document["metadata"]["authors"] == [{"name": "priya@company.com", "email": "priya@company.com"}]


@pytest.mark.parametrize("text", ["", cards.RIGHT_TO_LEFT, *cards.ATTACKS])
def test_charts_go_with_it_as_drawings_that_stand_alone(text: str) -> None:
    """SVG of shapes and words alone, whatever is written in it: no script, no style, no address of anything."""
    document = made(cards.spoken_in(text) if text else cards.make_card())
    analysis = document["metadata"]["component"]["modelCard"]["quantitativeAnalysis"]
    drawings = [base64.b64decode(one["image"]["content"]).decode() for one in analysis["graphics"]["collection"]]

    assert len(set(drawings)) == len(drawings) > 0
    for drawing in drawings:
        parts = list(ElementTree.fromstring(drawing).iter())
        names = {part.tag.removeprefix("{http://www.w3.org/2000/svg}") for part in parts}
        assert names <= {"svg", "title", "text", "line", "circle", "rect"}
        assert not {"href", "style", "onload"} & {name for part in parts for name in part.attrib}
    if not text:
        assert analysis["graphics"]["collection"][1]["name"].startswith(
            "AUC by tenure, with confidence intervals on churn"
        )
        assert "Under 3 months" in drawings[1]


def test_a_task_that_hubs_know_is_a_task() -> None:
    """Any other type of model is a family of architectures."""
    known = made(cards.make_card({**cards.FULL, "model-type": "Text classification"}, {}))["metadata"]["component"]

    assert known["modelCard"]["modelParameters"]["task"] == "text-classification"
    assert "architectureFamily" not in known["modelCard"]["modelParameters"]


def test_what_people_said_goes_with_it() -> None:
    """Annotations with who said it, of which section."""
    notes = made(cards.make_card())["annotations"]

    assert notes[0]["annotator"] == {"individual": {"name": "Amara Okafor", "email": "amara@company.com"}}
    assert notes[0]["text"].startswith("Intended Use: Accepted for retention offers")
    assert notes[2]["annotator"] == {"component": {"type": "application", "name": "service:nightly"}}


def test_the_serial_number_is_that_of_the_revision() -> None:
    """The same for the same, another for another one, and for each state of a draft."""
    card = cards.make_card()

    assert made(card) == made(card)
    numbers = {made(one)["serialNumber"] for one in (card, cards.as_draft(card), cards.empty_card())}
    assert len(numbers) == 2
    assert to_cyclonedx(card, "https://elsewhere.example")["serialNumber"] not in numbers


def test_a_license_that_spdx_does_not_know_is_named() -> None:
    """It never claims an identifier."""
    component = made(cards.make_card({**cards.FULL, "license": "Ask us first"}))["metadata"]["component"]

    assert component["licenses"] == [{"license": {"name": "Ask us first"}}]
