"""The box of a version says how it stands, before it says what could come next."""

from datetime import timedelta

from modelkeep_server.kit import clock
from modelkeep_server.rules.lifecycle import State
from tests.support.clients import Api
from tests.support.letting_in import put_into
from tests.support.make import Make
from tests.support.pages import look, words_of
from tests.support.promoting import make_cast
from tests.support.registries import Registry


def test_production_is_calm_a_hold_comes_first_and_retired_needs_no_exception(
    registry: Registry, make: Make, api: Api
) -> None:
    """Nothing to do, with what is lifted; on hold, with where it runs still; at the end the exception is over too."""
    cast = make_cast(make)
    version = make.version(make.model(cast.owner, risk_tier="HIGH"), cast.owner)
    page = f"/models/{version.model}/versions/{version.version}"
    owner, mrc, security, sre = (api.as_(one) for one in (cast.owner, cast.mrc, cast.security, cast.sre))
    policies = owner.get("/api/v1/policies", params={"limit": 200}).json()["items"]
    until = clock.utc_now() + timedelta(days=30)
    asked = owner.post("/api/v1/exceptions", json={
        "policy": next(one["id"] for one in policies if one["starter"] == "weights"), "version": version.address,
        "justification": "They come on Monday.", "risk": "None.", "mitigation": "None.",
        "expiresAt": clock.iso_seconds(until),
    }).json()["id"]  # fmt: skip
    for granter in (mrc, security):
        assert granter.post(f"/api/v1/exceptions/{asked}/grant", json={}).status_code == 200
    put_into(registry, version, State.PRODUCTION)
    name = "eu of " + version.model.replace("/", " ")
    made = sre.post("/api/v1/environments", json={"name": name, "kind": "PRODUCTION"})
    live = {"environment": made.json()["id"], "model": version.model, "live": [{"version": "1.0.0", "share": 100}]}
    assert sre.post("/api/v1/deployments", json=live).status_code == 201

    calm = look(api, cast.owner, page)
    assert api.browser(cast.mrc).submit(f"{page}/hold", {"reason": "A leak."}).status_code == 303
    held, own = words_of(look(api, cast.owner, page)), look(api, cast.mrc, page)
    other = look(api, cast.security, page)
    put_into(registry, version, State.RETIRED)
    over = words_of(look(api, cast.owner, f"/exceptions/{asked}"))

    assert "In production. Nothing to do now." in words_of(calm)
    assert f"Policy “Weights are there” is lifted until {until.day} " in words_of(calm)
    assert f'href="/exceptions/{asked}"' in calm
    assert "Next step" not in words_of(calm)
    assert "On hold since" in held
    assert f"It is still live in {name} : an SRE takes it off or rolls back." in held
    assert "Nothing to do now." not in held
    assert "is of high risk: somebody else lifts it" in own
    assert 'action="' + page + '/lift"' not in own
    assert 'action="' + page + '/lift"' in other
    assert "No longer needed: retired" in over
    assert "until" not in over.partition("What is asked")[0]
