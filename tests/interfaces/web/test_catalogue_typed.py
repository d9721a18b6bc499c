"""What the catalogue's page makes of queries as people bring them, and what it says where they lead nowhere."""

import re

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
