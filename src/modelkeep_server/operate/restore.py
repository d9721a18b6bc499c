"""`modelkeep restore`: a backup into an empty data folder, verified before it counts."""

import importlib
from pathlib import Path
from typing import Annotated, Any

import typer

from modelkeep_server.operate.backup import demand_sqlite
from modelkeep_server.operate.reach import load_or_fail
from modelkeep_server.operate.terminal import OperationRefused, fail, say_aside

app = typer.Typer(help="Restore a backup.", add_completion=False)


@app.command()
def restore(
    backup: Annotated[Path, typer.Argument(help="The folder or tar file that `modelkeep backup` wrote.")],
    data_dir: Annotated[Path | None, typer.Option(help="Empty folder to restore into (MODELKEEP_DATA_DIR).")] = None,
    read_back: Annotated[int, typer.Option(help="How many files to open and compare.", min=0)] = 20,
    accept_findings: Annotated[
        bool, typer.Option("--accept-findings", help="Restore also what was damaged before the backup was taken.")
    ] = False,
) -> None:
    """
    Put a backup into an empty data folder, compare every byte, verify the whole log, and open files of it.

    The key file must be in its place before. A backup that does not hold is refused, and the folder stays empty.
    """
    settings = load_or_fail(**({} if data_dir is None else {"data_dir": data_dir}))
    demand_sqlite(settings)
    # The program itself, which takes a second to load.
    restoring = importlib.import_module("modelkeep_server.operate.restoring")
    try:
        done = restoring.restore(settings, backup, restoring.Wishes(read_back, accept_findings), say_aside)
    except OperationRefused as error:
        fail(str(error))
    _tell(settings.data_dir.absolute(), done)


def _tell(folder: Path, done: Any) -> None:
    verdict, files = done.verdict, done.files
    findings = [*(finding.message for finding in verdict.findings), *(f"{name} does not open" for name in files.broken)]
    print(f"Restored {folder}, as it was at {done.manifest.created_at}")
    outcome = "OK" if not verdict.findings else f"{len(verdict.findings)} FINDINGS"
    print(f"  log    {outcome}: {verdict.size:,} events, {verdict.rows_checked:,} rows, root {verdict.root}")
    print(f"  files  {files.read:,} of {files.stored:,} read back, {len(files.broken)} of them broken")
    print(f"  key    fingerprint {done.fingerprint}")
    print(f"  vkey   {done.vkey}")
    for line in [*findings, *(f"not in the backup: {path}" for path in done.manifest.missing)]:
        say_aside(line)
    if done.unsigned:
        say_aside(f"The head of the log is not signed: {done.unsigned}")
    print(
        "\nThe log goes on under a new name: give the vkey above to your auditors. Whatever was revoked, disabled or "
        "withdrawn after the backup is again as it was then: look through people and tokens before you open the doors."
    )
