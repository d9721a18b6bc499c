"""`modelkeep admin`: what an operator does on the server's host, with the server up or down."""

from typing import Annotated

import typer

from modelkeep_server.operate.reach import run
from modelkeep_server.operate.terminal import fail

app = typer.Typer(help="Tokens and invitations, on the server's host.", add_completion=False, no_args_is_help=True)

Roles = Annotated[str, typer.Option(help="Comma-separated: MODEL_OWNER, MRC, SECURITY_ARCHITECT, SRE, AUDITOR, ADMIN.")]


@app.command("create-token")
def create_token(
    user: Annotated[str, typer.Option(help="E-mail of the person. A new person is made with these roles.")],
    roles: Roles,
    days: Annotated[int, typer.Option(help="How long it works, in days.", min=1, max=90)] = 1,
) -> None:
    """Print a token, alone on standard output, for scripts and tests without a browser."""
    told = run("admin.create-token", {"email": user, "roles": split(roles), "days": days})
    print(told["token"])


@app.command()
def invite(email: str, roles: Roles = "") -> None:
    """
    Print a one-time link, valid for 7 days, that makes an account or sets a new passphrase.

    Without roles the person may browse the catalogue.
    """
    told = run("admin.invite", {"email": email, "roles": split(roles)})
    print(told["url"])


@app.command()
def reindex(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing: say whether the search index is right.")
    ] = False,
) -> None:
    """
    Write the catalogue's search index, the lineage graph and the activity lists anew, while the server runs.

    With --check it ends with 1 where the search index is other than it would be then.
    """
    if check:
        _check_index()
        return
    told = run("admin.reindex", {})
    print(f"{told['models']} models and {told['versions']} versions indexed.")


@app.command("test-mail")
def test_mail(to: str) -> None:
    """Send one mail to this address at once, and print what the mail server answered."""
    told = run("admin.test-mail", {"to": to})
    print(told["answer"])


def _check_index() -> None:
    found = run("admin.check-index", {})
    if not found["differing"] and not found["faults"]:
        print(f"{found['models']} models: the search index is as it would be if it were written anew.")
        return
    for address in found["named"]:
        print(f"differs: {address}")
    for fault in found["faults"]:
        print(fault)
    fail(f"{found['differing']} of {found['models']} models differ. Run: modelkeep admin reindex")


def split(text: str) -> list[str]:
    """The entries of a comma-separated option."""
    return [entry.strip() for entry in text.split(",") if entry.strip()]
