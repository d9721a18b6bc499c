"""A registry whose governed tables all hold rows, to be meddled with."""

from collections.abc import Iterator

import pytest
from anyio.from_thread import BlockingPortal

from tests.conftest import BOTH
from tests.support.meddling import fill
from tests.support.registries import Registries, Registry


@pytest.fixture(scope="module", params=BOTH)
def filled(
    request: pytest.FixtureRequest,
    registries: Registries,
    portal: BlockingPortal,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Registry]:
    """A filled registry. Tests break it inside a transaction that is rolled back."""
    with registries.template(request.param).copied(tmp_path_factory.mktemp("filled") / "registry") as registry:
        fill(registry, portal)
        yield registry
