"""Where people come from, with a proxy in front: what it says counts only where an operator said that it is there."""

from dataclasses import replace

import pytest
from starlette.datastructures import Headers

from modelkeep_server.interfaces.gate import Gate
from tests.support.registries import Registry

SCOPE = {"client": ("10.0.0.1", 5000)}


@pytest.mark.parametrize(
    ("is_behind", "forwarded", "expected"),
    [
        (False, "198.51.100.7", "10.0.0.1"),
        (True, "198.51.100.7", "198.51.100.7"),
        (True, "1.2.3.4, 198.51.100.7", "198.51.100.7"),
        (True, "", "10.0.0.1"),
    ],
)
def test_the_last_hop_counts_and_only_behind_a_proxy(
    registry: Registry, is_behind: bool, forwarded: str, expected: str
) -> None:
    """What a visitor wrote himself stands before it, and without a proxy nothing is believed."""
    gate = registry.app
    behind = Gate(gate._app, settings=replace(gate._settings, behind_proxy=is_behind), refuse=gate._refuse)

    source = behind._source(SCOPE, Headers({"x-forwarded-for": forwarded}))

    assert source == expected
