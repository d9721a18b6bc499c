"""Editing in the pages: what is kept of a form that is wrong, stale, partial, or sent by two people at once."""

import re
from typing import Any

import pytest

from modelkeep_server.interfaces.web.editing import print_of
from modelkeep_server.rules.permissions import Role
from tests.support.addresses import page_of
from tests.support.clients import Api, Browser
from tests.support.make import Make
from tests.support.pages import controls


def opened(browser: Browser, path: str) -> dict[str, str]:
    """The form of a page as it opens."""
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return controls(answer.text)


def settings_of(model: Any) -> str:
    """The address of a model's Settings tab."""
    return f"/models/{model.address}/settings"


def edit_of(version: Any) -> str:
    """The address of a version's form."""
    return f"{page_of(version)}/edit"


def test_a_form_that_was_not_touched_changes_nothing(make: Make, api: Api) -> None:
    """Opening and saving leaves no event, whatever the values look like."""
    version = make.version(
        description="Line one.\nLine two, <b>bold</b> & \"quoted\".",
        metadata={
            "framework": "1.0", "hyperparameters": {"b": None, "a": [1, 2.50]}, "intendedUse": "  spaced  ",
            "trainingDataset": {"name": "events", "version": "1"}, "card": {"license": "MIT"}, "custom": {"x": 1},
        },
    )  # fmt: skip
    model = make.model(make.owner_of(version), tags=["a;b", "c,d"], risk_rationale="Because.")
    browser = api.browser(make.owner_of(version))

    answers = [browser.submit(path, opened(browser, path)) for path in (edit_of(version), settings_of(model))]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert make.events(version.id, "version.update") == []
    assert make.events(model.id, "model.update") == []


def test_a_form_changes_what_was_touched(make: Make, api: Api) -> None:
    """Only the fields whose controls changed are written, and whole: a key taken out of a JSON object is gone."""
    version = make.version(metadata={"framework": "jax", "hyperparameters": {"a": 1, "b": 2}, "limitations": "Some."})
    browser = api.browser(make.owner_of(version))
    form = opened(browser, edit_of(version))
    form |= {"metadata.hyperparameters": '{"b": null}', "metadata.limitations": "", "version": "1.0.1"}

    answer = browser.submit(edit_of(version), form)

    shown = browser.get(f"/api/v1/models/{version.model}/versions/1.0.1").json()
    (event,) = make.events(version.id, "version.update")
    assert answer.headers["location"].startswith(f"/models/{version.model}/versions/1.0.1?")
    assert shown["metadata"] == {"framework": "jax", "hyperparameters": {"b": None}}
    assert event.after is not None
    assert set(event.after) == {"revision", "version", "metadata.hyperparameters", "metadata.limitations"}


def test_blanks_in_a_text_that_looks_like_json_are_an_edit(make: Make, api: Api) -> None:
    """Only fields that hold JSON are compared as JSON; a text is a text."""
    model = make.model(description='{"a":1}')
    browser = api.browser(make.owner_of(model))
    form = opened(browser, settings_of(model))

    browser.submit(settings_of(model), form | {"description": '{"a":   1}'})

    assert browser.get(f"/api/v1/models/{model.address}").json()["description"] == '{"a":   1}'


def test_a_stale_form_keeps_what_was_typed_and_follows_the_rest(make: Make, api: Api) -> None:
    """What others changed alone is shown as it is now; what both changed stands as typed, and says so."""
    owner, other = make.owner(), make.owner()
    model = make.model(owner, owners=[owner.email, other.email], tags=["old"])
    browser = api.browser(owner)
    form = opened(browser, settings_of(model))
    edit = {"description": "Theirs.", "tags": ["fresh"]}
    api.as_(other).patch(f"/api/v1/models/{model.address}", json=edit)

    answer = browser.submit(settings_of(model), form | {"description": "Mine.", "riskTier": "HIGH"})

    again = controls(answer.text)
    assert answer.status_code == 412
    assert (again["description"], again["riskTier"], again["tags"]) == ("Mine.", "HIGH", "fresh")
    assert "A change was saved while you edited" in answer.text
    assert "It is now “Theirs.”" in answer.text
    assert f"Changed by {other.email} on " in answer.text
    saved = browser.submit(settings_of(model), again)
    shown = browser.get(f"/api/v1/models/{model.address}").json()
    assert saved.status_code == 303
    assert (shown["description"], shown["tags"], shown["riskTier"]) == ("Mine.", ["fresh"], "HIGH")


def test_a_stale_form_of_a_version_says_which_part_changed(make: Make, api: Api) -> None:
    """Where a field is several controls, each of them tells who changed it."""
    owner, other = make.owner(), make.owner()
    model = make.model(owner, owners=[owner.email, other.email])
    version = make.version(model, metadata={"trainingDataset": {"name": "events", "version": "1"}})
    browser = api.browser(owner)
    form = opened(browser, edit_of(version))
    patch = {"metadata": {"trainingDataset": {"version": "2"}}}
    api.as_(other).patch(f"/api/v1/models/{version.model}/versions/1.0.0", json=patch)

    answer = browser.submit(edit_of(version), form | {"description": "New."})

    again = controls(answer.text)
    assert answer.status_code == 412
    assert (again["metadata.trainingDataset.version"], again["description"]) == ("2", "New.")
    assert "Training Dataset version" in answer.text
    assert f"Changed by {other.email} on " in answer.text
    assert browser.submit(edit_of(version), again).status_code == 303


def test_a_wrong_form_is_shown_again_and_can_still_be_saved(make: Make, api: Api) -> None:
    """What was typed stays, the fault stands at its field, and after the correction the whole edit is saved."""
    version = make.version()
    browser = api.browser(make.owner_of(version))
    form = opened(browser, edit_of(version)) | {"metadata.inputSchema": "{", "description": "Kept.", "version": "x"}

    answer = browser.submit(edit_of(version), form)

    again = controls(answer.text)
    assert answer.status_code == 422
    assert "This is not JSON" in answer.text
    assert (again["metadata.inputSchema"], again["description"]) == ("{", "Kept.")
    saved = browser.submit(edit_of(version), again | {"metadata.inputSchema": "{}", "version": "1.0.0"})
    assert saved.status_code == 303
    assert browser.get(f"/api/v1/models/{version.model}/versions/1.0.0").json()["description"] == "Kept."


def test_a_number_that_is_taken_stands_at_its_field(make: Make, api: Api) -> None:
    """On both databases the form comes back with the conflict, and not as a fault of the registry."""
    version = make.version()
    browser = api.browser(make.owner_of(version))
    browser.call("POST", f"/api/v1/models/{version.model}/versions", json={"version": "2.0.0"})

    edited = browser.submit(edit_of(version), opened(browser, edit_of(version)) | {"version": "2.0.0"})
    created = browser.submit(f"/models/{version.model}/versions/new", {"version": "2.0.0"})

    assert [edited.status_code, created.status_code] == [409, 409]
    assert "exists already" in edited.text
    assert "exists already" in created.text


def test_a_name_that_is_taken_stands_at_its_field(make: Make, api: Api) -> None:
    """Registering a model twice by the page shows the form again, with a link to the one that is there."""
    model = make.model()
    owner = make.owner_of(model)
    form = {
        "group": model.group, "name": model.name.upper(), "description": "Again.", "owners": owner.email,
        "riskTier": "LOW",
    }  # fmt: skip

    browser = api.browser(owner)

    answer = browser.submit("/models/new", form)

    there = f"/models/{model.group}/{model.name.upper()}"
    assert answer.status_code == 409
    assert "already has this model" in answer.text
    assert f'href="{there}"' in answer.text
    assert browser.get(there, follow_redirects=True).status_code == 200


def test_a_small_form_edits_its_own_thing(make: Make, api: Api) -> None:
    """The form beside the tags sends the tags alone; nothing else is touched."""
    model = make.model(tags=["old"], documentation_url="https://wiki.example.com")
    browser = api.browser(make.owner_of(model))
    page = browser.get(f"/models/{model.address}").text

    answer = browser.submit(settings_of(model), {"tags": "fresh, words", "base.tags": print_of("old"), "revision": "1"})

    shown = browser.get(f"/api/v1/models/{model.address}").json()
    assert 'aria-label="Edit tags"' in page
    assert answer.status_code == 303
    assert (shown["tags"], shown["documentationUrl"]) == (["fresh", "words"], "https://wiki.example.com")


@pytest.mark.parametrize("revision", ["", "0", "99", "-1", "x", "1e3", "9" * 400, "\u0661"])
def test_a_revision_that_is_none_is_stale(make: Make, api: Api, revision: str) -> None:
    """Whatever stands in the hidden field, an edit that was not made on the present revision is told so."""
    model = make.model()

    answer = api.browser(make.owner_of(model)).submit(settings_of(model), {"description": "New.", "revision": revision})

    assert answer.status_code == 412


def test_whoever_may_not_edit_sees_why(make: Make, api: Api) -> None:
    """The form is there to read, its button greyed with the reason; small forms are not offered; a post is 403."""
    version = make.version()
    stranger = api.browser(make.person(Role.AUDITOR))

    pages = [stranger.get(f"/models/{version.model}/settings"), stranger.get(edit_of(version))]
    model_page = stranger.get(f"/models/{version.model}").text
    posts = [
        stranger.submit(f"/models/{version.model}/settings", {"description": "x", "revision": "1"}),
        stranger.submit(edit_of(version), {"description": "x", "revision": "1"}),
        stranger.submit(edit_of(version), {"metadata.hyperparameters": "{", "revision": "1"}),
        stranger.submit(f"/models/{version.model}/versions/1.0.0/artifacts/model.safetensors/remove"),
    ]

    assert all("to be an owner of this model" in page.text for page in pages)
    assert 'aria-label="Edit tags"' not in model_page
    assert [post.status_code for post in posts] == [403] * 4


def test_a_file_is_removed_by_the_page(make: Make, api: Api) -> None:
    """The button beside a file takes it out, and the page says so."""
    version = make.version()
    make.file(version, path="tokenizer/vocab.json", content=b"{}", type="TOKENIZER")
    browser = api.browser(make.owner_of(version))
    files = f"/models/{version.model}/versions/1.0.0/artifacts"
    before = browser.get(files).text

    answer = browser.submit(f"{files}/tokenizer/vocab.json/remove")

    after = browser.get(answer.headers["location"]).text
    assert 'aria-label="Remove tokenizer/vocab.json"' in before
    assert answer.status_code == 303
    assert "taken out of this version" in after
    assert "No file yet" in after


def test_the_list_beside_a_form_of_a_version_says_what_is_filled_in(make: Make, api: Api) -> None:
    """What a complete version says is marked where the form holds it: where one is edited, and begun from another."""
    version = make.version(metadata={"framework": "jax", "trainingDataset": {"name": "churn", "version": "1"}})
    browser = api.browser(make.owner_of(version))
    begun = f"/models/{version.model}/versions/new?from={version.version}"

    pages = [browser.get(path).text for path in (edit_of(version), begun)]

    filled = [set(re.findall(r'data-gap="metadata\.([^"]*)" class="filled"', page)) for page in pages]
    empty = [set(re.findall(r'data-gap="metadata\.([^"]*)">', page)) for page in pages]
    assert filled == [{"framework", "trainingDataset"}] * 2
    assert all("inputSchema" in page for page in empty)
