"""A card as Markdown: the head that hubs read, and a body in which texts are the characters they were."""

import re
from dataclasses import replace

import pytest
import yaml
from huggingface_hub import ModelCard
from markdown_it import MarkdownIt

from modelkeep_server.features.cards.exports.markdown_file import to_markdown
from modelkeep_server.features.cards.exports.markdown_text import escape, escape_lines, write_blocks
from modelkeep_server.features.cards.markdown import read_blocks
from modelkeep_server.features.cards.views import Card, Table
from modelkeep_server.rules.card_sections import SECTIONS
from tests.support import cards, naughty

TAGS = {
    "h1", "h2", "h3", "p", "ul", "ol", "li", "strong", "em", "s", "code", "pre", "table", "thead", "tbody", "tr", "th",
    "td", "blockquote", "br", "hr", "a",
}  # fmt: skip
_NAUGHTY = [
    text for text in (*cards.ATTACKS, *naughty.STRINGS) if not any("\ud800" <= sign <= "\udfff" for sign in text)
]


def parse(card: Card) -> ModelCard:
    return ModelCard(to_markdown(card), ignore_metadata_errors=False)


def shown(markdown: str) -> str:
    """The text that a reader sees, without blanks, under the rules of GitHub; no tag but those of Markdown is in it."""
    html = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown)
    assert set(re.findall(r"</?([a-z0-9]+)", html)) <= TAGS
    return squeeze(re.sub(r"<[^>]*>", "", html).replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
                   .replace("&amp;", "&"))  # fmt: skip


def squeeze(text: str) -> str:
    return re.sub(r"[\s\x00-\x1f\x7f\x85\ufffd]+", "", text)


def test_hubs_read_the_head() -> None:
    """Hugging Face's own reader finds license, data, base model, metrics and results."""
    data = parse(cards.make_card()).data

    assert data.license == "apache-2.0"
    assert data.datasets == ["churn-events", "crm-profile"]
    assert data.base_model == ["microsoft/deberta-v3-small"]
    assert "AUC" in data.metrics
    assert data.model_name == cards.ADDRESS
    worst = next(one for one in data.eval_results if one.metric_value == 0.812)
    assert (worst.metric_type, worst.metric_name) == ("AUC", "AUC (tenure=Under 3 months)")
    assert worst.dataset_name == "churn-holdout 2025-12"
    assert data.modelkeep["digest"] == cards.DIGEST
    assert data.modelkeep["revision"] == 4


def test_only_what_hubs_know_is_named() -> None:
    """A task and a library stand there where the card says them in a name of theirs, and else not."""
    plain = parse(cards.make_card()).data
    known = parse(
        cards.make_card({**cards.FULL, "model-type": "Text classification", "framework": "transformers 5.1"})
    ).data
    other = parse(cards.make_card({**cards.FULL, "license": "Our own: ask first"})).data

    assert (plain.pipeline_tag, plain.library_name) == (None, None)
    assert (known.pipeline_tag, known.library_name) == ("text-classification", "transformers")
    assert (other.license, other.license_name) == ("other", "Our own: ask first")


def test_a_card_that_says_nothing_has_a_head_all_the_same() -> None:
    """No empty lists, no results; each item that is missing says so."""
    card = parse(cards.empty_card())

    assert set(card.data.to_dict()) == {"modelkeep"}
    assert card.text.count("*Not provided*") >= sum(item.counts for row in SECTIONS for item in row.items)


def test_the_body_has_every_section_table_and_annotation() -> None:
    """Headings in order; numbers at the right; what people said as a quotation."""
    text = parse(cards.make_card()).text

    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == [row.title for row in SECTIONS]
    assert "| Path | Type | Format | Bytes | SHA-256 |\n| --- | --- | --- | ---: | --- |" in text
    assert "> Accepted for retention offers **only**." in text
    assert "> - they are left off the weekly list," in text
    assert "[the rules](<https://rules.company.com/tiers>)" in text


@pytest.mark.parametrize("text", cards.ATTACKS)
def test_a_hostile_text_breaks_nothing_wherever_it_stands(text: str) -> None:
    """The head stays YAML that says the same, the body keeps its headings, and nothing becomes a tag or runs."""
    card = cards.spoken_in(text)
    written = to_markdown(card)
    _, head, body = re.split(r"^---$", written, maxsplit=2, flags=re.MULTILINE)

    assert yaml.safe_load(head)["metrics"][0] == " ".join(text.split())
    assert ModelCard(written).data.to_dict()["metrics"][0] == " ".join(text.split())
    assert [line for line in body.splitlines() if line.startswith("## ")] == [f"## {row.title}" for row in SECTIONS]
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(body)
    # Each table has its rows, so no cell ended early.
    assert html.count("<table>") >= 15
    assert set(re.findall(r"</?([a-z0-9]+)", html)) <= TAGS
    assert not re.findall(r'href="(?!https?:|mailto:)', html)


@pytest.mark.parametrize("strict", [True, False])
def test_the_head_says_what_the_card_says_whatever_that_is(strict: bool) -> None:
    """By this library's rules of YAML and by others': each text that may be a number or a word of YAML is quoted."""
    odd = (
        "yes", "1e3", "0o7", "0x1F", "1_000", "1:20", ".inf", "~", "null", "=", "<<", "!!python/object:os.system {}",
        "&a b", "*a", "a: b", "a #b", "- a", "{a: b}", "[a]", "%TAG", "@a", "`a`", "'", '"', "\\", "? a", "|", ">",
    )  # fmt: skip
    for text in (*odd, *_NAUGHTY):
        if not text.strip():
            continue
        card = replace(cards.spoken_in(text), model=f"group/{text.split()[0]}", version=text)
        head = re.split(r"^---$", to_markdown(card), maxsplit=2, flags=re.MULTILINE)[1]
        told = yaml.load(head, Loader=yaml.SafeLoader if strict else yaml.BaseLoader)
        assert told["modelkeep"]["version"] == " ".join(text.split())
        assert told["metrics"] == [" ".join(text.split())]
        assert set(told["modelkeep"]) == {"model", "version", "revision", "status", "state", "risk_tier", "digest"}
        plain = re.findall(r"^ +version: (?!\")(.*)$", head, re.MULTILINE)
        assert all(re.fullmatch("'.*'|[A-Za-z][A-Za-z0-9 ./_-]*", value) for value in plain), text


def test_texts_are_the_characters_they_were() -> None:
    """A thousand odd strings, in paragraphs, cells and lists."""
    for text in _NAUGHTY:
        wanted = squeeze(text)
        assert shown(escape_lines(text)) == wanted, text
        assert shown(f"| x | y |\n| --- | --- |\n| {escape(text)} | . |") == f"xy{wanted}.", text


def test_annotations_say_the_same_when_they_are_written_anew() -> None:
    """What is read from the file is what was read from the annotation."""
    for text in (*_NAUGHTY, *(note.markdown for notes in cards.ANNOTATIONS.values() for note in notes)):
        before = shown(write_blocks(read_blocks(text)))
        again = shown(write_blocks(read_blocks(write_blocks(read_blocks(text)))))
        assert before == again, text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1.0.0", "1.0.0"), ("2024. A year", "2024\\. A year"), ("1) one", "1\\) one"), ("3.", "3\\."),
        ("recall_at_1", "recall_at_1"), ("_a_ __b__", "\\_a\\_ \\_\\_b\\_\\_"), ("-5 °C", "-5 °C"), ("- a", "\\- a"),
        ("---", "\\---"), ("= =", "= ="), ("===", "\\==="), ("A -> B & C", "A -> B & C"), ("&lt;b>", "&amp;lt;b>"),
        ("> a", "\\> a"), ("#1", "\\#1"), ("C:\\models", "C:\\models"), ("\\*", "\\\\\\*"), ("end\\", "end\\\\"),
    ],
)  # fmt: skip
def test_no_sign_is_guarded_that_means_nothing_where_it_stands(text: str, written: str) -> None:
    """The file is read as it is, too: versions, names of metrics and signs within a line stay as they are."""
    assert escape_lines(text) == written
    assert shown(written) == squeeze(text)


@pytest.mark.parametrize("sign", ["\\# b", "\\> b", "1\\. b", "\\- b", "\\---", "\\-- --", "\\===", "\\+ b"])
def test_a_line_within_a_paragraph_begins_nothing(sign: str) -> None:
    """What stands after a line's end in an annotation stays the text it was."""
    written = write_blocks(read_blocks(f"a  \n{sign}"))

    assert shown(written) == squeeze(f"a{sign}".replace("\\", ""))
    assert set(re.findall(r"<([a-z0-9]+)", MarkdownIt("commonmark").render(written))) == {"p", "br"}


def test_it_is_the_same_file_each_time() -> None:
    """The same revision, the same bytes."""
    assert to_markdown(cards.make_card()) == to_markdown(cards.make_card())


def test_a_card_of_many_rows_has_all_of_them() -> None:
    """And says how many the card itself leaves out."""
    card = cards.huge_card()
    sections = tuple(
        replace(section, items=tuple(
            replace(item, more=7) if isinstance(item.value, Table) else item for item in section.items
        ))
        for section in card.sections
    )  # fmt: skip
    written = to_markdown(replace(card, sections=sections))

    assert written.count("shard-") == 1000
    assert "*7 more*" in written
