"""Promises that every template keeps, read from the files themselves."""

import pkgutil
import re
from importlib import import_module
from pathlib import Path

import pytest

from modelkeep_server.interfaces.cards.html import TEMPLATES as CARD_TEMPLATES
from modelkeep_server.interfaces.web import contexts, render
from modelkeep_server.interfaces.web.contexts.base import Context
from modelkeep_server.interfaces.web.contexts.errors import ErrorContext
from modelkeep_server.interfaces.web.render import Page, PageShell

WEB = Path(render.__file__).parent
#: Those of the pages, and the one that pages and the HTML file of a card share.
TEMPLATES = sorted([*(WEB / "templates").rglob("*.html"), *CARD_TEMPLATES.rglob("_*.html")])
ICON = re.compile(r'\bicon\("([a-z0-9-]+)"|verdict\("\w+", "[^"]+", "([a-z0-9-]+)"|empty\("([a-z0-9-]+)"')


def _pages() -> list[type[Context]]:
    modules = [import_module(f"{contexts.__name__}.{found.name}") for found in pkgutil.iter_modules(contexts.__path__)]
    found = {value for module in modules for value in vars(module).values() if isinstance(value, type)}
    pages = [value for value in found if issubclass(value, Context) and "template" in vars(value)]
    return sorted(pages, key=lambda page: page.__name__)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.parent.name + "/" + path.name)
def test_no_template_breaks_the_content_policy(path: Path) -> None:
    """No template carries a style, a script or an address of another site, which the policy would refuse."""
    text = path.read_text("utf-8")

    assert not re.search(r"\sstyle=|<style|\son[a-z]+=\"|javascript:|hx-on", text)
    assert not re.search(r"<script(?![^>]*\ssrc=\"\{\{ asset\()", text)
    assert not re.search(r'(?:src|action)="https?:', text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.parent.name + "/" + path.name)
def test_every_form_that_writes_carries_the_token(path: Path) -> None:
    """A form that is sent by POST holds the token against forged requests."""
    text = path.read_text("utf-8")

    forms = re.findall(r'<form[^>]*method="post".*?</form>', text, re.DOTALL)

    assert len(forms) == len(re.findall(r'method="post"', text))
    assert all("csrf()" in form for form in forms)


def test_every_icon_is_in_the_sprite() -> None:
    """Each icon that a template names is in the list the sprite is made from."""
    listed = set((WEB / "static" / "icons.txt").read_text("utf-8").split())

    named = {name for path in TEMPLATES for hit in ICON.findall(path.read_text("utf-8")) for name in hit if name}

    assert named
    assert named <= listed


def test_every_page_has_its_template() -> None:
    """Each context names a template that is there and that Jinja can read."""
    for page in _pages():
        assert render.environment().get_template(page.template)


def test_what_people_wrote_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Markup in a text that people wrote comes out as text."""
    monkeypatch.setattr(render, "asset", lambda name: f"/static/{name}")
    monkeypatch.setitem(render.environment().globals, "asset", lambda name: f"/static/{name}")
    shell = PageShell(csrf="t", path="/", request_id="r", base_url="http://127.0.0.1:8000")
    context = ErrorContext(status=404, title="Not found", detail="<script>alert(1)</script>", remedy="Look again.")

    html = render.render(Page.of(context, 404), shell)

    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


@pytest.mark.parametrize(("cookie", "theme"), [(None, "system"), ("dark", "dark"), ('"><script>', "system")])
def test_only_known_themes_reach_the_page(cookie: str | None, theme: str) -> None:
    """A cookie that names no theme leaves the choice to the system."""
    assert theme == render.theme_of(cookie)
