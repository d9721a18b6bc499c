"""The files that a model card is exported as: one row a format, for the API and the pages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from modelkeep_server.features.cards.documents import to_document
from modelkeep_server.features.cards.views import Card, CardStatus
from modelkeep_server.interfaces.cards.html import render_html
from modelkeep_server.kit import canonical


class Format(StrEnum):
    """What a card can be exported as, by the names of `?format=`."""

    HTML = "html"
    JSON = "json"


@dataclass(frozen=True)
class FormatRow:
    """
    A format as menus name it. `make` draws the file of a card; its second argument is the registry's own address,
    `https://models.example.com`, which the paths in a card are below.
    """

    format: Format
    label: str
    says: str
    media_type: str
    suffix: str
    make: Callable[[Card, str], bytes]


def _make_html(card: Card, public_url: str) -> bytes:
    return render_html(card, base_url=public_url).encode()


def _make_json(card: Card, _public_url: str) -> bytes:
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
    )
}


def make_file(card: Card, format_: Format, public_url: str) -> bytes:
    """A card as a file. The same bytes each time for a published revision."""
    return FORMATS[format_].make(card, public_url)


def name_file(card: Card, format_: Format) -> str:
    """How the file is called: `churn-predictor-1.2.0-r4.card.json`, or `-draft` in place of the revision."""
    which = "draft" if card.status is CardStatus.DRAFT else f"r{card.revision}"
    return f"{card.model.rpartition('/')[2]}-{card.version}-{which}{FORMATS[format_].suffix}"
