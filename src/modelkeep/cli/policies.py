"""`modelkeep policies`: list, show, create, change, try, confirm and decline."""

from typing import Annotated

import typer

from modelkeep.cli.options import Json, Limit, read_document
from modelkeep.cli.output import moment, note, note_rest, print_facts, print_json, print_table
from modelkeep.client import Client
from modelkeep.errors import ModelkeepError
from modelkeep.policies import DryRun, Policy

app = typer.Typer(
    help="The rules that promotions are checked against.", add_completion=False, no_args_is_help=True
)  # fmt: skip

PolicyName = Annotated[str, typer.Argument(metavar="POLICY", help="Its name, in any case, or its id.")]
Why = Annotated[str | None, typer.Option("--reason", help="Why, for the record.")]
Document = Annotated[str, typer.Argument(metavar="FILE", help="A JSON file as the API takes it; - for standard input.")]


@app.command("list")
def list_policies(limit: Limit = 50, as_json: Json = False) -> None:
    """List policies by name."""
    with Client() as client:
        page = client.list_policies().first(limit)
    if as_json:
        print_json(page.items)
        return
    print_table(
        ("policy", "severity", "on", "revision", "waits", "changed"),
        [
            (one.name, one.severity, "yes" if one.enabled else "no", str(one.revision),
             "yes" if one.proposal else "-", moment(one.updated_at))
            for one in page.items
        ],
    )  # fmt: skip
    note_rest(len(page.items), page.total, page.next_cursor is not None)


@app.command()
def show(name: PolicyName, as_json: Json = False) -> None:
    """Show one policy with its rules."""
    with Client() as client:
        policy = find_policy(client, name)
    if as_json:
        print_json(policy)
        return
    print_facts(
        [
            ("policy", policy.name),
            ("id", policy.id),
            ("severity", policy.severity),
            ("on", "yes" if policy.enabled else "no"),
            ("risk tiers", ", ".join(policy.scope.risk_tiers) or "all"),
            ("targets", ", ".join(policy.scope.targets) or "all"),
            ("groups", ", ".join(policy.scope.groups) or "all"),
            ("revision", str(policy.revision)),
            (
                "waits",
                f"revision {policy.proposal.revision} by {policy.proposal.proposed_by}" if policy.proposal else None,
            ),
        ]
    )
    print_table(("rule", "demands"), [(rule.expression, rule.message) for rule in policy.rules])


@app.command()
def create(file: Document, as_json: Json = False) -> None:
    """Create a policy, as a Security Architect."""
    document = read_document(file)
    with Client() as client:
        name, rules = document.pop("name", ""), document.pop("rules", [])
        made = client.create_policy(name, rules, **{_known(field): told for field, told in document.items()})
    _tell(made, as_json, f"{made.name} is written.")


@app.command()
def edit(name: PolicyName, file: Document, as_json: Json = False) -> None:
    """Save a new revision: what the file leaves out stays."""
    changes = read_document(file)
    with Client() as client:
        changed = client.update_policy(find_policy(client, name).id, changes)
    _tell(changed, as_json, f"Revision {changed.revision} of {changed.name} is in force.")


@app.command()
def enable(name: PolicyName, reason: Why = None, as_json: Json = False) -> None:
    """Switch a policy on."""
    _switch(name, reason, as_json, on=True)


@app.command()
def disable(name: PolicyName, reason: Why = None, as_json: Json = False) -> None:
    """Switch a policy off; one that blocks, once a second person confirms."""
    _switch(name, reason, as_json, on=False)


@app.command()
def confirm(name: PolicyName, reason: Why = None, as_json: Json = False) -> None:
    """Put in force what somebody else proposed."""
    with Client() as client:
        changed = client.confirm_policy(find_policy(client, name).id, reason=reason)
    _tell(changed, as_json, f"Revision {changed.revision} of {changed.name} is in force.")


@app.command()
def decline(name: PolicyName, reason: Why = None, as_json: Json = False) -> None:
    """Leave a policy as it is, against what is proposed."""
    with Client() as client:
        kept = client.decline_policy(find_policy(client, name).id, reason=reason)
    _tell(kept, as_json, f"{kept.name} stays at revision {kept.revision}.")


@app.command("try")
def try_rules(
    file: Document,
    version: Annotated[
        str | None, typer.Option("--version", metavar="GROUP/NAME:VERSION", help="One version in full; all without it.")
    ] = None,
    replaces: Annotated[
        str | None, typer.Option("--replaces", metavar="POLICY", help="The policy that it replaces.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Try rules that are not in force."""
    document = read_document(file)
    with Client() as client:
        known = None if replaces is None else find_policy(client, replaces).id
        told = client.try_policy(
            document.get("rules", []), version=version, policy_id=known, scope=document.get("scope")
        )  # fmt: skip
    if as_json:
        print_json(told)
        return
    _tell_trial(told)


def _tell_trial(told: DryRun) -> None:
    if told.rules is not None:
        tried = [("yes" if rule.passed else "no", rule.message, rule.detail or "-") for rule in told.rules]
        print_table(("passed", "rule", "detail"), tried)
        return
    print_table(
        ("version", "state", "new", "why"),
        [
            (one.version, one.state, "yes" if one.newly else "-", one.detail or one.message)
            for one in told.failures or ()
        ],
    )
    note(f"It would newly stop {told.newly_failing} of {told.asked} versions; {told.passing} pass.")


def _tell(policy: Policy, as_json: bool, words: str) -> None:
    if as_json:
        print_json(policy)
    elif policy.proposal is not None:
        note(f"Revision {policy.proposal.revision} waits for a second person: an MRC or a Security Architect.")
    else:
        note(words)


def _switch(name: str, reason: str | None, as_json: bool, *, on: bool) -> None:
    with Client() as client:
        changed = client.switch_policy(find_policy(client, name).id, on=on, reason=reason)
    _tell(changed, as_json, f"{changed.name} is {'on' if on else 'off'}.")


def find_policy(client: Client, name: str) -> Policy:
    """A policy by its name, in any case, or its id. Raises ModelkeepError."""
    for policy in client.list_policies():
        if name.lower() in (policy.name.lower(), policy.id):
            return policy
    raise ModelkeepError(f"There is no policy called {name}.", remedy="See: modelkeep policies list")


def _known(name: str) -> str:
    known = ("description", "severity", "enabled", "scope", "reason")
    if name not in known:
        raise ModelkeepError(f"A policy has no {name!r}.", remedy=f"Known: name, rules, {', '.join(known)}.")
    return name
