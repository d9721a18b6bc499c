"""Strings that break programs, through edits: into the API, out of the form unchanged, and out of the log as CSV."""

import csv
import io
import json
from itertools import pairwise

from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.naughty import STRINGS
from tests.support.pages import controls
from tests.support.registries import Registry

EVERY = 5


def test_each_string_survives_an_edit_its_form_and_an_export(registry: Registry, make: Make, api: Api) -> None:
    """Taken or refused by name; a form that was only opened and saved changes nothing; a CSV holds the reason."""
    model = make.model()
    owner = make.owner_of(model)
    client, browser = api.as_(owner), api.browser(owner)
    route, settings = f"/api/v1/models/{model.address}", f"/models/{model.address}/settings"
    taken: list[str] = []

    for number, text in enumerate(STRINGS[:: EVERY if registry.kind == "sqlite" else EVERY * 3]):
        body = json.dumps({"description": f"{number} {text}", "riskRationale": text or None, "reason": text or None})
        answer = client.patch(route, content=body.encode(), headers={"content-type": "application/json"})
        if answer.status_code == 422:
            fields = {error["field"] for error in answer.json()["errors"]}
            assert fields <= {"description", "riskRationale", "reason"}, (text, fields)
            continue
        assert answer.json()["description"] == f"{number} {text}"
        taken.append(text)
        saved = browser.submit(settings, controls(browser.get(settings).text))
        assert saved.status_code == 303, (text, saved.text)
        assert client.get(route).json()["riskRationale"] == (text or None)

    revisions = [event.after["revision"] for event in make.events(model.id, "model.update") if event.after]
    export = api.as_(make.person(Role.AUDITOR)).get(
        "/api/v1/audit/events/export", params={"object": model.address, "action": "model.update"}
    )
    rows = list(csv.DictReader(io.StringIO(export.content.decode(), newline="")))
    reasons = [row["reason"] for row in reversed(rows)]
    assert len(taken) > 30
    assert all(later - earlier == 1 for earlier, later in pairwise(revisions))
    assert len(revisions) == len(taken)
    assert [reason.replace("'", "") for reason in reasons] == [text.replace("'", "") for text in taken]
