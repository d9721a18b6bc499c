"""`modelkeep keys`: the keys that stored files are sealed under, on the registry's host."""

import importlib
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from modelkeep_server.operate.key_sheets import draw_page
from modelkeep_server.operate.lock import FolderInUse, FolderLock
from modelkeep_server.operate.reach import load_or_fail, run
from modelkeep_server.operate.terminal import fail, say_aside
from modelkeep_server.ports import KeyMissing, KeyUnusable

app = typer.Typer(help="The keys that stored files are sealed under.", add_completion=False, no_args_is_help=True)

KeyOut = Annotated[
    Path | None,
    typer.Option(help="Where the keys are a setting (MODELKEEP_KEY): a new file, 0600, for the new text of it."),
]

_SET_ANEW = """\
The keys are given as a setting, so that no program can change them. The new text is in {path}.
  1. Set it as MODELKEEP_KEY on every server, and restart each.
  2. {then}
  3. Remove {path}, and make a new escrow copy: modelkeep keys escrow"""


@app.command()
def show() -> None:
    """Which keys there are, how old they are, what each wraps, and whether a copy is kept elsewhere. No secret."""
    told = run("keys.show", {})
    print(f"registry     {told['registryId']}")
    print(f"fingerprint  {told['fingerprint'] or 'at the top of the escrow copy; shown here once one is confirmed'}")
    print(f"kept in      {told['place'] or 'the setting MODELKEEP_KEY'}")
    escrow = told["escrow"]
    by = (
        "nobody yet: run modelkeep keys escrow"
        if escrow is None
        else f"{escrow['by'] or 'an operator'}, {escrow['at']}"
    )
    print(f"confirmed    by {by}")
    for number, key in enumerate(told["keys"]):
        days = (datetime.now(UTC) - datetime.fromisoformat(key["createdAt"])).days
        uploads = f", {key['uploads']:,} uploads under way" if key["uploads"] else ""
        newest = ", in use" if number == 0 else ""
        print(f"  {key['id']}  {days:,} days old, {key['files']:,} files{uploads}{newest}")
    if told["waiting"]:
        print(f"{told['waiting']:,} are under older keys: run modelkeep keys rotate --resume")
    if told["lost"]:
        fail(f"{told['lost']:,} files are under keys that are not here: restore the key file from its escrow copy.")


@app.command()
def rotate(
    resume: Annotated[bool, typer.Option("--resume", help="Only end what was begun; make no new key.")] = False,
    key_out: KeyOut = None,
) -> None:
    """
    Make a new key and wrap every file's own key under it, with the server up or down. Stored files are not touched.

    Where an earlier rotation was cut short, that one is ended instead. Old keys stay in the key file until `modelkeep
    keys retire-old`. The fingerprint changes: make a new escrow copy afterwards.
    """
    told = run("keys.rotate", {"resume": resume})
    if told["isFixed"]:
        path = _write_text("grow_keys", told["registryId"], key_out)
        print(_SET_ANEW.format(path=path, then="Run this command again: it wraps the files' keys under the new one."))
        return
    begun = "A new key was made" if told["isNew"] else "The rotation that was begun is at its end"
    if not told["isNew"] and resume and not told["files"] + told["uploads"]:
        begun = "There was nothing left to do"
    print(f"{begun}: {told['key']}")
    print(f"  wrapped anew  {told['files']:,} files, {told['uploads']:,} uploads under way")
    print("  fingerprint   another than before: make a new escrow copy: modelkeep keys escrow")
    if told["broken"]:
        sys.stdout.flush()
        fail(
            f"{told['broken']:,} do not open and stay as they are: their rows were changed. Run: modelkeep audit verify"
        )


@app.command("retire-old")
def retire_old(
    all_servers_have_the_new_key: Annotated[
        bool, typer.Option("--all-servers-have-the-new-key", help="Asked on PostgreSQL, where others may share it.")
    ] = False,
    key_out: KeyOut = None,
) -> None:
    """
    Drop old keys that wrap nothing any more from the key file.

    Only once everything is wrapped anew and an escrow copy of the present keys is confirmed: until then the older copy
    and the old keys are the only way back to the files if the key file is lost. Old backups need their old keys: keep
    the escrow copy that was made with them for as long as you keep those backups.
    """
    told = run("keys.retire-old", {"serversAgree": all_servers_have_the_new_key})
    if not told["dropped"]:
        print("There are no old keys.")
        return
    if told["isFixed"]:
        path = _write_text("shrink_keys", told["registryId"], key_out)
        print(_SET_ANEW.format(path=path, then="Look with modelkeep keys show that nothing is missing."))
        return
    print(f"Dropped {', '.join(told['dropped'])}")
    print("  fingerprint   another than before: make a new escrow copy: modelkeep keys escrow")


@app.command()
def escrow(
    out: Annotated[Path | None, typer.Option(help="A new file, 0600; with shares one file each.")] = None,
    print_it: Annotated[bool, typer.Option("--print", help="Print on standard output, e.g. into `| lp`.")] = False,
    shares: Annotated[int, typer.Option(help="Split into this many sheets (SLIP-39).", min=1, max=16)] = 1,
    needed: Annotated[int, typer.Option(help="How many of the shares make the keys again.", min=1, max=16)] = 1,
    confirm: Annotated[
        str | None, typer.Option(metavar="FINGERPRINT", help="Say that the copy with this fingerprint is kept safe.")
    ] = None,
) -> None:
    """
    Make a copy of the keys for paper, to be kept away from the data: without its keys no stored file can be read.

    Then read the fingerprint off the copy and confirm it with --confirm, or on the page "Keys".
    """
    if confirm is not None:
        told = run("keys.confirm", {"fingerprint": confirm})
        print(f"Confirmed: a copy of the keys with fingerprint {told['fingerprint']} is kept elsewhere.")
        return
    if (shares > 1 or needed > 1) and not 2 <= needed <= shares:
        fail("Say how many shares there are and how many of them are needed, e.g. --shares 5 --needed 3.", 2)
    if out is None and not print_it and not sys.stdout.isatty():
        fail("This would put the keys into whatever takes this output. Name a file with --out, or add --print.", 2)
    if out is None and not print_it:
        typer.confirm(
            "The keys will stand on this terminal, and in what it remembers. Print them?", abort=True, err=True
        )
    pages = _draw_pages(run("keys.copy", {"shares": shares, "needed": needed}), shares, needed)
    if out is None:
        print("\f\n".join(pages))
    else:
        for path in _write_pages(out, pages):
            print(path)
    say_aside(
        "Once it is where it belongs, type the fingerprint at its top: modelkeep keys escrow --confirm FINGERPRINT"
    )


@app.command()
def restore(
    sheets: Annotated[list[Path] | None, typer.Argument(help="Files with sheets; `-` for standard input.")] = None,
    fingerprint: Annotated[
        str, typer.Option(help="The fingerprint at the top of the sheet, where it is not in it.")
    ] = "",
    to: Annotated[Path | None, typer.Option(help="Where to write the key file (MODELKEEP_KEY_FILE).")] = None,
) -> None:
    """
    Put the key file back from its sheet, or from as many shares as are needed: named as files, or typed line by line.

    Never overwrites a key file, and refuses keys of another registry than that of the data here.
    """
    settings = load_or_fail()
    # The program itself, which takes a second to load.
    restoring = importlib.import_module("modelkeep_server.operate.key_restoring")
    try:
        with FolderLock(settings.data_dir) if settings.data_dir.exists() and settings.is_sqlite else _Nothing():
            done = restoring.restore(settings, list(sheets or ()), fingerprint, to)
    except FolderInUse as held:
        fail(f"{held} It has its keys; stop it first.")
    except restoring.REFUSALS as error:
        fail(str(error))
    print(f"The keys of {done.registry_id} are in {done.place}")
    print(f"  fingerprint  {done.fingerprint}")


class _Nothing:
    """Where there is nothing to lock."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


def _draw_pages(told: dict[str, Any], shares: int, needed: int) -> Sequence[str]:
    keys = _open_keys(told["registryId"])
    if keys.fingerprint() != told["fingerprint"]:
        fail(
            "The keys that this command finds are not those of the running server: name the same in MODELKEEP_KEY_FILE."
        )
    desk = importlib.import_module("modelkeep_server.app")
    facts = [("registry", told["registryId"]), ("fingerprint", told["fingerprint"])]
    return [
        draw_page(sheet.lines, facts, (sheet.number, sheet.shares, sheet.needed))
        for sheet in desk.draw_key_sheets(keys, shares, needed)
    ]


def _open_keys(registry_id: str) -> Any:
    desk = importlib.import_module("modelkeep_server.app")
    try:
        return desk.open_keys(load_or_fail(), registry_id)
    except (desk.CannotStart, KeyMissing, KeyUnusable) as error:
        fail(str(error))


def _write_pages(out: Path, pages: Sequence[str]) -> Sequence[Path]:
    if len(pages) == 1:
        paths = [out]
    else:
        paths = [
            out.with_name(f"{out.stem}-{number}-of-{len(pages)}{out.suffix}") for number in range(1, len(pages) + 1)
        ]
    there = [str(path) for path in paths if path.exists()]
    if there:
        fail(f"There is a file already: {', '.join(there)}. Nothing is overwritten.")
    for path, page in zip(paths, pages, strict=True):
        _write(path, page.encode())
    return paths


def _write_text(how: str, registry_id: str, key_out: Path | None) -> Path:
    if key_out is None:
        fail("The keys are given as a setting. Add --key-out FILE: the new text is written there for you to set.", 2)
    desk = importlib.import_module("modelkeep_server.app")
    _write(key_out, getattr(desk, how)(_open_keys(registry_id)))
    return key_out


def _write(path: Path, content: bytes) -> None:
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(opened, "wb") as file:
            file.write(content)
    except FileExistsError:
        fail(f"There is a file already: {path}. Nothing is overwritten.")
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}.")
