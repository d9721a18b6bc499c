"""What the log holds of downloads: facts, not what visitors wrote; and always an end."""

import json
from functools import partial
from urllib.parse import urlsplit

from anyio.from_thread import BlockingPortal

from tests.support.clients import Api
from tests.support.knocking import knock
from tests.support.make import Make
from tests.support.registries import Registry


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
    assert [(event.after or {})["range"] for event in events] == ["all", "all", f"bytes={size - 10}-{size - 1}", "all"]
    assert "ada@example.com" not in json.dumps([event.raw for event in events])


def test_a_download_ends_on_record_though_the_visitors_token_ended_meanwhile(
    registry: Registry, portal: BlockingPortal, api: Api, make: Make
) -> None:
    """The end is noted by the registry itself, so that revoking one's token under way hides nothing."""
    version = make.version()
    artifact = make.file(version)
    owner, visitor = make.owner_of(version), make.person()
    url = api.as_(owner).post(f"/api/v1/models/{version.model}/versions/1.0.0/artifacts/{artifact.path}/links").json()
    headers = [("authorization", f"Bearer {visitor.token}")]

    def revoke() -> None:
        registry.tamper("UPDATE tokens SET revoked_at = created_at WHERE id = :id", id=visitor.actor.credential_id)

    told = portal.call(
        partial(knock, registry.app, "GET", urlsplit(url["url"]).path, headers, chunks=[b""], on_start=revoke)
    )

    assert (told.status, len(told.body)) == (200, artifact.size_bytes)
    (end,) = make.events(artifact.id, "artifact.download_end")
    assert end.after == {"sentBytes": artifact.size_bytes, "whole": True}
