"""Range headers: what the RFC says, and nothing that a header can break."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelkeep_server.kit.ranges import Range, Unsatisfiable, parse_range


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
