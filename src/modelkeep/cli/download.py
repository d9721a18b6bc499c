"""`modelkeep download`: files of a version, verified."""

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from modelkeep.addresses import Address, parse_version, parse_version_or_file
from modelkeep.cli.bars import TransferBars, transfer_bars
from modelkeep.cli.crowd import do_each
from modelkeep.cli.exits import FAILED, HELD_BACK, INTERRUPTED, print_error
from modelkeep.cli.options import Exclude, Include, Jobs, Json
from modelkeep.cli.output import failure_json, note, print_json, size
from modelkeep.cli.verdicts import tell_verdict
from modelkeep.client import Client
from modelkeep.downloads import Fetched
from modelkeep.errors import ModelkeepError
from modelkeep.stored import Artifact, is_held_back

app = typer.Typer(add_completion=False)

#: States in which the registry asks what a download is for.
GUARDED = ("PRODUCTION", "DEPRECATED", "RETIRED")


@app.command()
def download(
    address: Annotated[str, typer.Argument(metavar="GROUP/NAME:VERSION[/PATH]")],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Folder for the files; made where missing.")] = Path(),
    purpose: Annotated[
        str | None, typer.Option(help="What it is for; asked where the version is in production or beyond.")
    ] = None,
    include: Include = None,
    exclude: Exclude = None,
    jobs: Jobs = 3,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files with other bytes.")] = False,
    as_zip: Annotated[bool, typer.Option("--zip", help="All files of the version as one ZIP.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="With --zip: where it goes.")
    ] = None,
    as_json: Json = False,
) -> None:
    """
    Fetch all files of a version, or some, and verify each by its SHA-256.

    Prints what was verified, a line a file, as `sha256sum -c` reads it in that folder. A download that was cut goes on
    where it ended; a file that is there already is checked and not fetched again. Files that are held back are left
    out, and make the exit code 3. One file that fails does not stop the others.

    With --zip all files come as one ZIP, NAME-VERSION.zip in that folder or the file that --output names, written once
    each file in it was verified; the line is of the ZIP itself. It is fetched from its beginning after a cut.
    """
    if as_zip:
        if include or exclude:
            raise typer.BadParameter("A ZIP holds all files of a version: leave --include and --exclude out.")
        _download_zip(address, to, output, purpose, overwrite=overwrite, as_json=as_json)
        return
    if output is not None:
        raise typer.BadParameter("--output names a ZIP: it goes with --zip. --to names the folder for files.")
    where = parse_version_or_file(address)
    with Client() as client:
        found = client.select_files(where, include=include or (), exclude=exclude or ())
        held = [artifact for _, artifact in found if is_held_back(artifact)]
        for _, artifact in found:
            tell_verdict(artifact)
        wanted = [one for one in found if not is_held_back(one[1])]
        if purpose is None and wanted:
            purpose = _ask_purpose(client, where)
        with transfer_bars(len(wanted), sum(artifact.size_bytes for _, artifact in wanted)) as bars:
            told = _Telling(as_json=as_json, bars=bars)

            def fetch(one: tuple[Address, Artifact]) -> Fetched:
                return client.fetch(*one, to, purpose=purpose, overwrite=overwrite, on_progress=bars)

            try:
                for (_, artifact), outcome in do_each(wanted, fetch, jobs=jobs):
                    told.take(artifact, outcome)
            except KeyboardInterrupt:
                bars.stop()
                note("\nInterrupted. What arrived is kept; the same command goes on from there:")
                note(f"  modelkeep {shlex.join(sys.argv[1:])}")
                raise typer.Exit(INTERRUPTED) from None
    told.end(to, held)


class _Telling:
    """What became of each file, said as it ends, and summed up."""

    def __init__(self, *, as_json: bool, bars: TransferBars) -> None:
        self._as_json = as_json
        self._bars = bars
        self._fetched: list[Fetched] = []
        self._failed: list[dict[str, Any]] = []
        self._told: set[str] = set()

    def take(self, artifact: Artifact, outcome: Fetched | ModelkeepError) -> None:
        self._bars.finish(artifact.path, artifact.size_bytes)
        if isinstance(outcome, ModelkeepError):
            print_error(outcome, artifact.path, self._told)
            self._failed.append(failure_json(artifact.path, outcome))
            return
        self._fetched.append(outcome)
        # Bars that are being drawn would break long lines: on a terminal they come at the end.
        if not self._as_json and not sys.stdout.isatty():
            print(f"{artifact.sha256}  {artifact.path}", flush=True)

    def end(self, to: Path, held: list[Artifact]) -> None:
        """The sum, and the exit code. Raises Exit."""
        fetched = self._fetched
        if self._as_json:
            items = [{**one.artifact.raw, "file": str(one.file), "wasThere": one.was_there} for one in fetched]
            left_out = [artifact.raw for artifact in held]
            print_json({"items": items, "failed": self._failed, "heldBack": left_out})
        elif fetched:
            if sys.stdout.isatty():
                print("\n".join(f"{one.artifact.sha256}  {one.artifact.path}" for one in fetched))
            total = size(sum(one.artifact.size_bytes for one in fetched))
            there = sum(one.was_there for one in fetched)
            already = f" ({there} there already)" if there else ""
            note(f"{len(fetched)} file{'s' if len(fetched) > 1 else ''}, {total}, verified in {to}{already}.")
        if self._failed:
            note(f"{len(self._failed)} failed. Once that is mended, run it again: what is there is not fetched twice.")
            raise typer.Exit(FAILED)
        if held:
            note(f"{len(held)} left out, held back: exit code {HELD_BACK}.")
            raise typer.Exit(HELD_BACK)


def _download_zip(
    address: str, to: Path, output: Path | None, purpose: str | None, *, overwrite: bool, as_json: bool
) -> None:
    where = parse_version(address)
    target = output if output is not None else to / f"{where.name}-{where.version}.zip"
    with Client() as client:
        if purpose is None:
            purpose = _ask_purpose(client, where)
        with transfer_bars(1, 0) as bars:
            try:
                fetched = client.download_zip(where, target, purpose=purpose, overwrite=overwrite, on_progress=bars)
            except KeyboardInterrupt:
                bars.stop()
                note("\nInterrupted. Nothing is kept: a ZIP is fetched from its beginning.")
                raise typer.Exit(INTERRUPTED) from None
    for artifact in (*fetched.artifacts, *fetched.held_back):
        tell_verdict(artifact)
    if as_json:
        inside, left_out = ([one.raw for one in files] for files in (fetched.artifacts, fetched.held_back))
        told = {"file": str(fetched.file), "sizeBytes": fetched.size_bytes, "sha256": fetched.sha256}
        print_json({**told, "items": inside, "heldBack": left_out})
    else:
        print(f"{fetched.sha256}  {fetched.file}")
        count = len(fetched.artifacts)
        note(f"{count} file{'s' if count > 1 else ''}, {size(fetched.size_bytes)}, each verified in {fetched.file}.")
    if fetched.held_back:
        note(f"{len(fetched.held_back)} left out, held back: exit code {HELD_BACK}.")
        raise typer.Exit(HELD_BACK)


def _ask_purpose(client: Client, where: Address) -> str | None:
    """What the person at the terminal says, where the version's state asks for it. None where nobody sits there."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    version = client.get_version(Address(where.group, where.name, where.version))
    if version.state not in GUARDED:
        return None
    note(f"{version.address} is in {version.state}: what you fetch it for stands in the audit log.")
    purpose: str = typer.prompt("What is it for", err=True)
    return purpose
