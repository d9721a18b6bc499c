"""`modelkeep upload`: files and folders into a version."""

import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from modelkeep.addresses import Address, parse_version_or_file
from modelkeep.cli.bars import TransferBars, transfer_bars
from modelkeep.cli.crowd import do_each
from modelkeep.cli.exits import FAILED, HELD_BACK, INTERRUPTED, print_error
from modelkeep.cli.options import Exclude, Include, Jobs, Json
from modelkeep.cli.output import failure_json, note, print_json, size
from modelkeep.cli.verdicts import QUARANTINED, tell_verdict
from modelkeep.client import Client
from modelkeep.errors import ModelkeepError
from modelkeep.folders import Found, Skipped, find_files
from modelkeep.kinds import guess_kind
from modelkeep.local_files import is_empty
from modelkeep.stored import Artifact, is_held_back

app = typer.Typer(add_completion=False)

SKIPPED_SHOWN = 5


class Kind(StrEnum):
    """What a file is."""

    AUTO = "AUTO"
    WEIGHTS = "WEIGHTS"
    CONTAINER = "CONTAINER"
    TOKENIZER = "TOKENIZER"
    CONFIG = "CONFIG"


@app.command()
def upload(
    address: Annotated[str, typer.Argument(metavar="GROUP/NAME:VERSION[/PATH]")],
    sources: Annotated[list[Path], typer.Argument(metavar="FILE|FOLDER")],
    kind: Annotated[
        Kind, typer.Option("--type", case_sensitive=False, help="What the files are; AUTO guesses by their names.")
    ] = Kind.AUTO,
    include: Include = None,
    exclude: Exclude = None,
    jobs: Jobs = 3,
    restart: Annotated[
        bool, typer.Option("--restart", help="End what an earlier run began of these files, and begin anew.")
    ] = False,
    as_json: Json = False,
) -> None:
    """
    Send files to a version: each under its own name, those of a folder at their paths below it.

    With one file, the address may say its path in the version: GROUP/NAME:VERSION/tokenizer/vocab.json. Prints a line a
    file, as sha256sum does. What is there already with the same bytes is not sent again. A large file that was cut,
    also by Ctrl-C, goes on where it was when the same command is run again. In folders, hidden files and links are left
    out. One file that fails does not stop the others.
    """
    where = parse_version_or_file(address)
    found, skipped = find_files(sources, include=include or (), exclude=exclude or ())
    _tell_skipped(skipped)
    if not found:
        raise typer.BadParameter("There is no file to send in what was named.")
    if where.path is not None and (len(found) > 1 or sources[0].is_dir()):
        raise typer.BadParameter("A path in the address names one file; several, or a folder, were given.")
    files = [Found(one.file, where.path or one.path) for one in found]
    version = Address(where.group, where.name, where.version)
    with Client() as client:
        # Said once, before gigabytes are hashed, and not for each file.
        client.get_version(version)
        kinds = _choose_kinds(files, kind)
        total_bytes = sum(one.file.stat().st_size for one in files)
        with transfer_bars(len(files), total_bytes) as bars:
            told = _Telling(as_json=as_json, bars=bars)

            def send(one: Found) -> Artifact:
                return client.upload(
                    version, one.file, type=kinds[one.path], name=one.path, restart=restart, on_progress=bars
                )

            try:
                for one, outcome in do_each(files, send, jobs=jobs):
                    told.take(one, outcome)
            except KeyboardInterrupt:
                bars.stop()
                note("\nInterrupted. What arrived of large files is kept; the same command goes on from there:")
                note(f"  modelkeep {shlex.join(sys.argv[1:])}")
                note("`modelkeep uploads list` shows them.")
                raise typer.Exit(INTERRUPTED) from None
    told.end(version, len(files))


_AGAIN = "Once that is mended, run it again: what is there is not sent twice."


class _Telling:
    """What became of each file, said as it ends, and summed up."""

    def __init__(self, *, as_json: bool, bars: TransferBars) -> None:
        self._as_json = as_json
        self._bars = bars
        self._sent: list[Artifact] = []
        self._failed: list[dict[str, Any]] = []
        self._told: set[str] = set()

    def take(self, one: Found, outcome: Artifact | ModelkeepError) -> None:
        self._bars.finish(one.path, one.file.stat().st_size if one.file.exists() else 0)
        if isinstance(outcome, ModelkeepError):
            print_error(outcome, one.path, self._told)
            self._failed.append(failure_json(one.path, outcome))
            return
        self._sent.append(outcome)
        # Bars that are being drawn would break long lines: on a terminal they come at the end.
        if not self._as_json and not sys.stdout.isatty():
            print(f"{outcome.sha256}  {outcome.path}", flush=True)
        tell_verdict(outcome)

    def end(self, version: Address, count: int) -> None:
        """The sum, and the exit code. Raises Exit."""
        if self._as_json:
            print_json([*(artifact.raw for artifact in self._sent), *self._failed])
        else:
            if sys.stdout.isatty():
                print("\n".join(f"{artifact.sha256}  {artifact.path}" for artifact in self._sent))
            total = size(sum(artifact.size_bytes for artifact in self._sent))
            note(f"{_files(len(self._sent))}, {total}, in {version}.")
        if self._failed:
            if count > 1:
                note(f"{len(self._failed)} of {count} failed. {_AGAIN}")
            raise typer.Exit(FAILED)
        held = [artifact for artifact in self._sent if artifact.status == QUARANTINED and is_held_back(artifact)]
        if held:
            note(f"{_files(len(held))} quarantined: exit code {HELD_BACK}.")
            raise typer.Exit(HELD_BACK)


def _tell_skipped(skipped: Sequence[Skipped]) -> None:
    for one in skipped[:SKIPPED_SHOWN]:
        note(f"Left out: {one.file} ({one.why}).")
    if len(skipped) > SKIPPED_SHOWN:
        note(f"Left out: {len(skipped) - SKIPPED_SHOWN} more, hidden or links.")


def _choose_kinds(files: Sequence[Found], kind: Kind) -> dict[str, str]:
    """The type of each file by its path; where it was guessed, that is said."""
    if kind is not Kind.AUTO:
        return {one.path: str(kind) for one in files}
    kinds = {one.path: guess_kind(one.path, is_empty=is_empty(one.file)) for one in files}
    if len(files) <= SKIPPED_SHOWN:
        guesses = ", ".join(f"{path} is {guess}" for path, guess in kinds.items())
    else:
        guesses = ", ".join(f"{count} {guess}" for guess, count in Counter(kinds.values()).items())
    note(f"Guessed by the names: {guesses}. --type says otherwise.")
    return kinds


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"
