"""
Every noun of the command line, as one table, and the one place where a noun's module is loaded: when it is called.

The client's nouns are named here. The server adds its own by the entry-point group `modelkeep.commands`; the known ones
have their line here too, so that `modelkeep --help` imports none of them.
"""

import gc
import importlib
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from modelkeep.errors import ModelkeepError

GROUP = "modelkeep.commands"
SERVER_PACKAGE = "modelkeep_server"
FOR_EVERYONE = "For everyone"
ON_THE_HOST = "On the server's host"


@dataclass(frozen=True)
class Noun:
    """A noun with its line of help. `target` is `module:attribute` of its Typer app, None for one of the server."""

    name: str
    summary: str
    target: str | None = None


NOUNS = (
    Noun("login", "Sign in, and store the registry's address and a token.", "modelkeep.cli.login:login_app"),
    Noun("logout", "Forget the stored token.", "modelkeep.cli.login:logout_app"),
    Noun("whoami", "Who am I, and what may I do?", "modelkeep.cli.whoami:app"),
    Noun("models", "List, show, register, edit and share models.", "modelkeep.cli.models:app"),
    Noun("versions", "List, show, create and edit versions of a model.", "modelkeep.cli.versions:app"),
    Noun("upload", "Send files and folders to a version.", "modelkeep.cli.upload:app"),
    Noun("uploads", "List and discard uploads that are not finished.", "modelkeep.cli.uploads:app"),
    Noun("download", "Fetch files of a version, and verify them.", "modelkeep.cli.download:app"),
    Noun(
        "artifacts", "Answer for files that are held back, and look through them again.", "modelkeep.cli.artifacts:app"
    ),
    Noun("digests", "Find the versions that hold a file, by its SHA-256.", "modelkeep.cli.digests:app"),
    Noun("todo", "Show what waits for you, by your roles.", "modelkeep.cli.todo:app"),
    Noun("promote", "Request promotions, move versions on, and stop them.", "modelkeep.cli.promote:app"),
    Noun("findings", "List what reviewers found, raise findings and settle them.", "modelkeep.cli.findings:app"),
    Noun("review", "List what waits for a decision, and decide.", "modelkeep.cli.review:app"),
    Noun(
        "evaluations", "Record what was measured of versions, import it, and list it.", "modelkeep.cli.evaluations:app"
    ),
    Noun("card", "Generate, annotate, publish, discard and export model cards.", "modelkeep.cli.card:app"),
    Noun("lineage", "What versions were made from, and what uses them.", "modelkeep.cli.lineage:app"),
    Noun("deployments", "What is live where, and rolling back.", "modelkeep.cli.deployments:app"),
    Noun("search", "Find models by words and filters.", "modelkeep.cli.search:app"),
    Noun("searches", "Save, share and run searches, and be told of new models.", "modelkeep.cli.searches:app"),
    Noun("activity", "Show what happened to models and versions.", "modelkeep.cli.activity:app"),
    Noun("notices", "What you were told, and how you are told.", "modelkeep.cli.notices:app"),
    Noun("policies", "Read, write and try the rules for promotions.", "modelkeep.cli.policies:app"),
    Noun("exceptions", "Ask for exceptions from policies, and decide on them.", "modelkeep.cli.exceptions:app"),
    Noun("approval-rules", "Which approvals promotions take, and adding to them.", "modelkeep.cli.approval_rules:app"),
    Noun("webhooks", "Tell other programs what happens here, for Admins.", "modelkeep.cli.webhooks:app"),
    Noun("teams", "List and show teams: people who own models together.", "modelkeep.cli.teams:app"),
    Noun(
        "service-accounts",
        "List and show service accounts, and who answers for each.",
        "modelkeep.cli.service_accounts:app",
    ),
    Noun("events", "Read the audit log.", "modelkeep.cli.events:app"),
    Noun("people", "People, roles and invitations, for Admins.", "modelkeep.cli.people:app"),
    Noun("status", "Is the registry up?", "modelkeep.cli.incidents:status_app"),
    Noun("incidents", "Tell what went wrong, or is planned.", "modelkeep.cli.incidents:app"),
    Noun("serve", "Serve the registry."),
    Noun("migrate", "Bring a PostgreSQL database up to date."),
    Noun("backup", "Take a backup, while the server runs."),
    Noun("restore", "Put a backup into an empty data folder, and verify it."),
    Noun("keys", "Rotate, copy for paper, and restore the keys that stored files are under."),
    Noun("settings", "Show the settings in force, and where each comes from."),
    Noun("audit", "Verify the audit log."),
    Noun("admin", "Tokens and invitations, on the server's host."),
)


class ServerMissing(ModelkeepError):
    """A noun of the server, called where the server's packages are not installed."""

    remedy = "pip install 'modelkeep[server]'"


class Nouns(TyperGroup):
    """The commands of `modelkeep`: known by name and line of help, loaded when called."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for noun in NOUNS:
            self.add_command(_stand_in(noun.name, noun.summary))

    def list_commands(self, ctx: Any) -> list[str]:
        """The table's nouns, then whatever else the entry-point group names."""
        more = sorted(entry.name for entry in entry_points(group=GROUP) if entry.name not in self.commands)
        return [*self.commands, *more]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """What stands in for a noun until it is called; None for no noun."""
        known = self.commands.get(cmd_name)
        if known is None and _find_entry(cmd_name) is not None:
            return _stand_in(cmd_name, "")
        return known

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The lines of help, those for everyone before those of the server's host."""
        everyone = [noun.name for noun in NOUNS if noun.target]
        on_the_host = [name for name in self.list_commands(ctx) if name not in everyone]
        for title, names in ((FOR_EVERYONE, everyone), (ON_THE_HOST, on_the_host)):
            with formatter.section(title):
                formatter.write_dl([(name, self.get_command(ctx, name).get_short_help_str(80)) for name in names])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command to run, loaded."""
        name, found, rest = super().resolve_command(ctx, args)
        return name, load(name) if name and found is not None else found, rest


def load(name: str) -> Any:
    """
    The command of a noun: one with a single command is that command, others are groups of commands.

    Raises:
        ServerMissing: It is the server's, and the server's packages are not installed.
    """
    target = next((noun.target for noun in NOUNS if noun.name == name), None)
    if target is not None:
        module, _, attribute = target.partition(":")
        app = getattr(importlib.import_module(module), attribute)
    else:
        app = _load_entry(name)
    if not isinstance(app, typer.Typer):
        raise ServerMissing(f"`modelkeep {name}` is no command of this release.", remedy="Install both parts anew.")
    command = _speak_plainly(get_command(app))
    command.name = name
    return command


def _load_entry(name: str) -> Any:
    entry = _find_entry(name)
    if entry is None:
        raise ServerMissing(f"`modelkeep {name}` is a command of the server, which is not installed here.")
    # Nearly all that loading makes stays for good: looking among it for what does not takes a fifth of a start.
    gc.disable()
    try:
        return entry.load()
    except ModuleNotFoundError as error:
        missing = error.name or ""
        # A module of ours that another of ours does not find is a fault to be seen whole.
        if missing.startswith(f"{SERVER_PACKAGE}."):
            raise
        raise ServerMissing(f"`modelkeep {name}` needs {missing}, which is not installed here.") from error
    finally:
        gc.freeze()
        gc.enable()


def _find_entry(name: str) -> EntryPoint | None:
    return next(iter(entry_points(group=GROUP, name=name)), None)


def _stand_in(name: str, summary: str) -> TyperCommand:
    return TyperCommand(name, help=summary)


def _speak_plainly(command: Any) -> Any:
    """The same command with help in one style with `modelkeep --help`, whoever wrote it."""
    command.rich_markup_mode = None
    for inner in getattr(command, "commands", {}).values():
        _speak_plainly(inner)
    return command
