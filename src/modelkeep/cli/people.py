"""`modelkeep people`: who is here, who may what, and inviting."""

from typing import Annotated

import typer

from modelkeep.accounts import Invitation, User
from modelkeep.cli.options import Json, Limit, Reason
from modelkeep.cli.output import moment, note, note_rest, print_facts, print_json, print_table
from modelkeep.client import Client

app = typer.Typer(help="People, roles and invitations.", add_completion=False, no_args_is_help=True)

Who = Annotated[str, typer.Argument(metavar="EMAIL", help="The person's e-mail, or their id.")]
Role = Annotated[
    str, typer.Argument(metavar="ROLE", help="MODEL_OWNER, MRC, SECURITY_ARCHITECT, SRE, AUDITOR or ADMIN.")
]


@app.command("list")
def list_people(
    text: Annotated[str, typer.Argument(help="Part of a name or an e-mail.")] = "",
    role: Annotated[str, typer.Option(help="Only who holds this role.")] = "",
    disabled: Annotated[bool | None, typer.Option("--disabled/--enabled", help="Only such accounts.")] = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List people, by e-mail. Takes the right to see them (Admin, Auditor)."""
    with Client() as client:
        page = client.list_people(text, role=role.upper(), disabled=disabled).first(limit)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note("Nobody matches.")
        return
    rows = [(user.email, user.name, _roles_of(user), moment(user.last_seen_at), _state_of(user)) for user in page.items]
    print_table(("e-mail", "name", "roles", "last seen", "account"), rows)
    note_rest(len(page.items), page.total, page.next_cursor is not None)


@app.command()
def show(who: Who, as_json: Json = False) -> None:
    """Show one person, and where each role comes from."""
    with Client() as client:
        _print(client.get_person(who), as_json=as_json)


@app.command()
def grant(who: Who, role: Role, reason: Reason = None, as_json: Json = False) -> None:
    """Give a role."""
    with Client() as client:
        user = client.grant_role(who, role.upper(), reason=reason)
    _print(user, as_json=as_json)
    if role.upper() in user.requested:
        note("It waits for a second Admin, who confirms or declines it.")


@app.command()
def revoke(who: Who, role: Role, reason: Reason = None, as_json: Json = False) -> None:
    """Take a role away."""
    with Client() as client:
        _print(client.revoke_role(who, role.upper(), reason=reason), as_json=as_json)


@app.command()
def disable(who: Who, reason: Reason = None, as_json: Json = False) -> None:
    """Shut an account: its sessions, tokens and links end at once."""
    with Client() as client:
        _print(client.disable_person(who, reason=reason), as_json=as_json)


@app.command()
def enable(who: Who, reason: Reason = None, as_json: Json = False) -> None:
    """Open an account again."""
    with Client() as client:
        _print(client.enable_person(who, reason=reason), as_json=as_json)


@app.command()
def reset(who: Who, as_json: Json = False) -> None:
    """Print a one-time link by which a person sets a new passphrase."""
    with Client() as client:
        _print_link(client.reset_passphrase(who), as_json=as_json)


@app.command()
def invite(
    emails: Annotated[list[str], typer.Argument(metavar="EMAIL...", help="One or several.")],
    role: Annotated[list[str] | None, typer.Option(help="A role of theirs. Repeat for several.")] = None,
    as_json: Json = False,
) -> None:
    """Invite people, and print a one-time link for each, valid for 7 days."""
    with Client() as client:
        for email in emails:
            _print_link(client.invite_person(email, [name.upper() for name in role or []]), as_json=as_json)


@app.command()
def invitations(limit: Limit = 50, as_json: Json = False) -> None:
    """List the links that nobody has used yet."""
    with Client() as client:
        page = client.list_invitations().first(limit)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note("Nobody is awaited.")
        return
    rows = [
        (link.email, link.kind, ", ".join(link.roles), link.by or "", moment(link.expires_at), link.id)
        for link in page.items
    ]
    print_table(("e-mail", "kind", "roles", "by", "ends", "id"), rows)
    note_rest(len(page.items), page.total, page.next_cursor is not None)


def _print(user: User, *, as_json: bool) -> None:
    if as_json:
        print_json(user)
        return
    print_facts(
        [
            ("e-mail", user.email),
            ("name", user.name),
            *((f"role {held.role}", f"from {held.source}") for held in user.roles),
            ("waiting", ", ".join(user.requested)),
            ("account", _state_of(user)),
            ("last seen", moment(user.last_seen_at)),
            ("since", moment(user.created_at)),
            ("id", user.id),
        ]
    )


def _print_link(link: Invitation, *, as_json: bool) -> None:
    if as_json:
        print_json(link)
        return
    print(f"{link.email}\t{link.url}")
    if link.kind == "RESET":
        note(f"{link.email} has an account: this link sets a new passphrase, and adds no role.")


def _roles_of(user: User) -> str:
    return ", ".join(dict.fromkeys(held.role for held in user.roles))


def _state_of(user: User) -> str:
    return "disabled" if user.disabled else "enabled"
