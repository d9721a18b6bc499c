"""Which files are taken: by their content, as one of the types; further formats that Admins list; images by digest."""

import json

from modelkeep_server.rules.formats import FORMATS
from modelkeep_server.rules.permissions import Role
from tests.support import model_files as files
from tests.support.addresses import file_of, files_of, route_of
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.problems import assert_problem, fields_at_fault, refusal

#: Path, type and content of a file that is refused, and what the refusal says.
REFUSED: tuple[tuple[str, str, bytes, str], ...] = (
    ("model.safetensors", "WEIGHTS", files.sklearn_pickle(), "named as Safetensors, but its content is Pickle"),
    ("config.json", "CONFIG", files.sklearn_pickle(), "Pickle"),
    ("weights.bin2", "WEIGHTS", b"\x00\x01\x02\x03" * 50, "none of the formats that a WEIGHTS file may have"),
    ("model.safetensors", "WEIGHTS", files.safetensors() + b"\x00", "none of the formats"),
    ("run", "CONFIG", b"#!/bin/sh\nid\n", "a script"),
    ("tool", "WEIGHTS", b"\x7fELF\x02\x01\x01" + bytes(80), "a Linux program"),
    ("tokenizer.json", "WEIGHTS", json.dumps(files.TOKENIZER).encode(), "Send it as TOKENIZER"),
    ("image.tar", "WEIGHTS", files.oci_image(), "Send it as CONTAINER"),
    ("notes.txt", "WEIGHTS", b"Some words.\n", "Send it as CONFIG or TOKENIZER"),
    ("model.onnx", "CONTAINER", files.onnx(), "Send it as WEIGHTS"),
)


def test_a_file_that_is_not_what_its_name_or_type_says_is_refused_with_the_list(make: Make, api: Api) -> None:
    """415 names what the content is, or that it is nothing known, says what is taken, and nothing is stored."""
    version = make.version()
    owner = api.as_(make.owner_of(version))

    answers = [
        owner.put(file_of(version, f"{path}?type={kind}"), content=content) for path, kind, content, _ in REFUSED
    ]

    assert {refusal(answer) for answer in answers} == {(415, "not_accepted")}
    for answer, (path, kind, _, says) in zip(answers, REFUSED, strict=True):
        told = answer.json()
        assert_problem(answer)
        assert says in told["detail"], path
        assert f"A {kind} file may be: " in told["remedy"]
        assert told["errors"]
    assert owner.get(files_of(version)).json()["total"] == 0


def test_every_type_takes_its_formats_and_says_so(make: Make, api: Api) -> None:
    """What the list says of a type is taken as that type, is told back by its format, and passes its own rules."""
    version = make.version()
    owner = api.as_(make.owner_of(version))
    sent = (
        ("a.gguf", "WEIGHTS", files.gguf(), "gguf"),
        ("b.txt", "WEIGHTS", files.LIGHTGBM.encode(), "lightgbm"),
        ("c.joblib", "WEIGHTS", files.joblib_file(), "joblib"),
        ("d/tokenizer.model", "TOKENIZER", files.sentencepiece(), "tokenizer-model"),
        ("MLmodel", "CONFIG", files.MLMODEL.encode(), "mlmodel"),
        ("image.tar", "CONTAINER", files.docker_archive(), "docker-archive"),
    )

    answers = [owner.put(file_of(version, f"{p}?type={k}"), content=c) for p, k, c, _ in sent]
    listed = owner.get("/api/v1/formats").json()["items"]

    assert [answer.status_code for answer in answers] == [201] * len(sent), [answer.text for answer in answers]
    assert [answer.json()["format"] for answer in answers] == [known for _, _, _, known in sent]
    assert [answer.json()["status"] for answer in answers] == ["AVAILABLE"] * len(sent)
    assert {row["name"] for row in listed} >= {known.value for known in FORMATS}


def test_an_admin_lists_a_further_format_whose_files_are_not_judged(make: Make, api: Api) -> None:
    """Its files count as UNKNOWN, by their ending and first bytes; what the rules block is never among them."""
    admin, version = api.as_(make.person(Role.ADMIN)), make.version()
    owner = api.as_(make.owner_of(version))
    name = f"coreml-{make.person().email.partition('@')[0][-6:]}"
    new = {"name": name, "label": "Core ML", "types": ["WEIGHTS"], "ending": f".{name}", "magic": "08011200"}
    fitting = bytes.fromhex("08011200") + b"\xff" * 40
    place = file_of(version, f"m.{name}?type=WEIGHTS")

    before = owner.put(place, content=fitting)
    denied = owner.post("/api/v1/formats", json=new)
    wrong = admin.post("/api/v1/formats", json={**new, "magic": "xyz", "ending": "no dot"})
    added = admin.post("/api/v1/formats", json=new)
    other = owner.put(place, content=b"\x09" + fitting)
    program = owner.put(place, content=b"\x7fELF\x02\x01\x01" + bytes(80))
    taken = owner.put(place, content=fitting)
    ended = admin.delete(f"/api/v1/formats/{name}")
    after = owner.put(file_of(version, f"n.{name}?type=WEIGHTS"), content=fitting + b"\x01")

    assert [refusal(answer) for answer in (before, other, program, after)] == [(415, "not_accepted")] * 4
    assert (denied.status_code, added.status_code, ended.status_code) == (403, 201, 204)
    assert fields_at_fault(wrong) == {"magic", "ending"}
    assert taken.status_code == 201, taken.text
    assert taken.json()["scan"]["verdict"] == "UNKNOWN"
    assert "Core ML" in taken.json()["scan"]["findings"][0]["detail"]


def test_an_image_is_referred_to_by_its_digest(make: Make, api: Api) -> None:
    """The reference is a small file like any other; without a digest it is refused with how to find one."""
    version = make.version()
    owner = api.as_(make.owner_of(version))
    images = f"{route_of(version)}/images"

    bad = [
        owner.post(images, json={"reference": text})
        for text in ("churn:latest", "registry.example.com/churn@sha256:12", "https://a.example.com/x", "a b@sha256:")
    ]
    made = owner.post(images, json={"reference": files.IMAGE})
    short = owner.post(images, json={"reference": "team/churn@sha256:" + "0" * 64, "path": "images/short.json"})

    assert [fields_at_fault(answer) for answer in bad] == [{"reference"}] * len(bad)
    assert "docker buildx imagetools inspect" in bad[0].text
    assert [answer.status_code for answer in (made, short)] == [201, 201], short.text
    told = made.json()
    assert (told["type"], told["format"], told["path"]) == ("CONTAINER", "image-reference", "churn.image.json")
    assert told["scan"]["verdict"] == "CLEAN_DATA"
