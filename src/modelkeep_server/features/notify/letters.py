"""
What the registry writes to people: one row a letter, with the facts it needs.

Whatever a person typed stands in a letter as one line of text: it can neither begin a line of its own nor hide.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from modelkeep_server.rules.notices import KINDS, NOTICE, say
from modelkeep_server.rules.permissions import ROLES, Role

WORDS_MAX = 1000
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\u200b-\u200f\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True)
class Written:
    """A letter as people read it."""

    subject: str
    text: str


@dataclass(frozen=True)
class _Facts:
    told: Mapping[str, Any]
    address: str

    def line(self, name: str) -> str:
        """A fact as one line of text."""
        return " ".join(_HIDDEN.sub(" ", str(self.told[name])).split())[:WORDS_MAX]

    def lines(self, name: str) -> str:
        """A list of facts, each as one line of text behind a dash."""
        return "".join(f"- {_Facts({name: text}, self.address).line(name)}\n" for text in self.told[name])

    def moment(self, name: str) -> str:
        """`30 November 2026 at 09:00 UTC`."""
        at = datetime.fromisoformat(str(self.told[name]))
        return f"{at.day} {at:%B %Y at %H:%M} UTC"

    def roles(self, name: str) -> str:
        """Roles by the names that pages use."""
        named = self.told[name]
        labels = [ROLES[Role(role)].label for role in ([named] if isinstance(named, str) else named)]
        return " and ".join([", ".join(labels[:-1]), labels[-1]] if len(labels) > 1 else labels)


def _invitation(facts: _Facts) -> Written:
    may = f"You will have the role {facts.roles('roles')}." if facts.told["roles"] else "You may browse the catalogue."
    return Written(
        "You are invited to Modelkeep",
        f"""Hello,

{facts.line("invited_by")} invites you to Modelkeep, the registry of your company's models, at {facts.address}

{may} Open this link to choose a passphrase and begin:

{facts.line("url")}

It works once, until {facts.moment("expires_at")}. Whoever has it can use it, so please do not pass it on.
If you expected no invitation, do nothing: no account is made.
""",
    )


def _reset(facts: _Facts) -> Written:
    return Written(
        "Choose a new passphrase for Modelkeep",
        f"""Hello,

an Admin of Modelkeep at {facts.address} made a link with which you choose a new passphrase:

{facts.line("url")}

It works once, until {facts.moment("expires_at")}. All your browsers are signed out when you use it.
If you did not ask for it, do nothing and tell an Admin.
""",
    )


def _role_granted(facts: _Facts) -> Written:
    role = facts.roles("role")
    return Written(
        f"{facts.line('person')} was given the role {role}",
        f"""Hello,

{facts.line("by")} gave {facts.line("person")} the role {role} on {facts.moment("at")}.

You get this as an Admin or Auditor of Modelkeep. If it should not be so, an Admin can take the role away:
{facts.address}/admin/people
""",
    )


def _reset_made(facts: _Facts) -> Written:
    return Written(
        f"A reset link was made for {facts.line('person')}",
        f"""Hello,

{facts.line("by")} made a link on {facts.moment("at")} with which {facts.line("person")} chooses a new passphrase.

You get this as an Admin or Auditor of Modelkeep. Whoever holds such a link can use it: if it should not be so, an Admin
can take it back:
{facts.address}/admin/invitations
""",
    )


def _access_asked(facts: _Facts) -> Written:
    model = facts.line("model")
    return Written(
        f"Somebody asks for access to {model}",
        f"""Hello,

{facts.line("by")} asks for access to {model}, which you own.

What for: {facts.line("purpose")}

Grant it for a time, or refuse it, on the model's page:
{facts.address}/models/{model}
""",
    )


def _access_decided(facts: _Facts) -> Written:
    model = facts.line("model")
    granted = str(facts.told["status"]).upper() == "GRANTED"
    until = f" It ends on {facts.moment('until')}." if granted and facts.told.get("until") else ""
    answer = f"\nThe answer: {facts.line('answer')}\n" if facts.told.get("answer") else ""
    return Written(
        f"Your request for access to {model} was {'granted' if granted else 'refused'}",
        f"""Hello,

your request for access to {model} was {"granted" if granted else "refused"}.{until}
{answer}
The model's page:
{facts.address}/models/{model}
""",
    )


def _exception_ending(facts: _Facts) -> Written:
    version, policy = facts.line("version"), facts.line("policy")
    return Written(
        f"The exception of {version} ends on {facts.moment('until')}",
        f"""Hello,

the policy “{policy}” is lifted for {version}, a version of a model that you own, until {facts.moment("until")}.
After that it is asked again, and stops what does not pass it.

Meet the policy until then, or ask for another exception:
{facts.address}/exceptions/{facts.line("exception")}
""",
    )


def _lineage_change(facts: _Facts) -> Written:
    more = f"- and {facts.line('more')} more\n" if facts.told["more"] else ""
    return Written(
        f"A change of {facts.line('node')} reaches {facts.line('reached')}",
        f"""Hello,

{facts.line("by")} tells you of a change of {facts.line("node")}:

“{facts.line("text")}”

It reaches these versions of yours:
{facts.lines("versions")}{more}
Look at it:
{facts.address}{facts.line("page")}

{_foot_of("lineage.change", facts)}""",
    )


def _foot_of(kind: str, facts: _Facts) -> str:
    """Who is told, and how somebody keeps it away."""
    return f"""Told to: {KINDS[kind].who}. You choose what you are told, and whether by mail:
{facts.address}/profile/notices
"""


def _notice(facts: _Facts) -> Written:
    kind = KINDS[str(facts.told["kind"])]
    lines = {name: facts.line(name) for name, value in facts.told.items() if value is not None}
    sentence = say(kind.id, lines)
    quoted = f"\n“{lines['text']}”\n" if "text" in lines else ""
    return Written(
        sentence,
        f"""Hello,

{sentence}.
{quoted}
Look at it:
{facts.address}{lines["href"]}

{_foot_of(kind.id, facts)}""",
    )


LETTERS: Mapping[str, Callable[[_Facts], Written]] = {
    "invitation": _invitation,
    "reset": _reset,
    "role_granted": _role_granted,
    "reset_made": _reset_made,
    "access_asked": _access_asked,
    "exception_ending": _exception_ending,
    "access_decided": _access_decided,
    "lineage_change": _lineage_change,
    NOTICE: _notice,
}

_FOOT = "\n-- \nThis letter was written by a program; nobody reads answers to it.\n"


def write(template: str, facts: Mapping[str, Any], address: str) -> Written:
    """
    A letter, complete. `address` is the registry's own.

    Raises:
        KeyError: There is no such letter, or it needs a fact that is not there.
    """
    written = LETTERS[template](_Facts(facts, address))
    # "-- " begins what mail programs know as a signature (RFC 3676, section 4.3).
    return Written(written.subject, written.text + _FOOT)
