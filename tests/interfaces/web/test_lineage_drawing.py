"""The drawn graph of a version: on its page, and as files to take along."""

import html
import re
import struct
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from modelkeep_server.adapters.pdf.press import Press
from modelkeep_server.features.lineage.drawing.printing import print_png
from modelkeep_server.features.lineage.views import Graph, Node
from modelkeep_server.features.versions.views import Version
from modelkeep_server.interfaces.lineage.files import Taken, draw_svg
from modelkeep_server.interfaces.lineage.words import draw_lineage
from modelkeep_server.rules.errors import Unavailable
from modelkeep_server.rules.lineage import NodeKind
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.graphs import HOSTILE, join, make_node, make_star, make_version
from tests.support.make import Make
from tests.support.pages import look

SVG = "{http://www.w3.org/2000/svg}"
MEDIA_TYPES = {"svg": "image/svg+xml", "png": "image/png", "json": "application/json"}


def base_of(version: Version) -> str:
    """The Lineage tab."""
    return f"/models/{version.model}/versions/{version.version}/lineage"


def tell(api: Api, make: Make, version: Version, name: str, **more: str) -> None:
    """A training dataset of a version."""
    fields = {"name": name, "version": "1", "role": "VALIDATION", **more}
    sent = api.browser(make.owner_of(version)).submit(f"{base_of(version)}/new?kind=DATASET", fields)
    assert sent.status_code == 303, sent.text


def texts_of(svg: str) -> list[str]:
    """What is written in a drawing."""
    return [text.text or "" for text in ET.fromstring(svg).iter(f"{SVG}text")]


def draw_hostile() -> tuple[Graph, str]:
    """Everything that is called by something hostile, and its drawing as a file."""
    middle = make_version("middle", live=HOSTILE[:3])
    things = [make_node(NodeKind.DATASET, text, detail=text) for text in HOSTILE]
    things += [make_node(NodeKind.BASE_MODEL, text) for text in HOSTILE]
    graph = Graph(middle.id, (middle, *things), join(*((one, middle) for one in things)))
    return graph, draw_svg(Taken(graph, things[0].id, "As it is.")).text


def test_the_page_has_the_graph_as_a_drawing_with_links(make: Make, api: Api) -> None:
    """Each node is a link that chooses it, named by all that is known of it; no script is needed to see it."""
    version = make.version()
    tell(api, make, version, "reviews-holdout", uri="s3://data/holdout/")

    page = look(api, make.owner_of(version), base_of(version) + "?view=graph")

    drawing = page.partition('<svg class="lg-sheet"')[2].partition("</svg>")[0]
    titles = [html.unescape(one) for one in re.findall(r"<title>([^<]+)</title>", drawing)]
    name = version.model.partition("/")[2]
    assert f"reviews-holdout 1 is validation data of {name} {version.version}" in titles
    assert "reviews-holdout 1, Dataset, validation" in titles
    assert f"{version.model} {version.version}, Draft, Low risk" in titles
    assert f'href="{base_of(version)}?node=dataset' in drawing
    assert "style=" not in drawing


@pytest.mark.parametrize("format_", MEDIA_TYPES)
def test_the_graph_is_taken_along_as_a_file(make: Make, api: Api, format_: str) -> None:
    """Under the version's name, with its media type, and never shown as a page by a browser."""
    version = make.version()
    tell(api, make, version, "reviews-holdout")

    answer = api.browser(make.owner_of(version)).get(f"{base_of(version)}/export?format={format_}")

    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].partition(";")[0] == MEDIA_TYPES[format_]
    name = f"{version.model.partition('/')[2]}-{version.version}-lineage.{format_}"
    assert f'filename="{name}"' in answer.headers["content-disposition"]
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_drawing_as_a_file_needs_nothing_beside_it(make: Make, api: Api) -> None:
    """Its style and its icons stand in it; it names no address but those of its own format."""
    version = make.version()
    tell(api, make, version, "reviews-holdout")

    svg = api.browser(make.owner_of(version)).get(f"{base_of(version)}/export?format=svg").text

    root = ET.fromstring(svg)
    ids = {one.get("id") for one in root.iter(f"{SVG}symbol")}
    uses = [one.get("href", "") for one in root.iter(f"{SVG}use")]
    assert uses
    assert all(one.removeprefix("#") in ids for one in uses)
    assert re.findall(r"https?://[^\"\s<]+", svg) == ["http://www.w3.org/2000/svg"]
    assert {"reviews-holdout", "1, validation"} <= set(texts_of(svg))
    assert "var(" not in svg


def test_the_picture_is_twice_the_drawing(make: Make, api: Api) -> None:
    """Sharp also where a screen has two pixels for one."""
    version = make.version()
    tell(api, make, version, "reviews-holdout")
    browser = api.browser(make.owner_of(version))

    svg = browser.get(f"{base_of(version)}/export?format=svg").text
    png = browser.get(f"{base_of(version)}/export?format=png").content

    width, height = (float(ET.fromstring(svg).get(side) or 0) for side in ("width", "height"))
    found = struct.unpack(">II", png[16:24])
    assert [abs(found[0] - 2 * width) <= 2, abs(found[1] - 2 * height) <= 2] == [True, True]


def test_the_same_as_json_as_the_api_gives_it(make: Make, api: Api) -> None:
    """Nodes, edges that point downstream, and whether there is more."""
    version = make.version()
    tell(api, make, version, "reviews-holdout")
    owner = make.owner_of(version)

    told: dict[str, Any] = api.browser(owner).get(f"{base_of(version)}/export?format=json").json()

    assert told == api.as_(owner).get(f"/api/v1{base_of(version)}").json()
    assert ["reviews-holdout"] == [one["label"] for one in told["nodes"] if one["kind"] == "DATASET"]


@pytest.mark.parametrize("format_", ["svg", "png"])
def test_programs_take_the_drawing_too(make: Make, api: Api, format_: str) -> None:
    """From the API, around a version and any node; JSON where nothing is asked; strangers find nothing."""
    version = make.version(make.model(visibility="RESTRICTED"))
    tell(api, make, version, "reviews-holdout")
    owner, stranger = api.as_(make.owner_of(version)), api.as_(make.person(Role.MODEL_OWNER))
    node = quote(f"version:{version.model}/{version.version}", safe="")

    for address in (f"/api/v1{base_of(version)}?", f"/api/v1/lineage/graph?node={node}&"):
        drawn = owner.get(f"{address}depth=all&format={format_}")
        assert drawn.status_code == 200, drawn.text
        assert drawn.headers["content-type"].partition(";")[0] == MEDIA_TYPES[format_]
        assert f"lineage.{format_}" in drawn.headers["content-disposition"]
        assert drawn.content[:4] in (b"<svg", b"\x89PNG")
        assert owner.get(f"{address}format=json").json() == owner.get(address).json()
        assert owner.get(f"{address}format=gif").status_code == 422
        assert stranger.get(f"{address}format={format_}").status_code == 404
    if format_ == "svg":
        assert "Steps: all up, all down. 2 nodes." in drawn.text


def test_what_is_taken_along_is_what_the_page_shows(make: Make, api: Api) -> None:
    """Families that are not ticked are left out, of any node of the graph."""
    version = make.version()
    tell(api, make, version, "reviews-holdout")
    browser = api.browser(make.owner_of(version))
    node = quote(f"version:{version.model}/{version.version}", safe="")

    all_of_it = browser.get(f"/lineage/export?node={node}&format=json").json()
    without_data = browser.get(f"/lineage/export?node={node}&format=json&kinds=NONE&kinds=MODELS").json()

    assert {"DATASET", "VERSION"} == {one["kind"] for one in all_of_it["nodes"]}
    assert {"VERSION"} == {one["kind"] for one in without_data["nodes"]}
    assert [] == without_data["edges"]


def test_what_one_may_not_see_is_not_taken_along(make: Make, api: Api) -> None:
    """A version of a restricted model is not found, and neither is a thing that only it tells of."""
    version = make.version(make.model(visibility="RESTRICTED"))
    tell(api, make, version, f"secret-{version.model.partition('/')[0]}")
    node = quote(f"dataset:secret-{version.model.partition('/')[0]}@1", safe="")
    stranger = api.browser(make.person(Role.MODEL_OWNER))

    for address in (f"{base_of(version)}/export?", f"/lineage/export?node={node}&"):
        assert api.browser(make.owner_of(version)).get(f"{address}format=svg").status_code == 200
        assert stranger.get(f"{address}format=svg").status_code == 404


def test_a_picture_that_takes_too_long_is_refused_in_words() -> None:
    """What is drawn by the server itself is there still, and the refusal says so."""
    _, svg = draw_hostile()

    with pytest.raises(Unavailable) as refused:
        print_png(Press(seconds=0.01), svg, area=1000, of="dataset:a@1")

    assert "SVG" in refused.value.remedy


@pytest.mark.parametrize("query", ["format=pdf", "format="])
def test_another_format_is_refused_in_words(make: Make, api: Api, query: str) -> None:
    """Not a fault of the registry."""
    version = make.version()

    answer = api.browser(make.owner_of(version)).get(f"{base_of(version)}/export?{query}")

    assert answer.status_code == 422
    assert "svg" in answer.text.lower()


def test_hostile_names_are_words_in_the_drawing() -> None:
    """Markup, marks that turn the direction and control characters are text or replaced, and cut to their box."""
    graph, svg = draw_hostile()

    root = ET.fromstring(svg)
    tags = {one.tag.removeprefix(SVG) for one in root.iter()}
    assert tags <= {
        "svg", "title", "desc", "style", "defs", "symbol", "use", "g", "text",
        "path", "rect", "circle", "ellipse", "line",
    }  # fmt: skip
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\ufffe\u202e]", svg)
    assert any(one.startswith("<script>alert") for one in texts_of(svg))
    assert all(len(one) <= 100 for one in texts_of(svg))
    assert len(graph.nodes) == 2 * len(HOSTILE) + 1


@pytest.mark.parametrize("text", HOSTILE)
def test_a_file_is_well_formed_whatever_its_middle_is_called(text: str) -> None:
    """Its title as well: U+FFFE may stand in a name, and in no XML."""
    middle = make_node(NodeKind.DATASET, text)

    drawn = draw_svg(Taken(Graph(middle.id, (middle,), ()), "", "As it is."))

    assert ET.fromstring(drawn.text).tag == f"{SVG}svg"


def test_hostile_names_are_words_on_the_page(make: Make, api: Api) -> None:
    """The same through the form and the page."""
    version = make.version()
    for number, text in enumerate(HOSTILE[:5]):
        tell(api, make, version, f"{number}{text}"[:100])

    page = look(api, make.owner_of(version), base_of(version) + "?view=graph")

    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page


def test_four_hundred_nodes_are_drawn_with_their_names() -> None:
    """The most that a picture has: each with a box, a name and a title that says all of it."""
    graph = make_star([make_version(f"model-{number}", f"1.{number}.0") for number in range(399)])

    drawn = draw_lineage(graph)

    assert len(drawn.boxes) == 400
    assert {boxed.name for boxed in drawn.boxes} >= {f"model-{number}" for number in range(399)}
    assert all(boxed.title.startswith(("nlp/model-", "churn 1")) for boxed in drawn.boxes)
    assert [boxed.detail for boxed in drawn.boxes if boxed.name == "model-10"] == ["1.10.0"]


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("hf:google-bert/bert-base-multilingual", ("bert-base-multilingual", "Outside: Hugging Face")),
        ("https://models.acme.io/llama/3.1/", ("3.1", "Outside: models.acme.io")),
        ("ollama:llama3", ("llama3", "Outside: ollama")),
        ("https://acme.io/", ("https://acme.io/", "Base model from outside")),
        ("http://[", ("http://[", "Base model from outside")),
    ],
)
def test_a_model_from_outside_is_called_by_its_name_and_where_it_is(uri: str, words: tuple[str, str]) -> None:
    """In its box; its title says the whole URI."""
    middle = make_version("middle")
    outside = Node(f"base:{uri}", NodeKind.BASE_MODEL, uri, "Base model from outside")
    drawn = draw_lineage(Graph(middle.id, (middle, outside), join((outside, middle))))

    found = next(boxed for boxed in drawn.boxes if boxed.node is outside)

    assert (found.name, found.detail) == words
    assert uri in found.title


def test_a_box_tells_the_size_of_data_where_there_is_room() -> None:
    """After what it was used for, which is never cut for it; the title has all roles."""
    middle = make_version("middle")
    small = make_node(NodeKind.DATASET, "small@v7", detail="v7, training", facts={"sizeBytes": 2_100_000_000})
    full = make_node(
        NodeKind.DATASET, "full@v7", detail="v7, training, validation and test", facts={"sizeBytes": 2_100_000_000}
    )
    drawn = draw_lineage(Graph(middle.id, (middle, small, full), join((small, middle), (full, middle))))
    details = {boxed.node.id: (boxed.detail, boxed.title) for boxed in drawn.boxes}

    assert details[small.id][0] == "v7, training, 2.10 GB"
    assert details[full.id][0].startswith("v7, training, valid")
    assert details[full.id][0].endswith("…")
    assert details[full.id][1].endswith("training, validation and test")


def test_what_is_chosen_lights_its_ways_and_nothing_else() -> None:
    """The middle lights nothing, since all ways are its own."""
    middle, data, other = make_version("middle"), make_node(NodeKind.DATASET, "a"), make_node(NodeKind.DATASET, "b")
    graph = Graph(middle.id, (middle, data, other), join((data, middle), (other, middle)))

    lit = {boxed.node.id for boxed in draw_lineage(graph, data.id).boxes if boxed.is_on}

    assert lit == {middle.id, data.id}
    assert not any(one.is_on for one in draw_lineage(graph, middle.id).lines)
    assert not any(one.is_on for one in draw_lineage(graph, "no such").lines)


def test_a_file_is_the_same_for_the_same_graph() -> None:
    """Byte for byte."""
    graph, svg = draw_hostile()
    shuffled = replace(graph, nodes=tuple(reversed(graph.nodes)), edges=tuple(reversed(graph.edges)))

    again = draw_svg(Taken(shuffled, graph.nodes[1].id, "As it is.")).text

    assert again == svg
