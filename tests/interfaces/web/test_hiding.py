"""Whoever hides a model is told, before and after, what goes on naming it."""

from typing import Any

from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions.views import Version
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.pages import words_of

STAYS = "Published cards go on telling its name to whoever reads them."


def _made_from(base: Version) -> dict[str, Any]:
    return {"baseModel": {"model": base.model, "version": base.version}}


def _hide(api: Api, owner: Person, model: Model, visibility: str = "RESTRICTED") -> Any:
    answer = api.as_(owner).patch(f"/api/v1/models/{model.address}", json={"visibility": visibility})
    assert answer.status_code == 200, answer.text
    return answer.json()["warnings"]


def test_hiding_a_model_says_what_goes_on_naming_it(make: Make, api: Api) -> None:
    """By page before it is saved and by the API with the answer: what one sees of it, counted, and its versions."""
    owner = make.owner()
    model = make.model(owner)
    base = make.version(model)
    derived = make.version(metadata=_made_from(base))
    make.card(derived)
    make.card(make.version(make.model(visibility="RESTRICTED"), metadata={}))
    make.version(model, version="1.1.0", metadata=_made_from(base))
    hidden_owner = make.owner()
    make.card(make.version(make.model(hidden_owner, visibility="RESTRICTED"), metadata=_made_from(base)))
    settings = f"/models/{model.address}/settings"

    page = api.browser(owner).get(settings).text
    stranger = api.browser(make.person()).get(settings).text
    (warning,) = _hide(api, owner, model)

    said = "1 published model card of other models and 1 version built on it name it and stay as they are."
    assert said in words_of(page)
    assert derived.address in page
    assert "built on it" not in stranger
    assert warning["code"] == "named_elsewhere"
    assert warning["message"].startswith(f"{said} {STAYS}")
    assert warning["versions"] == [derived.address]
    assert "built on it" not in api.browser(owner).get(settings).text
    assert _hide(api, owner, model) == []
    assert _hide(api, owner, model, "INTERNAL") == []


def test_hiding_what_nobody_names_warns_of_nothing(make: Make, api: Api) -> None:
    """Neither on the page nor with the answer; a version that is built on it without a card is told alone."""
    owner = make.owner()
    model = make.model(owner)
    base = make.version(model)
    assert "built on it" not in api.browser(owner).get(f"/models/{model.address}/settings").text
    assert _hide(api, owner, model) == []
    _hide(api, owner, model, "INTERNAL")
    make.version(metadata=_made_from(base))

    (warning,) = _hide(api, owner, model)

    assert warning["message"].startswith("1 version built on it names it and stays as it is. Pages of versions show")
