"""Names of files: what climbs, hides or means something to a system is refused; what people write is kept."""

import json
from urllib.parse import quote

import pytest
from anyio.from_thread import BlockingPortal

from tests.support.clients import Api
from tests.support.footprint import footprint
from tests.support.make import Make
from tests.support.registries import Registry
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


@pytest.mark.parametrize(
    "encoded", [*(quote(name, safe="") for name in UNSAFE), *UNSAFE_ENCODED], ids=lambda text: text[:40]
)
def test_an_unsafe_name_is_refused_and_leaves_nothing(
    registry: Registry, make: Make, portal: BlockingPortal, encoded: str
) -> None:
    """Names that climb, hide, or that some system takes for another are refused before the body is read."""
    version = make.version()
    owner = make.owner_of(version)
    make.file(version, path="first.json", content=b"{}", type="CONFIG")
    before = footprint(registry)
    around = sorted(path.name for path in registry.settings.data_dir.parent.iterdir())
    target = f"/api/v1/models/{version.model}/versions/1.0.0/artifacts/{encoded}?type=CONFIG"

    told = send(portal, registry.app, "PUT", target, person=owner, chunks=[b"{}"])

    assert told.status in (400, 404, 422), told.body
    assert b'"code"' in told.body
    assert footprint(registry) == before
    assert sorted(path.name for path in registry.settings.data_dir.parent.iterdir()) == around
    assert told.reads == 0


@pytest.mark.parametrize("name", [name for name in UNSAFE if name.isprintable()], ids=lambda text: ascii(text)[:30])
def test_an_unsafe_name_is_told_as_the_fault(
    registry: Registry, make: Make, api: Api, portal: BlockingPortal, name: str
) -> None:
    """The answer says that it is the path, and why, in words that can be acted on."""
    version = make.version()
    target = f"/api/v1/models/{version.model}/versions/1.0.0/artifacts/{quote(name, safe='')}?type=CONFIG"

    told = send(portal, registry.app, "PUT", target, person=make.owner_of(version), chunks=[b"{}"])

    assert told.status == 422, told.body
    assert b'"field":"path"' in told.body


@pytest.mark.parametrize("name", SAFE, ids=lambda text: ascii(text)[:30])
def test_what_people_write_is_kept_and_comes_back(
    registry: Registry, make: Make, api: Api, portal: BlockingPortal, name: str
) -> None:
    """A harmless name, of any script and with any emoji, is kept to the letter, and its link opens it."""
    version = make.version()
    owner = make.owner_of(version)
    base = f"/api/v1/models/{version.model}/versions/1.0.0/artifacts"

    told = send(portal, registry.app, "PUT", f"{base}/{quote(name)}?type=CONFIG", person=owner, chunks=[b"{}", b"\n"])

    assert told.status == 201, told.body
    assert [row["path"] for row in api.as_(owner).get(base).json()["items"]] == [name]
    link = send(portal, registry.app, "POST", f"{base}/{quote(name)}/links", person=owner)
    opened = api.anonymous.get(json.loads(link.body)["url"])
    assert (opened.status_code, opened.content) == (200, b"{}\n")
    assert opened.headers["content-disposition"].isascii()


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
    base = f"/api/v1/models/{version.model}/versions/1.0.0/artifacts"
    client.put(f"{base}/{quote(first)}?type=CONFIG", content=b"1")

    answer = client.put(f"{base}/{quote(second)}?type=CONFIG", content=b"2")

    assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")


def test_names_that_differ_stand_side_by_side(make: Make, api: Api) -> None:
    """Files beside each other, in folders of similar names, do not clash."""
    version = make.version()
    client = api.as_(make.owner_of(version))
    base = f"/api/v1/models/{version.model}/versions/1.0.0/artifacts"
    names = ["a/b", "a/c", "ab", "a.b", "a-b/c", "a_/b", "b/a", "a/bb", "a%", "a%/b", "a_"]

    answers = {
        name: client.put(f"{base}/{quote(name)}?type=CONFIG", content=name.encode()).status_code for name in names
    }

    assert answers == {name: 201 if name not in ("a%/b", "a_") else 409 for name in names}
