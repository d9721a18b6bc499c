"""The model card of a version, as people see it."""

from modelkeep_server.rules.card_sections import SECTIONS
from tests.support.clients import Api
from tests.support.full_versions import make_full
from tests.support.make import Make
from tests.support.pages import look, words_of
from tests.support.registries import Registry


def page_of(version) -> str:
    return f"/models/{version.model}/versions/{version.version}/card"


def test_x(registry: Registry, make: Make, api: Api) -> None:
    full = make_full(registry, make, api)
    browser = api.browser(full.owner)
    page = look(api, full.owner, page_of(full.version))
    assert "No model card yet" in page
