"""The client as a library."""

from datetime import datetime

import pytest

from modelkeep.addresses import parse_file, parse_model, parse_model_or_version, parse_version, parse_version_or_file
from modelkeep.client import Client
from modelkeep.errors import BadAddress, Conflict, Forbidden, Invalid, NotFound, UnexpectedAnswer, Unreachable
from modelkeep.models import Completeness, Model, Version
from modelkeep.reading import read, read_page
from tests.support.running import RunningRegistry


def test_a_list_fetches_its_pages_as_it_is_walked(client: Client, model: str) -> None:
    """Every item comes once, in order, however many pages it takes."""
    for number in range(5):
        client.create_version(f"{model}:1.{number}.0")

    pages = list(client.list_versions(model).pages(limit=2))

    assert [len(page.items) for page in pages] == [2, 2, 1]
    assert [f"1.{number}.0" for number in (4, 3, 2, 1, 0)] == [v.version for v in client.list_versions(model)]
    assert [v.version for v in client.list_versions(model).first(3).items] == ["1.4.0", "1.3.0", "1.2.0"]


def test_refusals_are_of_the_kind_that_was_met(
    client: Client, registry: RunningRegistry, auditor_token: str, version: Version
) -> None:
    """Each status is an error of its own, with code, remedy and request id."""
    with pytest.raises(Conflict) as taken:
        client.create_version(version.address)
    with pytest.raises(NotFound):
        client.get_model("no-such/model")
    with pytest.raises(Invalid) as wrong:
        client.create_version(f"{version.model}:not-a-version")
    with Client(registry.url, auditor_token) as auditor, pytest.raises(Forbidden):
        auditor.create_version(f"{version.model}:9.0.0")

    assert taken.value.status == 409
    assert taken.value.code
    assert taken.value.remedy
    assert taken.value.request_id
    assert [fault.field for fault in wrong.value.errors] == ["version"]


def test_a_registry_that_is_not_there_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection is said as such, after a few tries."""
    monkeypatch.setattr("modelkeep.transport.FIRST_WAIT_SECONDS", 0.001)

    with Client("http://127.0.0.1:9", "mk_pat_x") as client, pytest.raises(Unreachable) as refused:
        client.me()

    assert "127.0.0.1:9" in refused.value.detail


def test_build_metadata_of_a_version_is_part_of_its_address(client: Client, model: str) -> None:
    """A plus sign survives the way there and back."""
    client.create_version(f"{model}:1.0.0+gpu.1")

    assert f"{model}:1.0.0+gpu.1" == client.get_version(f"{model}:1.0.0+gpu.1").address


def test_an_auditor_may_have_the_log_verified(registry: RunningRegistry, auditor_token: str) -> None:
    """The registry verifies its log on request, and says what it found."""
    with Client(registry.url, auditor_token) as auditor:
        verdict = auditor.verify_log()

    assert (verdict.ok, verdict.findings) == (True, ())
    assert verdict.size > 0


def test_a_newer_registrys_fields_are_kept_aside(client: Client, model: str) -> None:
    """A field that this release does not know stays in `raw`, and everything else is read."""
    document = {**client.get_model(model).raw, "sunset": {"at": "2030-01-01"}}

    newer = read(Model, document)

    assert client.get_model(model) == newer
    assert newer.raw["sunset"] == {"at": "2030-01-01"}


@pytest.mark.parametrize(
    "document", [{"missing": []}, {"score": "much", "missing": []}, {"score": 1, "missing": 3}, []]
)
def test_an_answer_of_something_else_is_recognised(document: object) -> None:
    """A promised field that is missing or of another kind is said, not carried on."""
    with pytest.raises(UnexpectedAnswer):
        read(Completeness, document)
    with pytest.raises(UnexpectedAnswer):
        read_page(Completeness, document)


def test_a_moment_without_a_zone_is_refused(client: Client) -> None:
    """A naive moment would be another one in the registry."""
    with pytest.raises(ValueError, match="has no zone"):
        client.list_models(created_from=datetime(2026, 1, 31))  # noqa: DTZ001 - that is the fault


@pytest.mark.parametrize("text", ["a/b", "a/b:1.0.0", "a/b:1.0.0+x-1", "a/b:1.0.0/c/d.bin", "a/b:1.0.0/c:d"])
def test_an_address_is_written_as_it_is_read(text: str) -> None:
    """The three forms, and no others, go in and out unchanged."""
    parse = parse_model if ":" not in text else parse_version_or_file

    assert text == str(parse(text))


@pytest.mark.parametrize("text", ["", "a", "a/", "/b", "a/b/c", "a/b:", "a/b:1.0.0/", ":1.0.0", "a:1/b"])
def test_what_is_no_address_is_refused_everywhere(text: str) -> None:
    """Each form refuses what is none, and says how it looks."""
    for parse in (parse_model, parse_version, parse_file, parse_model_or_version, parse_version_or_file):
        with pytest.raises(BadAddress) as refused:
            parse(text)
        assert "customer-churn-predictor" in refused.value.remedy
