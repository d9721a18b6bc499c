"""The help: the guide for everyone, with tables from the rules, a search, and links that lead where they say."""

import re
from html import unescape
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal

from modelkeep_server.features.help.guide import open_guide
from modelkeep_server.features.help.views import Prose
from modelkeep_server.interfaces.web import render
from modelkeep_server.rules.approvals import TIERS
from modelkeep_server.rules.error_table import list_kinds
from modelkeep_server.rules.errors import RegistryError
from modelkeep_server.rules.lifecycle import MOVES, STATES
from modelkeep_server.rules.permissions import PERMISSIONS, ROLES, Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.registries import Registries

# The help reads no database.
pytestmark = [pytest.mark.parametrize("kind", ["sqlite"], indirect=True), pytest.mark.usefixtures("kind")]

CHAPTERS = [chapter.slug for chapter in open_guide().chapters]
TEMPLATES = Path(render.__file__).parent / "templates"


def places() -> set[str]:
    """Every `chapter` and `chapter#heading` of the guide."""
    guide = open_guide()
    return {chapter.slug for chapter in guide.chapters} | {
        f"{chapter.slug}#{section.anchor}" for chapter in guide.chapters for section in chapter.sections
    }


def text_of(html: str) -> str:
    """What a reader sees of a page, blanks made one."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_anybody_reads_every_chapter(make: Make, api: Api) -> None:
    """A stranger turns from the contents through all chapters; a signed-in person has their menu beside them."""
    stranger, known = api.browser_of(""), api.browser(make.owner())

    contents = stranger.get("/help")
    turned = ["/help/getting-started"]
    while turned[-1] and (found := re.search(r'href="([^"]+)" rel="next"', stranger.get(turned[-1]).text)):
        turned.append(found[1])

    assert [f"/help/{slug}" for slug in CHAPTERS] == turned
    assert all(f'href="/help/{slug}"' in contents.text for slug in CHAPTERS)
    assert 'action="/logout"' not in contents.text
    assert 'action="/logout"' in known.get("/help/roles").text
    assert stranger.get("/help/nothing").status_code == 404


def test_the_guides_chapters_and_topics_are_all_there() -> None:
    """Each chapter of the guide we were given is one of ours, and its troubles and questions have their headings."""
    headings = {section.title for chapter in open_guide().chapters for section in chapter.sections}

    assert {"Model creation fails", "Version upload issues", "Search not working", "Permission denied"} <= headings
    assert {"getting-started", "model-registration", "version-management", "artifact-management"} <= set(CHAPTERS)
    assert {
        "search-and-discovery",
        "model-cards",
        "lineage",
        "best-practices",
        "troubleshooting",
        "getting-help",
        "faq",
    } <= set(CHAPTERS)
    assert {"Can I delete a model?", "How long are artifacts stored?", "How do I report a security issue?"} <= headings


def test_every_link_of_the_help_leads_somewhere(make: Make, api: Api) -> None:
    """Links of chapters, of question marks on pages and of errors find their heading; links to pages find a page."""
    browser = api.browser(make.person(*Role))
    asked = {f"/help/{kind.help}" for kind in list_kinds(RegistryError) if kind.help}
    for path in TEMPLATES.rglob("*.html"):
        asked |= {f"/help/{place}" for place in re.findall(r'help_mark\("([^"]+)"', path.read_text("utf-8"))}
    for chapter in open_guide().chapters:
        for part in chapter.parts:
            if isinstance(part, Prose):
                links = re.findall(r'href="([^"]+)"', part.html)
                asked |= {chapter.href + link if link.startswith("#") else link for link in links}

    to_help = {link.removeprefix("/help/") for link in asked if link.startswith("/help/") and "report" not in link}
    elsewhere = asked - {f"/help/{link}" for link in to_help}

    assert len(asked) > 40
    assert to_help - places() == set()
    assert {link: browser.get(link).status_code for link in elsewhere} == dict.fromkeys(elsewhere, 200)


def test_roles_acts_moves_and_tiers_are_those_of_the_rules(api: Api) -> None:
    """The tables and the diagram say what the rules say, each row of them."""
    roles, versions, models = (
        text_of(api.anonymous.get(f"/help/{slug}").text)
        for slug in ("roles", "version-management", "model-registration")
    )

    assert all(f"{info.label} {info.role} {info.may}" in roles for info in ROLES.values())
    assert all(f"{act} " in roles for act in PERMISSIONS)
    assert all(
        f"{STATES[move.source].label} to {STATES[move.target].label}: {move.label}"
        in unescape(api.anonymous.get("/help/version-management").text)
        for move in MOVES
    )
    assert all(f"{info.label} {info.state} {info.meaning} {info.who}" in versions for info in STATES.values())
    assert all(f"{info.label} {info.description} {info.examples} {info.approvals}" in models for info in TIERS.values())


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("permission denied", "/help/troubleshooting#permission-denied"),
        ("delete model", "/help/faq#can-i-delete-a-model"),
        ("expire link", "/help/artifact-management#download-links"),
        ("RESTRICTED", "/help/roles#restricted-models"),
        ("risk tier", "/help/model-registration#risk-tiers"),
        ("slack", "/help/getting-help#ask-somebody"),
    ],
)
def test_the_search_brings_the_right_section_first_and_marks_the_words(api: Api, asked: str, first: str) -> None:
    """What people look for stands at the top, with the words marked."""
    page = api.anonymous.get("/help/search", params={"q": asked}).text
    found = re.findall(r'<li><a class="row" href="([^"]+)"', page)

    marked = re.findall(r"<mark>([^<]+)</mark>", page)

    assert first == found[0]
    assert {word for word in marked if not word.lower().startswith(tuple(asked.lower().split()))} == set()
    assert len(marked) >= len(asked.split())


@pytest.mark.parametrize(
    "asked", ["zzyzx", "  ", "<script>alert(1)</script>", "%", '"', "a" * 5000, "𓀀 ⟨⟩", "model zzyzx"]
)
def test_a_search_that_finds_nothing_says_what_to_do(api: Api, asked: str) -> None:
    """Whatever is typed, the page stays whole and leads on."""
    answer = api.anonymous.get("/help/search", params={"q": asked})

    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert ("No section has all these words" in answer.text) == bool(asked.strip())
    assert "/help/getting-help" in answer.text


def test_the_channels_are_those_of_the_settings(
    api: Api, registries: Registries, portal: BlockingPortal, tmp_path: Path
) -> None:
    """The guide's channels unless an operator says otherwise; one that is `none` is not shown."""
    plain = text_of(api.anonymous.get("/help/getting-help").text)
    changes = {
        "support_email": "ml-help@bank.example", "support_slack": "none", "support_office_hours": "Mondays 9 AM",
        "support_help_desk": "Open a ticket", "support_help_desk_url": "https://desk.bank.example/new",
        "security_contact": "cert@bank.example",
    }  # fmt: skip
    with registries.template("sqlite").copied(tmp_path / "own", changes) as registry:
        own = Api(registry, portal).anonymous.get("/help/getting-help").text

    for told in (
        "internal help desk",
        "#ai-model-registry",
        "support@company.com",
        "Fridays 2-3 PM",
        "security@company.com",
    ):
        assert told in plain
    assert 'href="https://desk.bank.example/new"' in own
    assert all(told in own for told in ("ml-help@bank.example", "Mondays 9 AM", "cert@bank.example"))
    assert "Slack" not in text_of(own).split("Ask somebody")[1].split("Report a problem")[0]


def test_the_report_gathers_what_helpers_ask_for(make: Make, api: Api) -> None:
    """Description, steps, error, request id, page, browser, system, release, name and roles; nothing is written."""
    person = make.person(Role.SRE, Role.AUDITOR)
    browser = api.browser(person)
    browser.headers["user-agent"] = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
    query = {"request": "01K3Z8QW5T7M2N4P6R8S0V1X3Y", "page": "/models/risk/fraud", "error": "Not found: gone."}

    prefilled = browser.get("/help/report", params=query).text
    before = make.event_count()
    written = browser.submit(
        "/help/report",
        {"description": "It is slow & odd", "steps": "1. Open\r\n2. Wait", "request_id": query["request"]},
    ).text
    report = unescape(re.search(r"data-report-text>(.*?)</pre>", written, re.DOTALL)[1])  # type: ignore[index]
    mail = unescape(re.search(r'href="(mailto:[^"]+body=[^"]+)"', written)[1])  # type: ignore[index]

    assert all(value in unescape(prefilled) for value in query.values())
    assert "Description\nIt is slow & odd\n\nSteps to reproduce\n1. Open\n2. Wait\n\n" in report
    for line in (
        "Request id: 01K3",
        "Browser: Firefox 128",
        "Operating system: Windows",
        "Modelkeep: ",
        "Roles: SRE, Auditor",
    ):
        assert line in report
    assert person.email in report
    assert mail.startswith("mailto:support@company.com?subject=Modelkeep%3A%20It%20is%20slow")
    assert make.event_count() == before


def test_a_report_without_sign_in_and_with_too_much_text_is_still_one(api: Api) -> None:
    """A stranger's report says so; what no mail program would take is pasted by hand."""
    stranger = api.browser_of("")

    page = stranger.submit("/help/report", {"description": "x" * 9000}).text

    assert "Person: not signed in" in page
    assert "Paste%20the%20report%20here" in page
    assert "x" * 4001 not in page


def test_a_refusal_leads_to_its_chapter_and_to_the_report(make: Make, api: Api) -> None:
    """The error page has both links, the report with the request id; the API's problem names the same place."""
    browser, program = api.browser(make.person(Role.AUDITOR)), api.as_(make.person(Role.AUDITOR))

    page = browser.get("/models/no-group/no-model")
    problem = program.post("/api/v1/models", json={
        "group": make.group(), "name": "x", "description": "x", "owners": ["a@example.com"], "riskTier": "LOW",
    }).json()  # fmt: skip
    unnamed = api.as_(make.owner()).post("/api/v1/models", json={}).json()

    assert 'href="/help/roles#restricted-models">More in the help' in page.text
    assert f"/help/report?request={page.headers['x-request-id']}&amp;page=" in page.text
    assert problem["help"] == "/help/troubleshooting#permission-denied"
    assert "help" not in unnamed
