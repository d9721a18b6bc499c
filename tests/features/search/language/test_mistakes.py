"""What is said of queries that cannot be read."""

import random
import time
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from modelkeep_server.features.search.language.mistakes import QueryMistake
from modelkeep_server.features.search.language.reading import read_query
from modelkeep_server.rules.errors import FieldError
from tests.support.endurance import Figures, sizes
from tests.support.search_fuzz import make_noise

NOW = datetime(2026, 11, 26, 22, 30, tzinfo=UTC)
#: What a text of signs is made of.
SIGNS = [
    *'()":*?-+!~^/\\[]{}<>=&| ', "AND", "OR", "NOT", "TO", "a", "fraud", "tag:", "tga:", "name:", "riskTier:", "state:",
    "created:", "is:", "owner:", "2024", "2024-02-30", "now-7d", "HIGH", "PROD", "&&", "||", "“", "”", "：", "é", "模",
    "last week", "7 days ago", "since", "HIGH,LOW", "🚀", "\0", "\u202e", "\n",
]  # fmt: skip


def mistake_of(text: str) -> QueryMistake:
    with pytest.raises(QueryMistake) as caught:
        read_query(text, now=NOW)
    return caught.value


@pytest.mark.parametrize(
    ("text", "at", "suggestion"),
    [
        ("tag:", "tag:", "tag:production"),
        ("fraud tag: AND x", "tag:", "fraud tag:production AND x"),
        ("created:>", "created:>", "created:[2024-01-01 TO 2024-06-30]"),
        ('tag:""', 'tag:""', "tag:production"),
        ("riskTier:", "riskTier:", "riskTier:HIGH"),
        ("tga:nlp", "tga", "tag:nlp"),
        ("(lables:nlp)", "lables", "(tag:nlp)"),
        ("foo:bar", "foo", '"foo:bar"'),
        ("fraud: detection", "fraud", "fraud detection"),
        ("s3://bucket/x", "s3", '"s3://bucket/x"'),
        ("10:30", "10", '"10:30"'),
        ("fraud/fraud-detector:1.2.0", "fraud/fraud-detector", "fraud/fraud-detector version:1.2.0"),
        ("https://registry.example/models/fraud/card?tab=x", "https", "fraud/card"),
        ("https://registry.example/models/fraud/card/versions/1.2.0", "https", "fraud/card version:1.2.0"),
        ("models:/card-fraud/3", "models", "name:card-fraud"),
        (":smile:", ":", "smile"),
        ("id:0190b2a4-7c1e-7a7a-8f00-0123456789ab", "id", "0190b2a4-7c1e-7a7a-8f00-0123456789ab"),
        ("tag=nlp", "tag=nlp", "tag:nlp"),
        ("updated>=2024-01-01", "updated>=2024-01-01", "updated:>=2024-01-01"),
        (">5 fraud", ">5", "5 fraud"),
        ("riskTier:HIHG", "HIHG", "riskTier:HIGH"),
        ("-state:prod", "prod", "-state:PRODUCTION"),
        ("state:(DRAFT OR STAGNG)", "STAGNG", "state:(DRAFT OR STAGING)"),
        ("state:liv", "liv", "is:live"),
        ("is:*", "*", None),
        ("riskTier:>HIGH", "riskTier:>HIGH", "riskTier:HIGH"),
        ("version:>1.2", "version:>1.2", "version:1.2"),
        ("tag:[a TO b]", "tag:[a TO b]", "tag:(a OR b)"),
        ("name:>x", "name:>x", "name:x"),
        ("tag:(state:DRAFT)", "state:", "tag:( DRAFT)"),
        ('"fraud', '"', '"fraud"'),
        ("fraud (a OR b", "(", "fraud (a OR b)"),
        ("((fraud", "(", "((fraud))"),
        ("fraud)", ")", "fraud"),
        ("()", "()", None),
        ("a () b", "()", "a b"),
        ("tag:()", "tag:()", "tag:production"),
        ("AND", "AND", None),
        ("a AND", "AND", "a"),
        ("(a OR)", "OR", "(a )"),
        ("a && || b", "&&", "a || b"),
        ("a NOT", "NOT", "a"),
        ("fraud - detection", "-", "fraud detection"),
        ("- fraud", "-", "-fraud"),
        ("a AND - tag:b", "-", "a AND -tag:b"),
        ("- AND b", "-", "b"),
        ("*-a", "*-a", "a"),
        ("a , b", ",", "a b"),
        ("...", "...", None),
        ("tag:nlp ```", "```", "tag:nlp"),
        ("```", "```", None),
        ('a ""', '""', "a"),
        ("*", "*", None),
        ("a*", "a*", "a"),
        ("?", "?", None),
        ("fraud.*", "fraud.*", "fraud*"),
        ("tag:?", "tag:?", "tag:*"),
        ("/fr.*d/", "/fr.*d/", "fr*d"),
        ("name:/^fraud$/", "/^fraud$/", "name:fraud"),
        ("/fr(au|a)d/", "/fr(au|a)d/", '"fr(au|a)d"'),
        ("fraud~2 x", "~2", "fraud x"),
        ('"a b"~3', "~3", '"a b"'),
        ("(a b)^2", "^2", "(a b)"),
        ("[2024 TO 2025]", "[", "created:[2024 TO 2025]"),
        ("created:[2024", "[2024", "created:[2024 TO *]"),
        ("created:[2024, 2025]", "[2024, 2025]", "created:[2024 TO 2025]"),
        ("created:[2024 - 2025] x", "[2024 - 2025]", "created:[2024 TO 2025] x"),
        ("created:[2024-06 TO 2024-01]", "created:[2024-06 TO 2024-01]", "created:[2024-01 TO 2024-06]"),
        ("created:2024-01-01 TO 2024-02-01", "created:2024-01-01 TO 2024-02-01", "created:[2024-01-01 TO 2024-02-01]"),
        ("created:2024-01..2024-02", "created:2024-01..2024-02", "created:[2024-01 TO 2024-02]"),
        ("created:2024-02-30", "2024-02-30", "created:2024-02-29"),
        ("created:2023-02-29", "2023-02-29", "created:2023-02-28"),
        ("created:2024-13-45", "2024-13-45", "created:2024-12-31"),
        ("created:0000", "0000", "created:0001"),
        ("created:2024-01-31T25:61:00Z", "2024-01-31T25:61:00Z", "created:2024-01-31T23:59:00Z"),
        ("created:2024-02-30T09:00:00Z", "2024-02-30T09:00:00Z", "created:2024-02-29T09:00:00Z"),
        ("created:31.01.2024", "31.01.2024", "created:2024-01-31"),
        ("created:1/31/2024", "1/31/2024", "created:2024-01-31"),
        ("created:20240131", "20240131", "created:2024-01-31"),
        ("created:2024-1-5", "2024-1-5", "created:2024-01-05"),
        ("created:>-7d", "-7d", "created:>now-7d"),
        ("created:>now-24h", "now-24h", "created:>now-1d"),
        ("created:yesteday", "yesteday", "created:yesterday"),
        ("created:soon", "soon", "created:today"),
        ("created:now-7d", "created:now-7d", "created:>=now-7d"),
        ("created:now-99999y", "now-99999y", "created:>=now-1y"),
        ("created:last week", "last week", "created:[2026-11-16 TO 2026-11-22]"),
        ('created:"last week"', '"last week"', "created:[2026-11-16 TO 2026-11-22]"),
        ("created:>last week fraud", "last week", "created:>2026-11-22 fraud"),
        ("created:>=last week", "last week", "created:>=2026-11-16"),
        ("created:(last week OR today)", "last week", "created:([2026-11-16 TO 2026-11-22] OR today)"),
        ("created:This Week", "This Week", "created:[2026-11-23 TO 2026-11-29]"),
        ("created:lastmonth", "lastmonth", "created:2026-10"),
        ("updated:this-year x", "this-year", "updated:2026 x"),
        ("updated:last 7 days", "last 7 days", "updated:>=now-7d"),
        ("updated:in the past 2 weeks", "in the past 2 weeks", "updated:>=now-2w"),
        ("updated:within 48 hours", "within 48 hours", "updated:>=now-2d"),
        ("updated:past month", "past month", "updated:>=now-1m"),
        ("updated:<7 days ago", "7 days ago", "updated:<today-7d"),
        ("updated:>a week ago x", "a week ago", "updated:>today-1w x"),
        ("updated:3 days", "3 days", "updated:>=now-3d"),
        ("updated:since last month", "since last month", "updated:>=2026-10"),
        ("updated:before 2024-01-01", "before 2024-01-01", "updated:<2024-01-01"),
        ("created:march 2024", "march 2024", "created:2024-03"),
        ("created:Nov", "Nov", "created:2026-11"),
        ("created:dec fraud", "dec", "created:2025-12 fraud"),
        ("created:Q3 2026", "Q3 2026", "created:[2026-07 TO 2026-09]"),
        ("created:2026-Q3", "2026-Q3", "created:[2026-07 TO 2026-09]"),
        ("created:>2026q1 x", "2026q1", "created:>2026-03 x"),
        ("created:h2", "h2", "created:[2026-07 TO 2026-12]"),
        ("created:H4 2026", "H4", "created:today 2026"),
        ("created:last quarter", "last quarter", "created:[2026-07 TO 2026-09]"),
        ("created:this quarter", "this quarter", "created:[2026-10 TO 2026-12]"),
        ("created:past quarter", "past quarter", "created:>=now-3m"),
        ("created:2026-W47", "2026-W47", "created:[2026-11-16 TO 2026-11-22]"),
        ("updated:monday", "monday", "updated:2026-11-23"),
        ("updated:since Mon x", "since Mon", "updated:>=2026-11-23 x"),
        ("updated:last thursday", "last thursday", "updated:2026-11-19"),
        ("updated:last hour", "last hour", "updated:>=now-1d"),
        ("updated:last-30-days", "last-30-days", "updated:>=now-30d"),
        ("updated:-30d", "-30d", "updated:>=now-30d"),
        ("updated:between 2024-01 and 2024-06 x", "between 2024-01 and 2024-06", "updated:[2024-01 TO 2024-06] x"),
        ("updated:2024-01-01 to 2024-02-01", "updated:2024-01-01 to 2024-02-01", "updated:[2024-01-01 TO 2024-02-01]"),
        ("fraud since:2024-01-01", "since", "fraud updated:>=2024-01-01"),
        ("before:monday", "before", "updated:<2026-11-23"),
        ("sort:name fraud", "sort", "fraud"),
        ("order:updated-desc", "order", None),
        ("no:tags x", "no", "-tag:* x"),
        ("archived:true", "archived", "is:retired"),
        ("visibility:public", "visibility", "-is:restricted"),
        ("is:archived", "archived", "is:retired"),
        ("is:private", "private", "is:restricted"),
        ("-is:draft", "draft", "-state:DRAFT"),
        ("is:high", "high", "riskTier:HIGH"),
        ("has:license", "license", "license:*"),
        ("riskTier!=HIGH", "riskTier!=HIGH", "-riskTier:HIGH"),
        ("riskTier<>HIGH", "riskTier<>HIGH", "-riskTier:HIGH"),
        ("tag = nlp", "tag = nlp", "tag:nlp"),
        ("name = 'fraud-x' AND a", "name = 'fraud-x'", "name:fraud-x AND a"),
        ('tags.stage != "in production"', 'tags.stage != "in production"', '-tag:"in production"'),
        ("name LIKE '%fraud%'", "name LIKE '%fraud%'", "name:*fraud*"),
        ("tag :nlp", "tag :nlp", "tag:nlp"),
        ("tag:[nlp, prod]", "[nlp, prod]", "tag:(nlp OR prod)"),
        ("fraud | churn", "|", "fraud OR churn"),
        ("created:[last week TO yesterday]", "[last week TO yesterday]", "created:[2026-11-16 TO yesterday]"),
        ('updated:[2024 TO "last month"]', '"last month"', "updated:[2024 TO 2026-10]"),
        ("created:last summer", "last", "created:today summer"),
        ("riskTier:HIGH,LOW", "HIGH,LOW", "riskTier:(HIGH OR LOW)"),
        ("riskTier:HIGH, low fraud", "HIGH, low", "riskTier:(HIGH OR LOW) fraud"),
        ("riskTier:high|medum", "high|medum", "riskTier:(HIGH OR MEDIUM)"),
        ("riskTier:(HIGH/LOW)", "HIGH/LOW", "riskTier:(HIGH OR LOW)"),
        ("-riskTier:(HIGH,LOW MEDIUM)", "HIGH,LOW", "-riskTier:((HIGH OR LOW) MEDIUM)"),
        ("riskTier:HIGH,HIGH", "HIGH,HIGH", "riskTier:HIGH"),
        ("state:prod,draft", "prod,draft", "state:(PRODUCTION OR DRAFT)"),
        ("is:mine,live", "mine,live", "is:(mine OR live)"),
        ("SELECT * FROM models WHERE 1=1", "*", "SELECT FROM models WHERE 1=1"),
        ("'; DROP TABLE models; --", "';", "DROP TABLE models;"),
    ],
)
def test_a_mistake_says_where_and_what_may_have_been_meant(text, at, suggestion):
    """The characters at fault, and a whole query that can be read."""
    mistake = mistake_of(text)
    assert (text[mistake.position :][: mistake.length], mistake.suggestion) == (at, suggestion)
    if suggestion is not None:
        read_query(suggestion, now=NOW)


def test_a_mistake_is_bad_input_of_the_field_q():
    """Interfaces draw it as they draw any other bad input, with what it knows besides."""
    mistake = mistake_of("riskTier:HIHG")
    message = "`riskTier` has no value `HIHG`. It takes one of LOW, MEDIUM, HIGH. Did you mean `riskTier:HIGH`?"
    assert (mistake.status, mistake.code, mistake.detail) == (422, "invalid_input", message)
    assert (FieldError("q", message, 9, 4, "riskTier:HIGH"),) == mistake.errors
    assert mistake.expected == ("LOW", "MEDIUM", "HIGH")


def test_several_faults_are_mended_together():
    """A suggestion is free of those faults, too, that were not the first."""
    assert 'fraud AND tag:nlp AND "x' + '"' == mistake_of('fraud AND AND tga:nlp AND "x').suggestion


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x" * 10_000, "A query has at most 1,000 characters; this one has 10,000."),
        ("x " * 101, "A query has at most 100 terms and operators; use fewer."),
        ("tag:x OR " * 99 + "tag:x", "A query has at most 100 terms and operators; use fewer."),
        ("word " * 33, "A query looks for at most 32 words of text; use fewer."),
        ("-".join(["word"] * 33), "A query looks for at most 32 words of text; use fewer."),
        ("(" * 1_000 + "a" + ")" * 1_000, "A query has at most 1,000 characters; this one has 2,001."),
        ("(" * 400 + "a" + ")" * 400, "Parentheses and negations go 20 deep, and no deeper."),
        ("-(" * 11 + "a" + ")" * 11, "Parentheses and negations go 20 deep, and no deeper."),
        ("NOT " * 21 + "a", "Parentheses and negations go 20 deep, and no deeper."),
    ],
)
def test_what_is_too_large_is_told_so(text, message):
    """Each limit is said plainly, before anything is read that is larger."""
    assert message == mistake_of(text).detail


def test_what_is_just_small_enough_is_read():
    """The limits themselves are within them."""
    read_query("x" * 1_000, now=NOW)
    read_query("word " * 32, now=NOW)
    read_query(" OR ".join(["tag:x"] * 99), now=NOW)
    read_query("(" * 20 + "a" + ")" * 20, now=NOW)


def test_parentheses_that_say_nothing_are_left_out_of_the_suggestion():
    """Parentheses around parentheses can go; what they hold stays."""
    assert "(a OR b)" == mistake_of("(" * 30 + "a OR b" + ")" * 30).suggestion


@given(
    st.one_of(
        st.text(),
        st.lists(st.sampled_from(SIGNS), max_size=30).map("".join),
        st.lists(st.sampled_from(SIGNS), max_size=30).map(" ".join),
    )
)
@example("\\")
@example('"\\')
@example("(\\")
@example("created:[[2024 TO")
def test_every_text_is_read_or_told_what_is_wrong_with_it(text):
    """No text does anything else; a place lies in the text, and a suggestion can be read."""
    _judge(text, _find_mistake(text))


@pytest.mark.parametrize("texts", sizes(small=600, full=30_000))
def test_queries_broken_in_every_way_are_read_or_told_what_is_wrong_with_them(texts: int, figures: Figures):
    """Real queries cut, spliced, nested and repeated."""
    chance = random.Random(texts)
    slowest, mistakes, mended = 0.0, 0, 0
    for _ in range(texts):
        text = make_noise(chance)
        began = time.thread_time()
        mistake = _find_mistake(text)
        slowest = max(slowest, time.thread_time() - began)
        _judge(text, mistake)
        mistakes += mistake is not None
        mended += mistake is not None and mistake.suggestion is not None

    figures.tell("texts read", texts)
    figures.tell("of which could not be", mistakes)
    figures.tell("of which got a suggestion", mended)
    figures.tell("the slowest to read or refuse", slowest * 1000, "ms", at_most=250)


def _judge(text: str, mistake: QueryMistake | None) -> None:
    if mistake is None:
        return
    assert 0 <= mistake.position <= mistake.position + mistake.length <= len(text)
    assert mistake.errors[0].message
    if mistake.suggestion is not None:
        assert mistake.suggestion != text
        assert _find_mistake(mistake.suggestion) is None


def _find_mistake(text: str) -> QueryMistake | None:
    try:
        read_query(text, now=NOW)
    except QueryMistake as mistake:
        return mistake
    return None
