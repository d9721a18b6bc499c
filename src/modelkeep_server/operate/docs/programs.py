"""The pages drawn from what programs meet: the API's description, and the commands of `modelkeep`."""

import importlib
import inspect
from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Any

from typer import Context

from modelkeep_server.interfaces.reference.reading import Route, read_reference
from modelkeep_server.interfaces.site import make_app
from modelkeep_server.operate.docs.markdown import page, table

#: What every command has, so no table repeats it.
_EVERYWHERE = {"--help", "-h"}


def write_api() -> str:
    """One line a route."""
    reference = read_reference(make_app().openapi(), "http://127.0.0.1:8000")
    parts = []
    for noun in reference.nouns:
        parts += [
            f"## {noun.name.capitalize()}",
            table(("route", "what it does", "act", "token scope"), _rows(noun.routes)),
        ]
    told = (
        "A running registry shows each route with its fields, limits and examples under `/api/v1/docs`, and describes "
        "itself to programs under `/api/v1/openapi.json`. What an act needs stands in [governance.md](governance.md)."
    )
    return page("The API", "the routes of `interfaces/api/`", told, *parts)


def write_cli() -> str:
    """Every command, with its arguments and options."""
    entry = next(iter(entry_points(group="console_scripts", name="modelkeep")))
    # The client is no part of the server, which meets it by its command alone.
    app: Any = importlib.import_module(entry.module).app
    root = importlib.import_module("typer.main").get_command(app)
    context = Context(root, info_name="modelkeep")
    parts = [inspect.cleandoc(root.help or ""), str(root.epilog or "")]
    for noun in root.list_commands(context):
        _, command, _ = root.resolve_command(context, [noun])
        parts += _describe(command, f"modelkeep {noun}")
    return page("The command line", "the commands of `modelkeep`", *parts)


def _rows(routes: tuple[Route, ...]) -> Iterator[tuple[str, ...]]:
    for route in routes:
        says = route.text.split("\n\n")[0]
        needs = (f"`{route.act}`", route.scope or "a session only") if route.act else ("open to everyone", "")
        yield f"`{route.method} {route.path}`", says, *needs


def _describe(command: Any, name: str, level: int = 2) -> Iterator[str]:
    """A command and, one level deeper, the commands inside it."""
    context = Context(command, info_name=name)
    yield f"{'#' * level} {name}"
    yield inspect.cleandoc(command.help or "")
    inner = getattr(command, "commands", {})
    if not inner:
        yield f"`{' '.join((name, *command.collect_usage_pieces(context)))}`"
        rows = [
            (f"`{record[0]}`", record[1])
            for parameter in command.get_params(context)
            if not _EVERYWHERE & set(parameter.opts) and (record := parameter.get_help_record(context))
        ]
        if rows:
            yield table(("option or argument", "what it says"), rows)
    for word, found in inner.items():
        yield from _describe(found, f"{name} {word}", level + 1)
