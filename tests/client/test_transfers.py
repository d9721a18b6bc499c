"""Transfers over connections that break, and bytes that are not what they should be."""

import hashlib
from pathlib import Path

import pytest

from modelkeep.client import Client
from modelkeep.downloads import locate
from modelkeep.errors import BadFile, DigestMismatch, NotAccepted, UnexpectedAnswer
from modelkeep.models import Version
from modelkeep.progress import Progress, Step
from modelkeep.stored import Artifact
from tests.client.balancer import Balancer


@pytest.fixture
def sent(client: Client, version: Version, weights: Path) -> Artifact:
    """The weights, sent to the version."""
    return client.upload(version.address, weights, type="WEIGHTS")


def _part(folder: Path, artifact: Artifact) -> Path:
    folder.mkdir()
    return folder / f"{artifact.path}.{artifact.sha256[:12]}.part"


def test_an_upload_tells_how_far_it_is(client: Client, version: Version, weights: Path) -> None:
    """Hashing and sending are each told from the first byte to the last."""
    told: list[Progress] = []

    artifact = client.upload(version.address, weights, type="WEIGHTS", on_progress=told.append)

    size_bytes = weights.stat().st_size
    assert hashlib.sha256(weights.read_bytes()).hexdigest() == artifact.sha256
    for step in (Step.HASHING, Step.SENDING):
        done = [progress.done_bytes for progress in told if progress.step is step]
        assert (0, size_bytes) == (done[0], done[-1])


def test_a_download_that_was_cut_goes_on_where_it_ended(
    balanced: Client, balancer: Balancer, version: Version, sent: Artifact, weights: Path, tmp_path: Path
) -> None:
    """A part from an earlier run is continued by Range, not fetched again."""
    part = _part(tmp_path / "there", sent)
    part.write_bytes(weights.read_bytes()[:1_000_000])

    [fetched] = balanced.download(version.address, tmp_path / "there")

    [request] = balancer.downloads()
    assert ("bytes=1000000-", f'"{sent.sha256}"') == (request.headers["range"], request.headers["if-range"])
    assert weights.read_bytes() == fetched.file.read_bytes()
    assert not part.exists()


def test_a_connection_that_breaks_is_taken_up_again(
    balanced: Client, balancer: Balancer, version: Version, sent: Artifact, weights: Path, tmp_path: Path
) -> None:
    """A cut in the middle is continued in the same run, with a fresh link."""
    balancer.cut_after_bytes = 1_500_000

    [fetched] = balanced.download(version.address, tmp_path / "there")

    first, second = balancer.downloads()
    assert "range" not in first.headers
    assert second.headers["range"] == "bytes=1500000-"
    assert weights.read_bytes() == fetched.file.read_bytes()


def test_a_wrong_byte_is_detected(
    client: Client, version: Version, sent: Artifact, weights: Path, tmp_path: Path
) -> None:
    """A part with one changed byte never becomes the file; the next run fetches it anew."""
    part = _part(tmp_path / "there", sent)
    spoiled = bytearray(weights.read_bytes()[:1_000_000])
    spoiled[500_000] ^= 1
    part.write_bytes(spoiled)

    with pytest.raises(DigestMismatch) as refused:
        client.download(version.address, tmp_path / "there")

    assert sent.sha256 in refused.value.detail
    assert list((tmp_path / "there").iterdir()) == []
    [fetched] = client.download(version.address, tmp_path / "there")
    assert weights.read_bytes() == fetched.file.read_bytes()


def test_another_file_of_that_name_is_kept(
    client: Client, version: Version, sent: Artifact, weights: Path, tmp_path: Path
) -> None:
    """A file with other bytes is replaced only where that is allowed."""
    mine = tmp_path / sent.path
    mine.write_text("mine")

    with pytest.raises(BadFile):
        client.download(version.address, tmp_path)

    assert mine.read_text() == "mine"
    client.download(version.address, tmp_path, overwrite=True)
    assert weights.read_bytes() == mine.read_bytes()


def test_empty_weights_are_refused(client: Client, version: Version, tmp_path: Path) -> None:
    """No bytes are no weights: nothing becomes of it, and why is said."""
    (tmp_path / "empty.safetensors").touch()

    with pytest.raises(NotAccepted) as refused:
        client.upload(version.address, tmp_path / "empty.safetensors")

    assert "The file is empty" in refused.value.detail
    assert list(client.list_artifacts(version.address)) == []


def test_verify_names_the_file_that_was_changed(
    client: Client, version: Version, sent: Artifact, tmp_path: Path
) -> None:
    """`verify` fetches nothing and compares what is here with what the registry vouches for."""
    [fetched] = client.download(version.address, tmp_path / "there")
    assert [fetched.file] == [checked.file for checked in client.verify(version.address, tmp_path / "there")]

    with fetched.file.open("r+b") as file:
        file.write(b"!")

    with pytest.raises(DigestMismatch) as refused:
        client.verify(version.address, tmp_path / "there")
    assert str(fetched.file) in refused.value.detail


def test_the_same_file_is_sent_once(client: Client, version: Version, sent: Artifact, weights: Path) -> None:
    """Sending what is there already changes nothing."""
    again = client.upload(version.address, weights, type="WEIGHTS")

    assert sent == again
    assert [sent] == list(client.list_artifacts(version.address))


def test_reads_wait_for_a_registry_that_is_not_ready(balanced: Client, balancer: Balancer) -> None:
    """A GET is repeated on 502 and 503, as Retry-After says."""
    balancer.refusals = [503, 502]

    assert balanced.me().email == "olga@company.com"
    assert len(balancer.seen) == 3


def test_a_write_whose_answer_was_lost_is_done_once(balanced: Client, balancer: Balancer, model: str) -> None:
    """A write that a balancer answered with 502 after it got through is sent again under its key, and is done once."""
    balancer.lost_answers = [502, 504]

    made = balanced.create_version(f"{model}:2.0.0")

    assert made.number == 1
    assert len(balancer.seen) == 3
    assert len({request.headers["idempotency-key"] for request in balancer.seen}) == 1


def test_a_version_upload_survives_a_restart(
    balanced: Client, balancer: Balancer, version: Version, weights: Path
) -> None:
    """A file goes up under its digest, so it may be sent again."""
    balancer.refusals = [503]

    artifact = balanced.upload(version.address, weights, type="WEIGHTS")

    assert hashlib.sha256(weights.read_bytes()).hexdigest() == artifact.sha256


@pytest.mark.parametrize("path", ["../up", "a/../../up", "/etc/passwd", "c:\\x", "a\\b", ""])
def test_a_name_that_climbs_lands_nowhere(path: str, tmp_path: Path) -> None:
    """Whatever a registry names a file, it stays below the folder asked for."""
    with pytest.raises(UnexpectedAnswer):
        locate(tmp_path, path)
