"""A whole registry whose files lie in a bucket of S3: up, down, tampered with, cut off, backed up and restored."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from anyio.from_thread import BlockingPortal

from modelkeep_server.adapters.blobs import open_blobs
from modelkeep_server.features.artifacts import damage
from modelkeep_server.operate import backing_up, restoring
from modelkeep_server.operate.restoring import Wishes
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.registries import Registries, Registry, make_settings, opened
from tests.support.running import running_registry
from tests.support.s3 import S3Server
from tests.support.safetensors import make_safetensors

MIB = 2**20
PLACE = "registry/one"


@pytest.fixture
def on_s3(registries: Registries, s3: S3Server, tmp_path: Path) -> Iterator[Registry]:
    """An empty registry on SQLite whose files go to S3."""
    with registries.template("sqlite").copied(tmp_path / "one", {"storage_url": s3.url(PLACE)}) as registry:
        yield registry


def test_files_live_in_s3_and_survive_backup_and_restore(
    on_s3: Registry, s3: S3Server, tmp_path: Path, portal: BlockingPortal
) -> None:
    """Up and down by ranges; cut, changed and swapped objects are refused; a backup brings all to another place."""
    make, api = Make(on_s3), Api(on_s3, portal)
    version = make.version()
    content = make.safetensors(17 * MIB)
    store = open_blobs(s3.url(PLACE))
    make.file(version, content=content)
    large = set(store.list_keys())
    make.file(version, path="small.safetensors")
    (small,) = set(store.list_keys()) - large
    client = api.as_(make.owner_of(version))
    at = f"/api/v1/models/{version.model}/versions/1.0.0/artifacts"
    url = client.post(f"{at}/model.safetensors/links").json()["url"]
    short = client.post(f"{at}/small.safetensors/links").json()["url"]

    whole = api.anonymous.get(url).content
    part = api.anonymous.get(url, headers={"range": f"bytes={16 * MIB - 5}-{16 * MIB + 4}"})
    made = backing_up.back_up(on_s3.house, {"to": str(tmp_path / "b.tar")}, lambda _: None)
    sealed = store.read(small, 0, MIB)
    refused = []
    for harm in (sealed[:-1], sealed[:500] + b"\0" + sealed[501:], store.read(min(large), 0, len(sealed))):
        store.put(small, [harm])
        refused.append(api.anonymous.get(short).status_code)
        [(key,)] = on_s3.look("SELECT max(id) FROM blobs")
        with on_s3.writing() as work:
            damage.mend(work, key)
    store.put(small, [sealed])
    key_file = on_s3.settings.key_file
    assert key_file is not None
    settings = make_settings(tmp_path / "two", None, key_file, {"storage_url": s3.url("registry/two")})
    restored = restoring.restore(
        settings, tmp_path / "b.tar", Wishes(read_back=20, accept_findings=False), lambda _: None
    )
    with opened(settings) as again:
        elsewhere = Api(again, portal).with_token(make.owner_of(version).token)
        brought = elsewhere.get(elsewhere.post(f"{at}/model.safetensors/links").json()["url"]).content

    assert (len(large), s3.half_done("registry")) == (2, [])
    assert (whole, part.status_code, part.content) == (content, 206, content[16 * MIB - 5 : 16 * MIB + 5])
    assert refused == [409, 409, 409]
    assert (made["files"], made["missing"], restored.files.read, list(restored.files.broken)) == (3, [], 2, [])
    assert brought == content


def test_s3_may_go_away_in_the_middle_and_come_back(s3: S3Server, tmp_path: Path) -> None:
    """An upload and a download are told 503 and when to try again; nothing is half there; later both work."""
    content = make_safetensors(24 * MIB)
    with running_registry(tmp_path, MODELKEEP_STORAGE_URL=s3.url("registry/three")) as running:
        headers = {"authorization": f"Bearer {running.token('kim@company.com', 'MODEL_OWNER')}"}
        with httpx2.Client(base_url=running.url, headers=headers, timeout=120) as client:
            body = {"name": "m", "group": "g", "description": "d", "owners": ["kim@company.com"], "riskTier": "LOW"}
            client.post("/api/v1/models", json=body).raise_for_status()
            client.post("/api/v1/models/g/m/versions", json={"version": "1.0.0"}).raise_for_status()
            at = "/api/v1/models/g/m/versions/1.0.0/artifacts"

            with away(s3, after_bytes=9 * MIB):
                cut = client.put(f"{at}/w.safetensors?type=WEIGHTS", content=content)
                listed = client.get(at).json()["items"]
            sent = client.put(f"{at}/w.safetensors?type=WEIGHTS", content=content)
            link = client.post(f"{at}/w.safetensors/links").json()["url"]
            with away(s3):
                down = client.get(link)
                readable = client.get("/api/v1/models/g/m").status_code
                storage = {c["id"]: c["status"] for c in client.get("/api/v1/status").json()["components"]}["STORAGE"]
            with client.stream("GET", link) as answer, away(s3), pytest.raises(httpx2.TransportError):
                for _ in answer.iter_bytes():
                    pass
            back = client.get(link)

    assert (cut.status_code, cut.json()["code"], cut.headers["retry-after"], listed) == (503, "unavailable", "10", [])
    assert sent.status_code == 201
    assert (down.status_code, down.headers["retry-after"], readable, storage) == (503, "10", 200, "DOWN")
    assert (back.status_code, back.content == content) == (200, True)


@contextlib.contextmanager
def away(s3: S3Server, after_bytes: int = 0) -> Iterator[None]:
    """The server cannot be reached, at once or once so many bytes more were sent to it."""
    s3.relay.cut(after_bytes)
    try:
        yield
    finally:
        s3.relay.cut()
        s3.relay.mend()
