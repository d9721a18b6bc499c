"""Where versions come from and what uses them, through the pages."""

from urllib.parse import quote, urlencode

import pytest

from modelkeep_server.rules.lineage import ItemKind
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.pages import look, words_of
from tests.support.promoting import begin_life
from tests.support.statements import counted
from tests.support.telling_lineage import DATASET, box_of, call, name_dataset, node_of, tab_of, tell


def test_a_change_is_followed_to_everything_it_reaches(make: Make, api: Api) -> None:
    """The dataset chosen, the box names the versions downstream with state, risk, steps and owner, and offers CSV."""
    owner, other = make.owner(), make.owner()
    version = make.version(make.model(owner))
    child = make.version(make.model(other, name="router"))
    tell(api, owner, version)
    tell(api, other, child, ItemKind.BASE_MODEL, model=version.model, version="1.0.0")

    node = node_of(version)
    page = look(api, owner, f"{tab_of(version)}?node={node}&view=table")
    shown = words_of(page)

    assert "2 versions are reached, none is live" in shown
    assert "router 1.0.0" in shown.partition("If this changes")[2]
    assert "Tell 1 owner" in shown
    assert "format=csv" in page
    assert f"/lineage?node={node}" in page


def test_the_same_facts_stand_in_graph_and_table(make: Make, api: Api) -> None:
    """Both views name every node; depth, way and kinds say what is shown, and stay in the links."""
    owner = make.owner()
    version = make.version(make.model(owner))
    for kind in ItemKind:
        assert tell(api, owner, version, kind).status_code == 303

    table = look(api, owner, f"{tab_of(version)}?view=table")
    box = box_of(table)
    only_data = look(api, owner, f"{tab_of(version)}?view=table&kinds=NONE&kinds=DATA")
    data = box_of(only_data)
    up = look(api, owner, f"{tab_of(version)}?view=table&direction=upstream&depth=1")
    upstream = box_of(up)

    for kind in ItemKind:
        assert ("churn@7be41c9" if kind is ItemKind.COMMIT else call(version, kind)) in box
    assert call(version, ItemKind.DATASET) in data
    assert "mlflow/sent-1187" not in data
    assert "Help desk" not in upstream
    assert "1 up" in upstream
    assert "direction=upstream" in up.partition('id="picture"')[2]


def test_the_chosen_node_is_told_in_few_words(make: Make, api: Api) -> None:
    """Of data its role, for which version where they differ, where it is and its digest; of a version its owner."""
    owner = make.owner()
    version = make.version(make.model(owner))
    child = make.version(make.model(owner, name="router"))
    tell(api, owner, version)
    tell(api, owner, child, ItemKind.BASE_MODEL, model=version.model, version="1.0.0")
    again = {**DATASET, "name": name_dataset(version), "role": "VALIDATION"}
    tell(api, owner, child, ItemKind.DATASET, **again)

    data = words_of(look(api, owner, f"{tab_of(version)}?node={node_of(version)}"))
    itself = words_of(look(api, owner, tab_of(version)))

    name = version.model.partition("/")[2]
    assert f"Role Training for {name} 1.0.0 Validation for router 1.0.0" in data
    assert "Where s3://data/churn/2026-02/" in data
    assert "Digest sha256:abab" in data
    assert f"Chosen version, in the middle {name} 1.0.0" in itself
    assert f"Owner {owner.email}" in itself


@pytest.mark.parametrize(
    "query",
    [
        "node=version:a/b/1.0.0", "node=%F0%9F%92%A9", "node=" + "a" * 3_000, "depth=-1", "depth=x&view=map",
        "depth=10&direction=sideways", "kinds=DATA,CODE", "kinds=NOTHING", "kinds=", "expand=a&expand=b&expand=%20",
        "expand=dataset:x@1&kinds=NONE", "view=table&view=graph", "node=a&node=b",
    ],
)  # fmt: skip
def test_what_no_link_asks_for_asks_for_nothing(make: Make, api: Api, query: str) -> None:
    """An address that somebody edited shows the page as far as it can be understood."""
    version = make.version()
    owner = make.owner_of(version)
    tell(api, owner, version)

    pages = (tab_of(version), f"/models/{version.model}/lineage")
    answers = [api.browser(owner).get(f"{page}?{query}") for page in pages]
    anywhere = api.browser(owner).get(f"/lineage?{query}")

    assert [answer.status_code for answer in answers] == [200, 200]
    assert anywhere.status_code in (200, 404)


def test_neighbours_are_shown_as_well_where_that_is_asked(make: Make, api: Api) -> None:
    """What leads neither to the middle nor from it stands beside it, once a node is expanded."""
    owner = make.owner()
    version, sibling = (make.version(make.model(owner, name=name)) for name in ("first", "second"))
    named = {**DATASET, "name": name_dataset(version)}
    tell(api, owner, version, **named)
    tell(api, owner, sibling, **named)

    before = box_of(look(api, owner, f"{tab_of(version)}?view=table"))
    graph = look(api, owner, f"{tab_of(version)}?view=graph")
    after = box_of(look(api, owner, f"{tab_of(version)}?view=table&expand={node_of(version)}"))

    assert "second 1.0.0" not in before
    assert f"expand={node_of(version)}" in graph
    assert "second 1.0.0" in after.partition("Beside it")[2]


def test_any_node_is_found_and_drawn_in_the_middle(make: Make, api: Api) -> None:
    """/lineage begins with what is most used, finds by how a name begins, and draws the graph around what is chosen."""
    version = make.version()
    owner = make.owner_of(version)
    name = name_dataset(version)
    tell(api, owner, version)

    start = look(api, owner, "/lineage")
    found = look(api, owner, f"/lineage?q={name[:20]}")
    node = f"dataset:{name}@2026-02"
    drawn = words_of(look(api, owner, f"/lineage?node={quote(node, safe='')}&view=table"))
    nowhere = api.browser(owner).get("/lineage?node=dataset:nothing@1")

    assert ">Lineage</a>" in start
    assert f"{name} 2026-02" in words_of(found)
    assert f"Lineage of {name} 2026-02" in drawn
    assert f"{version.model.partition('/')[2]}" in drawn
    assert nowhere.status_code == 404
    assert "Find" in words_of(nowhere.text)


def test_what_one_may_not_see_is_in_no_part_of_the_pages(make: Make, api: Api) -> None:
    """A restricted version downstream is absent from graph, counts, impact and search, and its pages are 404."""
    owner, stranger = make.owner(), make.owner()
    version = make.version(make.model(owner))
    secret = make.version(make.model(owner, name="secret-router", visibility="RESTRICTED"))
    tell(api, owner, version)
    tell(api, owner, secret, ItemKind.BASE_MODEL, model=version.model, version="1.0.0")
    tell(api, owner, secret, ItemKind.CONSUMER, name="Secret desk")
    node = node_of(version)

    mine = look(api, owner, f"{tab_of(version)}?depth=5&view=table")
    theirs = look(api, stranger, f"{tab_of(version)}?depth=5&view=table")
    impact = look(api, stranger, f"{tab_of(version)}?node={node}&view=table")

    assert "secret-router" in mine
    assert "secret-router" not in theirs
    assert "Secret desk" not in theirs
    assert "secret-router" not in impact
    assert "1 version is reached" in words_of(impact)
    assert "Secret desk" not in look(api, stranger, "/lineage?q=Secret")
    assert api.browser(stranger).get(tab_of(secret)).status_code == 404
    assert api.browser(stranger).get(f"{tab_of(secret)}/new").status_code == 404


def test_owners_are_told_once_with_a_message(make: Make, api: Api) -> None:
    """
    The page says who is told, of what, and how often; the form asks for a message, comes again without one, leads back
    with a notice, and says who may send it.
    """
    owner, other = make.owner(), make.owner()
    version = make.version(make.model(owner))
    child = make.version(make.model(other, name="router"))
    tell(api, owner, version)
    tell(api, other, child, ItemKind.BASE_MODEL, model=version.model, version="1.0.0")
    form = {"node": f"dataset:{name_dataset(version)}@2026-02", "back": tab_of(version)}

    tab = look(api, owner, f"{tab_of(version)}?node={node_of(version)}")
    before = look(api, owner, f"/lineage/tell?{urlencode(form)}")
    empty = api.browser(owner).submit("/lineage/tell", {**form, "message": ""})
    told = api.browser(owner).submit("/lineage/tell", {**form, "message": "It was recalled."})
    again = api.browser(owner).submit("/lineage/tell", {**form, "message": "Once more."})
    elsewhere = {"node": f"version:{version.model}/1.0.0", "message": "This too.", "back": "//evil.example"}
    after = words_of(look(api, owner, f"/lineage/tell?{urlencode(form)}"))
    away = api.browser(owner).submit("/lineage/tell", elsewhere)
    closed = api.browser(make.person(Role.AUDITOR)).get(f"/lineage/tell?{urlencode(form)}")
    nowhere = api.browser(owner).get("/lineage/tell?node=dataset:none@1")
    refused = api.browser(make.person(Role.AUDITOR)).submit("/lineage/tell", {**form, "message": "No."})

    assert (empty.status_code, told.status_code, again.status_code, refused.status_code) == (422, 303, 429, 403)
    assert f'href="/lineage/tell?node={node_of(version)}' in tab
    assert f"A change of dataset {name_dataset(version)} 2026-02 reaches {child.address}" in words_of(before)
    assert "Tell 1 owner" in words_of(before)
    assert "tell of 20 things a day. You have told of none today." in words_of(before)
    assert "told today already" in after
    assert "You told of 1 today" in after
    assert (closed.status_code, nowhere.status_code) == (403, 404)
    assert "Once more." in again.text
    assert 'id="tell-message-error"' in empty.text
    assert told.headers["location"].startswith(tab_of(version))
    assert "The owners are told" in look(api, owner, told.headers["location"])
    assert away.headers["location"].startswith("/?done")
    assert "Tell owners (not open to you)" in words_of(
        look(api, make.person(Role.AUDITOR), f"{tab_of(version)}?node={node_of(version)}")
    )


def test_what_is_live_is_said_with_where_and_leads_there(make: Make, api: Api) -> None:
    """An environment stands downstream of what runs in it, opens its page, and a change says where it is live."""
    life = begin_life(make, api)
    tell(api, life.cast.owner, life.version)
    life.reach("PRODUCTION")
    version, name = life.version, f"prod-{life.version.model.partition('/')[0]}"
    sre = api.as_(life.cast.sre)
    made = sre.post("/api/v1/environments", json={"name": name, "kind": "PRODUCTION"}).json()
    live = {"model": version.model, "environment": made["id"], "live": [{"version": version.version, "share": 100}]}
    assert sre.post("/api/v1/deployments", json=live).status_code == 201

    table = box_of(look(api, life.cast.owner, f"{tab_of(version)}?view=table"))
    chosen = look(api, life.cast.owner, f"{tab_of(version)}?view=table&node=environment:{name}")
    impact = words_of(look(api, life.cast.owner, f"/lineage?node={node_of(version)}&view=table"))

    assert f"{name} Deployment, Production" in table
    assert f'href="/deployments/environments/{made["id"]}">Open</a>' in chosen
    assert name in impact.partition("If this changes")[2]


def test_what_is_on_hold_or_closed_says_so(make: Make, api: Api) -> None:
    """In the graph, in the table, beside the graph where it is chosen, and to programs."""
    owner, mrc = make.owner(), api.as_(make.person(Role.MRC))
    base = make.version(make.model(owner))
    child = make.version(make.model(owner, name="router"))
    tell(api, owner, child, ItemKind.BASE_MODEL, model=base.model, version="1.0.0")
    routes = [f"/api/v1/models/{one.model}/versions/1.0.0" for one in (base, child)]
    assert mrc.post(f"{routes[0]}/hold", json={"reason": "Leaks names."}).status_code == 200
    assert api.as_(owner).post(f"{routes[1]}/close", json={"reason": "Not needed."}).status_code == 200

    drawn = look(api, owner, f"{tab_of(base)}?view=graph")
    table = box_of(look(api, owner, f"{tab_of(base)}?view=table"))
    told = api.as_(owner).get(f"{routes[0]}/lineage").json()

    assert f"<title>{base.model} 1.0.0, Draft, On hold, Low risk" in drawn
    assert f"<title>{child.model} 1.0.0, Draft, Closed, Low risk" in drawn
    assert "State Draft On hold" in words_of(drawn)
    assert "Draft Closed" in table
    assert [node["flags"] for node in told["nodes"]] == [["HOLD"], ["CLOSED"]]


def test_a_model_shows_the_lineage_of_what_is_in_production(make: Make, api: Api) -> None:
    """Its tab draws the version in production, else the newest, and another where the picker says so."""
    life = begin_life(make, api)
    life.reach("PRODUCTION")
    model = life.version.model
    with_draft = api.as_(life.cast.owner).post(f"/api/v1/models/{model}/versions", json={"version": "9.0.0"})
    assert with_draft.status_code == 201, with_draft.text

    live = words_of(look(api, life.cast.owner, f"/models/{model}/lineage"))
    chosen = words_of(look(api, life.cast.owner, f"/models/{model}/lineage?version=9.0.0"))
    empty = make.model()

    assert f"Lineage of {life.version.version}" in live
    assert "Lineage of 9.0.0" in chosen
    assert api.browser(life.cast.owner).get(f"/models/{model}/lineage?version=8.8.8").status_code == 404
    assert "No version yet" in words_of(look(api, make.owner_of(empty), f"/models/{empty.address}/lineage"))


def test_what_the_pages_cost(make: Make, api: Api) -> None:
    """The tab takes as many statements however much was told, and so do the page of a node and a model's tab."""
    owner = make.owner()
    version = make.version(make.model(owner))
    browser = api.browser(owner)
    for kind in ItemKind:
        tell(api, owner, version, kind)
    costs = {}
    pages = {
        "tab": tab_of(version),
        "node": f"/lineage?node={node_of(version)}",
        "start": "/lineage",
        "model": f"/models/{version.model}/lineage",
        "form": f"{tab_of(version)}/new?kind=DATASET",
        "tell": f"/lineage/tell?node={node_of(version)}",
    }
    for name, path in pages.items():
        browser.get(path)
        with counted() as sent:
            assert browser.get(path).status_code == 200
        costs[name] = len(sent)

    most = {"tab": 25, "node": 22, "start": 4, "model": 24, "form": 10, "tell": 16}
    assert {name: cost for name, cost in costs.items() if cost > most[name]} == {}, costs
