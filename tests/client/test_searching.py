"""Finding models from Python and by command, against a running registry."""

import csv
import io
import json
import secrets
from pathlib import Path

import pytest

from modelkeep.client import Client
from modelkeep.errors import Invalid
from tests.client.conftest import Cli

pytestmark = pytest.mark.usefixtures("as_owner")


@pytest.fixture
def word() -> str:
    """A word that only the models of one test have: two of them, of which one is experimental."""
    word = f"w{secrets.token_hex(5)}"
    with Client() as client:
        for name, tags in (("ready", [word, "production"]), ("tried", [word, "experimental"])):
            client.create_model(
                f"client-tests/{name}-{word}",
                description="Scores.",
                owners=["a@company.com"],
                risk_tier="LOW",
                tags=tags,
            )
        client.create_version(f"client-tests/ready-{word}:1.0.0", metadata={"framework": "pytorch"})
    return word


def test_models_are_found_by_a_query_and_filters_from_python(word: str) -> None:
    """With what the result is made of, and what may come next in a query."""
    with Client() as client:
        found = client.list_models(f"tag:{word} -tag:experimental")
        assert [model.name for model in found] == [f"ready-{word}"]
        assert [model.name for model in client.list_models(word, state="DRAFT", framework="pytorch")] == [
            f"ready-{word}"
        ]
        names = [model.name for model in client.list_models(f"tag:{word}", sort="name")]
        assert names == [f"ready-{word}", f"tried-{word}"]
        counted = client.count_facets(client.list_models(f"tag:{word}"))
        tags = next(facet for facet in counted.facets if facet.field == "tag")
        assert (tags.counts[0].shown, tags.counts[0].count, counted.is_capped) == (word, 2, False)
        assert [offer.insert for offer in client.complete_query(f"tag:{word[:6]}")] == [word]
        assert [(tag.query, tag.models) for tag in client.list_tags(word)] == [(f"tag:{word}", 2)]
        assert [group.name for group in client.list_groups("client-test")] == ["client-tests"]


def test_a_query_that_cannot_be_read_says_where(word: str) -> None:
    """The error has the place and a query that may have been meant."""
    with Client() as client, pytest.raises(Invalid) as refused:
        list(client.list_models(f"tag:{word} AND riskTeir:HIGH"))

    (fault,) = refused.value.errors
    assert fault.position == len(f"tag:{word} AND ")
    assert fault.suggestion == f"tag:{word} AND riskTier:HIGH"


def test_a_result_is_taken_out_from_python(word: str, tmp_path: Path) -> None:
    """As CSV or JSON, into a file that is there once it is whole, or into one that is open."""
    with Client() as client:
        found = client.list_models(f"tag:{word}", sort="name")
        client.export_models(found, tmp_path / "found.csv")
        client.export_models(found, tmp_path / "found.json", format="json")
        passed = io.BytesIO()
        size = client.export_models(found, passed)

    text = (tmp_path / "found.csv").read_text("utf-8")
    assert [row["name"] for row in csv.DictReader(io.StringIO(text))] == [f"ready-{word}", f"tried-{word}"]
    assert len(json.loads((tmp_path / "found.json").read_text("utf-8"))) == 2
    assert (len(passed.getvalue()), passed.getvalue().decode().splitlines()) == (size, text.splitlines())


def test_the_guides_examples_work_as_arguments(cli: Cli, word: str) -> None:
    """A query is one argument or several, and one that begins with a minus is no option."""
    for query in (
        [f"tag:{word} AND tag:production"],
        [f"tag:{word}", "AND", "tag:production"],
        [f"tag:{word}", "-tag:experimental"],
        ["-tag:experimental", f"tag:{word}"],
        [f"-tag:experimental tag:{word}", "--state", "draft", "--framework", "PyTorch"],
        [f"(tag:{word} OR nothing-{word})", "--sort", "name", "--limit", "1"],
    ):
        told = cli("search", *query)
        assert (told.code, [line.split("\t")[0] for line in told.out.splitlines()]) == (
            0,
            [f"client-tests/ready-{word}"],
        ), query
        assert "1.0.0 DRAFT" in told.out


def test_a_search_is_printed_as_csv_and_counted(cli: Cli, word: str, tmp_path: Path) -> None:
    """--csv prints all that fits, --export writes it to a file, --facets says what it is made of."""
    printed = cli("search", f"tag:{word}", "--sort", "name", "--csv")
    written = cli("search", f"tag:{word}", "--sort", "name", "--export", str(tmp_path / "found.json"))
    counted = cli("search", f"tag:{word}", "--facets")

    assert [row["name"] for row in csv.DictReader(io.StringIO(printed.out))] == [f"ready-{word}", f"tried-{word}"]
    assert (written.code, len(json.loads((tmp_path / "found.json").read_text("utf-8")))) == (0, 2)
    assert f"tag\t{word}\t2" in counted.out.splitlines()


def test_what_may_have_been_meant_is_offered_where_nothing_matches(cli: Cli, word: str) -> None:
    """As a query to try, from Python and by command; filters are written into it."""
    with Client() as client:
        (meant,) = client.suggest_queries(client.list_models(f"tag:{word[:-1]} tag:production"))
        none = client.suggest_queries(client.list_models(f"tag:{word}"))
    typed = cli("search", f"tag:{word[:-1]} tag:production")
    filtered = cli("search", "tag:production", "--tag", word[:-1])
    counted = cli("search", f"tag:{word[:-1]} tag:production", "--facets")

    assert (meant.query, none) == (f"tag:{word} tag:production", ())
    assert (typed.code, typed.out, typed.err) == (0, "", f"No model matches.\n  Try: tag:{word} tag:production\n")
    assert f"  Try: tag:production tag:{word}" in filtered.err.splitlines()
    assert f"  Try: tag:{word} tag:production" in counted.err.splitlines()
    assert cli("search", f"tag:{word[:-1]}", "--json").out == "[]\n"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "Say what to look for"),
        (("x", "--tagg", "nlp"), 2, "No such option: --tagg"),
        (("x", "--json", "--csv"), 2, "Choose one of"),
        (("tag:",), 1, "needs a value"),
        (("riskTeir:HIGH",), 1, "riskTier:HIGH"),
        (("x", "--state", "NOWHERE"), 1, "state: "),
        (("nothing-is-called-this",), 0, "No model matches."),
    ],
)
def test_what_cannot_be_asked_is_said(cli: Cli, arguments: tuple[str, ...], code: int, words: str) -> None:
    """With exit code 2 where the command is not understood, 1 where the registry refuses, and what to do."""
    told = cli("search", *arguments)

    assert (told.code, told.out) == (code, "")
    assert words in told.err
