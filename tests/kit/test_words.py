"""How texts are cut into words, for both databases' indexes and for what people type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelkeep_server.kit.words import split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \t\n.,;-_", []),
        ("Fraud-Detection_v2", ["fraud", "detection", "v2"]),
        ("retail/credit-scoring:1.4.0", ["retail", "credit", "scoring", "1", "4", "0"]),
        ("Straße", ["strasse"]),
        ("ＧＰＴ４", ["gpt4"]),
        ("ﬁne-tuned", ["fine", "tuned"]),
        ("CAFE\u0301", ["caf\u00e9"]),
        ("ΣΊΣΥΦΟΣ", ["σίσυφοσ"]),
        ("模型 注册", ["模型", "注册"]),
        ("a\u00a0b\u2009c", ["a", "b", "c"]),
        ("🚀launch🚀", ["launch"]),
        ("NUL\x00inside", ["nul", "inside"]),
    ],
)
def test_a_text_is_cut_where_people_would_cut_it(text, words):
    """Case, width and ligatures are of no account; everything that is no letter or digit separates."""
    assert words == split_words(text)


@given(st.text())
def test_words_hold_nothing_but_letters_and_digits(text):
    """No word carries a character that one of the databases would read as syntax, whatever the text."""
    words = split_words(text)

    assert all(word.isalnum() for word in words)


@given(st.text())
def test_cutting_words_again_changes_nothing(text):
    """What the index holds and what is typed meet, since words are cut into themselves."""
    words = split_words(text)

    assert words == split_words(" ".join(words))


@pytest.mark.parametrize("text", ["ΐ", "ῒ", "ŉgoma", "ǰ", "Ǆ"])
def test_a_letter_that_folding_takes_apart_stays_in_its_word(text):
    """A letter and its capital find each other, those included whose capital is written with several characters."""
    assert split_words(text) == split_words(text.upper())
    assert 1 == len(split_words(text))
