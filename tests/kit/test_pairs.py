"""Two words side by side as the letters where they meet."""

from modelkeep_server.kit.pairs import pair_words


def test_a_pair_has_the_letters_where_two_words_meet_in_turn() -> None:
    """From there outwards, three of each; `¶` for those that a word does not have."""
    assert pair_words("fraud detector", "", "") == "ddueat"
    assert pair_words("", "", "a of") == "ao¶f¶¶"


def test_pairs_are_told_once_and_never_across_a_border_or_two_texts() -> None:
    """A tag is not beside the next one, nor a name beside its group."""
    assert pair_words("one two", "¶ one two ¶ nlp", "one two") == "etnwoo"
