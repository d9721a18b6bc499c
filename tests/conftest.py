"""What every test can ask for: a registry on both databases, makers of what it needs, and clients at its door."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from anyio.from_thread import BlockingPortal

from modelkeep_server.operate.logs import configure_logs
from tests.support import accounts, endurance, postgres, scratch
from tests.support.bad_issuer import BadIssuer, running_bad_issuer
from tests.support.clients import Api
from tests.support.door import end_loop, the_loop
from tests.support.make import Make
from tests.support.real_issuer import RealIssuer, running_issuers
from tests.support.registries import Registries, Registry
from tests.support.s3 import S3Server, running_s3

figures = endurance.figures

#: Files with tests that take a minute each. They begin, so that at the end of a run no worker waits for another's.
LONG = (
    "security/test_authorizations.py", "features/promotion/test_walk.py", "docs/test_examples.py",
    "operate/test_bench.py", "operate/test_kills.py",
)  # fmt: skip
#: From the first of these on, the driver of the browser runs an event loop in the worker: nothing that starts one
#: itself comes after. The long ones of them begin.
JOURNEYS = "/tests/journeys/"
LONG_JOURNEYS = ("test_pages.py", "test_whole_life.py", "test_naughty.py")
BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


def pytest_configure(config: pytest.Config) -> None:
    """The settings of whoever runs the tests do not reach them. One server of PostgreSQL serves the whole run."""
    for name in [name for name in os.environ if name.startswith("MODELKEEP_")]:
        del os.environ[name]
    configure_logs()
    accounts.hash_cheaply()
    # A shared or slow machine is no fault of the code; what must be fast is measured under bench/. The same examples
    # each time, so that a change is judged by itself; `HYPOTHESIS=explore` looks for new ones.
    steady = os.environ.get("HYPOTHESIS") != "explore"
    hypothesis.settings.register_profile("modelkeep", deadline=None, derandomize=steady)
    hypothesis.settings.load_profile("modelkeep")
    if not hasattr(config, "workerinput"):
        memory = scratch.prefer_memory() if config.option.markexpr != "endurance" else None
        postgres.begin_run(memory)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, journeys last, the rest as they stand."""

    def place(item: pytest.Item) -> tuple[bool, bool]:
        path = item.path.as_posix()
        is_journey = JOURNEYS in path
        return is_journey, not path.endswith(LONG_JOURNEYS if is_journey else LONG)

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: looking among it for garbage would take a tenth of the run."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def pytest_unconfigure(config: pytest.Config) -> None:
    """The loop of this process, and what serves the whole run: the first process ends that, after its workers."""
    end_loop()
    if not hasattr(config, "workerinput"):
        postgres.end_run()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The figures of the long tests, in one table."""
    endurance.summarise(terminalreporter)


@pytest.fixture(scope="session")
def registries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registries]:
    """The registries of this worker."""
    made = Registries(tmp_path_factory.mktemp("registries"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def portal() -> BlockingPortal:
    """The one event loop in which requests of this worker run."""
    return the_loop()


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """A real server of S3. Leave its relay mended."""
    with running_s3() as server:
        yield server


@pytest.fixture(scope="session")
def real_issuers() -> Iterator[tuple[RealIssuer, RealIssuer]]:
    """Two real issuers of OpenID Connect: one with thin ID tokens and RS256, one with full ones and ES256."""
    with running_issuers() as issuers:
        yield issuers


@pytest.fixture(scope="session")
def bad_issuer() -> Iterator[BadIssuer]:
    """An issuer that misbehaves as a test has it; set its manners anew in each."""
    with running_bad_issuer() as issuer:
        yield issuer


@pytest.fixture(params=BOTH)
def kind(request: pytest.FixtureRequest) -> str:
    """The database a test runs on: once SQLite, once PostgreSQL."""
    return str(request.param)


@pytest.fixture
def registry(kind: str, registries: Registries) -> Registry:
    """A registry that other tests use too: make your own people and models in it."""
    return registries.shared(kind)


@pytest.fixture
def make(registry: Registry) -> Make:
    """Makes people, models, versions and files in the shared registry."""
    return Make(registry)


@pytest.fixture
def api(registry: Registry, portal: BlockingPortal) -> Api:
    """Clients of the shared registry."""
    return Api(registry, portal)


@pytest.fixture
def fresh_registry(kind: str, registries: Registries, tmp_path: Path) -> Iterator[Registry]:
    """An empty registry of this test's own: one event, no person."""
    with registries.template(kind).copied(tmp_path / "registry") as opened:
        yield opened


@pytest.fixture
def fresh_make(fresh_registry: Registry) -> Make:
    """Makes people, models, versions and files in the registry of this test's own."""
    return Make(fresh_registry)


@pytest.fixture
def fresh_api(fresh_registry: Registry, portal: BlockingPortal) -> Api:
    """Clients of the registry of this test's own."""
    return Api(fresh_registry, portal)
