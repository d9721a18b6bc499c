"""A stretch of time as the months and years that have it."""

import pytest

from modelkeep_server.features.search.compiling.months import months_of
from modelkeep_server.kit import clock


def moment(text: str) -> int:
    """Microseconds of `2024-01-31`."""
    return clock.to_us(clock.from_us(0).fromisoformat(f"{text}T00:00:00+00:00"))


@pytest.mark.parametrize(
    ("start", "end", "names"),
    [
        ("2024-01-01", "2024-04-01", ["202401", "202402", "202403"]),
        ("2024-01-01", "2025-01-01", ["2024"]),
        ("2023-11-01", "2026-02-01", ["202311", "202312", "2024", "2025", "202601"]),
    ],
)
def test_whole_months_are_told_exactly(start: str, end: str, names: list[str]) -> None:
    """Whole years as years; a model of none of these months was not registered in that time."""
    found = months_of(moment(start), moment(end))

    assert found is not None
    assert (list(found.names), found.is_exact) == (names, True)


def test_parts_of_months_are_told_by_more() -> None:
    """Of which what was registered before or afterwards must be left out."""
    found = months_of(moment("2024-01-15"), moment("2024-04-02"))

    assert found is not None
    assert (found.names, found.is_exact) == (("202401", "202402", "202403", "202404"), False)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (None, "2024-01-01"),
        ("2024-01-01", None),
        ("2024-01-01", "2024-01-01"),
        ("2024-01-15", "2024-01-20"),
        ("1900-01-01", "2024-01-01"),
        ("2024-01-01", "9999-12-31"),
    ],
)
def test_of_other_stretches_months_tell_too_little(start: str | None, end: str | None) -> None:
    """Open at an end, empty, much shorter than a month, or of more years than are asked for one by one."""
    assert months_of(moment(start) if start else None, moment(end) if end else None) is None
