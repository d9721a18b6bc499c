"""What is typed at a caret is told from any text, however broken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelkeep_server.features.search.language.carets import read_caret

#: A query with the caret as `|`; the text typed, the field, and what an offer takes the place of.
TYPED = [
    ("|", "", None, ""),
    ("ris|", "ris", None, "ris"),
    ("-ris|", "ris", None, "ris"),
    ("ri|:HIGH", "ri", None, "ri"),
    ("tag:nl|", "nl", "tag", "nl"),
    ("tag:nl|p AND x", "nl", "tag", "nlp"),
    ("tags:nl|", "nl", "tag", "nl"),
    ("TAG:|", "", "tag", ""),
    ("-tag:x| y", "x", "tag", "x"),
    ("tag:(nlp OR c|", "c", "tag", "c"),
    ("tag:(nlp OR (c|", "c", "tag", "c"),
    ("(tag:a) AND c|", "c", None, "c"),
    ('tag:"fin te|ch" x', "fin te", "tag", '"fin tech"'),
    ('tag:"fin te| AND tag:"b"', "fin te", "tag", '"fin te'),
    ('tag:"a \\"b|', 'a "b', "tag", '"a \\"b'),
    ('"a b" OR c|', "c", None, "c"),
    ("riskTier:>=M|", "M", "riskTier", "M"),
    ("risk-tier:H|", "H", "riskTier", "H"),
    ("updated:>now|", "now", "updated", "now"),
    ("created:[2024-01-01 TO 20|", "20", "created", "20"),
    ("created:[a TO b] x|", "x", None, "x"),
    ("http://exa|", "//exa", None, "//exa"),
    (")))|", "", None, ""),
    ("((((x|", "x", None, "x"),
]


@pytest.mark.parametrize(("query", "text", "field", "replaced"), TYPED)
def test_what_is_typed_and_what_would_be_replaced(query: str, text: str, field: str | None, replaced: str) -> None:
    """Field, text and span follow from what stands before the caret; the word it is in is replaced whole."""
    at, query = query.index("|"), query.replace("|", "", 1)

    typed = read_caret(query, at)

    assert (typed.text, typed.field and typed.field.name) == (text, field)
    assert query[typed.span.start : typed.span.end] == replaced


@pytest.mark.parametrize(
    ("query", "joins"),
    [("", False), ("a ", True), ("a AND ", False), ("(", False), ("a)", True), ("a NOT ", False), ("tag:x ", True)],
)
def test_operators_make_sense_behind_a_term(query: str, joins: bool) -> None:
    """AND and OR join what stands before; at the beginning and behind another operator there is nothing to join."""
    assert read_caret(query, len(query)).joins is joins


@given(st.text(alphabet='ab :"()[]{}\\-!<>=*AND ORTO\t\n\u00e9\U0001f600', max_size=40), st.integers(-5, 50))
def test_any_text_is_read(query: str, at: int) -> None:
    """Nothing that somebody types is an error, and what is replaced lies within it and holds the caret."""
    typed = read_caret(query, at)

    assert 0 <= typed.span.start <= typed.span.end <= len(query)
    assert typed.span.start <= max(0, min(at, len(query))) <= typed.span.end
