"""Canonical JSON: one spelling for each value, the same as other implementations of RFC 8785."""

import json
import struct

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from modelkeep_server.kit import canonical

_texts = st.text(st.characters(exclude_categories=["Cs"]))
_leaves = (
    st.none()
    | st.booleans()
    | st.integers(-canonical.SAFE_INTEGER, canonical.SAFE_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _texts
)
_values = st.recursive(_leaves, lambda inner: st.lists(inner) | st.dictionaries(_texts, inner), max_leaves=20)


@given(_values)
@settings(deadline=None)
def test_text_equals_the_oracle(value):
    """Any JSON value is spelled as PyPI's rfc8785 spells it."""
    assert rfc8785.dumps(value).decode() == canonical.dumps(value)


@given(_values)
@settings(deadline=None)
def test_text_is_read_back_as_the_value(value):
    """Reading the canonical text gives the value, and writing it again the text, for every number that is accepted."""
    text = canonical.dumps(value)

    assert value == canonical.loads(text)
    assert text == canonical.dumps(canonical.loads(text))


def test_large_floats_survive_storing():
    """A count of 5e18 is stored in integer digits, and is still a float that can be stored when it is read."""
    text = canonical.dumps({"flops": 5e18})

    assert '{"flops":5000000000000000000}' == text == canonical.dumps(canonical.loads(text))
    assert isinstance(canonical.loads(text)["flops"], float)


@pytest.mark.parametrize(
    ("bits", "spelled"),
    [
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("c340000000000000", "-9007199254740992"),
        ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("44b52d02c7e14af7", "1.0000000000000001e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"),
        ("444b1ae4d6e2ef4f", "999999999999999900000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555553", "333333333.3333332"),
        ("41b3de4355555554", "333333333.33333325"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
    ],
)
def test_numbers_of_the_standard(bits, spelled):
    """Each sample number of RFC 8785, appendix B, is spelled as printed there."""
    (number,) = struct.unpack(">d", bytes.fromhex(bits))

    assert spelled == canonical.dumps(number)


def test_keys_are_sorted_by_utf16_units():
    """Keys stand in the order of RFC 8785, section 3.2.3, which is not that of code points."""
    value = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}

    assert ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"] == list(json.loads(canonical.dumps(value)))


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"hyperparameters": {"lr": float("nan")}}, "hyperparameters.lr: NaN has no JSON form."),
        ({"a": [1, {"b": float("-inf")}]}, "a[1].b: Infinity has no JSON form."),
        ([0, [2**53]], "[1][0]: the integer is beyond 2^53 - 1; send it as text."),
        (-(2**53), "value: the integer is beyond 2^53 - 1; send it as text."),
        ({"tag": "\ud800"}, "tag: half of a character (a lone surrogate) has no JSON form."),
        ({"\udc00": 1}, "\\udc00: half of a character (a lone surrogate) has no JSON form."),
        ({"a": {1: 2}}, "a: the key 1 is not text."),
        ({"a": b"bytes"}, "a: bytes has no JSON form."),
    ],
)
def test_what_has_no_form_is_named(value, sentence):
    """A value without a canonical form is refused with its place."""
    with pytest.raises(ValueError, match=r"JSON|text|integer|nested") as refused:
        canonical.dumps(value)

    assert sentence == str(refused.value)


def test_depth_has_a_limit():
    """A value nested without end is refused with a sentence, not by running out of stack."""
    value: list[object] = []
    for _ in range(5000):
        value = [value]

    with pytest.raises(ValueError, match="nested more than 100 levels deep"):
        canonical.dumps(value)


def test_digest_is_the_plain_hash_of_the_text():
    """Anybody can recompute a digest: SHA-256 over the text in UTF-8, in hex."""
    assert "ddcfcf4765da163969972bb20660092ca2787782d9352d1d8a38e93f70acf3bf" == canonical.digest({"é": 1})
