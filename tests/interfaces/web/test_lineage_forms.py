"""Telling where versions come from and what uses them, through the forms."""

import pytest

from modelkeep_server.rules.lineage import KINDS, ItemKind
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.pages import look, words_of
from tests.support.promoting import begin_life
from tests.support.telling_lineage import DATASET, call, tab_of, tell


@pytest.mark.parametrize("told", ItemKind)
def test_each_kind_is_told_by_its_form_and_stands_in_the_tab(make: Make, api: Api, told: ItemKind) -> None:
    """The form has the guide's words, a notice says what is next, and the tab shows what was told, to take it off."""
    version = make.version()
    owner = make.owner_of(version)

    form = words_of(look(api, owner, f"{tab_of(version)}/new?kind={told}"))
    for row in KINDS[told].fields:
        assert row.label in form
    sent = tell(api, owner, version, told)
    assert sent.status_code == 303, sent.text
    page = look(api, owner, sent.headers["location"])

    shown = words_of(page)
    assert call(version, told) in shown
    assert 'role="status" data-notice' in page
    assert f"Take {call(version, told)} off 1.0.0?" in shown
    assert "Compliance Trail" in shown


def test_an_empty_tab_teaches(make: Make, api: Api) -> None:
    """What lineage is, one button, one command; to a reader the button is greyed and says whom to ask."""
    version = make.version()

    mine = look(api, make.owner_of(version), tab_of(version))
    theirs = words_of(look(api, make.person(Role.MRC), tab_of(version)))

    assert "No lineage yet" in words_of(mine)
    assert f'href="{tab_of(version)}/new?kind=DATASET"' in mine
    assert "modelkeep lineage add" in words_of(mine)
    assert "Track Dataset (not open to you)" in theirs
    assert "Ask" in theirs


def test_every_button_of_the_guide_is_there(make: Make, api: Api) -> None:
    """Track Dataset, and in the menu beside it one for each other kind."""
    version = make.version()

    page = look(api, make.owner_of(version), tab_of(version))

    for kind, info in KINDS.items():
        assert info.act in words_of(page)
        assert f"{tab_of(version)}/new?kind={kind}" in page


def test_what_is_wrong_stands_at_the_field_and_what_was_typed_stays(make: Make, api: Api) -> None:
    """A wrong digest and a wrong size are told each at its field; nothing is saved."""
    version = make.version()
    owner = make.owner_of(version)

    refused = tell(api, owner, version, **{**DATASET, "sha256": "short", "sizeBytes": "many", "version": ""})

    assert refused.status_code == 422
    assert 'id="sha256-error"' in refused.text
    assert 'id="sizeBytes-error"' in refused.text
    assert 'id="version-error"' in refused.text
    assert 'value="churn-events"' in refused.text
    assert 'value="many"' in refused.text
    assert "No lineage yet" in words_of(look(api, owner, tab_of(version)))


def test_a_base_model_that_is_not_there_is_told_at_its_field(make: Make, api: Api) -> None:
    """A version that nobody has, or that the reader may not see, is told alike, at the field of the model."""
    version = make.version()
    hidden = make.version(make.model(visibility="RESTRICTED"))
    owner = make.owner_of(version)

    said = {}
    for address in (hidden.model, "nobody/has-this"):
        answer = tell(api, owner, version, ItemKind.BASE_MODEL, model=address, version="1.0.0")
        assert answer.status_code == 422, answer.text
        said[address] = words_of(answer.text).replace(address, "")

    assert len(set(said.values())) == 1


def test_a_circle_of_base_models_is_refused_in_words(make: Make, api: Api) -> None:
    """What in the end would come from itself is refused, and the form keeps what was typed."""
    first = make.version()
    owner = make.owner_of(first)
    second = make.version(make.model(owner))
    told = tell(api, owner, second, ItemKind.BASE_MODEL, model=first.model, version="1.0.0")
    assert told.status_code == 303

    refused = tell(api, owner, first, ItemKind.BASE_MODEL, model=second.model, version="1.0.0")

    assert 400 <= refused.status_code < 500
    assert f'value="{second.model}"' in refused.text


def test_a_kind_that_nobody_knows_is_named(make: Make, api: Api) -> None:
    """The answer lists the kinds there are, and is no failure of the server."""
    version = make.version()

    answer = api.browser(make.owner_of(version)).get(f"{tab_of(version)}/new?kind=MAGIC")

    assert answer.status_code == 422
    assert "DATASET" in answer.text


def test_what_was_told_is_taken_off(make: Make, api: Api) -> None:
    """Remove takes it out of the tab and the graph; a second press says that it is not there."""
    version = make.version()
    owner = make.owner_of(version)
    tell(api, owner, version, ItemKind.COMMIT)
    page = look(api, owner, tab_of(version))
    action = page.partition(f'action="{tab_of(version)}/')[2].partition('"')[0]

    gone = api.browser(owner).submit(f"{tab_of(version)}/{action}", {})
    again = api.browser(owner).submit(f"{tab_of(version)}/{action}", {})

    assert (gone.status_code, again.status_code) == (303, 404)
    assert "No lineage yet" in words_of(look(api, owner, tab_of(version)))


def test_fields_of_the_version_are_in_it_too(make: Make, api: Api) -> None:
    """Training dataset, base model, commit, job and hyperparameters stand in the tab as what they are."""
    owner = make.owner()
    parent = make.version(make.model(owner))
    metadata = {
        "trainingDataset": {"name": "reviews", "version": "v7", "uri": "s3://data/reviews/v7/"},
        "baseModel": {"model": parent.model, "version": "1.0.0"},
        "hyperparameters": {"max_depth": 6},
    }
    version = make.version(
        make.model(owner), commit_sha="7be41c9", training_job_id="mlflow/churn-2291", metadata=metadata
    )

    shown = words_of(look(api, owner, tab_of(version)))
    overview = words_of(look(api, owner, tab_of(version).removesuffix("/lineage")))

    for text in ("reviews v7", f"{parent.model} 1.0.0", "7be41c9", "churn-2291", "1 set", "a field of the version"):
        assert text in shown
    assert "Where from, and what uses it" in overview


def test_frozen_content_is_greyed_with_the_reason_and_consumers_stay_open(make: Make, api: Api) -> None:
    """From the request on, nothing of how it was made can be told or taken off; who uses it can."""
    life = begin_life(make, api)
    version, owner = life.version, life.cast.owner
    tell(api, owner, version, ItemKind.COMMIT)
    life.reach("SUBMITTED")

    page = look(api, owner, tab_of(version))
    refused = tell(api, owner, version, ItemKind.TRAINING_RUN)
    told = tell(api, owner, version, ItemKind.CONSUMER)

    shown = words_of(page)
    assert "Track Dataset (not open to you)" in shown
    assert "A submitted version is frozen. Create a new version to change it." in shown
    assert f'href="{tab_of(version)}/new?kind=CONSUMER"' in page
    assert f'href="{tab_of(version)}/new?kind=COMMIT"' not in page
    assert (refused.status_code, told.status_code) == (409, 303)
    assert 'value="sent-1187"' in refused.text
    assert "Help desk" in words_of(look(api, owner, tab_of(version)))


def test_who_may_not_add_is_told_and_refused(make: Make, api: Api) -> None:
    """A reviewer reads tab and form, sees why they cannot send it, and the server refuses it too."""
    version = make.version()
    mrc = make.person(Role.MRC)

    form = words_of(look(api, mrc, f"{tab_of(version)}/new?kind=COMMIT"))
    refused = tell(api, mrc, version, ItemKind.COMMIT)

    assert "You can read this form, and not send it." in form
    assert refused.status_code == 403
