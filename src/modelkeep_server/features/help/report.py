"""
"Report a problem": one text with all that helpers ask for (the guide, "Reporting Issues"). The server sends it nowhere.
"""

from dataclasses import dataclass
from urllib.parse import quote

from modelkeep_server.features.identity.views import Actor
from modelkeep_server.kit.user_agents import browser_of, system_of
from modelkeep_server.rules.permissions import ROLES

TEXT_CHARS = 4_000
LINE_CHARS = 300
#: Mail programs take addresses of about this length; a longer text is pasted by hand.
MAIL_CHARS = 1_800
NOT_SAID = "(not said)"


@dataclass(frozen=True)
class Report:
    """What a person and the request tell. Every value is text; empty ones are written as "(not said)"."""

    description: str = ""
    steps: str = ""
    error: str = ""
    request_id: str = ""
    page: str = ""
    browser: str = ""
    system: str = ""
    release: str = ""
    person: str = ""
    roles: str = ""

    def write(self) -> str:
        """The report as plain text, in the order of the guide's list."""
        blocks = (
            ("Description", self.description),
            ("Steps to reproduce", self.steps),
            ("Error message", self.error),
        )
        facts = (
            ("Request id", self.request_id),
            ("Page", self.page),
            ("Browser", self.browser),
            ("Operating system", self.system),
            ("Modelkeep", self.release),
            ("Person", self.person),
            ("Roles", self.roles),
        )
        parts = [f"{title}\n{text.strip() or NOT_SAID}" for title, text in blocks]
        parts.append("\n".join(f"{name}: {value.strip() or NOT_SAID}" for name, value in facts))
        return "\n\n".join(parts) + "\n"

    @property
    def subject(self) -> str:
        """The subject of a mail: the first line of the description."""
        first = (self.description.strip().splitlines() or ["a problem"])[0]
        return f"Modelkeep: {first[:80]}"


def facts_of(actor: Actor, user_agent: str, release: str) -> Report:
    """A report with what the request itself tells: browser, system, release, and who is signed in."""
    return Report(
        browser=browser_of(user_agent),
        system=system_of(user_agent),
        release=release,
        person=f"{actor.name} <{actor.email}>" if actor.is_known else "not signed in",
        roles=", ".join(info.label for role, info in ROLES.items() if role in actor.roles)
        or ("none" if actor.is_known else ""),
    )


def mail_href(email: str, report: Report) -> str | None:
    """The address that opens a mail with the report in it; None without an e-mail address to write to."""
    if not email:
        return None
    text = report.write()
    quoted = quote(text, safe="")
    if len(quoted) > MAIL_CHARS:
        quoted = quote("Paste the report here: it is too long to be put in for you.\n", safe="")
    return f"mailto:{quote(email, safe='@')}?subject={quote(report.subject, safe='')}&body={quoted}"
