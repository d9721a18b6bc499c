"""All files of a version as one ZIP: what is in it, who gets it, and what is on record of it."""

import hashlib
import io
import subprocess
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from modelkeep_server.features.artifacts.downloading import bundles, transfers
from modelkeep_server.features.identity.views import NOBODY
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import clock
from modelkeep_server.kit.zips import Entry, ZipFrame, measure
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import Role
from tests.support.addresses import bundle_links_of, files_of, page_of
from tests.support.clients import Api
from tests.support.endurance import Figures, sizes
from tests.support.footprint import stored_files
from tests.support.letting_in import put_into
from tests.support.make import Make, Person
from tests.support.problems import fields_at_fault, refusal
from tests.support.registries import Registry

FILES = {
    "model.safetensors": None, "tokenizer/vocab.json": b'{"a": 1}', "конфиг/設定 1.json": b'{"b": 2}',
    "SHA256SUMS": b"mine\n",
}  # fmt: skip


def fill(make: Make) -> tuple[Version, dict[str, bytes]]:
    """A version with files in folders, by names of several scripts."""
    version = make.version()
    contents = {path: content or make.safetensors(2_500_000, seed=9) for path, content in FILES.items()}
    for path, content in contents.items():
        make.file(version, path=path, content=content, type="WEIGHTS" if path.endswith("tensors") else "CONFIG")
    return version, contents


def fetch(api: Api, person: Person, version: Version, **more: Any) -> tuple[Any, Any]:
    """The link that was made, and what it opened."""
    minted = api.as_(person).post(bundle_links_of(version))
    assert minted.status_code == 201, minted.text
    return minted.json(), api.anonymous.get(minted.json()["url"], **more)


def test_all_files_come_as_one_zip(make: Make, api: Api, tmp_path: Path) -> None:
    """Folders and names are kept, its length is known before, the same version gives the same bytes, sums fit."""
    version, contents = fill(make)
    owner = make.owner_of(version)

    minted, opened = fetch(api, owner, version, headers={"range": "bytes=0-3"})
    _, again = fetch(api, owner, version)

    assert (opened.status_code, opened.headers["content-type"]) == (200, "application/zip")
    assert (minted["files"], minted["sizeBytes"]) == (len(contents), len(opened.content))
    assert (opened.headers["content-length"], opened.headers["accept-ranges"]) == (str(len(opened.content)), "none")
    assert f'filename="churn-predictor-{version.version}.zip"' in opened.headers["content-disposition"]
    assert again.content == opened.content
    archive = zipfile.ZipFile(io.BytesIO(opened.content))
    sums = archive.namelist()[0]
    assert archive.namelist() == ["2-SHA256SUMS", *sorted(contents)]
    assert {path: archive.read(path) for path in contents} == contents
    archive.extractall(tmp_path)
    subprocess.run(["sha256sum", "--strict", "-c", sums], cwd=tmp_path, check=True, capture_output=True)
    if which("unzip"):
        (tmp_path / "all.zip").write_bytes(opened.content)
        subprocess.run(["unzip", "-t", "all.zip"], cwd=tmp_path, check=True, capture_output=True)


def test_a_bundle_is_on_record_with_every_file_in_it(make: Make, api: Api) -> None:
    """The link, the beginning before the first byte, and the end with its bytes; files by id and digest."""
    version, contents = fill(make)
    owner = make.owner_of(version)
    before = make.event_count()

    _, opened = fetch(api, owner, version)

    link, begun, ended = make.events(since=before)
    assert [event.action for event in (link, begun, ended)] == ["bundle.link", "bundle.download", "bundle.download_end"]
    assert {event.object.id for event in (link, begun, ended)} == {version.id}
    assert {event.actor.email for event in (link, begun, ended)} == {owner.email}
    told = begun.after or {}
    assert {line.split()[1] for line in told["files1"]} == {
        hashlib.sha256(one).hexdigest() for one in contents.values()
    }
    assert (told["files"], told["sizeBytes"]) == (len(contents), len(opened.content))
    assert (ended.after or {})["whole"] is True
    assert (ended.after or {})["sentBytes"] == len(opened.content)


def test_what_is_withheld_is_said_in_the_zip(make: Make, api: Api) -> None:
    """A blocked file is named with the reason instead; where none may leave there is no link."""
    version = make.version()
    make.file(version)
    make.file(version, path="a/harmful.pkl", content=b"\x80\x02cposix\nsystem\nU\x02idq\x85R.")
    harmful = make.version()
    make.file(harmful, path="a/harmful.pkl", content=b"\x80\x02cposix\nsystem\nU\x02idq\x85R.")

    _, opened = fetch(api, make.owner_of(version), version)
    none = api.as_(make.owner_of(harmful)).post(bundle_links_of(harmful))

    assert refusal(none) == (409, "state_forbids")
    archive = zipfile.ZipFile(io.BytesIO(opened.content))
    assert archive.namelist() == ["SHA256SUMS", "WITHHELD.txt", "model.safetensors"]
    assert archive.read("WITHHELD.txt").decode().startswith("a/harmful.pkl: ")
    assert b"harmful" not in archive.read("SHA256SUMS")


def test_who_may_not_download_gets_no_bundle(make: Make, api: Api) -> None:
    """A stranger and a version without files are refused; on the page the button leads to the ZIP."""
    version = make.version()
    owner = make.owner_of(version)
    empty = api.as_(owner).post(bundle_links_of(version))
    make.file(version)
    stranger = api.as_(make.person()).post(bundle_links_of(version))
    sre = api.as_(make.person(Role.SRE)).post(bundle_links_of(version))
    page = page_of(version)
    browser = api.browser(owner)

    went = browser.submit(f"{page}/bundle-links")

    assert (empty.status_code, stranger.status_code, sre.status_code) == (409, 403, 201)
    assert refusal(stranger) == (403, "not_permitted")
    assert zipfile.ZipFile(io.BytesIO(browser.get(went.headers["location"]).content)).testzip() is None
    assert f'action="{page}/bundle-links"' in browser.get(f"{page}/artifacts").text
    assert "Download all (ZIP)" in api.browser(make.person()).get(f"{page}/artifacts").text


def test_what_a_killed_server_sent_ends_with_its_link(registry: Registry, make: Make, api: Api) -> None:
    """
    Each download that was begun gets its end, though nobody knows what left, once its link has expired; looking at a
    link begins none, and of two at the same time each has its own.
    """
    version = make.version()
    make.file(version)
    owner = make.owner_of(version)
    url = api.as_(owner).post(bundle_links_of(version)).json()["url"]
    since = make.event_count()
    openings = []
    for begins in (True, True, True, False):
        with registry.writing() as work:
            openings.append(bundles.open_link(work, NOBODY, url.split("/")[4], begins=begins))
    first = openings[0]
    assert first is not None
    with registry.writing() as work:
        bundles.note_end(work, first, sent_bytes=first.bundle.size_bytes)
    api.anonymous.get(url)

    for days in (0, 0.5, 2, 2):
        with registry.writing(now=clock.utc_now() + timedelta(days=days)) as work:
            transfers.close_expired(work)

    with registry.writing() as work:
        bundles.note_end(work, first, sent_bytes=first.bundle.size_bytes)
    begun = make.events(version.id, since=since, action="bundle.download")
    ended = make.events(version.id, since=since, action="bundle.download_end")
    size_bytes = first.bundle.size_bytes
    assert [len(begun), {event.actor.email for event in (*begun, *ended)}] == [4, {owner.email}]
    told = [((event.after or {})["sentBytes"], (event.after or {})["whole"]) for event in ended]
    assert told == [(size_bytes, True), (size_bytes, True), (None, False), (None, False)]
    file = f"{page_of(version)}/artifacts/model.safetensors"
    shown = api.as_(owner).get(f"/api/v1{file}/downloads").json()["items"]
    assert [one["endedAt"] is not None for one in shown] == [True] * 4
    assert "broken off" in api.browser(owner).get(file).text


def test_a_file_that_is_harmed_breaks_the_zip_off(registry: Registry, make: Make, api: Api) -> None:
    """The transfer ends short of its length, the file is withheld, and the end on record says what left."""
    version = make.version()
    make.file(version, path="a.safetensors")
    before = set(stored_files(registry))
    harmed = make.file(version, path="b.safetensors", content=make.safetensors(3_000_000, seed=3))
    (stored,) = set(stored_files(registry)) - before
    sealed = bytearray(stored.read_bytes())
    sealed[2_500_000] ^= 1
    stored.write_bytes(sealed)
    url = api.as_(make.owner_of(version)).post(bundle_links_of(version)).json()["url"]
    since = make.event_count()

    opened = api.anonymous.get(url)

    events = {event.action: event for event in make.events(since=since)}
    assert events["artifact.quarantine"].object.id == harmed.id
    ended = events["bundle.download_end"].after or {}
    assert (ended["whole"], ended["sentBytes"]) == (False, len(opened.content))
    assert 0 < len(opened.content) < int(opened.headers["content-length"])


def test_owners_see_who_downloaded_a_file(make: Make, api: Api) -> None:
    """Alone and with all files, the newest first, with what left; others are told who sees it, on the page as well."""
    version = make.version()
    make.file(version)
    owner, sre = make.owner_of(version), make.person(Role.SRE)
    file = f"{page_of(version)}/artifacts/model.safetensors"
    _, bundle = fetch(api, sre, version)
    alone = api.anonymous.get(api.as_(owner).post(f"/api/v1{file}/links").json()["url"])

    seen = api.as_(owner).get(f"/api/v1{file}/downloads")
    unseen = api.as_(make.person()).get(f"/api/v1{file}/downloads")

    told = [(one["by"], one["sentBytes"], one["whole"], one["withAll"]) for one in seen.json()["items"]]
    assert told == [
        (owner.email, len(alone.content), True, False), (sre.email, len(bundle.content), True, True),
    ]  # fmt: skip
    assert refusal(unseen) == (403, "not_permitted")
    assert "with all files" in api.browser(owner).get(file).text
    assert sre.email not in api.browser(make.person()).get(file).text


def test_from_production_on_a_purpose_is_asked_and_the_minter_comes_themselves(
    registry: Registry, make: Make, api: Api
) -> None:
    """As for single files: without a purpose there is no link, the page asks for one, and strangers open nothing."""
    version = make.version()
    make.file(version)
    put_into(registry, version, State.PRODUCTION)
    owner = api.as_(make.owner_of(version))

    unsaid = owner.post(bundle_links_of(version))
    url = owner.post(bundle_links_of(version), json={"purpose": "Nightly scoring"}).json()["url"]
    carried, own = api.anonymous.get(url), owner.get(url)

    assert fields_at_fault(unsaid) == {"purpose"}
    assert (carried.status_code, own.status_code) == (403, 200)
    assert own.headers["content-type"] == "application/zip"
    page = page_of(version)
    assert "that the download of all files is for" in api.browser(make.owner_of(version)).get(f"{page}/artifacts").text


@pytest.mark.parametrize("files", sizes(small=8, full=260))
def test_more_files_than_any_page_shows_are_all_in_it(make: Make, api: Api, files: int, figures: Figures) -> None:
    """However many they are, they come whole, and their event stays within its limit."""
    version = make.version()
    owner = api.as_(make.owner_of(version))
    base = files_of(version)
    for number in range(files):
        put = owner.put(f"{base}/part-{number:03}/config.json?type=CONFIG", content=b"{}")
        assert put.status_code == 201, put.text

    _, opened = fetch(api, make.owner_of(version), version)

    archive = zipfile.ZipFile(io.BytesIO(opened.content))
    assert (len(archive.namelist()), archive.testzip()) == (files + 1, None)
    begun = make.events(version.id, action="bundle.download")[-1]
    assert (begun.after or {})["files"] == files
    assert sum(len(value) for name, value in (begun.after or {}).items() if name[5:].isdigit()) == min(files, 245)
    figures.tell("files in one ZIP", files)


@pytest.mark.parametrize("size", [0xFFFFFFFE, 0xFFFFFFFF, 5 * 1024**3])
def test_a_zip_of_any_size_is_read_by_others(tmp_path: Path, size: int) -> None:
    """At and beyond 4 GiB entries and the archive take the form of ZIP64, and the length is still known before."""
    moment = datetime(2026, 3, 4, 5, 6, 8, tzinfo=UTC)
    entries = [Entry("large", size, moment), Entry("after", 3, moment)]
    frame = ZipFrame()
    with (tmp_path / "sparse.zip").open("wb") as file:
        file.write(frame.begin(entries[0]))
        file.seek(size, 1)
        file.write(frame.end(0) + frame.begin(entries[1]) + b"abc" + frame.end(0x352441C2) + frame.close())
        length = file.tell()

    with zipfile.ZipFile(tmp_path / "sparse.zip") as archive:
        sizes = [(info.filename, info.file_size, info.date_time) for info in archive.infolist()]
        after = archive.read("after")

    assert (measure(entries), after) == (length, b"abc")
    assert sizes == [("large", size, (2026, 3, 4, 5, 6, 8)), ("after", 3, (2026, 3, 4, 5, 6, 8))]
