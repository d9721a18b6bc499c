"""Model cards by command and from Python, against a running registry."""

import json
from pathlib import Path

import pytest

from modelkeep.client import Client
from modelkeep.errors import NotFound, Stale
from tests.client.conftest import Cli

pytestmark = pytest.mark.usefixtures("as_owner")


def test_a_card_is_exported_where_one_stands(
    cli: Cli, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a name the file is called by model and version, and its format."""
    version, name = f"{model}:1.0.0", model.partition("/")[2]
    monkeypatch.chdir(tmp_path)
    cli("versions", "create", version)
    cli("card", "generate", version)
    made = cli("card", "export", version, "--format", "html")
    bill = cli("card", "export", version, "--format", "cyclonedx")
    unknown = cli("card", "export", version, "--format", "docx")
    assert (made.code, bill.code, unknown.code) == (0, 0, 2)
    assert {file.name for file in tmp_path.iterdir()} >= {f"{name}-1.0.0.html", f"{name}-1.0.0.cdx.json"}
    assert "'cyclonedx'" in unknown.err


def test_a_card_is_made_annotated_published_and_exported(cli: Cli, model: str, tmp_path: Path) -> None:
    """Each step by command; the file is the document that the client reads, and later facts are told as changes."""
    version, file = f"{model}:1.0.0", tmp_path / "card.json"
    cli("versions", "create", version)
    none_yet = cli("card", "show", version)
    made = cli("card", "generate", version, "--json")
    said = cli("card", "annotate", version, "factors", "Weak on **new** customers.")
    empty = cli("card", "annotate", version, "factors", "  ")
    stale = cli("card", "publish", version, "--edition", "1")
    published = cli("card", "publish", version, "--edition", "2")
    exported = cli("card", "export", version, "-o", str(file))
    assert (none_yet.code, "Generate" in none_yet.err) == (1, True)
    assert (made.code, said.code, empty.code, stale.code, published.code, exported.code) == (0, 0, 2, 1, 0, 0)
    assert "changed since" in stale.err
    with Client() as client:
        card = client.get_card(version)
        assert card.raw == json.loads(file.read_text("utf-8"))
        assert (card.status, card.revision, card.digest is not None) == ("PUBLISHED", 1, True)
        assert [note.markdown for note in card.sections[2].annotations] == ["Weak on **new** customers."]
        assert not client.get_card_changes(version)
        client.update_version(version, {"metadata": {"intendedUse": "Retention offers."}})
        assert [change.id for change in client.get_card_changes(version).items] == ["primary-uses"]
        client.generate_card(version)
        assert [change.id for change in client.compare_cards(version, 1, "draft").items] == ["primary-uses"]
        with pytest.raises(Stale):
            client.annotate_card(version, "factors", "Other words.", edition=1)
        with pytest.raises(NotFound):
            client.get_card(version, 9)
    listed = cli("card", "revisions", version)
    assert [row.split("\t")[:2] for row in listed.out.splitlines()] == [["2", "DRAFT"], ["1", "PUBLISHED"]]
    assert "Primary uses" in cli("card", "compare", version, "1", "2").out
    back = cli("card", "annotate", version, "factors", "--take-back")
    assert (back.code, "Weak on" in back.out) == (0, False)


def test_a_draft_is_discarded_by_command(cli: Cli, model: str) -> None:
    """After a question; what is published is shown again, and a second time there is nothing to throw away."""
    version = f"{model}:1.0.0"
    cli("versions", "create", version)
    cli("card", "generate", version)
    cli("card", "publish", version)
    cli("card", "annotate", version, "factors", "Weak on new customers.")
    asked = cli("card", "discard", version, stdin="n\n")
    stale = cli("card", "discard", version, "--yes", "--edition", "1")
    done = cli("card", "discard", version, "--yes")
    again = cli("card", "discard", version, "--yes")
    assert (asked.code, "Discard the draft" in asked.err) == (1, True)
    assert (stale.code, "changed since" in stale.err) == (1, True)
    assert (done.code, "Annotations are kept" in done.err) == (0, True)
    assert (again.code, "was discarded by" in again.err) == (1, True)
    assert "1, PUBLISHED" in cli("card", "show", version).out


def test_a_card_says_what_has_changed_since_it_was_generated(cli: Cli, model: str) -> None:
    """One line beside the card, and the items to programs; nothing where it says what the registry knows."""
    version = f"{model}:1.0.0"
    cli("versions", "create", version)
    cli("card", "generate", version)
    cli("card", "publish", version)
    before = cli("card", "show", version)
    with Client() as client:
        client.update_version(version, {"metadata": {"intendedUse": "Retention offers."}})
        card = client.get_card(version)
        assert [(fact.section, fact.id) for fact in card.changed_facts] == [("intended-use", "primary-uses")]
        assert card.of_other_content
        assert client.get_card_changes(version).of_other_content
    after = cli("card", "show", version)
    assert "Facts have changed" not in before.err
    assert "Facts have changed since this card was generated: Primary uses." in after.err
    assert "It does not count where a policy asks for a published card." in after.err
    assert json.loads(cli("card", "show", version, "--json").out)["changedFacts"][0]["label"] == "Primary uses"
