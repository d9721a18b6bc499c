"""Text that is cut to a width, and made fit for XML."""

import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelkeep_server.kit.fitting import clean, clip, measure


@given(st.text(), st.integers(20, 400))
def test_what_is_clipped_fits(text: str, width: int) -> None:
    """Whatever was typed, it is no wider than the room there is, and begins as the whole does."""
    cut = clip(text, width, 13)

    assert measure(cut, 13) <= width
    assert cut == text or (cut.endswith("…") and text.startswith(cut[:-1]))


@given(st.text(st.characters()))
def test_clean_text_stands_in_xml(text: str) -> None:
    """No character is left that XML does not have, and none that turns the direction of what follows."""
    cleaned = clean(text)

    assert ET.fromstring(f"<t>{escape(cleaned)}</t>").text == (cleaned or None)
    assert not set(cleaned) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\n\t\0")


@pytest.mark.parametrize("text", ["e\u0301" * 200, "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}" * 60, "क\u094dष" * 200])
def test_no_character_is_cut_in_two(text: str) -> None:
    """Marks stay with their letters, and emoji that are joined stay together or go."""
    cut = clip(text, 100, 13)[:-1]

    rest = text[len(cut)]
    assert not cut.endswith("\u200d")
    assert measure(rest, 13) > 0


def test_what_fits_is_left_alone() -> None:
    """As it was typed."""
    assert clip("sentiment-analysis-bert", 200, 13) == "sentiment-analysis-bert"
