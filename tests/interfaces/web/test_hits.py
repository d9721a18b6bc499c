"""What rows mark of what was searched for."""

import time

import pytest

from modelkeep_server.features.search.language.tree import And, Fit, Node, Not, Or, Pattern, Place, Text, Value
from modelkeep_server.interfaces.web.hits import PASSAGE_CHARS, Hits, Run


def word(text: str, fit: Fit = Fit.BEGINNING, place: Place = Place.ANYWHERE) -> Text:
    return Text((Pattern(text, fit),), place)


def phrase(*words: str) -> Text:
    return Text(tuple(Pattern(one) for one in words))


def marked(runs: tuple[Run, ...]) -> str:
    return "".join(f"[{run.text}]" if run.is_hit else run.text for run in runs)


@pytest.mark.parametrize(
    ("node", "text", "shown"),
    [
        (word("senti"), "Sentiment of reviews", "[Senti]ment of reviews"),
        (word("naive"), "A naïve Bayes", "A [naïve] Bayes"),
        (word("naiv"), "A naïve Bayes", "A [naïv]e Bayes"),
        (word("cafe"), "Cafe\u0301 orders", "[Cafe\u0301] orders"),
        (word("日"), "毎日の予測", "毎[日]の予測"),
        (phrase("card", "fraud"), "Finds card-fraud, and card or fraud.", "Finds [card-fraud], and card or fraud."),
        (word("*aud", Fit.WILD), "Fraud and audit", "[Fraud] and audit"),
        (word("*aud*", Fit.WILD), "Fraud and audit", "[Fraud] and [audit]"),
        (word("fr?ud", Fit.WILD), "Fraud or freud", "[Fraud] or [freud]"),
        (word("*****************************a*a*a*a*b", Fit.WILD), "a" * 90, "a" * 90),
        (Or((word("one"), word("two"))), "two one", "[two] [one]"),
        (Not(word("one")), "one", "one"),
        (Not(Not(word("one"))), "one", "[one]"),
        (And((word("fra"), word("fraud"))), "fraud", "[fraud]"),
        (word("one", place=Place.NAME), "one", "one"),
        (word("one", place=Place.DESCRIPTION), "one", "[one]"),
        (word("b"), "<b>&amp;", "<[b]>&amp;"),
        (word("x"), "", ""),
    ],
)
def test_a_description_shows_what_was_found_in_it(node: Node, text: str, shown: str) -> None:
    """Words are marked as the index compares them: folded, whole or by their beginning; what is negated is not."""
    assert marked(Hits.of(node).in_description(text)) == shown


def test_a_hit_far_into_a_description_is_what_its_passage_shows() -> None:
    """The row shows the passage with the first hit, cut between words, and says that more stands around it."""
    text = "Nothing of it here. " * 40 + "Then fraud is named." + " And more follows." * 40

    runs = Hits.of(word("fraud")).in_description(text)

    shown = marked(runs)
    assert shown.startswith("… ")
    assert shown.endswith("…")
    assert "Then [fraud] is named." in shown
    assert len(shown) < PASSAGE_CHARS + 10


def test_a_long_word_without_blanks_is_cut_all_the_same() -> None:
    """No row grows with what somebody typed without a blank."""
    shown = marked(Hits.of(word("zz")).in_description("x" * 3000))

    assert shown == "x" * PASSAGE_CHARS + "…"


def test_values_mark_the_whole_tag_group_and_owner() -> None:
    """A tag that was asked for is marked in any case and accent; one that merely begins so is not."""
    hits = Hits.of(And((Value("tag", (Pattern("nlp"),)), Value("group", (Pattern("risk*", Fit.WILD),)))))

    assert hits.in_tag("NLP")
    assert not hits.in_tag("nlp-de")
    assert marked(hits.in_group("Risk-Models")) == "[Risk-Models]"
    assert Hits.of(Value("owner", (Pattern("a@b.com"),))).in_owner("A@b.com")
    assert not Hits.of(Not(Value("tag", (Pattern("nlp"),)))).in_tag("nlp")


def test_many_wildcards_mark_a_long_description_soon() -> None:
    """A page of rows takes a fraction of a second, whatever is looked for and wherever it stands."""
    text = " ".join(f"{chr(97 + at % 26)}{at}" for at in range(800)) + " last"
    sought = Hits.of(Or((*(word(f"*a*{at}z*", Fit.WILD) for at in range(31)), word("last"))))

    began = time.process_time()
    shown = [marked(sought.in_description(text)) for _ in range(50)]

    assert {one[-6:] for one in shown} == {"[last]"}
    assert time.process_time() - began < 1.0
