"""Queries of saved searches are remembered as they were read: of what people save on purpose, no more than fits."""

import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from modelkeep_server.features.search.saved.matching import REMEMBERED_CHARS, read_again

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TRIED = 200
MOST_BYTES = 64 * 2**20


@pytest.mark.parametrize(
    "query",
    [
        lambda at: " ".join(f"tag:{at:x}{one}" for one in range(60)),
        lambda at: " OR ".join(f"-a{at:x}{one}" for one in range(11)),
        lambda at: "".join(chr(0x4E00 + (at * 31 + one) % 20_000) for one in range(31)),
        lambda at: " OR ".join(f"created:2024-01-{one + 1:02}" for one in range(28)) + f" tag:{at:x}",
        lambda at: " ".join(f"*{at:x}{one}*" for one in range(14)),
    ],
    ids=["tags", "negated", "ideographs", "dates", "wildcards"],
)
def test_what_is_remembered_of_queries_stays_small(query: Callable[[int], str]) -> None:
    """Long ones, and short ones that mean much: as many as are remembered take 64 MiB at most."""
    queries = [query(at) for at in range(TRIED)]
    tracemalloc.start()
    read = sum(read_again(one, NOW) is not None for one in queries)
    kept_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert read == TRIED
    assert kept_bytes / sum(map(len, queries)) * REMEMBERED_CHARS < MOST_BYTES
