"""`modelkeep notices`: list, read, settings and choose."""

from typing import Annotated

import typer

from modelkeep.cli.options import Json, Limit
from modelkeep.cli.output import moment, note, note_rest, print_json, print_table
from modelkeep.client import Client
from modelkeep.notices import NoticeSettings

app = typer.Typer(help="What you were told, and how you are told.", add_completion=False, no_args_is_help=True)


@app.command("list")
def list_notices(
    unread: Annotated[bool, typer.Option("--unread", help="Only what you did not read yet.")] = False,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List what you were told, newest first."""
    with Client() as client:
        page = client.list_notices(unread=unread).first(limit)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note("Nothing is unread." if unread else "Nobody told you anything yet.")
        return
    print_table(
        ("id", "at", "new", "what"),
        [(one.id, moment(one.at), "" if one.read_at else "*", one.message) for one in page.items],
    )
    note_rest(len(page.items), page.total, page.next_cursor is not None)


@app.command("read")
def mark_read(
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID...", help="Which; left out: all of them.")] = None,
) -> None:
    """Mark notices as read."""
    with Client() as client:
        if not ids:
            note(f"Marked as read: {client.mark_all_read()}.")
            return
        for one in ids:
            client.mark_read(one)
    note(f"Marked as read: {len(ids)}.")


@app.command()
def settings(
    quiet: Annotated[bool | None, typer.Option("--quiet/--no-quiet", help="Take no mail at all, or again.")] = None,
    as_json: Json = False,
) -> None:
    """Show how you are told of each kind of thing. With --quiet, take no mail from now on."""
    with Client() as client:
        found = client.get_notice_settings() if quiet is None else client.set_notices(quiet=quiet)
    _tell(found, as_json=as_json)


@app.command()
def choose(
    kinds: Annotated[list[str], typer.Argument(metavar="KIND...", help="As `settings` lists them: comment.added.")],
    in_app: Annotated[bool | None, typer.Option("--in-app/--no-in-app", help="Told in the pages and here.")] = None,
    by_mail: Annotated[bool | None, typer.Option("--by-mail/--no-by-mail", help="Told by mail as well.")] = None,
    as_json: Json = False,
) -> None:
    """Choose how you are told of single kinds. What you do not name stays."""
    if in_app is None and by_mail is None:
        raise typer.BadParameter("Say how: --in-app, --no-in-app, --by-mail, --no-by-mail.")
    with Client() as client:
        known = {one.kind: one for one in client.get_notice_settings().items}
        unknown = [kind for kind in kinds if kind not in known]
        if unknown:
            raise typer.BadParameter(f"There is no kind {unknown[0]!r}. Kinds: {', '.join(known)}.")
        wanted = {
            kind: {
                "inApp": known[kind].in_app if in_app is None else in_app,
                "byMail": known[kind].by_mail if by_mail is None else by_mail,
            }
            for kind in kinds
        }
        found = client.set_notices(wanted)
    _tell(found, as_json=as_json)


def _tell(found: NoticeSettings, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    print_table(
        ("kind", "in the app", "by mail", "what happens"),
        [(one.kind, "yes" if one.in_app else "no", "yes" if one.by_mail else "no", one.label) for one in found.items],
    )
    if found.quiet:
        note("No mail is sent to you at all: `modelkeep notices settings --no-quiet` ends that.")
    elif not found.sends_mail:
        note("This registry has no mail server, so nothing comes by mail.")
