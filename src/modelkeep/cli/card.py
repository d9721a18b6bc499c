"""`modelkeep card`: generate, show, annotate, publish, discard and export model cards, and compare their revisions."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from modelkeep.addresses import parse_version
from modelkeep.cards import Card, CardChanges
from modelkeep.cli.options import Json
from modelkeep.cli.output import moment, note, print_facts, print_json, print_table, size
from modelkeep.client import Client

app = typer.Typer(
    help="Generate, show, annotate, publish, discard and export model cards, and compare their revisions.",
    add_completion=False,
    no_args_is_help=True,
)

VersionAddress = Annotated[str, typer.Argument(metavar="GROUP/NAME:VERSION")]
Revision = Annotated[
    str | None,
    typer.Option(help="A number, or draft. Left out: the newest that is published, or else the draft."),
]


class Format(StrEnum):
    """What a card can be exported as."""

    HTML = "html"
    JSON = "json"
    PDF = "pdf"
    MD = "md"
    CYCLONEDX = "cyclonedx"


#: So many items are named in a line.
LABELS_SHOWN = 6

_SUFFIXES = {
    Format.HTML: ".html",
    Format.JSON: ".card.json",
    Format.PDF: ".pdf",
    Format.MD: ".md",
    Format.CYCLONEDX: ".cdx.json",
}


@app.command()
def generate(address: VersionAddress, as_json: Json = False) -> None:
    """Generate the card from what the registry holds. Annotations stay."""
    with Client() as client:
        card = client.generate_card(address)
    _print_card(card, as_json)


@app.command()
def show(address: VersionAddress, revision: Revision = None, as_json: Json = False) -> None:
    """Show a card, and what it lacks."""
    with Client() as client:
        card = client.get_card(address, revision)
    _print_card(card, as_json)


@app.command()
def annotate(
    address: VersionAddress,
    section: Annotated[str, typer.Argument(metavar="SECTION", help="As factors, metrics or training-data.")],
    text: Annotated[
        str | None, typer.Argument(metavar="[MARKDOWN]", help="Left out, or -: read from standard input.")
    ] = None,
    take_back: Annotated[bool, typer.Option("--take-back", help="Take back what you said of the section.")] = False,
    as_json: Json = False,
) -> None:
    """Say something of a section, in Markdown, in place of what you said of it before."""
    if take_back and text is not None:
        raise typer.BadParameter("Write a text, or take yours back, not both.")
    markdown = "" if take_back else sys.stdin.read() if text in (None, "-") else str(text)
    if not take_back and not markdown.strip():
        raise typer.BadParameter("The text is empty. To take yours back, add --take-back.")
    with Client() as client:
        card = client.annotate_card(address, section, markdown)
    _print_card(card, as_json)


@app.command()
def publish(
    address: VersionAddress,
    edition: Annotated[
        int | None, typer.Option(help="Publish only if the draft is still this edition, as `show` has it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Publish the draft as a revision that never changes."""
    with Client() as client:
        card = client.publish_card(address, edition=edition)
    _print_card(card, as_json)


@app.command()
def discard(
    address: VersionAddress,
    edition: Annotated[
        int | None, typer.Option(help="Discard it only if the draft is still this edition, as `show` has it.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Throw the draft away. Annotations stay, and stand in the next one; what is published stays as it is."""
    version = parse_version(address)
    if not yes:
        typer.confirm(f"Discard the draft of the model card of {version}?", abort=True, err=True)
    with Client() as client:
        client.discard_card_draft(version, edition=edition)
    note("The draft is discarded. Annotations are kept for the next one.")


@app.command()
def export(
    address: VersionAddress,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to write it. Left out: here, by model and version."),
    ] = None,
    format: Annotated[  # noqa: A002
        Format, typer.Option("--format", "-f", help=f"As {', '.join(Format)}.", case_sensitive=False)
    ] = Format.JSON,
    revision: Revision = None,
) -> None:
    """Write a card into a file."""
    version = parse_version(address)
    file = output or Path(f"{version.name}-{version.version}{_SUFFIXES[format]}")
    with Client() as client:
        written = client.export_card(version, file, format=format.value, revision=revision)
    note(f"{file}, {size(written)}")


@app.command()
def revisions(address: VersionAddress, as_json: Json = False) -> None:
    """List the cards of a version, newest first."""
    with Client() as client:
        page = client.list_card_revisions(address).first(200)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note("This version has no model card yet.")
        return
    rows = [
        (str(one.revision), one.status, f"{one.coverage:.0%}", moment(one.generated_at), one.generated_by,
         moment(one.published_at), one.published_by or "")
        for one in page.items
    ]  # fmt: skip
    print_table(("revision", "status", "coverage", "generated", "by", "published", "by"), rows)


@app.command()
def compare(
    address: VersionAddress,
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="A revision by its number, or draft.")],
    now: Annotated[
        str | None, typer.Argument(metavar="[NOW]", help="Another one. Left out: the facts as they are now.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what differs between two revisions, or between one and the facts as they are now."""
    with Client() as client:
        if now is None:
            changes = client.get_card_changes(address, before)
        else:
            changes = client.compare_cards(address, before, now)
    _print_changes(changes, as_json)


def _print_card(card: Card, as_json: bool) -> None:
    if as_json:
        print_json(card)
        return
    published = f", published {moment(card.published_at)} by {card.published_by}" if card.published_at else ""
    print_facts(
        [
            ("Model", f"{card.model}:{card.version}"),
            ("Revision", f"{card.revision}, {card.status}{published}"),
            ("Generated", f"{moment(card.generated_at)} by {card.generated_by}"),
            ("Coverage", f"{card.coverage:.0%}"),
            ("Edition", str(card.edition)),
            ("Digest", card.digest),
        ]
    )
    rows = [
        (section.id, item.label, "not provided" if item.value is None else _tell(item.value))
        for section in card.sections
        for item in section.items
        if item.value is not None or item.counts
    ]
    rows += [(section.id, note_.name, note_.markdown) for section in card.sections for note_ in section.annotations]
    print_table(("section", "item", "value"), rows)
    _note_changes(card)


def _note_changes(card: Card) -> None:
    """One line, where the registry knows something else by now than the card says."""
    if not card.changed_facts and not card.of_other_content:
        return
    told = "The version was edited since this card was generated."
    if card.changed_facts:
        labels = [fact.label for fact in card.changed_facts]
        left = f" and {len(labels) - LABELS_SHOWN} more" if len(labels) > LABELS_SHOWN else ""
        told = f"Facts have changed since this card was generated: {', '.join(labels[:LABELS_SHOWN])}{left}."
    if card.of_other_content and card.status == "PUBLISHED":
        told += " It does not count where a policy asks for a published card."
    note(f"{told} `modelkeep card generate {card.model}:{card.version}` takes that in.")


def _print_changes(changes: CardChanges, as_json: bool) -> None:
    if as_json:
        print_json(changes)
        return
    if not changes:
        note("Nothing differs.")
        return
    rows = [(one.section, one.label, _side(one.before), _side(one.now)) for one in changes.items]
    rows += [(one["section"], "annotation", "", one["annotation"]["markdown"]) for one in changes.added]
    rows += [(one["section"], "annotation", one["annotation"]["markdown"], "") for one in changes.removed]
    if rows:
        print_table(("section", "item", "before", "now"), rows)
    if changes.of_other_content:
        note("The version held other content.")


def _side(item: dict[str, Any] | None) -> str:
    return "not provided" if item is None else _tell(item.get("value"))


def _tell(value: Any) -> str:
    """A value in one line."""
    if isinstance(value, dict):
        rows = value.get("rows") or []
        return f"{len(rows)} {'row' if len(rows) == 1 else 'rows'}: {', '.join(str(row[0]) for row in rows[:5])}"
    if isinstance(value, list):
        return "; ".join(_tell_entry(entry) for entry in value[:10]) + ("; ..." if len(value) > 10 else "")
    return " ".join(str(value).split())


def _tell_entry(entry: Any) -> str:
    if not isinstance(entry, dict):
        return str(entry)
    of_slice = f" of {entry['slice']}" if entry.get("slice") else ""
    return f"{entry.get('name')}{of_slice} {entry.get('value')}"
