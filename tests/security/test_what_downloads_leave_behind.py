"""What the log holds of downloads: facts, not what visitors wrote; and always an end."""

import json
from typing import Any

import httpx2

from tests.support.clients import Api
from tests.support.door import Door, the_loop
from tests.support.make import Make
from tests.support.registries import BASE_URL, Registry


def test_a_range_header_is_not_copied_into_the_log(api: Api, make: Make) -> None:
    """It is free text of a visitor's: what it came to is noted, so that nothing personal stands in the log for ever."""
    version = make.version()
    artifact = make.file(version)
    owner = make.owner_of(version)
    url = api.as_(owner).post(f"/api/v1/models/{version.model}/versions/1.0.0/artifacts/{artifact.path}/links").json()

    for header in ("ada@example.com", "bytes=0-1,2-3", "bytes=-10", "bytes=5-1"):
        api.anonymous.get(url["url"], headers={"range": header})

    events = make.events(artifact.id, "artifact.download")
    size = artifact.size_bytes
    assert [(event.after or {})["range"] for event in events] == ["all", "all", f"bytes={size - 10}-{size - 1}"]
    assert "ada@example.com" not in json.dumps([event.raw for event in events])


def test_a_download_ends_on_record_though_the_visitors_token_ended_meanwhile(
    registry: Registry, api: Api, make: Make
) -> None:
    """The end is noted by the registry itself, so that revoking one's token under way hides nothing."""
    version = make.version()
    artifact = make.file(version)
    owner, visitor = make.owner_of(version), make.person()
    url = api.as_(owner).post(f"/api/v1/models/{version.model}/versions/1.0.0/artifacts/{artifact.path}/links").json()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def send_and_revoke(message: Any) -> None:
            if message["type"] == "http.response.start":
                registry.tamper("UPDATE tokens SET revoked_at = created_at WHERE id = :id", id=token_id)
            await send(message)

        await registry.app(scope, receive, send_and_revoke)

    token_id = visitor.actor.credential_id
    with httpx2.Client(base_url=BASE_URL, transport=Door(app, the_loop())) as client:
        answer = client.get(url["url"], headers={"authorization": f"Bearer {visitor.token}"})

    registry.tamper("UPDATE tokens SET revoked_at = NULL WHERE id = :id", id=token_id)
    assert (answer.status_code, len(answer.content)) == (200, artifact.size_bytes)
    (end,) = make.events(artifact.id, "artifact.download_end")
    assert end.after is not None
    assert (end.after["sentBytes"], end.after["whole"]) == (artifact.size_bytes, True)
