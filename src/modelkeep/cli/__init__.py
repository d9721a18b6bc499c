"""
The command `modelkeep`.

Standard output carries results only; notes, progress and errors go to standard error. The exit codes are in `exits`.
"""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from modelkeep.cli.exits import EXIT_CODES, FAILED, USAGE, print_error
from modelkeep.cli.nouns import Nouns
from modelkeep.errors import BadAddress, ModelkeepError

#: How Python names the fault of bytes that came as an argument and are no text.
SURROGATES = "surrogates not allowed"
NO_TEXT = "Type it again, in a terminal that speaks UTF-8."

app = typer.Typer(
    cls=Nouns,
    name="modelkeep",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # Rich help costs 0.2 s of imports, half of what `--help` may take.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Models and versions are named GROUP/NAME and GROUP/NAME:VERSION. MODELKEEP_URL and MODELKEEP_TOKEN go "
    f"before the stored login; NO_COLOR turns colours off. {EXIT_CODES}",
)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"modelkeep {version('modelkeep')}")
        raise typer.Exit


@app.callback()
def modelkeep(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Modelkeep: register, version, find and fetch models, with a record of everything."""


def main() -> None:
    """Run the command line, and end the process with its exit code."""
    try:
        app()
    except BadAddress as error:
        print_error(error)
        sys.exit(USAGE)
    except UnicodeEncodeError as error:
        if error.reason != SURROGATES:
            raise
        print_error(ModelkeepError("What you typed holds bytes that are no text in UTF-8.", remedy=NO_TEXT))
        sys.exit(USAGE)
    except ModelkeepError as error:
        print_error(error)
        sys.exit(FAILED)
