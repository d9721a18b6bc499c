"""Range and digest headers: what the RFCs say, and nothing that a header can break."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from modelkeep_server.features.artifacts.downloading.ranges import Range, Unsatisfiable, parse_digest, parse_range

SHA256 = hashlib.sha256(b"weights")
BASE64 = base64.b64encode(SHA256.digest()).decode()
OTHER = base64.b64encode(hashlib.sha256(b"other").digest()).decode()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", Range(0, 1)),
        ("bytes=0-499", Range(0, 500)),
        ("bytes=500-999", Range(500, 1000)),
        ("bytes=9500-", Range(9500, 10000)),
        ("bytes=-500", Range(9500, 10000)),
        ("bytes=-20000", Range(0, 10000)),
        ("bytes=9999-20000", Range(9999, 10000)),
        ("BYTES=0-4", Range(0, 5)),
        ("bytes= 0-4 ", Range(0, 5)),
        ("bytes=,0-4,", Range(0, 5)),
        ("bytes=10000-", Unsatisfiable(10000)),
        ("bytes=10000-10001", Unsatisfiable(10000)),
        ("bytes=-0", Unsatisfiable(10000)),
    ],
)
def test_one_range_is_understood(header, expected):
    """The forms of RFC 9110, section 14.1.2, in a file of 10,000 bytes."""
    assert parse_range(header, 10_000) == expected


@pytest.mark.parametrize(
    "header",
    [
        None, "", "bytes", "bytes=", "bytes=-", "bytes=5-4", "bytes=a-b", "bytes=0-4,6-9", "bytes=0-0-0", "items=0-4",
        "bytes=0x1-5", "bytes=+1-5", "bytes=1.0-5", "bytes=\u0661-\u0665", "bytes=0 -4", "bytes=--5", "bytes:0-4",
        "bytes=" + "9" * 20 + "-", "bytes=" + "0-0," * 100_000, "bytes=" + "9" * 1_000_000 + "-",
    ],
)  # fmt: skip
def test_what_is_no_single_range_gives_the_whole_file(header):
    """Several ranges, other units and malformed headers are ignored, as RFC 9110, section 14.2 lets a server do."""
    assert parse_range(header, 10_000) is None


def test_an_empty_file_has_no_range():
    """Of an empty file a suffix is the whole, and a first byte lies outside."""
    assert parse_range("bytes=-5", 0) is None
    assert parse_range("bytes=0-", 0) == Unsatisfiable(0)


@given(st.text(max_size=60) | st.from_regex(r"bytes=[-0-9, ]{0,30}"), st.integers(0, 2**63))
def test_no_header_breaks_the_parser(header, size):
    """Whatever is sent, the answer is a range inside the file, 416, or the whole file."""
    asked = parse_range(header, size)

    if isinstance(asked, Range):
        assert 0 <= asked.start < asked.end <= size
    else:
        assert asked is None or asked == Unsatisfiable(size)


@given(st.data(), st.integers(1, 2**50))
def test_a_range_written_out_is_read_back(data, size):
    """Every range of a file, written as a client writes it, is that range."""
    start = data.draw(st.integers(0, size - 1))
    end = data.draw(st.integers(start + 1, size))

    assert parse_range(f"bytes={start}-{end - 1}", size) == Range(start, end)
    assert parse_range(f"bytes={start}-", size) == Range(start, size)
    assert parse_range(f"bytes=-{size - start}", size) == Range(start, size)


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
