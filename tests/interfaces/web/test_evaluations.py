"""Evaluations and their suites, through the pages."""

from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.pages import look, words_of

_LINES = "auc, 0.9\nrecall, 0.7, sex=Female, 0.6, 0.8\nrecall, 0.9, sex=Male"


def test_somebody_records_looks_and_signs_off_in_the_pages(make: Make, api: Api) -> None:
    """A suite is made, a run previewed with its rows at fault, recorded, compared, and signed off by somebody else."""
    model = make.model(risk_tier="HIGH")
    owner, reviewer, guard = make.owner_of(model), make.person(Role.MRC), make.person(Role.SECURITY_ARCHITECT)
    first, second = make.version(model), make.version(model, version="2.0.0")
    suite = {"name": f"Suite of {model.group}", "groups": model.group, "riskTiers": "HIGH", "enabled": "yes"}
    browser, writer = api.browser(reviewer), api.browser(owner)

    wrong = browser.submit("/evaluation-suites", {**suite, "thresholds": "auc >= 0.9\nauc < 0.5\nnonsense"})
    assert (wrong.status_code, "nonsense" in words_of(wrong.text)) == (422, True)
    made = browser.submit("/evaluation-suites", {**suite, "thresholds": "auc >= 0.5\nrecall | sex=Female >= 0.8"})
    assert made.status_code == 303, made.text
    place = made.headers["location"].partition("?")[0]
    assert suite["name"] in look(api, owner, "/evaluation-suites")
    refused = writer.submit("/evaluation-suites", suite)
    assert refused.status_code == 403
    assert "Needs" in words_of(look(api, owner, place)) or "To change an evaluation suite" in look(api, owner, place)

    home = f"/models/{model.address}/versions/{first.version}/evaluations"
    assert "Nothing measured yet" in words_of(look(api, owner, home))
    page = look(api, owner, f"{home}/new")
    assert f'value="{place.rpartition("/")[2]}" selected' in page
    assert f'{home}/new?suite={place.rpartition("/")[2]}"' in look(api, owner, home)
    typed = {"datasetName": "holdout", "suite": place.rpartition("/")[2], "format": "lines", "metrics": _LINES}
    preview = writer.submit(f"{home}/new", {**typed, "metrics": "auc, 0.9\nf1, x", "act": "preview"})
    assert preview.status_code == 200, preview.text
    assert "line 2 : The value is 'x'" in words_of(preview.text)
    assert writer.submit(f"{home}/new", {**typed, "metrics": "auc, 0.9\nf1, x"}).status_code == 422
    done = writer.submit(f"{home}/new", typed)
    assert done.status_code == 303, done.text
    unjudged = writer.submit(f"{home}/new", {**typed, "suite": ""}).headers["location"]
    assert "nothing judged them" in look(api, owner, unjudged)
    assert "What came of each threshold stands below" in look(api, owner, done.headers["location"])
    assert " selected>Suite of" not in look(api, owner, f"{home}/new")
    later = {**typed, "format": "", "metrics": '{"auc": 0.95}'}
    assert writer.submit(f"{home.replace('1.0.0', '2.0.0')}/new", later).status_code == 303
    run = done.headers["location"].partition("?")[0]
    shown = words_of(look(api, owner, run))
    assert "Does not pass" in shown
    assert "recall by sex difference 0.2, ratio 0.778" in shown
    assert "sex=Female 0.7 0.6 – 0.8 Worst" in shown
    tab = words_of(look(api, owner, f"/models/{model.address}/versions/{second.version}/evaluations"))
    assert "+ 0.05" in tab or "+0.05" in tab
    assert "recall of sex=Female was not measured" in tab
    assert "Over versions" in tab

    assert "Ask an MRC or a Security Architect who neither recorded it" in words_of(look(api, owner, run))
    assert "needs" not in words_of(look(api, guard, run))
    assert "Sign Off" in words_of(look(api, guard, run))
    assert writer.submit(f"{run}/sign", {}).status_code == 403
    signed = api.browser(guard).submit(f"{run}/sign", {"comment": "Looked at the slices."})
    assert signed.status_code == 303, signed.text
    assert "Looked at the slices." in words_of(look(api, owner, run))
    edited = browser.submit(place, {**suite, "thresholds": "auc >= 0.5", "revision": "1", "reason": "One is enough"})
    assert edited.status_code == 303, edited.text
    assert "One is enough" in words_of(look(api, owner, place))
    stale = browser.submit(place, {**suite, "thresholds": "auc >= 0.6", "revision": "1"})
    assert (stale.status_code, "auc &gt;= 0.6" in stale.text) == (412, True)
