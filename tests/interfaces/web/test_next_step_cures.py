"""The Next-step box leads to where the lineage and the model card are seen to."""

from tests.support.clients import Api
from tests.support.make import Make
from tests.support.pages import look, words_of
from tests.support.promoting import begin_life, make_cast

ASK = {"target": "PRODUCTION", "justification": "Recall rose by two points."}


def test_without_a_training_dataset_the_box_leads_to_the_lineage(make: Make, api: Api) -> None:
    """A version of which nobody told what it learned from says so before it is asked for, to its owner with a way."""
    cast = make_cast(make)
    version = make.version(make.model(cast.owner), cast.owner)
    page = f"/models/{version.model}/versions/{version.version}"

    own, others = look(api, cast.owner, page), look(api, cast.mrc, page)
    lineage = f"/api/v1{page}/lineage"
    told = {"kind": "DATASET", "name": "churn-holdout", "version": "2", "role": "TEST"}
    assert api.as_(cast.owner).post(lineage, json=told).status_code == 201
    tested = look(api, cast.owner, page)
    assert api.as_(cast.owner).post(lineage, json={**told, "role": "TRAINING"}).status_code == 201
    trained = look(api, cast.owner, page)

    assert "A training dataset is in the lineage. See to it under Lineage of the version" in words_of(own)
    assert f'href="{page}/lineage/new?kind=DATASET">Track Dataset</a>' in own
    assert f'href="{page}/lineage/new?kind=DATASET">Track Dataset</a>' not in others
    assert f'href="{page}/lineage/new?kind=DATASET">Track Dataset</a>' in tested
    assert f'href="{page}/lineage/new?kind=DATASET">Track Dataset</a>' not in trained
    assert "A training dataset is in the lineage." in words_of(trained)


def test_before_production_the_box_leads_to_generating_the_card_and_to_publishing_it(make: Make, api: Api) -> None:
    """Nothing is asked of a card before staging; then the box says which of the two steps is missing."""
    life = begin_life(make, api)
    owner, page = api.as_(life.cast.owner), life.base.removeprefix("/api/v1")
    draft = words_of(look(api, life.cast.owner, page))
    life.reach("STAGING")

    refused = owner.post(f"{life.base}/promotions", json=ASK)
    without = look(api, life.cast.owner, page)
    assert life.post("/card", life.cast.owner).status_code == 201
    generated = look(api, life.cast.owner, page)
    still = owner.post(f"{life.base}/promotions", json=ASK)
    life.publish_card()
    published = words_of(look(api, life.cast.owner, page))

    assert "model card was generated" not in draft.partition("Next step")[2].partition("Request Promotion")[0].lower()
    assert (refused.status_code, still.status_code) == (422, 422)
    assert "A model card was generated." in refused.json()["errors"][0]["message"]
    assert f'href="{page}/card">Generate Model Card</a>' in without
    assert f'href="{page}/card?revision=draft">Publish the Model Card</a>' in generated
    assert "The model card is published. See to it under Model card of the version" in words_of(generated)
    assert "A model card was generated. The model card is published." in published
    assert owner.post(f"{life.base}/promotions", json=ASK).status_code == 201


def test_a_card_that_was_published_of_other_content_does_not_count_for_production(make: Make, api: Api) -> None:
    """The box says that it is to be generated anew and published, leads there, and is content once that is done."""
    life = begin_life(make, api)
    owner, page = api.as_(life.cast.owner), life.base.removeprefix("/api/v1")
    life.publish_card()
    assert owner.patch(life.base, json={"metadata": {"limitations": "Weak in winter."}}).status_code == 200
    life.reach("STAGING")

    refused = owner.post(f"{life.base}/promotions", json=ASK)
    behind = look(api, life.cast.owner, page)
    assert life.post("/card", life.cast.owner).status_code == 201
    waiting = look(api, life.cast.owner, page)
    still = owner.post(f"{life.base}/promotions", json=ASK)
    life.publish_card()

    assert (refused.status_code, still.status_code) == (422, 422)
    assert "The published model card tells of what the version holds now." in words_of(behind)
    assert "Revision 1 was generated before the version was edited: generate the card anew" in words_of(behind)
    assert f'href="{page}/card">Refresh the Model Card</a>' in behind
    assert f'href="{page}/card?revision=draft">Publish the Model Card</a>' in waiting
    assert owner.post(f"{life.base}/promotions", json=ASK).status_code == 201
