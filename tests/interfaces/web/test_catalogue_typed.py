"""What the catalogue's page makes of queries as people bring them, and what it says where they lead nowhere."""

import re

from modelkeep_server.interfaces.web.facets import CHOSEN_MAX
from tests.support.clients import Api
from tests.support.make import Make


def test_a_query_of_several_lines_stands_in_the_box_as_one(make: Make, api: Api) -> None:
    """A box of one line drops the breaks of a text, which would make one word of two."""
    owner = make.owner()
    model, other = make.model(owner, tags=["slate"]), make.model(owner)

    text = api.browser(owner).get("/models", params={"q": "# what is mine\nis:mine\r\ntag:slate"}).text

    assert 'value="is:mine tag:slate"' in text
    assert f'href="/models/{model.address}"' in text
    assert f'href="/models/{other.address}"' not in text


def test_where_no_field_has_the_name_every_field_is_named(make: Make, api: Api) -> None:
    """`is`, too, which is a word of the sentence before."""
    make.model()
    text = api.browser(make.person()).get("/models", params={"q": "tga:nlp"}).text

    assert "<code>updated</code>, <code>is</code> or <code>has</code>." in text


def test_where_nothing_is_found_the_help_is_near(make: Make, api: Api) -> None:
    """Why a model may be missing is told in a chapter that there is."""
    make.model()
    browser = api.browser(make.person())
    text = browser.get("/models", params={"q": "quartzquartz"}).text
    href = re.search(r'href="(/help/[^"#]*)#([^"]*)">Why a model may be missing<', text)

    assert href is not None
    assert f'id="{href[2]}"' in browser.get(href[1]).text


def test_of_many_values_in_one_query_some_have_lines(make: Make, api: Api) -> None:
    """Each line takes the query apart once more: a long one would keep everybody waiting."""
    make.model()
    query = " ".join(f"-tag:slate-{number}" for number in range(2 * CHOSEN_MAX))

    text = api.browser(make.person()).get("/models", params={"q": query}).text

    assert text.count('class="pick-line excluded"') == CHOSEN_MAX
