"""Names of files: what climbs, hides or means something to a system is refused; what people write is kept."""

import json
from base64 import b64encode
from urllib.parse import quote, unquote_to_bytes

import pytest
from anyio.from_thread import BlockingPortal

from modelkeep_server.features.versions.views import Version
from tests.support.addresses import files_of
from tests.support.clients import Api
from tests.support.footprint import footprint
from tests.support.make import Make
from tests.support.naughty import STRINGS
from tests.support.registries import BASE_URL, Registry
from tests.support.safetensors import exactly
from tests.support.tus import BODY, UPLOADS, metadata
from tests.support.wire import send

#: As decoded; they are sent percent-encoded to the last character.
UNSAFE = [
    "..", ".", "../a", "../../etc/passwd", "a/../b", "a/..", "a/./b", "./a", "a/.", "/a", "//a", "a//b", "a/", "/",
    "/etc/passwd", "..\\a", "a\\b", "\\\\host\\share", "C:\\a", "C:a", "C:/a", "file:///a", "a:b", "a:$DATA", "a\n",
    "a\r\nb", "\ta", "a\x1b[0m", "a\x7f", "a\x85b", "a\u2028b", "a\u202egpj.exe", "\u2066a", "\ufeffa", "con",
    "CON", "con.txt", "a/NUL", "nul.tar.gz", "AUX", "prn.json", "com1", "COM9.bin", "LPT1", "lpt¹", "conin$",
    "CONOUT$", "a.", "a..", "a/b.", "a./b", " a", "a ", "a /b", "a/ b", " ", "   ", "a*b", "a?b", 'a"b', "a<b",
    "a>b", "a|b", "x" * 256, "é" * 128, "😀" * 64, "a/" * 127 + "bb", "e\u0301.bin", "A\u030a", "\u212b", "...",
    "a/...", "..\u202e/a", "\u3000/..",
]  # fmt: skip
#: As they stand on the wire.
UNSAFE_ENCODED = [
    "../a", "../../../../a", "a/../../b", "..%2fa", "..%2Fa", "%2e%2e/a", "%2e%2e%2fa", "%2E%2E%2F%2E%2E%2Fa", ".%2e/a",
    "..%5ca", "%2e%2e%5ca", "..%00/a", "a%00.json", "%00", "a%0a", "a%0d%0aX-Evil:1", "%2fa", "%2f%2fa", "a%2f%2fb", "",
    "a%2f", "a%5c..%5cb", "%c0%ae%c0%ae/a%7c", "%E2%80%AE", "./a", "a/.", "%20", "%ff%fe*",
]  # fmt: skip
SAFE = [
    "model.safetensors", "tokenizer/vocab.json", "a", "a.b.c", ".gitattributes", "-a", "~a", "a b.bin",
    "naïve.json", "模型.bin", "😀.safetensors", "👩‍👩‍👧/家族.json", "a'b", "a;b", "a&b=c", "a#b", "a%b", "%2e%2e%2fa",
    "a+b", "a@b", "a!b", "a,b", "[a]", "{a}", "a$b", "a^b", "a`b", "x" * 255, "a/b/c/d/e/f/g/h", "links", "a/links",
    "console.txt", "com10", "nula", "..a", "a..b", "…", "שלום.bin",
]  # fmt: skip


@pytest.fixture
def version(make: Make) -> Version:
    """A version with one file, `first.json`."""
    made = make.version()
    make.file(made, path="first.json", content=b"{}", type="CONFIG")
    return made


def test_unsafe_names_are_refused_and_leave_nothing(
    registry: Registry, make: Make, portal: BlockingPortal, version: Version
) -> None:
    """Names that climb, hide, or that some system takes for another are refused before the body is read."""
    owner = make.owner_of(version)
    before = footprint(registry)
    around = sorted(path.name for path in registry.settings.data_dir.parent.iterdir())
    misses = []

    for encoded in [*(quote(name, safe="") for name in UNSAFE), *UNSAFE_ENCODED]:
        target = f"{files_of(version)}/{encoded}?type=CONFIG"
        told = send(portal, registry.app, "PUT", target, person=owner, chunks=[b"{}"])
        if told.status not in (400, 404, 422) or b'"code"' not in told.body or told.reads:
            misses.append((encoded, told))

    assert misses == []
    assert footprint(registry) == before
    assert sorted(path.name for path in registry.settings.data_dir.parent.iterdir()) == around


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_names_in_the_metadata_of_uploads_are_judged_alike(
    registry: Registry, make: Make, api: Api, version: Version
) -> None:
    """Two hundred names, well-formed or not: named as the fault, or kept to the letter; nothing stands elsewhere."""
    client = api.as_(make.owner_of(version))
    before = footprint(registry)
    around = sorted(path.name for path in registry.settings.data_dir.parent.iterdir())
    unsafe = [
        *(name.encode() for name in UNSAFE),
        *(unquote_to_bytes(name) for name in UNSAFE_ENCODED),
        b"\xed\xa0\x80",
    ]
    odd = [name.encode("utf-8", "surrogatepass") for name in STRINGS[::5]]
    told = metadata(model=version.model, version=version.version, type="CONFIG")
    answers = {}

    for name in dict.fromkeys([*unsafe, *odd]):
        headers = {**BODY, "upload-length": "2", "upload-metadata": f"{told},path {b64encode(name).decode()}"}
        answers[name] = client.post(UPLOADS, headers=headers, content=b"{}")
    kept = [row["path"].encode() for row in client.get(files_of(version), params={"limit": 200}).json()["items"]]

    assert [name for name in unsafe if answers[name].status_code != 422] == []
    for name, answer in answers.items():
        fields = [row["field"] for row in answer.json()["errors"]] if answer.status_code == 422 else []
        assert (answer.status_code, fields) in ((201, []), (409, []), (422, ["path"])), name
        assert (answer.status_code == 201) == (name in kept)
    assert len(answers) >= 200
    assert sorted(path.name for path in registry.settings.data_dir.parent.iterdir()) == around
    # They all have the same two bytes, which the model stores once.
    assert footprint(registry).files == before.files


def test_an_unsafe_name_is_told_as_the_fault(
    registry: Registry, make: Make, portal: BlockingPortal, version: Version
) -> None:
    """The answer says that it is the path, and why, in words that can be acted on."""
    owner = make.owner_of(version)
    misses = []

    for name in (name for name in UNSAFE if name.isprintable()):
        target = f"{files_of(version)}/{quote(name, safe='')}?type=CONFIG"
        told = send(portal, registry.app, "PUT", target, person=owner, chunks=[b"{}"])
        if told.status != 422 or [error["field"] for error in json.loads(told.body)["errors"]] != ["path"]:
            misses.append((name, told.status, told.body))

    assert misses == []


def test_what_people_write_is_kept_and_comes_back(
    registry: Registry, make: Make, api: Api, portal: BlockingPortal
) -> None:
    """Harmless names, of any script and with any emoji, are kept to the letter, and their links open them."""
    version = make.version()
    owner = make.owner_of(version)
    names = [name for name in SAFE if name != "a"]
    misses = []

    for name in names:
        is_named = name.endswith(".safetensors")
        content, kind = (exactly(200), "WEIGHTS") if is_named else (name.encode() + b"!", "CONFIG")
        target = f"{files_of(version)}/{quote(name)}"
        chunks = [content[:1], content[1:]]
        put = send(portal, registry.app, "PUT", f"{target}?type={kind}", person=owner, chunks=chunks)
        link = send(portal, registry.app, "POST", f"{target}/links", person=owner)
        url = json.loads(link.body).get("url", "").removeprefix(BASE_URL)
        opened = send(portal, registry.app, "GET", url)
        if (put.status, link.status, opened.status, opened.body) != (201, 201, 200, content):
            misses.append((name, put, link, opened))

    assert misses == []
    listed = api.as_(owner).get(files_of(version), params={"limit": 200}).json()["items"]
    assert [row["path"] for row in listed] == names


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a", "A"), ("straße.bin", "STRASSE.bin"), ("É.bin", "é.bin"), ("dir/a", "DIR/A"), ("ſ", "s"), ("İ", "i̇"),
        ("a", "a/b"), ("a/b", "a"), ("a/b/c", "A/B"), ("a/b", "A/B/c"),
    ],
)  # fmt: skip
def test_names_that_some_system_takes_for_one_clash(make: Make, api: Api, first: str, second: str) -> None:
    """Two files that differ in case only, or of which one is the folder of the other, cannot both be: 409."""
    version = make.version()
    client = api.as_(make.owner_of(version))
    client.put(f"{files_of(version)}/{quote(first)}?type=CONFIG", content=b"1")

    answer = client.put(f"{files_of(version)}/{quote(second)}?type=CONFIG", content=b"2")

    assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")


def test_names_that_differ_stand_side_by_side(make: Make, api: Api) -> None:
    """Files beside each other, in folders of similar names, do not clash."""
    version = make.version()
    client = api.as_(make.owner_of(version))
    names = ["a/b", "a/c", "ab", "a.b", "a-b/c", "a_/b", "b/a", "a/bb", "a%", "a%/b", "a_"]

    answers = {
        name: client.put(f"{files_of(version)}/{quote(name)}?type=CONFIG", content=name.encode()).status_code
        for name in names
    }

    assert answers == {name: 201 if name not in ("a%/b", "a_") else 409 for name in names}
