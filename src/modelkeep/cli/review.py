"""`modelkeep review`: what waits for a decision, and deciding."""

import sys
from typing import Annotated

import typer

from modelkeep.cli.comparing import rows_of
from modelkeep.cli.options import Json, Limit
from modelkeep.cli.output import moment, note, note_rest, print_json, print_table
from modelkeep.cli.promote import VersionAddress
from modelkeep.client import Client

app = typer.Typer(help="List what waits for a decision, and decide.", add_completion=False, no_args_is_help=True)

ALGORITHM = "sha256:"
DIGITS, WHOLE_DIGITS = 12, 64

As = Annotated[str | None, typer.Option("--as", help="MRC or SECURITY_ARCHITECT, for people with both roles.")]
Found = Annotated[
    list[str] | None, typer.Option("--finding", metavar="TEXT", help="What it is bound to; may be given several times.")
]
Blocking = Annotated[
    list[str] | None, typer.Option("--blocking-finding", metavar="TEXT", help="One that stops every later move.")
]
Digest = Annotated[
    str, typer.Option("--digest", help="Of the request, as `review list` has it: the content that you judged.")
]


@app.command("list")
def list_reviews(
    role: Annotated[str | None, typer.Option(help="Only those that wait for MRC or SECURITY_ARCHITECT.")] = None,
    tier: Annotated[str | None, typer.Option(help="Only LOW, MEDIUM or HIGH.")] = None,
    target: Annotated[str | None, typer.Option(help="Only to STAGING or PRODUCTION.")] = None,
    group: Annotated[str | None, typer.Option(help="Only models of this group.")] = None,
    urgent: Annotated[bool, typer.Option("--urgent", help="Only urgent ones.")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what is past its due date.")] = False,
    can_decide: Annotated[bool, typer.Option("--can-decide", help="Only what you may still approve.")] = False,
    mine: Annotated[bool, typer.Option("--mine", help="Only of models that you own.")] = False,
    show: Annotated[str | None, typer.Option(help="OPEN, DECIDED (by you) or CLOSED.")] = None,
    sort: Annotated[str | None, typer.Option(help="age, due or tier.")] = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List open requests, the oldest first, or those that you decided or that ended."""
    with Client() as client:
        page = client.list_reviews(
            show=_upper(show), role=_upper(role), risk_tier=_upper(tier), target=_upper(target), urgent=urgent,
            overdue=overdue, can_decide=can_decide, mine=mine, group=group, sort=sort.lower() if sort else None,
        ).first(limit)  # fmt: skip
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note("No request under these filters.")
        return
    rows = [
        (row.promotion.address, row.promotion.target, row.model_tier, row.promotion.status, row.promotion.requested_by,
         moment(row.promotion.due_at), ", ".join(row.promotion.open_roles), _shown(row.promotion.digest))
        for row in page.items
    ]  # fmt: skip
    print_table(("version", "to", "tier", "stands", "requested by", "due", "waits for", "digest"), rows)
    note_rest(len(page.items), page.total, page.next_cursor is not None)


@app.command("changes")
def changes(
    address: VersionAddress,
    promotion: Annotated[str | None, typer.Option("--round", metavar="ID", help="Left out: the newest.")] = None,
    as_json: Json = False,
) -> None:
    """Show what changed in a version since the round of review before."""
    with Client() as client:
        if promotion is None:
            rounds = client.list_promotions(address)
            if not rounds:
                note("Nobody requested a promotion of it yet.")
                return
            promotion = rounds[0].id
        found = client.get_round_changes(address, promotion)
    if as_json:
        print_json(found)
        return
    if found.before is None or found.differences is None:
        note("This is the first round; there is none before it.")
        return
    for flag in found.differences.flags:
        note(f"Look here first: {flag.text}")
    names = (f"round {found.before.round}", f"round {found.now.round}")
    print_table(("change", "what", *names), rows_of(found.differences))
    note(f"{names[0]} → {names[1]}: {found.differences.changed} changed, {found.differences.same} the same.")


@app.command("approve")
def approve(
    address: VersionAddress,
    digest: Digest,
    comment: Annotated[str | None, typer.Option("--comment", "-m", help="For the record.")] = None,
    as_role: As = None,
    finding: Found = None,
    blocking_finding: Blocking = None,
    as_json: Json = False,
) -> None:
    """Approve the open request of a version."""
    _decide(address, "APPROVE", digest, comment, as_role, _bound(finding, blocking_finding), as_json=as_json)


@app.command("request-changes")
def request_changes(
    address: VersionAddress,
    digest: Digest,
    comment: Annotated[str, typer.Option("--comment", "-m", help="What has to change.")],
    as_role: As = None,
    finding: Found = None,
    blocking_finding: Blocking = None,
    as_json: Json = False,
) -> None:
    """Send a version back to its owners."""
    _decide(address, "REQUEST_CHANGES", digest, comment, as_role, _bound(finding, blocking_finding), as_json=as_json)


@app.command("again")
def again(
    due: Annotated[bool, typer.Option("--due", help="Only what is overdue, or due within 30 days.")] = False,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List versions in production by when they are to be looked at again."""
    with Client() as client:
        page = client.list_next_reviews(due=due).first(limit)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note("Nothing is due." if due else "Nothing is in production.")
        return
    rows = [
        (row.address, row.risk_tier, moment(row.next_review_at), "overdue" if row.overdue else "-")
        for row in page.items
    ]  # fmt: skip
    print_table(("version", "tier", "until", "stands"), rows)
    note_rest(len(page.items), page.total, page.next_cursor is not None)


@app.command("attest")
def attest(
    address: VersionAddress,
    comment: Annotated[str, typer.Option("--comment", "-m", help="What you looked at, and what came of it.")],
    digest: Annotated[str | None, typer.Option("--digest", help="Of the content that you looked at.")] = None,
    as_json: Json = False,
) -> None:
    """Say that a version in production was looked at again and may stay."""
    with Client() as client:
        made = client.attest_version(address, comment=comment, digest=digest)
    if as_json:
        print_json(made)
        return
    print(f"{address} may stay; it is to be looked at again until {moment(made.next_review_at)}")


def _bound(findings: list[str] | None, blocking: list[str] | None) -> list[dict[str, object]]:
    rows = [(text, False) for text in findings or ()] + [(text, True) for text in blocking or ()]
    return [{"text": text, "blocking": blocks} for text, blocks in rows]


def _decide(
    address: str,
    decision: str,
    digest: str,
    comment: str | None,
    as_role: str | None,
    findings: list[dict[str, object]],
    *,
    as_json: bool,
) -> None:
    with Client() as client:
        made = client.review_version(
            address,
            decision,
            digest=_whole(client, address, digest),
            comment=comment,
            as_role=_upper(as_role),
            findings=findings,
        )
    if as_json:
        print_json(made)
        return
    waits = f"; {', '.join(made.open_roles)} is still needed" if made.status == "OPEN" else ""
    print(f"{made.address} {made.status}{waits}")


def _whole(client: Client, address: str, digest: str) -> str:
    """The digest of the newest request that begins with what was typed; else that, for the registry to judge."""
    typed = digest.strip().lower().removeprefix(ALGORITHM)
    if not DIGITS <= len(typed) < WHOLE_DIGITS:
        return digest
    rounds = client.list_promotions(address)
    asked = rounds[0].digest if rounds else ""
    return asked if asked.removeprefix(ALGORITHM).startswith(typed) else digest


def _shown(digest: str) -> str:
    """Whole in a pipe; at a terminal so much of it as `--digest` takes."""
    return digest[: len(ALGORITHM) + DIGITS] if sys.stdout.isatty() else digest


def _upper(word: str | None) -> str | None:
    return word.upper() if word else None
