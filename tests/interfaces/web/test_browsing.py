"""Groups and tags as pages: what is there for a reader, and the ways into the catalogue."""

import html
import re

import pytest

from tests.support.clients import Api
from tests.support.make import Make


def test_groups_and_tags_lead_to_their_models(make: Make, api: Api) -> None:
    """Each row counts what its reader sees, and its link finds exactly that."""
    group, owner = make.group(), make.owner()
    make.model(owner, group=group, name="one", tags=[group, f"{group}(b)"])
    make.model(owner, group=group, name="two", tags=[group], visibility="RESTRICTED")
    browser = api.browser(make.person())

    for path, expected in ((f"/groups?q={group}", 1), (f"/tags?q={group}", 2), (f"/tags?q={group}&sort=use", 2)):
        page = browser.get(path)
        assert page.status_code == 200
        found = sorted(set(re.findall(r'href="(/models\?q=[^"]+)"', page.text)))
        assert len(found) == expected, path
        for link in found:
            listed = browser.get(html.unescape(link)).text
            assert f"/models/{group}/one" in listed
            assert f"/models/{group}/two" not in listed


@pytest.mark.parametrize("path", ["/groups?q=no-such-{0}", "/tags?q=no-such-{0}", "/tags?sort=use&q=no-such-{0}"])
def test_nothing_found_says_so(make: Make, api: Api, path: str) -> None:
    """With what was looked for, and the way back to all."""
    page = api.browser(make.person()).get(path.format(make.group()))

    assert "is called that" in page.text
    assert "Show all" in page.text


def test_an_unknown_order_filters_nothing(make: Make, api: Api) -> None:
    """A wrong address shows the list by name."""
    group = make.model().group

    page = api.browser(make.person()).get(f"/groups?q={group}&sort=size")

    assert page.status_code == 200
    assert group in page.text
