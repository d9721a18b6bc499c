"""Strings that break programs, on the pages: shown to the letter, and nothing of them runs."""

from html.parser import HTMLParser

import pytest

from modelkeep_server.rules.permissions import Role
from tests.support.accounts import fresh_email
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.naughty import SCRIPTS, STRINGS
from tests.support.planting import LINE, LINES, Planted, chunks_of, plant_models, plant_versions

pytestmark = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)

#: Elements that no page of ours has, and attributes that hold an address.
FOREIGN = {
    "iframe", "object", "embed", "base", "style", "marquee", "video", "audio", "math", "animate", "frame", "applet",
    "x", "template",
}  # fmt: skip
ADDRESSES = {"href", "src", "action", "formaction", "data", "srcset", "xlink:href", "background", "poster"}


class Reader(HTMLParser):
    """Reads a page as a browser does: its texts, the values of its attributes, and what of it could run."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.values: list[str] = []
        self.active: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element: none that is foreign, no script of its own, no handler, no address that runs."""
        told = {name: value or "" for name, value in attrs}
        self.values.extend(told.values())
        runs = [name for name in told if name.startswith("on") or name in ("style", "srcdoc")]
        leads = [
            name
            for name in ADDRESSES & told.keys()
            if not told[name].startswith(("/", "#", "?", "https://", "http://"))
        ]
        script = tag == "script" and not told.get("src", "").startswith("/static/")
        if tag in FOREIGN or runs or leads or script or told.get("http-equiv") == "refresh":
            self.active.append(self.get_starttag_text() or tag)

    def handle_data(self, data: str) -> None:
        """A text."""
        self.texts.append(data)

    def lacks(self, strings: list[str] | tuple[str, ...]) -> list[str]:
        """Those of the strings that stand neither in a text nor in an attribute."""
        whole = "\0".join([*self.texts, *self.values])
        return [text for text in strings if text not in whole]


def test_teams_and_programs_show_scripts_to_the_letter(make: Make, api: Api) -> None:
    """In lists, on pages of their own and on the page of a model, as name, purpose and name of a token."""
    admin = make.person(Role.ADMIN, Role.MODEL_OWNER)
    browser, evil = api.browser(admin), f'"><script>naughty("{make.group()}")</script>'
    team = {"name": evil, "email": fresh_email(), "members": admin.email}
    model = make.model(admin, owners=[team["email"]])

    made = browser.submit("/admin/teams", team).headers["location"]
    fields = {"name": make.group(), "purpose": evil, "scopes": ["read"]}
    program = browser.submit("/service-accounts", fields).headers["location"]
    token = {"tokenName": evil, "days": "1", "tokenScopes": ["read"]}
    page = program.partition("?")[0]
    shown = Reader(browser.submit(f"{page}/tokens", token).text)

    pages = [
        made,
        f"/teams?q={team['email']}",
        f"/models/{model.address}",
        program,
        f"/service-accounts?q={fields['name']}",
    ]
    for reader in (shown, *(Reader(browser.get(address).text) for address in pages)):
        assert reader.active == []
        assert reader.lacks((evil,)) == []


def test_models_show_naughty_strings_to_the_letter(make: Make, api: Api) -> None:
    """The page of a model, and the catalogue, with every string as description, rationale and tag."""
    owner, group = make.owner(), make.group()
    planted = plant_models(api.as_(owner), group)
    browser = api.browser(owner)

    pages = {model.path: Reader(browser.get(model.path).text) for model in planted}
    catalogue = Reader(browser.get("/models", params={"group": group}).text)

    assert {text for model in planted for text in model.strings} >= set(LINES)
    assert {model.path: lacking for model in planted if (lacking := pages[model.path].lacks(model.strings))} == {}
    assert [active for page in (*pages.values(), catalogue) for active in page.active] == []


def test_versions_show_naughty_strings_to_the_letter(make: Make, api: Api) -> None:
    """The page of a version, with every string in every text of its metadata."""
    model = make.model()
    owner = make.owner_of(model)
    planted = plant_versions(api.as_(owner), model.address)
    browser = api.browser(owner)

    pages = {version.path: Reader(browser.get(version.path).text) for version in planted}
    listed = Reader(browser.get(f"/models/{model.address}/versions").text)

    assert {text for version in planted for text in version.strings} >= set(LINES)
    assert {path: lacking for path, page in pages.items() if (lacking := page.lacks(strings_at(planted, path)))} == {}
    assert [active for page in (*pages.values(), listed) for active in page.active] == []


def strings_at(planted: list[Planted], path: str) -> tuple[str, ...]:
    """The strings that stand on this page."""
    return next(one.strings for one in planted if one.path == path)


def test_nothing_runs_on_the_pages_of_events(make: Make, api: Api) -> None:
    """The audit log and each event, which puts the texts back in."""
    owner = make.owner()
    since = make.event_count()
    planted = plant_models(api.as_(owner), make.group())
    events = [event for event in make.events(since=since) if event.action == "model.create"]
    browser = api.browser(make.person(Role.AUDITOR))

    pages = [Reader(browser.get(f"/audit/{event.sequence}").text) for event in events]
    listed = Reader(browser.get("/audit").text)

    assert len(pages) == len(planted)
    assert [active for page in (*pages, listed) for active in page.active] == []


def test_a_form_gives_back_what_was_typed(make: Make, api: Api) -> None:
    """Refused forms keep every string in its control, escaped."""
    model = make.model()
    browser = api.browser(make.owner_of(model))
    lacking = []
    active = []

    for told in chunks_of([*SCRIPTS[::2], *LINES[::5]]):
        for text in told[:8]:
            several = "\n".join(told)
            names = ("name", "group", "owners", "tags", "documentationUrl", "repositoryUrl")
            forms = {
                "/models/new": {**dict.fromkeys(names, text), "description": several, "riskRationale": several},
                f"/models/{model.address}/versions/new": {
                    "version": text, "commitSha": text, "trainingJobId": text, "metadata.intendedUse": several,
                    "metadata.framework": text, "metadata.inputSchema": several, "metadata.trainingDataset.name": text,
                },
            }  # fmt: skip
            for path, fields in forms.items():
                answer = browser.submit(path, fields)
                page = Reader(answer.text)
                shown = [typed.replace("\r\n", "\n") for typed in (text, *told)]
                lacking += [(path, answer.status_code, typed) for typed in page.lacks(shown)]
                active += page.active

    assert lacking == []
    assert active == []


def test_a_search_shows_what_was_searched_for(make: Make, api: Api) -> None:
    """The box of the catalogue keeps the words, whatever they are; nothing runs and nothing is a fault."""
    browser = api.browser(make.person())
    wrong = []

    for text in (*SCRIPTS[::3], *LINE[::6]):
        answer = browser.get("/models", params={"q": text})
        page = Reader(answer.text)
        wrong += [(text, answer.status_code)] if answer.status_code not in (200, 400, 422) else []
        wrong += [(text, page.active)] if page.active else []
        wrong += [(text, "not shown")] if answer.status_code == 200 and page.lacks([text.strip()]) else []

    assert wrong == []


def test_the_list_is_as_long_as_promised(make: Make) -> None:
    """Five hundred and more, of which most are taken somewhere."""
    assert len(STRINGS) >= 500
    assert len(LINES) >= 500


def test_lineage_shows_scripts_to_the_letter(make: Make, api: Api) -> None:
    """As names and places: in the tab as graph and table, on a form that comes again, and where they are found."""
    version = make.version()
    owner = make.owner_of(version)
    browser, base = api.browser(owner), f"/models/{version.model}/versions/1.0.0/lineage"
    told = [text for text in SCRIPTS if text.strip() == text and "\n" not in text][:40]
    for at, text in enumerate(told):
        dataset = {"name": text, "version": str(at), "uri": text, "role": "TEST"}
        script = {"name": text, "uri": f"{text}#{at}"}
        for kind, sent in (
            ("DATASET", dataset),
            ("TRAINING_SCRIPT", script),
            ("CONSUMER", {"name": text, "url": text}),
        ):
            assert browser.submit(f"{base}/new?kind={kind}", sent).status_code in (303, 409, 422)

    table = Reader(browser.get(f"{base}?view=table").text)
    graph = Reader(browser.get(f"{base}?view=graph").text)
    found = [Reader(browser.get("/lineage", params={"q": text[:100]}).text) for text in told]
    again = Reader(browser.submit(f"{base}/new", {"name": told[0], "version": "", "uri": told[0]}).text)

    assert [table.active, graph.active, again.active, [one.active for one in found if one.active]] == [[], [], [], []]
    assert table.lacks(told) == []
    assert again.lacks(told[:1]) == []
