"""Where people come from, with a proxy in front: what it says counts only where an operator said that it is there."""

from dataclasses import replace

import pytest
from starlette.datastructures import Headers

from modelkeep_server.interfaces.gate import Gate
from tests.support.registries import Registry

SCOPE = {"client": ("10.0.0.1", 5000)}


@pytest.mark.parametrize(
    ("hops", "forwarded", "expected"),
    [
        (0, "198.51.100.7", "10.0.0.1"),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "1.2.3.4, 198.51.100.7", "198.51.100.7"),
        (1, "", "10.0.0.1"),
        (2, "1.2.3.4, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        (2, "10.0.0.2", "10.0.0.1"),
        (3, "1.2.3.4,198.51.100.7 , 10.0.0.3,10.0.0.2", "198.51.100.7"),
    ],
)
def test_the_hop_that_counts_is_ours_and_only_behind_a_proxy(
    registry: Registry, hops: int, forwarded: str, expected: str
) -> None:
    """What a visitor wrote himself stands before it; without a proxy, or with too few of them, nothing is believed."""
    gate = registry.app
    settings = replace(gate._settings, behind_proxy=hops > 0, proxy_hops=max(1, hops))
    behind = Gate(gate._app, settings=settings, refuse=gate._refuse)

    source = behind._source(SCOPE, Headers({"x-forwarded-for": forwarded}))

    assert source == expected
