"""What the page of a model card says of facts that came after the card was generated."""

from tests.support.clients import Api
from tests.support.make import Make
from tests.support.pages import look, words_of
from tests.support.promoting import begin_life


def test_what_was_recorded_since_a_card_was_generated_is_not_asked_for_again(make: Make, api: Api) -> None:
    """Where the draft says nothing, it says that the fact is there by now and what takes it in."""
    version = make.version()
    owner, address = make.owner_of(version), f"/models/{version.model}/versions/{version.version}"
    assert api.browser(owner).submit(f"{address}/card").status_code == 303
    change = {"metadata": {"limitations": "Prepaid is unknown."}}
    api.as_(owner).patch(f"/api/v1{address}", json=change)

    page = look(api, owner, f"{address}/card")

    assert "Limitations Not provided. It is recorded by now: Refresh takes it in." in words_of(page)
    assert f'href="{address}/edit#metadata.limitations"' not in page
    assert f'href="{address}/edit#metadata.card.preprocessing"' in page


def test_what_reviewers_decide_after_a_card_was_published_makes_it_no_worse(make: Make, api: Api) -> None:
    """The decisions that the card itself was asked for are told calmly, and still taken in by one click."""
    life = begin_life(make, api)
    life.reach("STAGING")
    life.publish_card()
    page = f"{life.base.removeprefix('/api/v1')}/card"
    before = words_of(look(api, life.cast.owner, page))
    life.reach("PRODUCTION")

    after = look(api, life.cast.owner, page)

    assert "since this card was generated" not in before
    assert "Reviewers decided since this card was generated." in words_of(after)
    assert "Facts have changed" not in after
    assert "Refresh</button>" in after
