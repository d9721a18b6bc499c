"""Stored bytes that were changed behind the registry's back: never served, noticed once, and mendable."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from modelkeep_server.features.artifacts import damage, queries
from modelkeep_server.features.versions.views import Version
from tests.support.clients import Api
from tests.support.endurance import Figures, sizes
from tests.support.footprint import stored_files
from tests.support.make import Make
from tests.support.problems import refusal
from tests.support.registries import Registry


def statuses(registry: Registry, version: Version) -> list[str]:
    """The status of each file of a version."""
    with registry.reading() as work:
        page = queries.list_artifacts(work, registry.auditor, version, limit=2000)
    return [artifact.status.value for artifact in page.items]


HEADER_BYTES = 40


@dataclass(frozen=True)
class Stored:
    """One stored file of one part: where its bytes lie, and its row."""

    registry: Registry
    path: Path
    key: int

    def read(self, place: str) -> bytes:
        """What stands at a place: the header or the rest of the stored bytes, the wrapped key, the list of parts."""
        if place in ("header", "bytes"):
            sealed = self.path.read_bytes()
            return sealed[:HEADER_BYTES] if place == "header" else sealed[HEADER_BYTES:]
        [row] = self.registry.look("SELECT wrapped_key, parts FROM blobs WHERE id = :key", key=self.key)
        return bytes(row.wrapped_key) if place == "wrapped key" else row.parts.encode("latin-1")

    def write(self, place: str, content: bytes) -> None:
        """Put something else there, behind the registry's back."""
        if place in ("header", "bytes"):
            rest = self.read("bytes" if place == "header" else "header")
            self.path.write_bytes(content + rest if place == "header" else rest + content)
        elif place == "wrapped key":
            self.registry.tamper("UPDATE blobs SET wrapped_key = :value WHERE id = :key", value=content, key=self.key)
        else:
            text = content.decode("latin-1")
            self.registry.tamper("UPDATE blobs SET parts = :value WHERE id = :key", value=text, key=self.key)


def choose_flips(stored: Stored, count: int) -> list[tuple[str, int]]:
    """Places and bits, evenly over the four places, each bit of a place once before any comes twice."""
    chance = random.Random(7)
    chosen: list[tuple[str, int]] = []
    for place in PLACES:
        bits = list(range(len(stored.read(place)) * 8))
        wanted = count // len(PLACES)
        chosen += [(place, bit) for bit in [*chance.sample(bits, len(bits))][:wanted]]
    bits = list(range(len(stored.read("bytes")) * 8))
    return chosen + [("bytes", bit) for bit in chance.sample(bits, count - len(chosen))]


PLACES = ("header", "wrapped key", "list of parts", "bytes")


@pytest.mark.parametrize("flips", sizes(small=300, full=3000))
def test_every_flipped_bit_is_refused(registry: Registry, make: Make, api: Api, flips: int, figures: Figures) -> None:
    """Flip any one bit of stored bytes, header, wrapped key or list of parts: refused, withheld, not a byte is sent."""
    version = make.version()
    before = set(stored_files(registry))
    artifact = make.file(version, content=make.safetensors(150_000))
    (path,) = set(stored_files(registry)) - before
    with registry.reading() as work:
        stored = Stored(registry, path, queries.get_stored_file(work, artifact.key).blob_key)
    whole = {place: stored.read(place) for place in PLACES}
    links = f"/api/v1/models/{version.model}/versions/1.0.0/artifacts/model.safetensors/links"
    url = api.as_(make.owner_of(version)).post(links).json()["url"]
    events = make.event_count()
    refused: Counter[str] = Counter()
    chosen = choose_flips(stored, flips if registry.kind == "sqlite" else flips // 10)

    for place, bit in chosen:
        changed = bytearray(whole[place])
        changed[bit // 8] ^= 1 << bit % 8
        stored.write(place, bytes(changed))
        answer = refusal(api.anonymous.get(url))
        stored.write(place, whole[place])
        refused[place] += (answer, statuses(registry, version)) == ((409, "integrity"), ["QUARANTINED"])
        with registry.writing() as work:
            damage.mend(work, stored.key)

    figures.tell("bits flipped", len(chosen), at_least=3000 if registry.kind == "sqlite" else 300)
    for place in PLACES:
        count = [one for one, _ in chosen].count(place)
        figures.tell(f"bits flipped: {place}", count)
        figures.tell(f"flipped bits not refused: {place}", count - refused[place], at_most=0)
    assert refused == Counter(place for place, _ in chosen)
    assert api.anonymous.get(url).content == make.safetensors(150_000)
    noted = [event.action for event in make.events(since=events)]
    assert noted[:4] == ["artifact.download", "artifact.quarantine", "artifact.download_end", "artifact.restore"]
    assert noted.count("artifact.quarantine") == len(chosen)


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

    assert answers == [(409, "integrity")] * 3
    assert refusal(client.post(links)) == (409, "integrity")
    assert statuses(registry, version) == ["QUARANTINED"]
    noted = make.events(since=events)
    assert [event.action for event in noted].count("artifact.quarantine") == 1
    quarantine = next(event for event in noted if event.action == "artifact.quarantine")
    assert (quarantine.actor.id, quarantine.rule) == ("modelkeep", "integrity")


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
