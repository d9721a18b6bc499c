"""`modelkeep login` and `modelkeep logout`: the stored login."""

import os
import sys
import webbrowser
from typing import Annotated

import typer

from modelkeep.cli.options import Json
from modelkeep.cli.output import note, print_json
from modelkeep.client import Client
from modelkeep.device import DeviceCode, obtain_token
from modelkeep.login import TOKEN_VARIABLE, URL_VARIABLE, Login, clean_url, forget_login, is_loopback, store_login

login_app = typer.Typer(add_completion=False)
logout_app = typer.Typer(add_completion=False)


@login_app.command()
def login(
    url: Annotated[str | None, typer.Option("--url", help="The registry's address (MODELKEEP_URL).")] = None,
    token: Annotated[
        bool, typer.Option("--token", help="Ask for a token that you made, or read it from standard input.")
    ] = False,
    scope: Annotated[
        list[str] | None, typer.Option("--scope", help="What the token is for; give it several times for several.")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
    as_json: Json = False,
) -> None:
    """
    Sign in, and store the registry's address and a token for later commands.

    It shows a code and the page of the registry where you allow it. With --token it asks for a token that you made on
    your profile page, without showing it. The token is kept in the system's keyring, or, where there is none, in a file
    that only you can read.
    """
    asked = url or os.environ.get(URL_VARIABLE) or typer.prompt("Address of the registry", err=True)
    address = clean_url(asked)
    if address.startswith("http:") and not is_loopback(address):
        note(f"warning: {address} is not https: your token travels readable for anyone on the way.")
    secret = _ask_token(address) if token else _obtain_token(address, scope or [], opens=browser)
    with Client(address, secret) as client:
        me = client.me()
    kept = store_login(Login(address, secret))
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


def _obtain_token(address: str, scopes: list[str], *, opens: bool) -> str:
    def show(code: DeviceCode) -> None:
        note(f"Open {code.verification_uri_complete}")
        note(f"and allow it there, where the page shows the code {code.user_code}")
        if opens and _has_browser():
            webbrowser.open(code.verification_uri_complete)
        note("Waiting for that. Ctrl-C gives up; `modelkeep login --token` takes a token instead.")

    return obtain_token(address, show, scopes=scopes)


def _has_browser() -> bool:
    """
    Whether a browser would open where this person sees it: not at the far end of SSH, and none that takes the terminal.
    """
    if not sys.stderr.isatty() or "SSH_CONNECTION" in os.environ:
        return False
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _ask_token(address: str) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    note(f"A token is made at {address}/profile.")
    token: str = typer.prompt("Token", hide_input=True, err=True)
    return token.strip()
