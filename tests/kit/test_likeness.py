"""Texts that are spelled much like one."""

import random
import time

from modelkeep_server.kit.likeness import APART_MAX, find_like


def test_the_likest_comes_first_and_what_is_unlike_does_not_come() -> None:
    """By the letters that both have in the same order, wherever one of them is wrong."""
    others = ("production", "fraud-detection", "product", "nlp", "mei.tanaka@example.com")

    assert find_like("productoin", others, most=3, likeness=0.7) == ["production", "product"]
    assert find_like("fruad-detection", others, most=1, likeness=0.7) == ["fraud-detection"]
    assert find_like("mei.tanka@example.com", others, most=3, likeness=0.7) == ["mei.tanaka@example.com"]
    assert find_like("nlp", others, most=3, likeness=0.7) == ["nlp"]


def test_long_texts_are_alike_where_what_differs_lies_together() -> None:
    """However long what they share before and behind it is."""
    assert find_like("q" * 60 + "ab" + "z" * 60, ["q" * 60 + "ba" + "z" * 60], most=1, likeness=0.9)
    assert not find_like("a" + "q" * APART_MAX + "a", ["b" + "q" * APART_MAX + "b"], most=1, likeness=0.5)


def test_texts_that_somebody_chose_to_be_compared_slowly_are_not() -> None:
    """Thousands of the same few letters in other orders took seconds each time that somebody looked."""
    chance = random.Random(1)
    letters = chance.choices("ab", k=100)
    others = ["".join(letters[:50] + chance.sample(letters[50:], 50)) for _ in range(2_000)]
    began = time.process_time()

    find_like("".join(letters), others, most=16, likeness=0.75)

    assert time.process_time() - began < 1.0
