"""Digest headers: what the RFCs say, and nothing that a header can break."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from modelkeep_server.kit.digest_headers import parse_digest

SHA256 = hashlib.sha256(b"weights")
BASE64 = base64.b64encode(SHA256.digest()).decode()
OTHER = base64.b64encode(hashlib.sha256(b"other").digest()).decode()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Digest", f"sha-256={BASE64}"),
        ("digest", f"SHA-256={BASE64}"),
        ("Digest", f"md5=HUXZLQLMuI/KZ5KDcJPcOA==, sha-256={BASE64}"),
        ("Repr-Digest", f"sha-256=:{BASE64}:"),
        ("Repr-Digest", f"sha-512=:AAAA:, sha-256=:{BASE64}:"),
        ("Repr-Digest", f"sha-256=:{BASE64}:;q=1"),
        ("Content-Digest", f"sha-256=:{BASE64}:"),
    ],
)
def test_a_promised_digest_is_found(name, value):
    """RFC 3230 and RFC 9530, alone or beside other algorithms."""
    assert parse_digest({name: value}) == SHA256.hexdigest()


def test_both_forms_may_say_the_same():
    """Two headers of one digest are one promise."""
    assert parse_digest({"Digest": f"sha-256={BASE64}", "Repr-Digest": f"sha-256=:{BASE64}:"}) == SHA256.hexdigest()


@pytest.mark.parametrize("headers", [{}, {"Digest": "md5=HUXZLQLMuI/KZ5KDcJPcOA=="}, {"Want-Digest": "sha-256"}])
def test_no_promise_is_none(headers):
    """Without a SHA-256 there is nothing to compare with."""
    assert parse_digest(headers) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Digest", f"sha-256={SHA256.hexdigest()}"),
        ("Digest", "sha-256="),
        ("Digest", "sha-256"),
        ("Digest", f"sha-256={BASE64[:-4]}"),
        ("Digest", f"sha-256=:{BASE64}:"),
        ("Digest", "sha-256=\u00e9"),
        ("Repr-Digest", f"sha-256={BASE64}"),
        ("Repr-Digest", "sha-256=:"),
        ("Repr-Digest", f"sha-256=:{BASE64[:20]}\n{BASE64[20:]}:"),
    ],
)
def test_a_malformed_digest_says_its_form(name, value):
    """A promise that cannot be read is an error with the right form in it, not a promise dropped."""
    with pytest.raises(ValueError, match=r"Its form is `.*sha-256="):
        parse_digest({name: value})


def test_two_promises_that_differ_are_refused():
    """Also where one header comes twice."""
    twice = Headers(raw=[(b"digest", f"sha-256={BASE64}".encode()), (b"digest", f"sha-256={OTHER}".encode())])

    with pytest.raises(ValueError, match="two different"):
        parse_digest(twice)
    with pytest.raises(ValueError, match="two different"):
        parse_digest({"Digest": f"sha-256={BASE64}", "Repr-Digest": f"sha-256=:{OTHER}:"})


@given(st.text(max_size=80))
def test_no_digest_header_breaks_the_parser(value):
    """Whatever is sent, the answer is a digest, none, or a ValueError."""
    for name in ("Digest", "Repr-Digest"):
        try:
            found = parse_digest({name: value})
        except ValueError:
            continue
        assert found is None or len(found) == 64
