"""What the pages of a version's life say: labels for codes, one name for a person, everyone who may."""

from collections.abc import Iterator

import pytest

from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.pages import find_codes, look, words_of
from tests.support.promoting import Cast, Life, begin_life


@pytest.fixture
def lived(make: Make, api: Api) -> Life:
    """From changes requested to deprecation in review, with findings, a hold, a raised tier, and what was refused."""
    cast = Cast(
        owner=make.owner(name="Olive Owner"),
        mrc=make.person(Role.MRC, name="Mara Carter"),
        security=make.person(Role.SECURITY_ARCHITECT, name="Sam Ortiz"),
        sre=make.person(Role.SRE, name="Rosa Engel"),
        admin=make.person(Role.ADMIN, name="Adam Admin"),
    )
    life = begin_life(make, api, tier="MEDIUM", cast=cast)
    life.reach("CHANGES_REQUESTED")
    life.ask()
    life.move("STAGING", cast.mrc)
    life.decide(cast.owner)
    raised = life.post("/findings", cast.mrc, text="Name its owner.", severity="HIGH", blocking=False)
    life.post("/comments", cast.mrc, text="What of young accounts?")
    life.reach("STAGING")
    life.post(f"/findings/{raised.json()['id']}/settle", cast.mrc, status="RESOLVED", answer="Named.")
    life.post("/hold", cast.admin, reason="Odd figures.")
    life.post("/lift", cast.security, reason="Explained.")
    life.reach("PRODUCTION")
    api.as_(cast.owner).patch(
        f"/api/v1/models/{life.version.model}", json={"riskTier": "HIGH", "riskRationale": "More.", "reason": "More."}
    )
    return life


def _pages(life: Life) -> Iterator[tuple[Person, str]]:
    model = f"/models/{life.version.model}"
    version = f"{model}/versions/{life.version.version}"
    below = (
        "",
        "/artifacts",
        "/evaluations",
        "/reviews",
        "/review",
        "/activity",
        "/trail",
        f"/review?round={life.latest['id']}",
    )
    for person in (life.cast.owner, life.cast.security):
        yield from ((person, version + path) for path in below)
        yield from (
            (person, path)
            for path in (model, f"{model}/activity", "/", "/reviews?show=DECIDED", "/findings", "/notices")
        )


def test_no_page_of_a_life_shows_a_code(lived: Life, api: Api) -> None:
    """States, roles, tiers, decisions and moments stand on pages by the names that people have for them."""
    shown = {f"{path} {person.name}": find_codes(words_of(look(api, person, path))) for person, path in _pages(lived)}

    assert {path: codes for path, codes in shown.items() if codes} == {}


def test_a_person_has_one_name_on_every_page(lived: Life, api: Api) -> None:
    """The display name; never what stands before the @ of their e-mail, which is on hover."""
    cast = lived.cast
    locals_ = [one.email.partition("@")[0] for one in (cast.owner, cast.mrc, cast.security, cast.sre)]

    shown = {path: look(api, person, path) for person, path in _pages(lived)}

    bare = {path: [one for one in locals_ if one in words_of(page)] for path, page in shown.items()}
    assert {path: found for path, found in bare.items() if found} == {}
