"""The files that a model card is exported as: one row a format, for the API and the pages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from modelkeep_server.db.work import Parts
from modelkeep_server.features.cards.documents import to_document
from modelkeep_server.features.cards.exports.cyclonedx import to_cyclonedx
from modelkeep_server.features.cards.exports.markdown_file import to_markdown
from modelkeep_server.features.cards.exports.printed import print_card
from modelkeep_server.features.cards.views import Card, CardStatus
from modelkeep_server.interfaces.cards.html import render_html
from modelkeep_server.kit import canonical


class Format(StrEnum):
    """What a card can be exported as, by the names of `?format=`."""

    HTML = "html"
    JSON = "json"
    PDF = "pdf"
    MARKDOWN = "md"
    CYCLONEDX = "cyclonedx"


@dataclass(frozen=True)
class FormatRow:
    """
    A format as menus name it. `make` draws the file of a card; it takes the registry's own address,
    `https://models.example.com`, which the paths in a card are below, and what prints from the parts. `is_slow`: making
    it may take seconds.
    """

    format: Format
    label: str
    says: str
    media_type: str
    suffix: str
    make: Callable[[Card, Parts], bytes]
    is_slow: bool = False


def _make_html(card: Card, parts: Parts) -> bytes:
    return render_html(card, base_url=parts.public_url).encode()


def _make_pdf(card: Card, parts: Parts) -> bytes:
    return print_card(parts.printer, card)


def _make_markdown(card: Card, _parts: Parts) -> bytes:
    return to_markdown(card).encode()


def _make_cyclonedx(card: Card, parts: Parts) -> bytes:
    return canonical.dumps(to_cyclonedx(card, parts.public_url)).encode()


def _make_json(card: Card, _parts: Parts) -> bytes:
    """The document in its canonical spelling, which its digest is over but for what stands outside of it."""
    return canonical.dumps(to_document(card)).encode()


FORMATS: Mapping[Format, FormatRow] = {
    row.format: row
    for row in (
        FormatRow(
            Format.HTML, "HTML", "Web-friendly format for sharing", "text/html; charset=utf-8", ".html", _make_html
        ),
        FormatRow(
            Format.JSON, "JSON", "Machine-readable format for automation", "application/json", ".card.json", _make_json
        ),
        FormatRow(
            Format.PDF,
            "PDF",
            "Print-friendly format for documentation",
            "application/pdf",
            ".pdf",
            _make_pdf,
            is_slow=True,
        ),
        FormatRow(
            Format.MARKDOWN,
            "Markdown",
            "README with the metadata that model hubs read",
            "text/markdown; charset=utf-8",
            ".md",
            _make_markdown,
        ),
        FormatRow(
            Format.CYCLONEDX,
            "CycloneDX",
            "Bill of materials for machine learning, version 1.7",
            "application/vnd.cyclonedx+json; version=1.7",
            ".cdx.json",
            _make_cyclonedx,
        ),
    )
}


def make_file(card: Card, format_: Format, parts: Parts) -> bytes:
    """A card as a file: a published revision each time as the same bytes. Raises Unavailable where none can be made."""
    return FORMATS[format_].make(card, parts)


def name_file(card: Card, format_: Format) -> str:
    """How the file is called: `churn-predictor-1.2.0-r4.card.json`, or `-draft` in place of the revision."""
    which = "draft" if card.status is CardStatus.DRAFT else f"r{card.revision}"
    return f"{card.model.rpartition('/')[2]}-{card.version}-{which}{FORMATS[format_].suffix}"
