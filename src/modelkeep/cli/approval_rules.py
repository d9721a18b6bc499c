"""`modelkeep approval-rules`: list, add, end, confirm and decline."""

from typing import Annotated

import typer

from modelkeep.approval_rules import ApprovalRule
from modelkeep.cli.options import Json, Reason, Tier
from modelkeep.cli.output import moment, note, print_json, print_table
from modelkeep.client import Client

app = typer.Typer(
    help="Which approvals promotions take, by risk tier, and what Admins add to them.",
    add_completion=False,
    no_args_is_help=True,
)

Id = Annotated[str, typer.Argument(metavar="ID", help="As the list has it.")]
Why = Annotated[str, typer.Option("--reason", help="Why, for the record.")]


@app.command("list")
def list_approval_rules(
    tier: Annotated[
        Tier | None, typer.Option("--tier", "--risk-tier", case_sensitive=False, help="Only of this risk tier.")
    ] = None,
    added: Annotated[bool, typer.Option("--added", help="Only what Admins added, without the floor.")] = False,
    as_json: Json = False,
) -> None:
    """List the approvals that promotions take. The floor and what Admins added are asked for together."""
    with Client() as client:
        found = [
            rule
            for rule in client.list_approval_rules()
            if (tier is None or rule.risk_tier == tier) and (rule.id or not added)
        ]
    if as_json:
        print_json(found)
        return
    if not found:
        note("Nothing was added to the floor.")
        return
    print_table(
        ("tier", "to", "people", "with the role", "id", "added by", "why", "waits"),
        [
            (
                rule.risk_tier, rule.target or "both", str(rule.count), " or ".join(rule.roles),
                rule.id or "the floor", rule.added_by or "-", rule.reason or "-", _wish(rule),
            )
            for rule in found
        ],
    )  # fmt: skip


@app.command()
def add(
    tier: Annotated[Tier, typer.Option("--tier", "--risk-tier", case_sensitive=False, help="Of models of this tier.")],
    target: Annotated[str, typer.Option("--target", "--to", help="For this promotion: STAGING or PRODUCTION.")],
    roles: Annotated[
        list[str], typer.Option("--role", help="MRC or SECURITY_ARCHITECT; repeat it where either will do.")
    ],
    reason: Why,
    count: Annotated[int, typer.Option("--count", help="How many people more, 1 to 3.")] = 1,
    as_json: Json = False,
) -> None:
    """Ask for more approvals (Admin). They count from the next decision on, in open rounds too."""
    with Client() as client:
        made = client.add_approval_rule(
            tier.value, target.upper(), [role.upper() for role in roles], count=count, reason=reason
        )
    if as_json:
        print_json(made)
        return
    print(made.id)


@app.command()
def end(id: Id, reason: Why, as_json: Json = False) -> None:  # noqa: A002 - the word of the command line
    """Wish that added approvals end (Admin). They are asked for until a second person confirms."""
    with Client() as client:
        found = client.end_approval_rule(id, reason=reason)
    if as_json:
        print_json(found)
        return
    note(f"It stands until an MRC or a Security Architect says: modelkeep approval-rules confirm {found.id}")


@app.command()
def confirm(id: Id, reason: Reason = None, as_json: Json = False) -> None:  # noqa: A002
    """End added approvals, as somebody else wished (MRC, Security Architect)."""
    with Client() as client:
        left = client.confirm_approval_rule_end(id, reason=reason)
    if as_json:
        print_json(left)
        return
    note("It is ended. From the next decision on it is asked for no more.")


@app.command()
def decline(id: Id, reason: Reason = None, as_json: Json = False) -> None:  # noqa: A002
    """Let added approvals stand. The Admin who wished their end takes that back this way."""
    with Client() as client:
        kept = client.decline_approval_rule_end(id, reason=reason)
    if as_json:
        print_json(kept)
        return
    note("It stands.")


def _wish(rule: ApprovalRule) -> str:
    if rule.ending is None:
        return "-"
    return f"{rule.ending.by} wishes it ended, {moment(rule.ending.at)}: {rule.ending.reason}"
