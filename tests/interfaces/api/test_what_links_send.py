"""What goes over the wire when a link is opened: names, digests, what HEAD tells, and nothing without a record."""

import pytest
from anyio.from_thread import BlockingPortal
from sqlalchemy import text

from modelkeep_server.features.artifacts.downloading import downloads
from modelkeep_server.rules.permissions import Role
from tests.support.addresses import links_of
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.problems import refusal
from tests.support.registries import Registry
from tests.support.wire import send


def link(make: Make, api: Api, content: bytes) -> str:
    """A fresh link to a file of a new version, as a URL."""
    version = make.version()
    make.file(version, content=content)
    return str(api.as_(make.owner_of(version)).post(links_of(version)).json()["url"])


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("naïve.json", "filename=\"na_ve.json\"; filename*=UTF-8''na%C3%AFve.json"),
        ("a/模型.bin", "filename=\"__.bin\"; filename*=UTF-8''%E6%A8%A1%E5%9E%8B.bin"),
        ("a'b;c=d.txt", "filename=\"a'b;c=d.txt\"; filename*=UTF-8''a%27b%3Bc%3Dd.txt"),
        ("a%22b.txt", "filename=\"a_22b.txt\"; filename*=UTF-8''a%2522b.txt"),
    ],
)  # fmt: skip
def test_a_name_of_any_script_reaches_the_disk(
    registry: Registry, make: Make, portal: BlockingPortal, path: str, shown: str
) -> None:
    """Content-Disposition carries the file's own name for all browsers (RFC 6266), and nothing else."""
    version = make.version()
    owner = make.owner_of(version)
    group, _, name = version.model.partition("/")
    base = links_of(version, "X").removesuffix("X/links")
    send(portal, registry.app, "PUT", f"{base}{ascii_of(path)}?type=CONFIG", person=owner, chunks=[b"x"])
    with registry.writing() as work:
        minted = downloads.mint_link(work, owner.actor, group, name, "1.0.0", path, purpose=None)

    opened = send(portal, registry.app, "GET", minted.path)

    assert (opened.status, opened.headers["content-disposition"]) == (200, f"attachment; {shown}")


def ascii_of(path: str) -> str:
    """A path percent-encoded for the wire."""
    return "".join(
        c if (c.isalnum() and c.isascii()) or c in "/." else "".join(f"%{b:02X}" for b in c.encode()) for c in path
    )


def test_a_link_can_be_looked_at(make: Make, api: Api) -> None:
    """HEAD tells what GET would send, the whole whatever range it asks, and is no download; a link that died is 403."""
    url = link(make, api, make.safetensors())
    before = make.event_count()

    looked = api.anonymous.head(url, headers={"range": "bytes=0-9"})

    assert make.event_count() == before
    opened, part = api.anonymous.get(url), api.anonymous.get(url, headers={"range": "bytes=0-9"})
    told = ("content-length", "etag", "accept-ranges", "repr-digest", "content-digest", "content-disposition")
    assert (looked.status_code, looked.content) == (200, b"")
    assert [looked.headers[name] for name in told] == [opened.headers[name] for name in told]
    assert opened.headers["content-digest"] == opened.headers["repr-digest"] == part.headers["repr-digest"]
    assert "content-digest" not in part.headers
    assert api.anonymous.head("/d/nobody/model.safetensors").status_code == 404


def test_a_link_to_a_zip_can_be_looked_at(make: Make, api: Api) -> None:
    """HEAD tells the length and the name of a ZIP, and begins no download of it; its link names the role behind it."""
    version, sre = make.version(), make.person(Role.SRE)
    make.file(version)
    before = make.event_count()
    base = links_of(version).partition("/artifacts/")[0]

    url = api.as_(sre).post(f"{base}/bundle-links").json()["url"]
    looked = api.anonymous.head(url)

    (event,) = make.events(since=before)
    opened = api.anonymous.get(url)
    told = ("content-length", "content-type", "accept-ranges", "content-disposition")
    assert (event.action, event.role) == ("bundle.link", "SRE")
    assert (looked.status_code, looked.content) == (200, b"")
    assert [looked.headers[name] for name in told] == [opened.headers[name] for name in told]


def test_no_byte_leaves_where_the_log_cannot_be_written(registry: Registry, make: Make, api: Api) -> None:
    """The event stands before the first byte: without it the answer is 503, and holds nothing of the file."""
    url = link(make, api, content := make.safetensors())
    if registry.kind == "sqlite":
        registry.tamper("ALTER TABLE audit_leaves RENAME TO gone")
        answer = api.anonymous.get(url)
        registry.tamper("ALTER TABLE gone RENAME TO audit_leaves")
    else:
        with registry.house.database.writer.begin() as other:
            other.execute(text("SELECT 1 FROM audit_head FOR UPDATE"))
            answer = api.anonymous.get(url)

    assert refusal(answer) == (503, "unavailable" if registry.kind == "sqlite" else "contended")
    assert content[-64:] not in answer.content
    assert api.anonymous.get(url).status_code == 200
