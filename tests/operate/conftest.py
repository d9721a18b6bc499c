"""What the tests of operators' commands share."""

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def log() -> Iterator[None]:
    """`serve` points the log of its process at its own output, which ends with a command that is run in this one."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)
