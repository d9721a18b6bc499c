"""Reading pages as people do."""

import re

from tests.support.clients import Api
from tests.support.make import Person


def words_of(html: str) -> str:
    """The text of a page's main part, blanks folded."""
    main = html.partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", main)).strip()


def look(api: Api, person: Person, path: str = "/") -> str:
    """A page as this person's browser gets it."""
    answer = api.browser(person).get(path)
    assert answer.status_code == 200, answer.text
    return answer.text
