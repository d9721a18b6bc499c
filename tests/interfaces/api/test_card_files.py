"""Files of model cards, through the API: each format, the same each time, for who may see the model."""

import hashlib
import json
from dataclasses import replace

import jsonschema_rs
import pytest
import rfc8785
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from huggingface_hub import ModelCard

from modelkeep_server.adapters.pdf.press import Press
from modelkeep_server.features.models.views import Visibility
from modelkeep_server.interfaces.card_files import FORMATS, Format
from tests.support.clients import Api
from tests.support.full_versions import card_of, make_full
from tests.support.make import Make
from tests.support.pdfs import read_pdf, squeeze, text_of
from tests.support.registries import Registry


def test_a_published_card_is_exported_in_every_format(registry: Registry, make: Make, api: Api) -> None:
    """With its media type and a name to keep it by; read by the tools that each is for; and the same bytes again."""
    full = make_full(registry, make, api)
    owner, route = api.as_(full.owner), card_of(full.version)
    owner.post(route)
    owner.put(f"{route}/annotations/factors", json={"markdown": "Seen **by us**: `x < 1`."})
    owner.post(f"{route}/publish")
    card = owner.get(route).json()
    name = f"{full.version.model.partition('/')[2]}-{full.version.version}-r1"

    for format_, row in FORMATS.items():
        answer = owner.get(route, params={"format": format_.value})
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == row.media_type
        assert answer.content == owner.get(route, params={"format": format_.value, "revision": "1"}).content
        if format_ is not Format.JSON:
            assert f'filename="{name}{row.suffix}"' in answer.headers["content-disposition"]

    pdf = owner.get(route, params={"format": "pdf"}).content
    for said in (full.version.model.partition("/")[2], card["digest"], card["checkpoint"]["root"], "by us", "x < 1"):
        assert squeeze(said) in text_of(pdf)
    readme = ModelCard(owner.get(route, params={"format": "md"}).text)
    assert readme.data.modelkeep["digest"] == card["digest"]
    assert readme.data.datasets == ["churn-events"]
    assert "Seen **by us**: `x < 1`." in readme.text
    materials = owner.get(route, params={"format": "cyclonedx"}).text
    assert JsonStrictValidator(SchemaVersion.V1_7).validate_str(materials) is None
    hashes = {part["hashes"][0]["content"] for part in json.loads(materials)["components"] if part["type"] == "file"}
    items = {item["id"]: item for section in card["sections"] for item in section["items"]}
    files = items["files"]["value"]
    assert hashes == {row[files["columns"].index("SHA-256")] for row in files["rows"]}


def test_a_card_keeps_to_the_schema_that_it_names(registry: Registry, make: Make, api: Api) -> None:
    """The schema is served for everyone who signs in; drafts and published cards, full and empty, keep to it."""
    full = make_full(registry, make, api)
    bare = make.version()
    owner = api.as_(full.owner)
    answer = owner.get("/api/v1/schemas/model-card/1")
    schema = answer.json()
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)

    assert answer.headers["content-type"] == "application/schema+json"
    told = [
        owner.post(card_of(full.version)).json(),
        owner.post(card_of(full.version, "/publish")).json(),
        api.as_(make.owner_of(bare)).post(card_of(bare)).json(),
    ]
    for card in told:
        assert card["$schema"] == schema["$id"]
        assert [error.message for error in validator.iter_errors(card)] == []


def test_whoever_has_the_json_can_check_the_digest(registry: Registry, make: Make, api: Api) -> None:
    """As the PDF says: the SHA-256 of the canonical JSON without what is told of it from outside."""
    full = make_full(registry, make, api)
    owner = api.as_(full.owner)
    owner.post(card_of(full.version))
    owner.post(card_of(full.version, "/publish"))
    card = json.loads(owner.get(card_of(full.version), params={"format": "json"}).content)

    digest = card.pop("digest")
    del card["checkpoint"], card["edition"]
    assert digest == f"sha256:{hashlib.sha256(rfc8785.dumps(card)).hexdigest()}"


def test_a_draft_is_exported_as_a_draft(make: Make, api: Api) -> None:
    """Its name and its pages say so."""
    version = make.version()
    owner = api.as_(make.owner_of(version))
    owner.post(card_of(version))
    answer = owner.get(card_of(version), params={"format": "pdf"})

    assert "-draft.pdf" in answer.headers["content-disposition"]
    assert all("draft" in page.extract_text().lower() for page in read_pdf(answer.content).pages)


@pytest.mark.parametrize("format_", list(Format))
def test_who_does_not_see_the_model_gets_no_file(make: Make, api: Api, format_: Format) -> None:
    """404, as where there is nothing."""
    version = make.version(make.model(visibility=Visibility.RESTRICTED))
    api.as_(make.owner_of(version)).post(card_of(version))

    assert api.as_(make.person()).get(card_of(version), params={"format": format_.value}).status_code == 404


def test_where_nothing_is_printed_the_card_is_there_all_the_same(
    registry: Registry, make: Make, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 that says what to do; the other formats need no printer."""
    version = make.version()
    owner = api.as_(make.owner_of(version))
    owner.post(card_of(version))
    door = registry.app.door
    monkeypatch.setattr(door, "parts", replace(door.parts, printer=Press(seconds=0.001)))

    answer = owner.get(card_of(version), params={"format": "pdf"})
    assert answer.status_code == 503
    assert "HTML" in answer.json()["remedy"]
    assert owner.get(card_of(version), params={"format": "md"}).status_code == 200


def test_an_unknown_format_says_which_there_are(make: Make, api: Api) -> None:
    """422 on the field."""
    version = make.version()
    answer = api.as_(make.owner_of(version)).get(card_of(version), params={"format": "docx"})

    assert answer.status_code == 422
    assert all(format_.value in answer.text for format_ in Format)
