"""`modelkeep admin`: what an operator does on the server's host, with the server up or down."""

import sys
from typing import Annotated, Any, NoReturn

import typer

from modelkeep_server.operate.reach import OperationRefused, perform
from modelkeep_server.settings import SettingsRefused, load_settings

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
def invite(email: str, roles: Roles) -> None:
    """Print a one-time link, valid for 7 days, that makes an account or sets a new passphrase."""
    told = run("admin.invite", {"email": email, "roles": split(roles)})
    print(told["url"])


@app.command()
def reindex() -> None:
    """Write the catalogue's search index anew."""
    told = run("admin.reindex", {})
    print(f"{told['models']} models indexed.")


def split(text: str) -> list[str]:
    """The entries of a comma-separated option."""
    return [entry.strip() for entry in text.split(",") if entry.strip()]


def run(name: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Perform an operation, or end the command with the reason on standard error."""
    try:
        return perform(load_settings(), name, asked)
    except (OperationRefused, SettingsRefused) as error:
        fail(str(error))


def fail(sentence: str) -> NoReturn:
    """End the command with a sentence on standard error and exit code 1."""
    print(sentence, file=sys.stderr)
    raise typer.Exit(1)
