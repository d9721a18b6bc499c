"""What people write about a section: safe as HTML, and the same words as blocks."""

import html
import re

import pytest

from modelkeep_server.features.cards.markdown import (
    CodeBlock,
    Listing,
    Paragraph,
    Quote,
    Rule,
    Run,
    TableBlock,
    read_blocks,
    render_markdown,
)
from tests.support import naughty

RICH = """# Reviewed <b>twice</b>

Fine for *retention* **offers**, ~~not~~ for `price < 3` [see](https://a.example/x) or <mailto:a@b.example>.

- one
- two

  3. nested

> said by another

```sql
SELECT <1>
```

| group | recall |
|---|---|
| 18 to 24 | 0.7 |

---

![A plot](https://a.example/plot.png)
"""


def test_emphasis_lists_code_tables_and_links_are_drawn():
    """Markdown comes out as HTML, with headings below those of the card."""
    drawn = render_markdown(RICH)

    for piece in (
        '<h4 dir="auto">Reviewed &lt;b&gt;twice&lt;/b&gt;</h4>',
        "<em>retention</em> <strong>offers</strong>, <s>not</s>",
        "<code>price &lt; 3</code>",
        '<a href="https://a.example/x" rel="nofollow noopener noreferrer">see</a>',
        '<a href="mailto:a@b.example" rel="nofollow noopener noreferrer">',
        "<pre><code>SELECT &lt;1&gt;\n</code></pre>",
        '<td dir="auto">18 to 24</td>',
    ):
        assert piece in drawn


def test_an_image_is_a_link_to_it():
    """A card asks no machine for a picture."""
    drawn = render_markdown(
        "![A plot](https://a.example/plot.png) [![in a link](https://b.example)](https://c.example)"
    )

    assert "<img" not in drawn
    assert '<a href="https://a.example/plot.png" rel="nofollow noopener noreferrer">A plot</a>' in drawn
    assert '<a href="https://c.example" rel="nofollow noopener noreferrer">in a link</a>' in drawn


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "/models", "//x", "ftp://x", "x.html"]
)
def test_other_addresses_stay_text(address: str):
    """Only http, https and mailto are links; the rest is seen as it was typed."""
    drawn = render_markdown(f"[x]({address})")

    assert "<a" not in drawn
    assert f"[x]({address})" in html.unescape(drawn)


def test_nothing_that_is_written_runs():
    """No naughty string leaves a tag or an attribute of its own."""
    for text in naughty.STRINGS:
        if any("\ud800" <= sign <= "\udfff" for sign in text):
            continue  # no request brings half a character
        drawn = render_markdown(text)
        for tag in re.findall(r"<[^>]*>", drawn):
            assert re.fullmatch(
                r"</?(p|h[456]|ul|ol|li|blockquote|em|strong|s|code|pre|hr|br|table|thead|tbody|tr|th|td)"
                r'( start="\d+")?( dir="auto")?>|</a>|<a href="(https?://|mailto:)[^"<>]*"[^<>]*>',
                tag,
            ), (text, tag)


def test_blocks_say_the_same():
    """Files are drawn from the same reading."""
    heading, words, items, quote, code, grid, rule, picture = read_blocks(RICH)

    assert heading == Paragraph((Run("Reviewed <b>twice</b>"),), heading=1)
    assert isinstance(words, Paragraph)
    assert Run("retention", emphasis=True) in words.runs
    assert Run("offers", strong=True) in words.runs
    assert Run("not", struck=True) in words.runs
    assert Run("price < 3", code=True) in words.runs
    assert Run("see", href="https://a.example/x") in words.runs
    assert isinstance(items, Listing)
    assert items.start is None
    assert items.items[1][1] == Listing(((Paragraph((Run("nested"),)),),), start=3)
    assert quote == Quote((Paragraph((Run("said by another"),)),))
    assert code == CodeBlock("SELECT <1>")
    assert grid == TableBlock((((Run("group"),), (Run("recall"),)), ((Run("18 to 24"),), (Run("0.7"),))))
    assert rule == Rule()
    assert picture == Paragraph((Run("A plot", href="https://a.example/plot.png"),))
