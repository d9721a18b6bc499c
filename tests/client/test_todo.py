"""What waits, by command and from Python, against a running registry."""

import json
import secrets

import pytest

from modelkeep.client import Client
from tests.client.conftest import Become, Cli

pytestmark = pytest.mark.usefixtures("as_owner")


def test_what_waits_is_told_by_command_and_from_python(cli: Cli, become: Become) -> None:
    """Drafts with what they lack; the queue under every filter, as JSON and in words."""
    # The list is of 50 at most: whoever has the models of all tests here may have as many drafts before this one.
    become("MODEL_OWNER")
    model, owner = f"client-tests/waits-{secrets.token_hex(4)}", "only-model_owner@company.com"
    with Client() as client:
        client.create_model(model, description="Predicts churn.", owners=[owner], risk_tier="LOW")
    cli("versions", "create", f"{model}:1.0.0")

    told = cli("todo", "--mine")
    listed = json.loads(cli("todo", "--json").out)
    with Client() as client:
        found = {one.address: one for one in client.list_todo()}
        waiting = list(client.list_reviews(mine=True, overdue=True, sort="due"))
    queue = cli("review", "list", "--mine", "--urgent", "--target", "STAGING", "--sort", "tier")
    decided = cli("review", "list", "--show", "DECIDED", "--role", "MRC")

    draft = found[f"{model}:1.0.0"]
    assert f"{model}:1.0.0" in told.out
    assert "Upload its weights." in told.out
    assert f"{model}:1.0.0" in [one["address"] for one in listed]
    assert (draft.kind, draft.waits_for_you, draft.overdue, draft.due_at) == ("DRAFT", True, False, None)
    assert waiting == []
    assert (queue.code, decided.code) == (0, 1)
    assert "show=OPEN" in decided.err
