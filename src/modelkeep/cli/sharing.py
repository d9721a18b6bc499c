"""The commands of `modelkeep models` that share a model, ask for access to it, or end it."""

from typing import Annotated

import typer

from modelkeep.addresses import parse_model
from modelkeep.cli.options import Json, Limit
from modelkeep.cli.output import moment, note, note_rest, print_json, print_table
from modelkeep.client import Client
from modelkeep.sharing import AccessRequest

ModelAddress = Annotated[str, typer.Argument(metavar="GROUP/NAME")]
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="Of a person with an account, or service:NAME.")]
Why = Annotated[str, typer.Option("--reason", help="Why, for the record.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def list_collaborators(address: ModelAddress, limit: Limit = 50, as_json: Json = False) -> None:
    """List who was let into a model."""
    with Client() as client:
        page = client.list_collaborators(address).first(limit)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note("Nobody that you may know of was let in. Owners and collaborators see all.")
        return
    rows = [(c.email, c.access, moment(c.until) or "until ended", c.granted_by, c.name) for c in page.items]
    print_table(("who", "access", "until", "let in by", "name"), rows)
    note_rest(len(page.items), page.total, page.next_cursor is not None)


def share(
    address: ModelAddress,
    email: Email,
    access: Annotated[str, typer.Option(help="READ (see, download) or WRITE (also versions and uploads).")] = "READ",
    until: Annotated[str | None, typer.Option(help="A day or a moment when it ends by itself.")] = None,
    as_json: Json = False,
) -> None:
    """Let somebody into a model, or change what they were let in for."""
    with Client() as client:
        found = client.share_model(address, email, access=access.upper(), until=until)
    if as_json:
        print_json(found)
        return
    print(f"{found.email} {found.access} {moment(found.until)}".rstrip())


def unshare(address: ModelAddress, email: Email) -> None:
    """End what somebody was let into a model for."""
    with Client() as client:
        client.unshare_model(address, email)
    note(f"{email} is out of {address}.")


def transfer(
    address: ModelAddress,
    reason: Why,
    owner: Annotated[list[str], typer.Option(help="E-mail of an owner from now on. Repeat for several.")],
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Give a model to other owners, all at once (Admin)."""
    model = parse_model(address)
    with Client() as client:
        if not yes:
            found = client.get_model(model)
            present = dict.fromkeys([*found.owners, *([found.registrar] if found.registrar else [])])
            loses = [one for one in present if one.casefold() not in {new.casefold() for new in owner}]
            note(f"Loses it: {', '.join(loses) or 'nobody'}. Owners from then on: {', '.join(owner)}.")
            typer.confirm(f"Transfer {found.address}?", abort=True, err=True)
        moved = client.transfer_model(model, owner, reason=reason)
    if as_json:
        print_json(moved)
        return
    print(f"{moved.address}: {', '.join(moved.owners)}")


def retire(address: ModelAddress, reason: Why, yes: Yes = False, as_json: Json = False) -> None:
    """Retire a model for good, with all its versions (Admin)."""
    model = parse_model(address)
    if not yes:
        typed = typer.prompt(f"Its versions become RETIRED and it is read-only for good. Type {model.name}", err=True)
        if typed != model.name:
            raise typer.BadParameter("That is not its name. Nothing was changed.")
    with Client() as client:
        retired = client.retire_model(model, reason=reason)
    if as_json:
        print_json(retired)
        return
    print(f"{retired.address}: {retired.status}")


def request_access(
    address: Annotated[str, typer.Argument(metavar="GROUP/NAME[:VERSION]")],
    purpose: Annotated[str, typer.Option(help="What for. The owners read it.")],
    days: Annotated[int, typer.Option(help="For how long, 1 to 90 days.")] = 30,
    as_json: Json = False,
) -> None:
    """Ask the owners of a model to let you in to download."""
    with Client() as client:
        asked = client.request_access(address, purpose=purpose, days=days)
    if as_json:
        print_json(asked)
        return
    print(asked.id)
    note("An owner decides. See what became of it: modelkeep models access-requests --mine")


def list_access_requests(
    mine: Annotated[bool, typer.Option("--mine", help="What you asked yourself.")] = False,
    model: Annotated[str, typer.Option("--model", help="Only for this model.")] = "",
    status: Annotated[str, typer.Option(help="OPEN, GRANTED, REFUSED, WITHDRAWN or EXPIRED.")] = "",
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List requests for access: those for your models, or with --mine your own."""
    with Client() as client:
        page = client.list_access_requests(mine=True if mine else None, model=model, status=status.upper()).first(limit)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note("No request for access.")
        return
    rows = [(r.id, _of(r), r.by, r.status, moment(r.until), r.answer or r.purpose) for r in page.items]
    print_table(("id", "model", "asked by", "status", "until", "purpose or answer"), rows)
    note_rest(len(page.items), page.total, page.next_cursor is not None)


def grant_access(
    request_id: Annotated[str, typer.Argument(metavar="ID")],
    days: Annotated[int | None, typer.Option(help="1 to 90; left out: as long as they asked.")] = None,
) -> None:
    """Let whoever asked in, to see and download for a time."""
    with Client() as client:
        granted = client.grant_access(request_id, days=days)
    print(f"{granted.by} {granted.model} {moment(granted.until)}")


def refuse_access(request_id: Annotated[str, typer.Argument(metavar="ID")], reason: Why) -> None:
    """Say no to a request for access, and why."""
    with Client() as client:
        refused = client.refuse_access(request_id, reason=reason)
    print(f"{refused.by} {refused.model} {refused.status}")


def _of(request: AccessRequest) -> str:
    return f"{request.model}:{request.version}" if request.version else request.model
