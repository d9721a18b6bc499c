"""Reading pages as people do."""

import html
import re

from tests.support.clients import Api
from tests.support.make import Person


def words_of(page: str) -> str:
    """The text of a page's main part, blanks folded."""
    main = page.partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", main))).strip()


def look(api: Api, person: Person, path: str = "/") -> str:
    """A page as this person's browser gets it."""
    answer = api.browser(person).get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def controls(page: str) -> dict[str, str]:
    """What a browser would send of the page's editing form: hidden fields, inputs, text areas and chosen radios."""
    found = {}
    form = page[page.index('class="stack"') :]
    form = form[: form.index("</form>")]
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = (re.search(rf'{key}="([^"]*)"', tag) for key in ("name", "value"))
        if name is None or ('type="radio"' in tag and " checked" not in tag):
            continue
        found[name[1]] = html.unescape(value[1]) if value else ""
    for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        found[name] = html.unescape(text)
    return found
