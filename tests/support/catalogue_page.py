"""The catalogue's page as a person reads it."""

import html
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from tests.support.clients import Api
from tests.support.make import Person
from tests.support.pages import words_of


@dataclass
class Opened:
    """A page of the catalogue, read as a person reads it."""

    text: str

    @property
    def models(self) -> list[str]:
        """The addresses of the rows, in order."""
        return re.findall(r'<h2><a href="/models/([^"]+)"', self.text)

    @property
    def words(self) -> str:
        """Its words."""
        return words_of(self.text)

    @property
    def chips(self) -> list[str]:
        """What the chips say."""
        found = re.findall(r'<a class="chip" [^>]*aria-label="Remove ([^"]*)"', self.text)
        return [html.unescape(one) for one in found]

    def query_of(self, pattern: str) -> str:
        """The query to which the link leads whose tag holds this."""
        links = [tag for tag in re.findall(r"<a [^>]*>", self.text) if re.search(pattern, tag)]
        assert links, f"no link holds {pattern}"
        return query_in(links[0])

    def line(self, field: str, value: str) -> str:
        """A line of a facet, as HTML."""
        found = re.search(
            rf'<li class="pick-line[^"]*">\s*<a class="pick-main" id="pick-{field}-{value}".*?</li>', self.text, re.S
        )
        return found[0] if found else ""

    def count(self, field: str, value: str) -> str:
        """What a line of a facet counts."""
        found = re.search(r'<span class="pick-count">([^<]*)<', self.line(field, value))
        return found[1] if found else ""


def query_in(tag: str) -> str:
    """The query in the address of a link."""
    href = re.search(r'href="([^"]*)"', tag)
    assert href is not None
    return parse_qs(urlsplit(html.unescape(href[1])).query).get("q", [""])[0]


def look(api: Api, person: Person, q: str = "", **more: str) -> Opened:
    """The catalogue as this person sees it."""
    answer = api.browser(person).get("/models", params={"q": q, **more})
    assert answer.status_code == 200, answer.text
    return Opened(answer.text)
