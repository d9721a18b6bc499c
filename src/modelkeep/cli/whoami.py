"""`modelkeep whoami`: whose token it is."""

import typer

from modelkeep.cli.options import Json
from modelkeep.cli.output import print_facts, print_json
from modelkeep.client import Client

app = typer.Typer(add_completion=False)


@app.command()
def whoami(as_json: Json = False) -> None:
    """Who am I, and what may I do?"""
    with Client() as client:
        me = client.me()
        url = client.url
    if as_json:
        print_json(me)
        return
    print_facts(
        [
            ("e-mail", me.email),
            ("name", me.name),
            ("sponsor", me.sponsor),
            ("registry", url),
            ("roles", ", ".join(me.roles) or "none: you may browse"),
            ("scopes", "all" if me.scopes is None else ", ".join(me.scopes)),
            ("may", ", ".join(me.permissions)),
        ]
    )
