"""Marking the words in which two texts differ."""

import time

from hypothesis import given
from hypothesis import strategies as st

from modelkeep_server.kit.word_marks import mark_words

TEXTS = st.text(alphabet="ab \n", max_size=60)


@given(old=TEXTS, new=TEXTS)
def test_what_is_not_marked_is_in_both(old: str, new: str) -> None:
    """The pieces make up both texts again, and without the marked ones both are the same."""
    before, now = mark_words(old, new)

    assert (old, new) == ("".join(p.text for p in before), "".join(p.text for p in now))
    kept = ["".join(piece.text for piece in pieces if not piece.marked) for pieces in (before, now)]
    assert kept[0] == kept[1]


def test_only_the_words_that_differ_are_marked() -> None:
    """A sentence that was changed in the middle keeps its ends unmarked; texts of no common word are marked whole."""
    before, now = mark_words("Weak on accounts under 30 days.", "Weak on new accounts under 60 days.")

    assert ["30"] == [piece.text.strip() for piece in before if piece.marked]
    assert ["new", "60"] == [piece.text.strip() for piece in now if piece.marked]


def test_long_texts_do_not_take_long() -> None:
    """Texts of 20,000 characters that differ throughout are marked within a moment, as a whole."""
    old, new = ("a b c d " * 2_500, "b a d e " * 2_500)
    begun = time.process_time()

    before, _ = mark_words(old, new)

    assert time.process_time() - begun < 2
    assert any(piece.marked for piece in before)
