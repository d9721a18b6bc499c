"""`modelkeep login` and `modelkeep logout`: the stored login."""

import os
import sys
from typing import Annotated

import typer

from modelkeep.cli.options import Json
from modelkeep.cli.output import note, print_json
from modelkeep.client import Client
from modelkeep.login import TOKEN_VARIABLE, URL_VARIABLE, Login, clean_url, forget_login, is_loopback, store_login

login_app = typer.Typer(add_completion=False)
logout_app = typer.Typer(add_completion=False)


@login_app.command()
def login(
    url: Annotated[str | None, typer.Option("--url", help="The registry's address (MODELKEEP_URL).")] = None,
    as_json: Json = False,
) -> None:
    """
    Store the registry's address and your token, after checking them.

    The token is asked for without showing it, or read from standard input where that is no terminal. It is kept in the
    system's keyring, or, where there is none, in a file that only you can read.
    """
    asked = url or os.environ.get(URL_VARIABLE) or typer.prompt("Address of the registry", err=True)
    address = clean_url(asked)
    if address.startswith("http:") and not is_loopback(address):
        note(f"warning: {address} is not https: your token travels readable for anyone on the way.")
    token = _ask_token(address)
    with Client(address, token) as client:
        me = client.me()
    kept = store_login(Login(address, token))
    if as_json:
        print_json(me)
    else:
        print(f"{me.email} at {address}")
    note(f"The token is in {kept.place}.")
    if not kept.in_keyring:
        note(
            "warning: this machine has no keyring that works, so the token is in that file IN THE CLEAR, "
            "readable by your user only. `modelkeep logout` removes it."
        )
    if os.environ.get(TOKEN_VARIABLE):
        note(f"warning: {TOKEN_VARIABLE} is set and goes before the stored login.")


@logout_app.command()
def logout(
    url: Annotated[str | None, typer.Option("--url", help="Left out: the address that is stored.")] = None,
    as_json: Json = False,
) -> None:
    """Forget the stored token. It stays valid until it expires or is revoked on your profile page."""
    forgotten = forget_login(url)
    if as_json:
        print_json({"forgotten": forgotten})
    elif forgotten is None:
        note("Nothing was stored.")
    else:
        print(f"Forgot the token for {forgotten}")
        note(f"It stays valid until it expires; to end it now, revoke it at {forgotten}/profile.")


def _ask_token(address: str) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    note(f"A token is made at {address}/profile.")
    token: str = typer.prompt("Token", hide_input=True, err=True)
    return token.strip()
