"""A card as PDF: what it says, literally, how it is tagged, and that it is the same file each time."""

import itertools
import re
import unicodedata
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from pypdf import PdfReader

from modelkeep_server.adapters.pdf import open_printer
from modelkeep_server.adapters.pdf.press import Press
from modelkeep_server.features.cards.exports.printed import made_at, print_card, to_print
from modelkeep_server.features.cards.views import Annotation, Card, Measure, Table
from modelkeep_server.ports import PrinterDown, PrintingTooLong
from modelkeep_server.rules.card_sections import ROWS_SHOWN, SECTIONS
from modelkeep_server.rules.errors import Unavailable
from tests.support import cards, naughty
from tests.support.pdfs import read_pdf, squeeze, structure_of, text_of

#: What is written in Typst's own language, or would end what it stands in.
TYPST = (
    '#import "@preview/cetz:0.3.0": *', "#import sys: *", '#read("/etc/passwd")', '#include "card.typ"',
    "#eval(\"1+1\")", "#panic()", "#set page(width: 1pt)", "#show: none", "#{ while true {} }", "#let x = x", "$x^2$",
    "$ sum_(i=0)^n $", "@reference", "<label>", "*bold*", "_emph_", "`raw`", "```typ #panic() ```", "= Heading",
    "+ item", "/ Term: x", "\\u{41}", "\\", "//comment", "/* comment */", "~", "---", "--", "...",
    "'single' \"double\"", "https://a.example/#x", "[content]", "#", "#(", "#)", "]", ")", "}", "#sys.inputs",
    "#json(bytes(sys.inputs.card))",
)  # fmt: skip
#: What ends a comment or a block of code, or leads out of a string.
ALMOST_TYPST = (
    "*/ #panic() /*", "``` #panic() ```", "` #panic()", "\\\" #panic()", '"; panic(); "', "\\u{22}", "$ #panic() $",
    "#link(\"javascript:alert(1)\")[x]", "@@@", "<a> @a",
)  # fmt: skip


def printed(card: Card) -> bytes:
    return print_card(open_printer(), card)


@pytest.fixture(scope="module")
def full() -> bytes:
    return printed(cards.make_card())


def fonts_of(reader: PdfReader) -> Iterator[Any]:
    """Every font that a page asks for."""
    for page in reader.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            yield font.get_object()


def is_embedded(font: Any) -> bool:
    """Whether its shapes are in the file."""
    described = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
    kept = {"/FontFile", "/FontFile2", "/FontFile3"}
    return bool(kept & set(described["/FontDescriptor"].get_object())) or font["/Subtype"] == "/Type3"


def is_plain(text: str) -> bool:
    """Whether each sign of a text has a shape of its own and goes from left to right."""
    kinds = {unicodedata.category(sign) for sign in unicodedata.normalize("NFC", text)}
    turned = any(unicodedata.bidirectional(sign) in ("R", "AL") for sign in text)
    return not kinds & {"Mn", "Me", "Mc", "Cf", "Cs", "Lo"} and not turned


def test_the_cover_says_whose_it_is_and_how_it_is_checked(full: bytes) -> None:
    """Model, version, tier, state, revision, who published it and when, the digest and the checkpoint."""
    cover = squeeze(read_pdf(full).pages[0].extract_text())

    for said in (
        "customer-churn-predictor 1.2.0", "customer-analytics", "Production", "Medium risk", "Revision 4, published",
        "9 Jan 2026, 09:12 UTC by priya@company.com", cards.DIGEST, "modelkeep.company.com/log", "20852 events",
        "y6Cn1Yc0mYV7zkwmrI0gJ5mX9oMnTjvOcdQ9m1m5gP8=", "Contents",
    ):  # fmt: skip
        assert squeeze(said) in cover


def test_every_section_is_there_and_in_the_contents(full: bytes) -> None:
    """Seven sections, in order; the outline leads to them; each page says which of how many it is."""
    reader = read_pdf(full)
    titles = [section.title for section in SECTIONS]

    assert [entry.title for entry in reader.outline if not isinstance(entry, list)] == titles
    for number, page in enumerate(reader.pages, 1):
        told = squeeze(page.extract_text())
        assert squeeze(f"Page {number} of {len(reader.pages)}") in told
        if number > 1:
            assert squeeze("customer-analytics/customer-churn-predictor 1.2.0") in told


def test_all_that_the_card_says_is_printed(full: bytes) -> None:
    """Texts, lists, tables, measures, and what people said of a section."""
    told = text_of(full)

    for item in (item for section in cards.make_card().sections for item in section.items):
        values = (
            [cell for row in item.value.rows for cell in row] if isinstance(item.value, Table)
            else [one if isinstance(one, str) else one.name for one in item.value] if isinstance(item.value, tuple)
            else [item.value or ""]
        )  # fmt: skip
        for value in (item.label, *values):
            assert squeeze(re.sub("^- ", "• ", value, flags=re.MULTILINE)) in told, value
    for said in (
        "Amara Okafor (amara@company.com)", "12 Jan 2026, 10:02 UTC", "Accepted for retention offers only.",
        "they are left off the weekly list,", "Does not pass", "0.794 – 0.829",
        "From: Tabular classification, 7 Jan 2026",
    ):  # fmt: skip
        assert squeeze(said) in told


def test_it_is_tagged_for_readers_of_screens(full: bytes) -> None:
    """PDF/UA-1: language, title, headings, heads of tables, and charts in words."""
    root = read_pdf(full).trailer["/Root"]
    parts = structure_of(full)
    kinds = {kind for kind, _ in parts}

    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    assert b"pdfuaid:part" in root["/Metadata"].get_object().get_data()
    assert (
        read_pdf(full).metadata.title == "Model card of customer-analytics/customer-churn-predictor 1.2.0, revision 4"
    )
    assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/TOC", "/L", "/Figure", "/Link"} <= kinds
    charts = [words for kind, words in parts if kind == "/Figure"]
    assert any(words and "Under 3 months 0.812" in words for words in charts)
    assert all(charts)


@pytest.mark.parametrize("text", ["", cards.RIGHT_TO_LEFT, "日本語 한국어 中文 ไทย हिन्दी ∑ 😀"])
def test_it_can_be_read_in_many_years(text: str) -> None:
    """PDF/A-2a: what it is said to be, a profile of colours, every font in the file, and nothing that runs or asks."""
    reader = read_pdf(printed(cards.spoken_in(text) if text else cards.make_card()))
    root = reader.trailer["/Root"]
    told = root["/Metadata"].get_object().get_data().decode()

    assert re.search(r"<pdfaid:part>2</.*<pdfaid:conformance>A</", told, re.DOTALL)
    assert "<pdfuaid:part>1</" in told
    assert root["/OutputIntents"][0]["/DestOutputProfile"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert {"/JavaScript", "/OpenAction", "/AA", "/AcroForm", "/EmbeddedFiles"}.isdisjoint(root)
    fonts = list(fonts_of(reader))
    assert fonts
    assert all("/ToUnicode" in font and is_embedded(font) for font in fonts)
    assert all(page["/Tabs"] == "/S" for page in reader.pages if "/Annots" in page)


def test_its_headings_step_down_one_at_a_time(full: bytes) -> None:
    """Seven of the first level, in order, and those of items below them."""
    levels = [int(kind[2:]) for kind, _ in structure_of(full) if re.fullmatch("/H[1-6]", kind)]

    assert levels.count(1) == len(SECTIONS)
    assert levels[0] == 1
    assert all(now - before <= 1 for before, now in itertools.pairwise(levels))


@pytest.mark.parametrize("rows", range(16, 40, 3))
def test_no_page_begins_with_the_end_of_a_table(rows: int) -> None:
    """Of a table that goes on, three rows and more stand on the next page; the contents lead to where things are."""
    measures = tuple(Measure(f"metric_{place:02}", place / 100, dataset="holdout") for place in range(rows))
    reader = read_pdf(printed(cards.make_card({**cards.FULL, "performance": measures}, {})))
    pages = [page.extract_text() for page in reader.pages]

    counts = [len(set(re.findall(r"metric_\d\d", page))) for page in pages]
    assert all(count == 0 or count >= 3 for count in counts), counts
    assert all(squeeze(f"Page {at} of {len(pages)}") in squeeze(page) for at, page in enumerate(pages, 1))
    for entry in (entry for entry in reader.outline if not isinstance(entry, list)):
        assert str(entry.title) in pages[reader.get_destination_page_number(entry)]


@pytest.mark.parametrize("lines", range(1, 40, 4))
def test_no_text_stands_on_the_last_page_alone(lines: int) -> None:
    """However long what stands before it is: short sections stay whole, and the last two texts of longer ones."""
    values = {**cards.FULL, "risks": "\n".join(f"Line {place}." for place in range(lines))}
    reader = read_pdf(printed(cards.make_card(values, {})))

    last = squeeze(reader.pages[-1].extract_text())
    assert squeeze("Responsible use") in last
    assert squeeze("Mitigations") in last


@pytest.mark.parametrize("card", [cards.make_card(), cards.as_draft(cards.make_card()), cards.empty_card()])
def test_it_is_the_same_file_each_time(card: Card) -> None:
    """Two processes make the same bytes of the same revision."""
    assert printed(card) == printed(card)


def test_what_is_not_provided_says_so() -> None:
    """Nothing is invented, and nothing missing is left out."""
    told = text_of(printed(cards.empty_card()))

    assert told.count(squeeze("Not provided")) >= sum(item.counts for row in SECTIONS for item in row.items)


def test_a_draft_is_marked() -> None:
    """No digest, no checkpoint, and the word on every page."""
    reader = read_pdf(printed(cards.as_draft(cards.make_card())))

    assert all(squeeze("draft") in squeeze(page.extract_text().lower()) for page in reader.pages)
    assert "Checkpoint" not in reader.pages[0].extract_text()


def test_what_people_write_comes_out_as_its_characters() -> None:
    """No text is read as Typst, HTML, Markdown, YAML or a formula, in tables, names and texts."""
    said = [text for text in (*TYPST, *cards.ATTACKS, *naughty.SCRIPTS[:40]) if is_plain(text)]
    assert len(said) > 100
    rows = tuple((text, str(place)) for place, text in enumerate(said))
    values = {**cards.FULL, "files": Table(("Path", "Place"), rows[:ROWS_SHOWN]), "owners": tuple(said)}
    card = replace(
        cards.make_card({**values, "primary-uses": "\n\n".join(said)}, {}), model="a/" + said[0], summary=said[4]
    )

    told = text_of(printed(card))

    for text in said[:ROWS_SHOWN]:
        assert told.count(squeeze(text)) >= 3, text


@pytest.mark.parametrize(
    "text", [TYPST[2], TYPST[8], cards.ATTACKS[0], cards.RIGHT_TO_LEFT, "日本語 한국어 中文 ไทย हिन्दी"]
)
def test_a_hostile_text_may_stand_anywhere(text: str) -> None:
    """In names, labels of charts, heads of tables, sources and annotations."""
    assert len(read_pdf(printed(cards.spoken_in(text))).pages) > 1


@pytest.mark.parametrize("first", range(4))
def test_every_attack_is_printed_and_nothing_else_comes_of_it(first: int) -> None:
    """Each in turn in texts, cells, heads, names of metrics and groups, sources, annotations and their authors."""
    texts = (*cards.ATTACKS, *TYPST, *ALMOST_TYPST)
    card = cards.spoken_in_turn(texts[first:] + texts[:first])
    content = printed(card)
    reader = read_pdf(content)
    told, plain = text_of(content), read_pdf(printed(cards.make_card()))

    named = {name.author for section in card.sections for name in section.annotations}
    assert squeeze("".join(named)) in told
    for item in (item for section in card.sections for item in section.items):
        cells = [cell for row in item.value.rows for cell in row] if isinstance(item.value, Table) else []
        sources = [source.label for source in item.sources]
        for said in (*cells, *sources, *([item.value] if isinstance(item.value, str) else [])):
            if is_plain(said) and not said.startswith(("-", "*")):
                assert squeeze(said) in told, said
    marks = [mark.get_object() for page in reader.pages for mark in page.get("/Annots", [])]
    assert all(
        str(mark["/A"]["/URI"]).startswith(("http://", "https://")) for mark in marks if "/URI" in mark.get("/A", {})
    )
    assert {str(mark["/Subtype"]) for mark in marks} == {"/Link"}
    assert set(reader.trailer["/Root"]) == set(plain.trailer["/Root"])
    assert reader.pages[0].mediabox == plain.pages[0].mediabox
    described = ElementTree.fromstring(reader.trailer["/Root"]["/Metadata"].get_object().get_data().decode())
    assert squeeze(card.summary) in squeeze("".join(described.itertext()))


def test_annotations_are_drawn_from_markdown() -> None:
    """Emphasis, lists, code, tables and links; an address that runs something is no link."""
    said = (
        "# Head\n\n1. one\n2. two\n\n> quoted\n\n```\nSELECT  <1>\n  indented\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
        "\n[fine](https://a.example/x) [bad](javascript:alert(1)) ![picture](https://a.example/p.png)\n\n---\n\n#panic()"
    )
    note = Annotation("a@example.com", "Ann", cards.PUBLISHED, said)
    content = printed(cards.make_card(cards.FULL, {"factors": (note,)}))

    told = text_of(content)
    marks = [mark.get_object() for page in read_pdf(content).pages for mark in page.get("/Annots", [])]
    links = {str(mark["/A"]["/URI"]) for mark in marks if "/URI" in mark.get("/A", {})}
    assert {"https://a.example/x", "https://a.example/p.png"} == links
    for piece in ("Head", "1. one", "quoted", "SELECT <1>", "[bad](javascript:alert(1))", "picture", "#panic()"):
        assert squeeze(piece) in told


def test_signs_without_a_shape_are_named() -> None:
    """What no font shows, and what turns the direction of a line, comes out as its number."""
    told = text_of(
        printed(cards.make_card({**cards.FULL, "primary-uses": "a\u202eb \ue000 \x07 \U0001d173 \ua670"}, {}))
    )

    assert "aU+202Eb" in told
    assert all(name in told for name in ("U+E000", "U+0007", "U+1D173", "U+A670"))


def test_words_that_no_line_holds_are_broken() -> None:
    """A digest that is copied from a page is the digest, whole."""
    long = "0123456789abcdef" * 40
    card = cards.make_card(
        {**cards.FULL, "primary-uses": long, "files": Table((long, "n"), ((long, long), (long, "")))}, {}
    )

    # Heads of tables come again on the next page.
    assert text_of(printed(card)).count(long) >= 5


@pytest.mark.parametrize(
    "make", [cards.huge_card, lambda: cards.make_card({**cards.FULL, "risks": "word " * 4000}, {})]
)
def test_much_is_printed_and_what_is_too_much_is_counted(make: Callable[[], Card]) -> None:
    """Hundreds of measures, a thousand files, a text of 20,000 characters: pages with the heads of tables again."""
    reader = read_pdf(printed(make()))

    assert len(reader.pages) > 10
    if make is cards.huge_card:
        told = squeeze("".join(page.extract_text() for page in reader.pages))
        assert squeeze("800 more, which the card has as JSON.") in told
        assert told.count(squeeze("Path Type Format Bytes SHA-256")) > 3


def test_what_takes_too_long_is_ended() -> None:
    """The process that prints is ended, and who asked is told to take another format."""
    press = Press(seconds=0.01)

    with pytest.raises(PrintingTooLong):
        press.print_card(to_print(cards.make_card()), made_at=made_at(cards.make_card()))
    with pytest.raises(Unavailable) as refused:
        print_card(press, cards.make_card())
    assert "HTML" in (refused.value.remedy or "")


def test_what_cannot_be_printed_says_nothing_of_the_card() -> None:
    """What an operator reads has no words of the document."""
    document = to_print(cards.make_card()) | {"sections": [{"title": "secret words"}]}

    with pytest.raises(PrinterDown) as down:
        Press().print_card(document, made_at=cards.PUBLISHED)
    assert "secret words" not in str(down.value)


def test_a_drawing_becomes_a_picture() -> None:
    """SVG as PNG, twice as many pixels each way, and no more than there is room for."""
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{0}"><text y="20">מבחן test 日本</text></svg>'
    press = Press()

    assert _size_of(press.draw_png(svg.format(100))) == (200, 200)
    assert _size_of(press.draw_png(svg.format(10_000)))[0] <= 6400


def _size_of(png: bytes) -> tuple[int, int]:
    return int.from_bytes(png[16:20]), int.from_bytes(png[20:24])
