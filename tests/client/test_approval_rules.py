"""Approvals that Admins add, incidents and choices of notices, by command against a running registry."""

import json

import pytest

from modelkeep.client import Client
from tests.client.conftest import Become, Cli

pytestmark = pytest.mark.usefixtures("as_owner")


def test_what_an_admin_adds_is_ended_by_two(cli: Cli, become: Become) -> None:
    """Approvals are added by one Admin, and end where another person confirms the wish; until then they stand."""
    refused = cli("approval-rules", "add", "--tier", "low", "--to", "staging", "--role", "mrc", "--reason", "More.")
    become("ADMIN")
    wrong = cli("approval-rules", "add", "--tier", "low", "--to", "x", "--role", "SRE", "--count", "9", "--reason", "-")
    made = cli(
        "approval-rules", "add", "--tier", "low", "--to", "staging", "--role", "mrc", "--role", "security_architect",
        "--reason", "An auditor asked.",
    )  # fmt: skip
    rule = made.out.strip()
    wished = cli("approval-rules", "end", rule, "--reason", "It slows us down.")
    kept = cli("approval-rules", "decline", rule)
    cli("approval-rules", "end", rule, "--reason", "It does.")
    become("MRC")
    waiting = cli("approval-rules", "list", "--added", "--tier", "LOW")
    with Client() as client:
        left = client.confirm_approval_rule_end(rule, reason="It does.")
    late = cli("approval-rules", "confirm", rule)
    none = cli("approval-rules", "list", "--added", "--tier", "LOW")

    assert (refused.code, "Admin" in refused.err) == (1, True)
    assert (wrong.code, [field in wrong.err for field in ("target", "roles", "count")]) == (1, [True] * 3)
    assert (wished.code, f"approval-rules confirm {rule}" in wished.err, kept.err) == (0, True, "It stands.\n")
    shown = waiting.out.strip().split("\t")
    assert shown[:5] == ["LOW", "STAGING", "1", "MRC or SECURITY_ARCHITECT", rule]
    assert shown[7].startswith("only-admin@company.com wishes it ended")
    assert [one.id for one in left if one.risk_tier == "LOW"] == [None]
    assert (late.code, none.err) == (1, "Nothing was added to the floor.\n")


def test_an_incident_is_reported_and_resolved_by_command(
    cli: Cli, become: Become, owner_token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an SRE reports stands in `status` for everyone until it is resolved."""
    become("SRE")
    made = cli(
        "incidents", "report", "Uploads are slow", "--component", "storage", "--impact", "degraded", "-m", "We look.",
    )  # fmt: skip
    monkeypatch.setenv("MODELKEEP_TOKEN", owner_token)
    shown, told = cli("status"), json.loads(cli("status", "--json").out)
    refused = cli("incidents", "update", made.out.strip(), "--status", "resolved", "-m", "Mended.")
    become("SRE")
    ended = cli("incidents", "update", made.out.strip(), "--status", "resolved", "-m", "Mended.")
    late = cli("incidents", "update", made.out.strip(), "--status", "monitoring", "-m", "Still?")
    listed = cli("incidents", "list")

    assert (made.code, "Uploads are slow" in shown.out, told["incidents"][0]["impact"]) == (0, True, "DEGRADED")
    assert (refused.code, ended.code, late.code) == (1, 0, 1)
    assert listed.out.split("\t")[2] == "RESOLVED"


def test_single_kinds_of_notices_are_chosen_by_command(cli: Cli, become: Become) -> None:
    """`notices choose` changes what it names; a kind that is none, and a choice that says nothing, end with 2."""
    become("MRC")
    chosen = cli("notices", "choose", "comment.added", "--no-in-app", "--json")
    unknown = cli("notices", "choose", "comment.addd", "--no-in-app")
    nothing = cli("notices", "choose", "comment.added")

    kinds = {one["kind"]: (one["inApp"], one["byMail"]) for one in json.loads(chosen.out)["items"]}
    before = kinds.pop("comment.added")
    assert (before[0], {in_app for in_app, _ in kinds.values()}) == (False, {True})
    assert (unknown.code, "comment.added" in unknown.err, nothing.code) == (2, True, 2)
