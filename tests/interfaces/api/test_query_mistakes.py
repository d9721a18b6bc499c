"""How the API tells of a query that cannot be read."""

from modelkeep_server.features.help.guide import open_guide
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make

MODELS = "/api/v1/models"


def test_a_problem_says_where_a_query_is_at_fault_and_what_may_have_been_meant(make: Make, api: Api) -> None:
    """The characters at fault are counted as people count them, and the suggestion is a query that is answered."""
    client = api.as_(make.person())

    told = client.get(MODELS, params={"q": "🚀 AND riskTier:HIHG"})

    problem = told.json()
    (fault,) = problem["errors"]
    assert (told.status_code, problem["code"], problem["detail"]) == (422, "invalid_input", fault["message"])
    assert (fault["field"], fault["position"], fault["length"]) == ("q", 15, 4)
    assert fault["suggestion"] == "🚀 AND riskTier:HIGH"
    assert client.get(MODELS, params={"q": fault["suggestion"]}).status_code == 200


def test_a_problem_leads_to_the_guide(make: Make, api: Api) -> None:
    """The chapter that it names has that heading."""
    told = api.as_(make.person()).get(MODELS, params={"q": "tag:"}).json()

    page, _, heading = told["help"].removeprefix("/help/").partition("#")
    chapter = next(one for one in open_guide().chapters if one.slug == page)
    assert heading in {section.anchor for section in chapter.sections}


def test_other_faults_have_no_place(make: Make, api: Api) -> None:
    """A field that is wrong as a whole says so as before."""
    client = api.as_(make.person(Role.MODEL_OWNER))

    told = client.post(MODELS, json={"name": "x", "group": "g"}).json()

    assert all(fault.keys() == {"field", "message"} for fault in told["errors"])
