"""Reading pages as people do."""

import html
import re

from modelkeep_server.rules import wording
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.formats import ArtifactType
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import Role
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


_KEPT = frozenset({"MRC", "SRE", "API"})
_CODE = re.compile(r"\b(?:\d{4}-\d\d-\d\dT[\d:.]+Z?|[A-Z]{2,}(?:_[A-Z]+)*)(?![\w-])")


def find_codes(text: str) -> list[str]:
    """What stands in a text as JSON has it and as no person says it: states, roles, tiers, decisions, moments."""
    known = (wording.CODES - set(ArtifactType) | set(State) | set(Role) | set(RiskTier)) - _KEPT
    found = [one for one in _CODE.findall(text) if one in known or "_" in one or one[0].isdigit()]
    return [one for one in found if not one.startswith("MODELKEEP_")]
