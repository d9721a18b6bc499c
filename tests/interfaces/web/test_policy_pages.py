"""The pages of policies and exceptions: what a person does in the browser, without the script."""

import re

from modelkeep_server.kit import clock
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.pages import words_of

RULE = {
    "rules[0].expression": 'version.metadata.card.license in ["MIT"]',
    "rules[0].message": "The licence is cleared.",
}


def test_a_policy_is_written_tried_and_loosened_in_the_browser(api: Api, make: Make) -> None:
    """Wrong input stands beside its control, trying keeps what was typed, and loosening waits for a second person."""
    owner, group = make.owner(), make.group()
    version = make.version(make.model(owner, group=group), owner)
    architect = api.browser(make.person(Role.SECURITY_ARCHITECT))
    mrc, reader = api.browser(make.person(Role.MRC)), api.browser(owner)
    fields = {"name": f"Licence {group}", "severity": "BLOCK", "enabled": "yes", "groups": group, **RULE}
    wrong = architect.submit("/policies", {**fields, "rules[0].expression": "versoin.x"})
    one = architect.submit("/policies/try", {**fields, "version": version.address, "on": "one"})
    many = architect.submit("/policies/try", {**fields, "on": "all"})
    used = architect.submit("/policies/try", {**fields, "example": "2"}).text
    made = architect.submit("/policies", fields)
    page = made.headers["location"].partition("?")[0]
    shown = architect.get(page).text
    blind = architect.submit(page, {**fields, "severity": "WARN", "revision": "1"})
    off = architect.submit(f"{page}/switch", {"on": "", "reason": " "})
    waits = architect.submit(page, {**fields, "severity": "WARN", "revision": "1", "reason": "Legal is slow."})
    stale = architect.submit(page, {**fields, "revision": "1"})
    told, read = mrc.get(page).text, reader.get(page).text
    confirmed = mrc.submit(f"{page}/confirm", {"reason": "Agreed."})
    begun = {**fields, "revision": "1", "policy": page.rpartition("/")[2]}
    tried = architect.submit("/policies/try", {**begun, "on": "all"})

    assert wrong.status_code == 422
    assert "Did you mean version?" in wrong.text
    assert "“license” is not provided." in one.text
    assert fields["name"] in one.text
    assert "It would newly stop 1 of 1 version." in re.sub(r"\s+", " ", many.text)
    assert made.status_code == 303
    assert 'name="revision" value="1"' in shown
    assert (blind.status_code, off.status_code) == (422, 422)
    assert "Say why: the second person decides by that." in blind.text
    assert 'id="switch-reason-error"' in off.text
    assert re.search(r'name="rules\[1\].message"[^>]*value="Weights are in a format that cannot carry code."', used)
    assert ("Add rule 3" in used, "Add a rule" in used) == (True, False)
    assert used.index(">Try it</h2>") < used.index(">Create Policy</button>")
    assert 'name="reason"' not in architect.get("/policies/new").text
    assert ": “Legal is slow.” Until it is confirmed" in told
    assert "put in force just now ; revision 2 was proposed just now" in words_of(told)
    assert waits.headers["location"].endswith("done=policy-waits")
    assert stale.status_code in (409, 412)
    # Trying takes nothing in that others changed meanwhile.
    assert 'name="revision" value="1"' in tried.text
    assert "Waits for a second person" in told
    assert "Needs" in read or "you need" in read
    assert confirmed.headers["location"].endswith("done=policy-confirmed")
    assert "Warns" in reader.get("/policies").text


def test_an_exception_is_asked_and_granted_in_the_browser(api: Api, make: Make) -> None:
    """An owner asks from a form that keeps what was typed; an MRC grants it; its end takes a reason."""
    owner = make.owner()
    version = make.version(make.model(owner), owner)
    asker, mrc = api.browser(owner), api.browser(make.person(Role.MRC))
    form = asker.get("/exceptions/new", params={"version": version.address, "policy": "weights are there"}).text
    policy = re.search(r'value="([^"]+)" selected', form)
    assert policy is not None
    fields = {"version": version.address, "policy": policy[1], "justification": "Monday.", "risk": "None.",
              "mitigation": "Staging only."}  # fmt: skip
    past = asker.submit("/exceptions", {**fields, "expiresAt": "2020-01-01"})
    asked = asker.submit("/exceptions", {**fields, "expiresAt": clock.utc_now().date().isoformat()})
    page = asked.headers["location"].partition("?")[0]
    own = asker.get(page).text
    bare = mrc.submit(f"{page}/refuse", {"comment": ""})
    granted = mrc.submit(f"{page}/grant", {"comment": "Until tonight."})
    listed = asker.get("/exceptions", params={"status": "GRANTED"}).text
    twice = mrc.submit(f"{page}/grant", {"comment": "Once more, for Tuesday."})
    may_not = [mrc.get(one).text for one in ("/exceptions", "/exceptions/new")]
    of_policy = asker.get(f"/policies/{policy[1]}").text
    narrowed = [asker.get("/exceptions", params={"policy": one}).text for one in (policy[1], "another")]
    ended = mrc.submit(f"{page}/end", {"reason": "They are there."})

    assert past.status_code == 422
    assert "This is in the past." in past.text
    assert "Staging only." in past.text
    assert asked.status_code == 303
    assert "Take it back" in own
    assert "<dt>It demands</dt><dd><p>At least one file of weights is there" in own
    assert "<dt>Why it is there</dt>" in own
    assert bare.status_code == 422
    assert 'id="decide-comment-error"' in bare.text
    assert twice.status_code == 409
    assert "Once more, for Tuesday." in twice.text
    assert granted.headers["location"].endswith("done=exception-granted")
    assert ["To ask for an exception you need the role Model Owner." in one for one in may_not] == [True, True]
    assert version.address in listed
    assert f'href="/exceptions?policy={policy[1]}"' in of_policy
    assert f'href="{page}"' in of_policy
    assert [f'href="{page}"' in one for one in narrowed] == [True, False]
    assert ended.headers["location"].endswith("done=exception-ended")


def test_who_granted_an_exception_is_told_whom_it_waits_for(api: Api, make: Make) -> None:
    """An MRC who granted one of high risk is not asked again; who may decide nothing is shown no box to type into."""
    owner = make.owner()
    version = make.version(make.model(owner, risk_tier="HIGH"), owner)
    asker, mrc = api.browser(owner), api.browser(make.person(Role.MRC))
    form = asker.get("/exceptions/new", params={"version": version.address, "policy": "weights are there"}).text
    policy = re.search(r'value="([^"]+)" selected', form)
    assert policy is not None
    fields = {"version": version.address, "policy": policy[1], "justification": "Monday.", "risk": "None.",
              "mitigation": "Staging only.", "expiresAt": clock.utc_now().date().isoformat()}  # fmt: skip
    page = asker.submit("/exceptions", fields).headers["location"].partition("?")[0]
    mrc.submit(f"{page}/grant", {"comment": ""})

    shown, own = mrc.get(page).text, asker.get(page).text

    assert "It is lifted once the Security Architect granted it too" in shown
    assert ">Grant</button>" not in shown
    assert ">Refuse</button>" in shown
    assert 'name="comment"' not in own
