"""Stored bytes that were changed behind the registry's back: never served, noticed once, and mendable."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from modelkeep_server.features.artifacts import downloads, queries, service
from modelkeep_server.features.artifacts.intake import Received
from modelkeep_server.features.artifacts.service import NewFile
from modelkeep_server.features.versions.views import Version
from tests.support.clients import Api
from tests.support.endurance import Figures, sizes
from tests.support.footprint import stored_files
from tests.support.make import Make
from tests.support.problems import refusal
from tests.support.registries import BASE_URL, Registry


def copies_of(registry: Registry, make: Make, version: Version, count: int) -> list[str]:
    """A link to each of `count` files that share one stored blob."""
    owner = make.owner_of(version).actor
    group, _, name = version.model.partition("/")
    first = make.file(version, path="0")
    urls = []
    with registry.writing() as work:
        for number in range(1, count + 1):
            new = NewFile(group, name, version.version, str(number), "WEIGHTS")
            ticket = service.allow_upload(work, owner, new, sha256=None, size_bytes=None)
            _, needed = service.publish_upload(work, owner, ticket, Received(first.size_bytes, first.sha256, ()), None)
            assert not needed
            link = downloads.mint_link(work, owner, group, name, version.version, str(number), purpose=None)
            urls.append(BASE_URL + link.path)
    return urls


def statuses(registry: Registry, version: Version) -> list[str]:
    """The status of each file of a version."""
    with registry.reading() as work:
        page = queries.list_artifacts(work, registry.auditor, version, limit=2000)
    return [artifact.status.value for artifact in page.items]


@pytest.mark.parametrize("flips", sizes(small=300, full=1000))
def test_every_flipped_bit_is_refused(registry: Registry, make: Make, api: Api, flips: int, figures: Figures) -> None:
    """Flip any one bit of what is stored, and the file is refused, quarantined once, and not one byte is sent."""
    version = make.version()
    before = set(stored_files(registry))
    urls = copies_of(registry, make, version, flips if registry.kind == "sqlite" else flips // 10)
    (stored,) = set(stored_files(registry)) - before
    sealed = stored.read_bytes()
    chance = random.Random(7)
    client = api.anonymous
    events = make.event_count()
    answers = []

    for url in urls:
        changed = bytearray(sealed)
        changed[chance.randrange(len(sealed))] ^= 1 << chance.randrange(8)
        stored.write_bytes(changed)
        answers.append(refusal(client.get(url)))
    stored.write_bytes(sealed)

    figures.tell("bits flipped in stored files", len(urls))
    figures.tell("flipped bits not refused", len(urls) - answers.count((409, "integrity_broken")), at_most=0)
    assert answers == [(409, "integrity_broken")] * len(urls)
    assert statuses(registry, version) == ["AVAILABLE"] + ["QUARANTINED"] * len(urls)
    assert [event.action for event in make.events(since=events)] == [
        "artifact.download", "artifact.quarantine", "artifact.download_end",
    ] * len(urls)  # fmt: skip


HARMS: dict[str, Callable[[Path, Path], object]] = {
    "cut by a byte": lambda path, _: path.write_bytes(path.read_bytes()[:-1]),
    "cut to nothing": lambda path, _: path.write_bytes(b""),
    "longer by a byte": lambda path, _: path.write_bytes(path.read_bytes() + b"\0"),
    "swapped for another file": lambda path, other: path.write_bytes(other.read_bytes()),
    "removed": lambda path, _: path.unlink(),
    "a folder in its place": lambda path, _: (path.unlink(), path.mkdir()),
    "plain bytes in its place": lambda path, _: path.write_bytes(b"plain" * 300),
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_stored_file_that_was_harmed_is_refused_and_quarantined_once(
    registry: Registry, make: Make, api: Api, harm: str
) -> None:
    """Cut, lengthened, swapped, replaced or removed: 409 now and later, quarantined by one event, no new links."""
    version = make.version()
    before = set(stored_files(registry))
    make.file(version, content=make.safetensors(1000, seed=1))
    (stored,) = set(stored_files(registry)) - before
    make.file(make.version(), content=make.safetensors(1000, seed=2))
    (other,) = set(stored_files(registry)) - before - {stored}
    links = f"/api/v1/models/{version.model}/versions/1.0.0/artifacts/model.safetensors/links"
    client = api.as_(make.owner_of(version))
    url = client.post(links).json()["url"]
    events = make.event_count()

    HARMS[harm](stored, other)
    answers = [refusal(api.anonymous.get(url)) for _ in range(3)]

    assert answers == [(409, "integrity_broken")] * 3
    assert refusal(client.post(links)) == (409, "integrity_broken")
    assert statuses(registry, version) == ["QUARANTINED"]
    noted = make.events(since=events)
    assert [event.action for event in noted].count("artifact.quarantine") == 1
    quarantine = next(event for event in noted if event.action == "artifact.quarantine")
    assert (quarantine.actor.id, quarantine.rule) == ("modelkeep", "integrity_broken")


def test_a_quarantined_file_can_be_uploaded_again(registry: Registry, make: Make, api: Api) -> None:
    """As the refusal advises: the same bytes sent anew stand in place of the harmed ones, in every version."""
    model = make.model()
    version, following = make.version(model), make.version(model, version="2.0.0")
    before = set(stored_files(registry))
    content = make.safetensors(1000, seed=3)
    make.file(version, content=content)
    (stored,) = set(stored_files(registry)) - before
    client = api.as_(make.owner_of(version))
    base = f"/api/v1/models/{model.address}/versions"
    first = client.post(f"{base}/1.0.0/artifacts/model.safetensors/links").json()["url"]
    stored.write_bytes(b"harm")
    api.anonymous.get(first)

    make.file(following, make.owner_of(version), content=content)

    again = client.post(f"{base}/2.0.0/artifacts/model.safetensors/links").json()["url"]
    assert api.anonymous.get(again).content == content
    assert statuses(registry, version) == ["AVAILABLE"]
    assert api.anonymous.get(first).content == content


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_bytes_harmed_far_into_a_file_break_the_download_off(registry: Registry, make: Make, api: Api) -> None:
    """What was sent before the harmed place is right, the rest never leaves, and the file is quarantined."""
    version = make.version()
    before = set(stored_files(registry))
    content = make.safetensors(4_000_000)
    make.file(version, content=content)
    (stored,) = set(stored_files(registry)) - before
    links = f"/api/v1/models/{version.model}/versions/1.0.0/artifacts/model.safetensors/links"
    url = api.as_(make.owner_of(version)).post(links).json()["url"]
    sealed = bytearray(stored.read_bytes())
    sealed[3_000_000] ^= 1
    stored.write_bytes(sealed)
    received = b""

    with api.anonymous.stream("GET", url) as answer:
        for run in answer.iter_bytes():
            received += run

    assert len(received) < len(content)
    assert content.startswith(received)
    assert statuses(registry, version) == ["QUARANTINED"]
