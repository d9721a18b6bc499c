"""Without its event nothing happens: where the log cannot be written, no act is done and no byte is served."""

from collections.abc import Callable
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

from modelkeep_server.features.artifacts.uploading import sweeping
from modelkeep_server.kit.merkle import Frontier
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.footprint import Footprint, stored_files
from tests.support.make import Make
from tests.support.registries import Registry

BREAK = {
    "events gone": "ALTER TABLE audit_events RENAME TO audit_events_gone",
    "leaves gone": "ALTER TABLE audit_leaves RENAME TO audit_leaves_gone",
    "head gone": "ALTER TABLE audit_head RENAME TO audit_head_gone",
    "texts gone": "ALTER TABLE audit_texts RENAME TO audit_texts_gone",
    "a place taken": "UPDATE audit_head SET size = 0, frontier = :nothing",
}


class Scene:
    """A person with a version, a file and a link, in a registry whose log is about to break."""

    def __init__(self, registry: Registry, portal: BlockingPortal) -> None:
        self.make, self.api = Make(registry), Api(registry, portal)
        self.owner = self.make.person(Role.MODEL_OWNER, Role.ADMIN, Role.AUDITOR)
        self.version = self.make.version(owner=self.owner)
        self.make.file(self.version)
        self.token, self.browser = self.api.as_(self.owner), self.api.browser(self.owner)
        self.stranger = self.api.browser_of("")
        self.base = f"/api/v1/models/{self.version.model}/versions"
        self.link = self.token.post(f"{self.base}/1.0.0/artifacts/model.safetensors/links", json={}).json()["url"]


ACTS: dict[str, Callable[[Scene], Any]] = {
    "model": lambda s: s.token.post(
        "/api/v1/models",
        json={"group": "g", "name": "m", "description": "d", "owners": ["a@b.co"], "riskTier": "LOW"},
    ),
    "version": lambda s: s.token.post(s.base, json={"version": "2.0.0"}),
    "upload": lambda s: s.token.put(f"{s.base}/1.0.0/artifacts/b.bin?type=CONFIG", content=b"b" * 100_000),
    "link": lambda s: s.token.post(f"{s.base}/1.0.0/artifacts/model.safetensors/links", json={}),
    "download": lambda s: s.api.anonymous.get(s.link),
    "token": lambda s: s.browser.call("POST", "/api/v1/tokens", json={"name": "t"}),
    "refusal": lambda s: s.token.post("/api/v1/tokens", json={"name": "t"}),
    "forgery": lambda s: s.browser.post("/logout", headers={"sec-fetch-site": "cross-site"}),
    "failed sign-in": lambda s: s.stranger.submit("/login", {"email": "a@b.co", "passphrase": "wrong"}),
    "export": lambda s: s.token.get("/api/v1/audit/bundle"),
    "sign out": lambda s: s.browser.submit("/logout"),
}


def rows_of(registry: Registry) -> Footprint:
    """Everything governed and every file that a row names, but not the log that is broken."""
    tables = ("models", "versions", "artifacts", "blobs", "links", "tokens", "sessions", "people")
    counts = tuple((table, registry.look(f"SELECT count(*) AS n FROM {table}")[0].n) for table in tables)
    # Where a commit's fate is unknown, sealed bytes stay until the next start sweeps what nothing names.
    with registry.reading() as work:
        sweeping.sweep_orphans(work)
    ended = registry.look("SELECT count(*) AS n FROM sessions WHERE ended_at IS NOT NULL")[0].n
    return Footprint(0, (*counts, ("ended", ended)), len(stored_files(registry)))


@pytest.mark.parametrize("how", BREAK)
def test_where_the_log_cannot_be_written_nothing_happens(
    fresh_registry: Registry, portal: BlockingPortal, how: str
) -> None:
    """Every act fails with a 5xx, leaves no row and no file, and serves not one byte of a model."""
    scene = Scene(fresh_registry, portal)
    before = rows_of(fresh_registry)
    values = {"nothing": Frontier().to_bytes()} if ":nothing" in BREAK[how] else {}
    fresh_registry.tamper(BREAK[how], **values)
    outcomes = {}

    for name, act in ACTS.items():
        answer = act(scene)
        outcomes[name] = (answer.status_code >= 500, b"embedding.weight" in answer.content)

    assert outcomes == dict.fromkeys(ACTS, (True, False))
    assert rows_of(fresh_registry) == before


def test_reading_goes_on_where_the_log_cannot_be_written(fresh_registry: Registry, portal: BlockingPortal) -> None:
    """Looking at models needs no event, so people can still look."""
    scene = Scene(fresh_registry, portal)
    fresh_registry.tamper(BREAK["events gone"])

    answers = [scene.token.get(path) for path in (f"/api/v1/models/{scene.version.model}", f"{scene.base}/1.0.0")]

    assert [answer.status_code for answer in answers] == [200, 200]
