"""Strings that break programs, through every text field: kept to the letter, or refused with the field named."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from modelkeep_server.rules.fields import FIELDS, Kind
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api, Client
from tests.support.endurance import Figures, sizes
from tests.support.footprint import footprint
from tests.support.make import Make
from tests.support.naughty import STRINGS
from tests.support.problems import fields_at_fault
from tests.support.registries import Registry

TEXTS = [row for row in FIELDS if row.kind in (Kind.LINE, Kind.TEXT)]
#: Fields with a strict form: nearly every one of the strings is refused there.
STRICT_OF_MODEL = ("name", "group", "owners", "documentationUrl", "repositoryUrl", "tags")
STRICT_OF_VERSION = ("version", "commitSha")
#: How many of the strings go into versions of one model.
FEW = 20
FREE_OF_MODEL = ("description", "riskRationale")


def good_model(group: str, number: int) -> dict[str, Any]:
    """A model in which nothing is wrong."""
    return {"group": group, "name": f"n{number}", "description": "d", "owners": ["a@b.co"], "riskTier": "LOW"}


def version_with(number: int, text: str, fields: set[str]) -> dict[str, Any]:
    """A version as sent, with the text in each of the fields named, as errors name them."""
    metadata: dict[str, Any] = {"card": {}}
    for row in TEXTS:
        if f"metadata.{row.path}" in fields:
            (metadata["card"] if row.card else metadata)[row.key] = text
    whole: dict[str, Any] = {
        "custom": {"kept": [text], text: 1}, "hyperparameters": {text: text}, "inputSchema": {"title": text},
        "trainingDataset": {"name": text, "version": text, "uri": text}, "baseModel": {"uri": text},
    }  # fmt: skip
    metadata |= {key: value for key, value in whole.items() if f"metadata.{key}" in fields}
    plain = {key: text for key in ("description", "trainingJobId") if key in fields}
    return {"version": f"1.{number}.0", "metadata": metadata, **plain}


FREE_OF_VERSION = {
    *(f"metadata.{row.path}" for row in TEXTS), "description", "trainingJobId", "metadata.custom",
    "metadata.hyperparameters", "metadata.inputSchema", "metadata.trainingDataset", "metadata.baseModel",
}  # fmt: skip


def post(client: Client, path: str, body: Any) -> Any:
    """Post JSON in which everything beyond ASCII is escaped, so that halves of characters can be sent as well."""
    return client.post(path, content=json.dumps(body).encode(), headers={"content-type": "application/json"})


def send_what_is_taken(
    client: Client, path: str, fields: set[str], body_of: Callable[[set[str]], dict[str, Any]]
) -> set[str]:
    """Leave out the fields that are refused until the rest is taken, and give back those that were."""
    answer = post(client, path, body_of(fields))
    while answer.status_code == 422 and fields_at_fault(answer) & fields:
        fields = fields - fields_at_fault(answer)
        answer = post(client, path, body_of(fields))
    assert answer.status_code == 201, answer.text
    return fields


def pages_of(client: Client, path: str, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every item of a list."""
    cursor: dict[str, Any] = {}
    while True:
        page = client.get(path, params={**params, **cursor, "limit": 200}).json()
        yield from page["items"]
        if page["nextCursor"] is None:
            return
        cursor = {"cursor": page["nextCursor"]}


@pytest.mark.parametrize("every", sizes(small=4, full=1))
def test_each_string_is_kept_to_the_letter_or_refused_by_name(
    registry: Registry, make: Make, api: Api, every: int, figures: Figures
) -> None:
    """In the free texts of models and versions: what is taken comes back as it was sent, the rest names its field."""
    strings = STRINGS if registry.kind == "sqlite" else STRINGS[::every]
    owner, group = make.owner(), make.group()
    client = api.as_(owner)
    # The more versions a model has, the longer takes what each of them changes of it.
    places = [f"/api/v1/models/{make.model(owner).address}/versions" for _ in strings[::FEW]]
    sent: dict[str, dict[str, Any]] = {}

    for number, text in enumerate(strings):

        def model_of(fields: set[str], text: str = text, number: int = number) -> dict[str, Any]:
            return {**good_model(group, number), **dict.fromkeys(fields, text)}

        def version_of(fields: set[str], text: str = text, number: int = number) -> dict[str, Any]:
            return version_with(number, text, fields)

        for path, every_field, body_of in (
            ("/api/v1/models", FREE_OF_MODEL, model_of), (places[number // FEW], FREE_OF_VERSION, version_of),
        ):  # fmt: skip
            fields = send_what_is_taken(client, path, set(every_field), body_of)
            sent[f"n{number}" if body_of is model_of else f"1.{number}.0"] = body_of(fields)

    kept = {item["name"]: item for item in pages_of(client, "/api/v1/models", {"group": group})}
    kept |= {item["version"]: item for versions in places for item in pages_of(client, versions, {})}
    unlike = [
        (name, field, value, kept.get(name, {}).get(field))
        for name, fields in sent.items()
        for field, value in fields.items()
        if kept.get(name, {}).get(field) != (without_blanks(value) if field == "metadata" else value)
    ]
    figures.tell("naughty strings", len(strings))
    figures.tell("text fields that each went through", len(FREE_OF_MODEL) + len(FREE_OF_VERSION))
    figures.tell("values not kept to the letter", len(unlike), at_most=0)
    assert unlike[:20] == []


def without_blanks(metadata: dict[str, Any]) -> dict[str, Any]:
    """As metadata is kept: an empty card stays out."""
    return {key: value for key, value in metadata.items() if value != {}}


def test_strict_fields_refuse_each_string_by_name_or_keep_it(registry: Registry, make: Make, api: Api) -> None:
    """Names, numbers, addresses, tags and links: never a fault, and whatever is refused names just these fields."""
    model = make.model()
    client, group = api.as_(make.owner_of(model)), make.group()
    versions = f"/api/v1/models/{model.address}/versions"
    before = footprint(registry)
    odd: list[Any] = []
    taken = 0

    for number, text in enumerate(STRINGS if registry.kind == "sqlite" else STRINGS[::4]):
        strict = {field: [text] if field in ("owners", "tags") else text for field in STRICT_OF_MODEL}
        for path, fields, body in (
            ("/api/v1/models", set(STRICT_OF_MODEL), {**good_model(group, number), **strict}),
            (versions, set(STRICT_OF_VERSION), {"version": text, "commitSha": text}),
            (versions, {"version"}, {"version": text}),
        ):
            answer = post(client, path, body)
            if answer.status_code == 201:
                taken += 1
                odd += [(text, answer.json())] if answer.json()["version"] != text else []
            elif not {field.split(".")[0] for field in fields_at_fault(answer)} <= fields:
                odd.append((text, answer.text))

    assert odd == []
    assert taken <= 10
    assert dict(footprint(registry).rows)["models"] == dict(before.rows)["models"]


@pytest.mark.parametrize("name", ["q", "group", "tag", "owner"])
def test_each_string_can_be_searched_for(registry: Registry, make: Make, api: Api, name: str) -> None:
    """A filter finds nothing or is refused; it is never a fault and never finds what it should not."""
    make.model()
    client, mine = api.as_(make.person(Role.MODEL_OWNER)), make.group()
    params = {} if name == "group" else {"group": mine}

    answers = {
        text: client.get("/api/v1/models", params={name: text, **params}) for text in STRINGS[::4] if text.isprintable()
    }

    assert {text: answer.text for text, answer in answers.items() if answer.status_code not in (200, 422)} == {}
    assert {text for text, answer in answers.items() if answer.status_code == 200 and answer.json()["items"]} == set()
