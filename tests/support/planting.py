"""Models and versions whose every text holds naughty strings, as many at once as fit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from modelkeep_server.rules import fields, texts
from modelkeep_server.rules.fields import FIELDS, Kind
from tests.support.naughty import STRINGS

#: What a field of several lines takes, and what one of a single line does.
LINES = tuple(text for text in STRINGS if texts.find_text_fault(text, max_chars=fields.TEXT_CHARS, lines=True) is None)
LINE = tuple(text for text in LINES if texts.find_text_fault(text, max_chars=fields.LINE_CHARS) is None)
TAGS = tuple(
    {tag.casefold(): tag for tag in LINE if texts.find_tag_fault(tag, max_chars=fields.TAG_CHARS) is None}.values()
)
#: More strings than this are joined into no field, so that the smallest limit of all is kept.
CHARS_AT_ONCE = 3_500


class Poster(Protocol):
    """A client of the API, whichever."""

    def post(self, url: str, *, json: Any) -> Any:
        """Send JSON."""


@dataclass(frozen=True)
class Planted:
    """A page's object: where the API and the pages have it, and the strings that it holds."""

    path: str
    strings: tuple[str, ...]


def chunks_of(strings: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The strings in order, as many at once as a field takes with line breaks between them."""
    chunk: list[str] = []
    for text in strings:
        if sum(map(len, chunk)) + len(chunk) + len(text) > CHARS_AT_ONCE:
            yield tuple(chunk)
            chunk = []
        chunk.append(text)
    yield tuple(chunk)


def plant_models(client: Poster, group: str) -> list[Planted]:
    """Models that hold every string in description and rationale, and every fitting one as a tag."""
    planted = []
    wholes = list(chunks_of(LINES))
    tags = [TAGS[start : start + fields.TAGS_MAX] for start in range(0, len(TAGS), fields.TAGS_MAX)]
    for number in range(max(len(wholes), len(tags))):
        told, marked = wholes[number % len(wholes)], tags[number % len(tags)]
        body = {
            "group": group, "name": f"n{number}", "description": "\n".join(told), "riskRationale": "\n".join(told),
            "owners": ["a@b.co"], "riskTier": "LOW", "tags": list(marked),
            "documentationUrl": "https://x.example/?a=\"onmouseover=alert(1)&b=<script>window.naughty=1</script>",
        }  # fmt: skip
        answer = client.post("/api/v1/models", json=body)
        assert answer.status_code == 201, answer.text
        planted.append(Planted(f"/models/{group}/n{number}", (*told, *marked)))
    return planted


def plant_versions(client: Poster, model: str) -> list[Planted]:
    """Versions that hold every string in each text of several lines, and many in each line, object and schema."""
    planted = []
    places = [row for row in FIELDS if row.kind is Kind.LINE]
    for number, told in enumerate(chunks_of(LINES)):
        whole = "\n".join(told)
        lines = [LINE[(number * len(places) * 7 + place * 7) % len(LINE)] for place in range(len(places) + 1)]
        metadata: dict[str, Any] = {"card": {}}
        for row in FIELDS:
            if row.kind is Kind.TEXT:
                (metadata["card"] if row.card else metadata)[row.key] = whole
        for row, text in zip(places, lines, strict=False):
            (metadata["card"] if row.card else metadata)[row.key] = text
        some = [text for text in told if text in LINE and text.strip()][:20]
        metadata |= {
            "custom": {text: [text] for text in some}, "hyperparameters": {text: text for text in some},
            "inputSchema": {"title": whole, "properties": {text: {"description": text} for text in some}},
            "trainingDataset": {"name": some[0], "version": some[-1], "uri": some[1]}, "baseModel": {"uri": some[2]},
        }  # fmt: skip
        body = {"version": f"1.{number}.0", "description": whole, "trainingJobId": lines[-1], "metadata": metadata}
        answer = client.post(f"/api/v1/models/{model}/versions", json=body)
        assert answer.status_code == 201, answer.text
        planted.append(Planted(f"/models/{model}/versions/1.{number}.0", (*told, *lines, *some)))
    return planted
