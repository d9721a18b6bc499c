"""A registry whose governed tables all hold rows, to be meddled with."""

import contextlib
import functools
from collections.abc import Callable, Iterator

import pytest
from anyio.from_thread import BlockingPortal

from tests.conftest import BOTH
from tests.support.meddling import fill
from tests.support.registries import Registries, Registry


@pytest.fixture(scope="session")
def filled_ones(
    registries: Registries, portal: BlockingPortal, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Registry]]:
    """The filled registry of each kind, made when first asked for and kept to the end."""
    with contextlib.ExitStack() as stack:

        @functools.cache
        def made(kind: str) -> Registry:
            folder = tmp_path_factory.mktemp("filled") / "registry"
            registry = stack.enter_context(registries.template(kind).copied(folder))
            fill(registry, portal)
            return registry

        yield made


@pytest.fixture(scope="module", params=BOTH)
def filled(request: pytest.FixtureRequest, filled_ones: Callable[[str], Registry]) -> Registry:
    """A filled registry. Tests break it inside a transaction that is rolled back."""
    return filled_ones(request.param)
