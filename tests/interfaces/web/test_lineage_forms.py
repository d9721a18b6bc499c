"""Telling where versions come from and what uses them, through the forms."""

import pytest

from modelkeep_server.rules.lineage import KINDS, ItemKind
from modelkeep_server.rules.permissions import Role
from tests.support.addresses import route_of
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.pages import look, words_of
from tests.support.promoting import begin_life
from tests.support.telling_lineage import DATASET, call, tab_of, tell

_TWO_DATASETS = tuple(
    {"kind": "DATASET", "name": name, "version": "1", "role": "TRAINING"} for name in ("first", "second")
)


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


def test_the_compliance_trail_is_a_link_for_those_alone_who_may_read_it(make: Make, api: Api) -> None:
    """To others it is greyed, and says what it takes: no link leads into a refusal."""
    owner, reader = make.owner(), make.person(Role.MODEL_OWNER)
    version = make.version(make.model(owner))
    assert tell(api, owner, version).status_code == 303
    link = f'href="{tab_of(version).removesuffix("/lineage")}/trail">Compliance Trail</a>'

    theirs = look(api, reader, tab_of(version))

    assert link in look(api, owner, tab_of(version))
    assert link not in theirs
    assert "Compliance Trail (not open to you)" in words_of(theirs)


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


def test_the_role_of_a_dataset_is_chosen_where_it_may_be_any(make: Make, api: Api) -> None:
    """A first dataset is offered as training data; beside one that is told nothing is chosen, and empty is refused."""
    version = make.version()
    owner, form = make.owner_of(version), f"{tab_of(version)}/new?kind=DATASET"
    first = look(api, owner, form)
    assert tell(api, owner, version, **DATASET).status_code == 303

    second = look(api, owner, form)
    refused = tell(api, owner, version, **{**DATASET, "name": "churn-holdout", "role": ""})

    assert "Choose one" not in words_of(first)
    assert '<option value="">Choose one</option>' in second
    assert (refused.status_code, 'id="role-error"' in refused.text) == (422, True)


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


def test_what_was_taken_off_is_put_back_as_it_was(make: Make, api: Api) -> None:
    """The page offers Undo once: the same item is back, told by whom it was; what is back is not offered again."""
    version = make.version()
    owner, writer = make.owner_of(version), make.person()
    api.as_(owner).put(f"/api/v1/models/{version.model}/collaborators/{writer.email}", json={"access": "WRITE"})
    where = f"{route_of(version)}/lineage"
    run = {"kind": "TRAINING_RUN", "system": "mlflow", "runId": "r1"}
    for told in (*_TWO_DATASETS, {**run, "inputs": ["dataset:first@1"]}):
        assert api.as_(writer).post(where, json=told).status_code == 201
    before = api.as_(owner).get(f"{where}/items").json()["items"]
    browser = api.browser(owner)
    for item in before:
        gone = browser.submit(f"{tab_of(version)}/{item['id']}/remove", {})
        page = browser.get(gone.headers["location"]).text
        assert "is taken off. That it was told stays on record. Undo" in words_of(page)
        undo = page.partition("lin-undo")[2].partition('action="')[2].partition('"')[0]
        back = browser.submit(undo, {})
        again = browser.submit(undo, {})
        assert (back.status_code, again.status_code) == (303, 409 if item["source"] == "VERSION" else 404), again.text
        assert "It is back" in look(api, owner, back.headers["location"])
        assert "is taken off" not in words_of(look(api, owner, gone.headers["location"]))
    after = api.as_(owner).get(f"{where}/items").json()["items"]
    own = {"addedBy": owner.email, "addedAt": after[0]["addedAt"]}
    assert after == [before[0] | own, *before[1:]]


def test_nothing_is_put_back_where_it_may_not_be(make: Make, api: Api) -> None:
    """Not what is told again meanwhile, not by others, not under frozen content; nor what was never taken off."""
    life = begin_life(make, api)
    version, owner = life.version, life.cast.owner
    where, browser = f"{route_of(version)}/lineage", api.browser(owner)
    script = {"kind": "TRAINING_SCRIPT", "name": "a", "uri": "git:a"}
    item = api.as_(owner).post(where, json=script).json()["id"]
    undo = f"{tab_of(version)}/removed/{item}/restore"
    assert browser.submit(undo, {}).status_code == 404
    browser.submit(f"{tab_of(version)}/{item}/remove", {})
    told = api.as_(owner).post(where, json=script).json()["id"]
    assert browser.submit(undo, {}).status_code == 409
    api.as_(owner).delete(f"{where}/items/{told}")
    assert api.browser(make.person()).submit(undo, {}).status_code == 403
    assert browser.submit(f"{tab_of(version)}/removed/nothing/restore", {}).status_code == 404
    life.ask()
    life.reach("SUBMITTED")
    assert browser.submit(undo, {}).status_code == 409
    assert "Undo" not in words_of(look(api, owner, f"{tab_of(version)}?removed={item}"))


def test_what_an_item_took_in_is_ticked_in_its_form(make: Make, api: Api) -> None:
    """The other items of the version are offered; ticks stay where the form comes again; the tab says both ends."""
    version = make.version()
    owner = make.owner_of(version)
    bare = words_of(look(api, owner, f"{tab_of(version)}/new?kind=FEATURE_PIPELINE"))
    assert "Nothing else is told of this version yet." in bare
    for told in (*_TWO_DATASETS, {"kind": "CONSUMER", "name": "billing"}):
        api.as_(owner).post(f"{route_of(version)}/lineage", json=told)
    form = f"{tab_of(version)}/new?kind=FEATURE_PIPELINE"
    offered = look(api, owner, form)
    assert [f'value="{node}"' in offered for node in ("dataset:first@1", "dataset:second@1")] == [True, True]
    assert "consumer:billing" not in offered
    browser = api.browser(owner)
    again = browser.submit(form, {"name": "features", "inputs": ["dataset:second@1"]})
    assert (again.status_code, 'value="dataset:second@1" checked' in again.text) == (422, True)
    wrong = browser.submit(form, {"name": "features", "uri": "git:f", "inputs": ["dataset:third@1"]})
    assert (wrong.status_code, "There is dataset:first@1, dataset:second@1." in words_of(wrong.text)) == (422, True)
    sent = browser.submit(form, {"name": "features", "uri": "git:f", "inputs": ["dataset:first@1", "dataset:second@1"]})
    shown = words_of(look(api, owner, sent.headers["location"]))
    assert "Takes in first 1 , second 1" in shown or "Takes in first 1, second 1" in shown
    assert shown.count("Goes into features") == 2


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

    for text in (
        "reviews v7",
        f"{parent.model} 1.0.0",
        "7be41c9",
        "churn-2291",
        "1 set",
        "a field of the version",
        "in a field of the version",
    ):
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
