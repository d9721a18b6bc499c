"""What the pages of a version's life say: labels for codes, one name for a person, everyone who may."""

import re
from collections.abc import Iterator

import pytest

from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.pages import find_codes, look, words_of
from tests.support.promoting import Cast, Life, begin_life


@pytest.fixture
def lived(make: Make, api: Api) -> Life:
    """From changes requested to production, with a finding, a hold, a raised tier, and what was refused."""
    cast = Cast(
        owner=make.named("Olive Owner", Role.MODEL_OWNER),
        mrc=make.named("Mara Carter", Role.MRC),
        security=make.named("Sam Ortiz", Role.SECURITY_ARCHITECT),
        sre=make.named("Rosa Engel", Role.SRE),
        admin=make.named("Adam Admin", Role.ADMIN),
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
    below = ("", "/artifacts", "/evaluations", "/reviews", "/review", "/activity", "/trail", "/lineage")
    yield from ((life.cast.owner, version + path) for path in below)
    yield from (
        (life.cast.owner, path)
        for path in (model, f"{model}/activity", f"{model}/lineage", "/lineage", "/", "/findings", "/notices")
    )
    yield from ((life.cast.security, path) for path in (version, f"{version}/review", "/reviews?show=DECIDED", "/"))


def test_pages_of_a_life_show_names_and_no_codes(lived: Life, api: Api) -> None:
    """
    States, roles, tiers, decisions and moments stand on pages by the names that people have for them; and people by
    their display name everywhere, with the e-mail on hover, or whole where it is an address to write to.
    """
    shown = {f"{path} {person.actor.name}": look(api, person, path) for person, path in _pages(lived)}

    words = {path: words_of(page) for path, page in shown.items()}
    codes = {path: find_codes(text) for path, text in words.items()}
    assert {path: found for path, found in codes.items() if found} == {}
    # What stands before the @ of an e-mail is no name.
    cut = {path: re.findall(r"knurl-[0-9a-f]+(?!@|[0-9a-f])", text) for path, text in words.items()}
    assert {path: found for path, found in cut.items() if found} == {}
    environments = look(api, lived.cast.sre, "/deployments/environments/new")
    assert "Versions in staging, approved for production or in production run here" in words_of(environments)
    reviews = next(text for path, text in words.items() if path.endswith("/reviews Olive Owner"))
    assert all(name in reviews for name in ("Olive Owner", "Mara Carter", "Sam Ortiz"))


def test_a_trail_for_paper_is_whole_and_speaks_words(lived: Life, make: Make, api: Api) -> None:
    """
    All rows for paper: digests stand whole, each line says as what somebody acted, also as a collaborator and where
    they were refused; what JSON holds is said in words; and the proofs stand at the end, by number.
    """
    guest, model = make.named("Gale Guest"), lived.version.model
    sharing = f"/api/v1/models/{model}/collaborators"
    let_in = api.as_(lived.cast.owner).put(f"{sharing}/{guest.email}", json={"access": "WRITE"})
    talked = lived.post("/comments", guest, text="The guest was here.")
    refused = lived.move("STAGING", lived.cast.sre)
    path = f"/models/{model}/versions/{lived.version.version}/trail?rows=all"

    page = look(api, lived.cast.owner, path)

    story, _, proofs = words_of(page).partition(" Proofs ")
    digest = lived.get().json()["contentDigest"]
    files = lived.get("/artifacts").json()["items"]
    assert (let_in.status_code // 100, talked.status_code, refused.status_code) == (2, 201, 409)
    assert "Gale Guest Collaborator commented on" in story
    assert "Rosa Engel SRE tried to move a version to staging Refused" in story
    assert "Mara Carter MRC raised a finding on" in story
    assert "Olive Owner Model Owner raised a finding on" in story
    assert story.count(f"content digest {digest}") >= 5
    assert f"SHA-256 {files[0]['sha256']}" in story
    assert "metrics auc 0.89 recorded by a program" in story
    assert not re.findall(r"[{}]|\[|sha256:[0-9a-f]{1,63}…| Path ", story)
    assert proofs.count(" Path ") == page.count('class="trail-proof"') == page.count('class="step-body"')
