"""The catalogue's page: a filter that is wrong is told, and the list stays."""

import re

import pytest

from tests.support.clients import Api
from tests.support.make import Make
from tests.support.pages import words_of


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("updatedFrom", "yesterday", "'yesterday' is no date"),
        ("updatedTo", "2026-02-30", "'2026-02-30' is no date"),
        ("createdFrom", "x", "'x' is no date"),
        ("createdTo", "9999-99-99", "'9999-99-99' is no date"),
        ("riskTier", "SEVERE", "Choose one of LOW"),
        ("sort", "colour", "Choose one of"),
        ("q", "word " * 33, "At most 32 words"),
    ],
)
def test_a_wrong_filter_is_told_at_its_field_and_the_list_stays(
    make: Make, api: Api, name: str, value: str, said: str
) -> None:
    """The page lists by the other filters and says what is wrong; the API, whose caller is a program, answers 422."""
    model = make.model()
    make.model()
    person = make.person()

    page = api.browser(person).get("/models", params={"group": model.group, name: value})
    told = api.as_(person).get("/api/v1/models", params={"group": model.group, name: value})

    assert (page.status_code, told.status_code) == (200, 422)
    assert re.findall(r'<h2><a href="/models/([^"]+)"', page.text) == [model.address]
    assert said in words_of(page.text)
    assert {error["field"] for error in told.json()["errors"]} == {name}


@pytest.mark.parametrize("name", ["updatedFrom", "updatedTo"])
def test_a_wrong_day_stands_as_typed_in_its_control(make: Make, api: Api, name: str) -> None:
    """A date control would hide what is no date; so it is a plain one, linked with its sentence."""
    page = api.browser(make.person()).get("/models", params={name: "12 March"}).text

    control = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)
    assert control is not None
    assert 'value="12 March"' in control[0]
    assert 'type="text"' in control[0]
    assert f'aria-describedby="{name}-error"' in control[0]
    assert f'id="{name}-error"' in page


def test_all_wrong_days_are_told_at_once(make: Make, api: Api) -> None:
    """Whoever corrects one need not find the next by sending again."""
    asked = dict.fromkeys(("createdFrom", "createdTo", "updatedFrom", "updatedTo"), "never")

    answer = api.as_(make.person()).get("/api/v1/models", params=asked)

    assert {error["field"] for error in answer.json()["errors"]} == set(asked)


def test_the_box_says_that_it_takes_words_alone(api: Api, make: Make) -> None:
    """Whoever types an operator is told what the box takes, and that filters do the rest; words are left alone."""
    operators = ["AND", "-churn", "tag:nlp", "a AND b", '"exact phrase"', "senti*", "(a)"]
    words = ["churn", "churn model", "fraud-detection", "v1.2", "ANDES"]
    make.model()
    browser = api.browser(make.person())

    pages = {typed: browser.get("/models", params={"q": typed}).text for typed in operators + words}

    assert [typed for typed, page in pages.items() if "The box takes words" in page] == operators
