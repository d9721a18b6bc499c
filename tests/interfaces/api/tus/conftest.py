"""What the tests of resumable uploads share: small parts, a version, and the program of its owner."""

import pytest

from modelkeep_server.features.versions.views import Version
from tests.support.clients import Api, Client
from tests.support.make import Make
from tests.support.registries import Registry
from tests.support.tus import loose_of, use_small_parts


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """See there."""
    use_small_parts(monkeypatch)


@pytest.fixture
def version(make: Make) -> Version:
    return make.version()


@pytest.fixture
def client(registry: Registry, api: Api, make: Make, version: Version) -> Client:
    """The owner's program."""
    # Other tests of this registry harm files on purpose, and leave what they were.
    loose_of(registry)
    return api.as_(make.owner_of(version))
