"""The help in a browser: from its contents to a chapter, through the search, and out to who can help."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.conftest import enter, visit
from tests.journeys.test_pages import serious_faults
from tests.support.running import running_registry

pytestmark = pytest.mark.browser


def test_somebody_finds_the_answer_and_reports_what_the_help_does_not_know(chromium: Browser, tmp_path: Path) -> None:
    """Contents, chapter, section, search, report: by anybody, in both themes, and the report follows the typing."""
    with running_registry(tmp_path) as running:
        visitor = visit(chromium.new_context(color_scheme="dark"), running.url)
        page, faults = visitor.page, []
        visitor.go("/login")
        visitor.press("Help", within="header")
        faults += serious_faults(page)
        visitor.press("Artifact management", within=".help-side nav")
        page.get_by_role("link", name="Download links", exact=True).first.click()
        section = page.url
        page.emulate_media(color_scheme="light")
        faults += serious_faults(page)
        page.keyboard.press("/")
        page.keyboard.type("delete a model")
        page.keyboard.press("Enter")
        page.wait_for_url("**/help/search?**")
        page.locator(".help-found a").first.click()
        page.wait_for_url("**/help/faq**")
        answer = page.url
        visitor.press("Report a problem", within="footer")
        visitor.fill(description="The file is gone", steps="Open the version")
        report = page.locator("[data-report-text]")
        expect(report).to_contain_text("The file is gone")
        told, mail = report.inner_text(), page.locator("[data-report-mail]").get_attribute("href") or ""
        page.context.close()

    assert section.endswith("/help/artifact-management#download-links")
    assert answer.endswith("/help/faq#can-i-delete-a-model")
    assert [line for line in ("Page: /help/faq", "Window: ", "Modelkeep: ") if line not in told] == []
    assert "The%20file%20is%20gone" in mail
    assert ([], []) == (faults, visitor.complaints)


def test_an_incident_is_reported_and_stands_on_every_page(chromium: Browser, tmp_path: Path) -> None:
    """An SRE reports it in the page, a stranger sees its name above the sign-in form, and it leaves when resolved."""
    with running_registry(tmp_path) as running:
        visitor = visit(enter(chromium, running, "sam@company.com", "SRE"), running.url)
        stranger = visit(chromium.new_context(), running.url)
        visitor.go("/status")
        visitor.fill(title="Downloads are slow", known="The file store answers slowly.")
        visitor.page.get_by_role("checkbox", name="File storage").check(force=True)
        visitor.press("Report Incident")
        faults = serious_faults(visitor.page)
        stranger.go("/login")
        seen = stranger.page.locator(".incident-line").inner_text()
        visitor.page.get_by_text("Post an update, or resolve it").click()
        visitor.page.locator("article").get_by_role("radio", name="Resolved").check(force=True)
        visitor.page.locator("article textarea").fill("A disk was full.")
        visitor.press("Post Update")
        stranger.go("/login")
        gone = stranger.page.locator(".incident-line").count()
        visitor.page.context.close()

    assert "Downloads are slow" in seen
    assert gone == 0
    assert ([], []) == (faults, visitor.complaints)
