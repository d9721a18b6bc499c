"""What files say of themselves: told, and offered for the metadata of their version, through API and pages."""

import json
from typing import Any

from modelkeep_server.features.artifacts.judging.scanning import settle_scan
from modelkeep_server.features.artifacts.queries import get_artifact, get_stored_file
from modelkeep_server.features.versions.views import Version
from modelkeep_server.inspection.report import Header, Report, Verdict
from modelkeep_server.rules.formats import Format
from modelkeep_server.rules.permissions import Role
from tests.support import model_files
from tests.support.addresses import page_of, route_of
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.pages import controls, words_of
from tests.support.registries import Registry
from tests.support.safetensors import make_safetensors


def put(api: Api, owner: Person, version: Version, path: str, content: bytes, kind: str = "WEIGHTS") -> None:
    """A file in a version."""
    answer = api.as_(owner).put(f"{route_of(version)}/artifacts/{path}?type={kind}", content=content)
    assert answer.status_code == 201, answer.text


def suggested(api: Api, person: Person, version: Version) -> dict[str, list[tuple[Any, str, bool]]]:
    """By field: each value that is offered, the file that tells it, and whether somebody has to choose."""
    answer = api.as_(person).get(f"{route_of(version)}/suggestions")
    assert answer.status_code == 200, answer.text
    told: dict[str, list[tuple[Any, str, bool]]] = {}
    for one in answer.json()["items"]:
        told.setdefault(one["field"], []).append((one["value"], one["path"], one["isConflict"]))
    return told


def test_what_a_file_says_of_itself_is_told_to_whoever_sees_the_version(make: Make, api: Api) -> None:
    """The header of a file names framework, licence and every tensor; a stranger to the model finds neither."""
    model = make.model(visibility="RESTRICTED")
    version = make.version(model)
    owner, stranger = make.owner_of(model), make.person(Role.MODEL_OWNER)
    put(api, owner, version, "deep/model.safetensors", make_safetensors(format="pt", license="MIT", note="hand-made"))
    address = f"{route_of(version)}/artifacts/deep/model.safetensors/header"

    told = api.as_(owner).get(address)

    assert told.status_code == 200, told.text
    header = told.json()
    assert (header["isRead"], header["framework"], header["license"]) == (True, "pytorch", "MIT")
    assert (header["tensorCount"], header["parameters"], header["dtypes"]) == (1, 1024, {"U8": 1})
    assert header["tensors"] == [{"name": "embedding.weight", "dtype": "U8", "shape": [1024]}]
    assert {"label": "note", "value": "hand-made"} in header["facts"]
    assert api.as_(owner).get(address.replace("deep", "shallow")).status_code == 404
    assert api.as_(stranger).get(address).status_code == 404
    assert api.as_(stranger).get(f"{route_of(version)}/suggestions").status_code == 404


def test_files_suggest_what_the_metadata_does_not_say(make: Make, api: Api) -> None:
    """
    A field that says the same is left out, one that says otherwise is a conflict, two files that disagree are both
    named, and files that agree are one suggestion. An edit takes a value over.
    """
    version = make.version(metadata={"modelType": "resnet18", "card": {"license": "mit"}})
    owner = make.owner_of(version)
    says = {"format": "pt", "framework_version": "2.7.1", "model_type": "resnet50", "license": "MIT"}
    put(api, owner, version, "a.safetensors", make_safetensors(seed=1, **says))
    put(api, owner, version, "b.safetensors", make_safetensors(seed=2, **says))

    alone = suggested(api, owner, version)

    assert alone == {
        "framework": [("pytorch", "a.safetensors", False)],
        "frameworkVersion": [("2.7.1", "a.safetensors", False)],
        "modelType": [("resnet50", "a.safetensors", True)],
    }
    put(api, owner, version, "c.safetensors", make_safetensors(seed=3, format="flax"))
    disputed = suggested(api, owner, version)
    assert disputed["framework"] == [("pytorch", "a.safetensors", True), ("jax", "c.safetensors", True)]
    assert disputed["frameworkVersion"] == [("2.7.1", "a.safetensors", True)]
    patch = {"metadata": {"framework": "PyTorch", "modelType": None}}
    api.as_(owner).patch(route_of(version), json=patch)
    assert suggested(api, owner, version) == {
        "frameworkVersion": [("2.7.1", "a.safetensors", False)],
        "modelType": [("resnet50", "a.safetensors", False)],
    }
    api.as_(owner).patch(route_of(version), json={"metadata": {"framework": "flax"}})
    assert "frameworkVersion" not in suggested(api, owner, version)


def test_a_graph_and_its_description_fill_the_schemas(make: Make, api: Api) -> None:
    """Inputs and outputs of ONNX become schemas that an edit takes; MLmodel beside it makes a conflict, named."""
    version = make.version()
    owner = make.owner_of(version)
    put(api, owner, version, "model.onnx", model_files.onnx())
    graph = suggested(api, owner, version)
    put(api, owner, version, "MLmodel", model_files.MLMODEL.encode(), "CONFIG")

    both = suggested(api, owner, version)

    ((schema, path, is_conflict),) = graph["inputSchema"]
    assert (list(schema["properties"]), path, is_conflict) == (["x"], "model.onnx", False)
    assert [(value, path) for value, path, _ in both["framework"]] == [
        ("pytorch", "model.onnx"),
        ("scikit-learn", "MLmodel"),
    ]
    assert [sorted(value["properties"]) for value, _, _ in both["inputSchema"]] == [["x"], ["age", "note"]]
    shown = words_of(api.browser(owner).get(f"{page_of(version)}/edit").text)
    assert "1 field, JSON Schema" in shown
    assert "Fill all empty fields" not in shown
    patch = {"metadata": {"inputSchema": schema, "outputSchema": graph["outputSchema"][0][0]}}
    assert api.as_(owner).patch(route_of(version), json=patch).status_code == 200
    assert {"inputSchema", "outputSchema"}.isdisjoint(suggested(api, owner, version))


def test_the_form_offers_what_files_tell_and_saves_it_only_when_sent(make: Make, api: Api) -> None:
    """
    Each value names its file; the address with `fill` draws the form with it put in and writes nothing; saving writes
    it. A conflict shows both values, and what stands in the field stays unless it is chosen.
    """
    version = make.version(metadata={"modelType": "resnet18"})
    owner, reader = make.owner_of(version), make.person(Role.MRC)
    says = {"format": "pt", "framework_version": "2.7.1", "model_type": "<b>resnet50</b>"}
    put(api, owner, version, "a-b.safetensors", make_safetensors(**says))
    browser, edit = api.browser(owner), f"{page_of(version)}/edit"

    plain = browser.get(edit)

    assert "2 fields can be filled from your files" in words_of(browser.get(page_of(version)).text)
    assert "2 fields of the metadata can be filled" in words_of(browser.get(f"{page_of(version)}/artifacts").text)
    words = words_of(plain.text)
    assert "Framework Version 2.7.1 a-b.safetensors Use" in words
    assert "resnet18 stands there now" in words
    assert "&lt;b&gt;resnet50" in plain.text
    assert "<b>resnet50" not in plain.text
    asked = f"{edit}?fill=framework&fill=modelType&fill=nonsense&fill=frameworkVersion@a-b.safetensors"
    filled = controls(browser.get(asked).text)
    assert (filled["metadata.framework"], filled["metadata.frameworkVersion"]) == ("pytorch", "2.7.1")
    assert filled["metadata.modelType"] == "resnet18"
    chosen = controls(browser.get(f"{edit}?fill=modelType@a-b.safetensors").text)
    assert chosen["metadata.modelType"] == "<b>resnet50</b>"
    assert make.events(version.id, "version.update") == []
    assert browser.submit(edit, filled).status_code == 303
    shown = api.as_(owner).get(route_of(version)).json()["metadata"]
    assert shown == {"framework": "pytorch", "frameworkVersion": "2.7.1", "modelType": "resnet18"}
    assert "can be filled from your files" not in words_of(browser.get(page_of(version)).text)
    seen = api.browser(reader).get(edit).text
    assert "From your files" in seen
    assert "data-fill=" not in seen


def test_what_typed_metadata_may_not_hold_is_not_suggested(registry: Registry, make: Make, api: Api) -> None:
    """Hostile files lead to no suggestion that an edit would refuse, whatever a reader let through, and to no error."""
    version = make.version()
    owner = make.owner_of(version)
    nasty = {
        "model_type": "x\u202eevil\u0000\u2028" + "A" * 5000,
        "license": "{{7*7}}\r\nSet-Cookie: a=b",
        "format": "../../etc",
    }
    deep: Any = {}
    for _ in range(60):
        deep = {"properties": {"x": deep}}
    config = {
        "model_type": "\u200b",
        "architectures": ["'\"><script>alert(1)</script>"],
        "hidden_size": 10**30,
        "x": deep,
    }
    put(api, owner, version, "model.safetensors", make_safetensors(**nasty))
    put(api, owner, version, "config.json", json.dumps(config).encode(), "CONFIG")

    told = suggested(api, owner, version)

    assert set(told) >= {"modelType", "card.license"}
    for field, choices in told.items():
        for value, _, _ in choices:
            holder = {"card": {field[5:]: value}} if field.startswith("card.") else {field: value}
            answer = api.as_(owner).patch(route_of(version), json={"metadata": holder})
            assert answer.status_code == 200, answer.text
    page = api.browser(owner).get(f"{page_of(version)}/edit")
    assert page.status_code == 200
    assert "<script>alert(1)" not in page.text
    unfit = Header(
        framework="two\nlines",
        framework_version="1" * 500,
        model_type="bell\a",
        license="MIT",
        input_schema={"$ref": "https://evil.example.com/schema"},
        output_schema={"type": "no such type"},
        hyperparameters={"blob": "x" * 70_000},
    )
    other = make.version()
    put(api, make.owner_of(other), other, "model.safetensors", make_safetensors(seed=9))
    with registry.writing() as work:
        file = get_stored_file(work, get_artifact(work, other, "model.safetensors").key)
        settle_scan(work, file.blob_key, Report(Format.SAFETENSORS, Verdict.CLEAN_DATA, header=unfit))
    assert suggested(api, make.owner_of(other), other) == {"card.license": [("MIT", "model.safetensors", False)]}
