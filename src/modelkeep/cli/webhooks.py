"""`modelkeep webhooks`: list, show, create, edit, rotate, test, deliveries, redeliver and delete."""

import time
from typing import Annotated, Any

import typer

from modelkeep.cli.options import Json, Limit, Revision
from modelkeep.cli.output import moment, note, note_rest, print_facts, print_json, print_table
from modelkeep.client import Client
from modelkeep.errors import ModelkeepError
from modelkeep.webhooks import Delivery, Webhook

app = typer.Typer(
    help="Tell other programs of acts here, by signed messages (Admin). Takes a token with the scope admin.",
    add_completion=False,
    no_args_is_help=True,
)

WAITING = "WAITING"
DELIVERED = "DELIVERED"
ANSWER_SECONDS = 15.0
LOOK_AGAIN_SECONDS = 0.2

WebhookName = Annotated[str, typer.Argument(metavar="WEBHOOK", help="Its name, in any case, or its id.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
_KIND = "A kind of notice that it is told of, as review.asked; `modelkeep notices settings` lists them. Repeat it."
_GROUP = "Only models of this group, RESTRICTED ones too. Repeat it. Without any: all models that are not RESTRICTED."


@app.command("list")
def list_webhooks(limit: Limit = 50, as_json: Json = False) -> None:
    """List webhooks by name, without their secrets."""
    with Client() as client:
        page = client.list_webhooks().first(limit)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note("No webhook yet. Make one: modelkeep webhooks create NAME URL --kind review.asked")
        return
    print_table(
        ("name", "on", "groups", "told of", "address"),
        [
            (one.name, _is_on(one), ", ".join(one.groups) or "all", ", ".join(one.kinds), one.url)
            for one in page.items
        ],
    )  # fmt: skip
    note_rest(len(page.items), page.total, page.next_cursor is not None)


@app.command()
def show(name: WebhookName, as_json: Json = False) -> None:
    """Show one webhook."""
    with Client() as client:
        found = _find(client, name)
    _tell(found, as_json=as_json)


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What tells it from others.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="Where messages are sent: https://...")],
    kinds: Annotated[list[str], typer.Option("--kind", metavar="KIND", help=_KIND)],
    groups: Annotated[list[str] | None, typer.Option("--group", metavar="GROUP", help=_GROUP)] = None,
    off: Annotated[bool, typer.Option("--off", help="Make it, and turn it on later.")] = False,
    as_json: Json = False,
) -> None:
    """Make a webhook. Its secret is printed once: give it to the receiver, which checks signatures by it."""
    with Client() as client:
        made = client.create_webhook(name, url, kinds, groups=groups or (), enabled=not off)
    _tell(made, as_json=as_json)


@app.command()
def edit(
    name: WebhookName,
    new_name: Annotated[str | None, typer.Option("--name", help="Another name.")] = None,
    url: Annotated[str | None, typer.Option("--url", help="Another address.")] = None,
    kinds: Annotated[list[str] | None, typer.Option("--kind", metavar="KIND", help=_KIND)] = None,
    groups: Annotated[list[str] | None, typer.Option("--group", metavar="GROUP", help=_GROUP)] = None,
    all_groups: Annotated[bool, typer.Option("--all-groups", help="All models that are not RESTRICTED.")] = False,
    on: Annotated[bool | None, typer.Option("--on/--off", help="Turn it on, or off.")] = None,
    revision: Revision = None,
    as_json: Json = False,
) -> None:
    """
    Change a webhook, turn it off or on.

    What is named changes, the rest stays. --kind and --group name all that there are from then on.
    """
    if all_groups and groups:
        raise typer.BadParameter("Give --group or --all-groups, not both.")
    given: dict[str, Any] = {
        "name": new_name,
        "url": url,
        "kinds": kinds or None,
        "groups": [] if all_groups else groups or None,
        "enabled": on,
    }
    changes = {field: value for field, value in given.items() if value is not None}
    if not changes:
        raise typer.BadParameter("Name what to change by an option.")
    with Client() as client:
        changed = client.update_webhook(_find(client, name).id, changes, revision=revision)
    _tell(changed, as_json=as_json)


@app.command()
def rotate(name: WebhookName, yes: Yes = False, as_json: Json = False) -> None:
    """Make a new secret, which is printed once. For 24 hours messages are signed with the one before it too."""
    with Client() as client:
        webhook = _find(client, name)
        if not yes:
            typer.confirm(f"Make a new secret for {webhook.name}?", abort=True, err=True)
        made = client.rotate_webhook_secret(webhook.id)
    _tell(made, as_json=as_json)


@app.command("test")
def send_test(
    name: WebhookName,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for what the receiver answers.")] = True,
    as_json: Json = False,
) -> None:
    """Send a message that says nothing, also where the webhook is off. Ends with 1 where it does not arrive."""
    with Client() as client:
        webhook = _find(client, name)
        sent = client.test_webhook(webhook.id)
        if wait:
            sent = _await_answer(client, webhook, sent)
    _tell_delivery(webhook, sent, as_json=as_json)
    if wait and sent.status not in (DELIVERED, WAITING):
        raise ModelkeepError(
            f"The test did not arrive: {sent.problem or sent.status}",
            remedy=f"Mend the receiver, or the address: modelkeep webhooks edit {webhook.id} --url https://...",
        )


@app.command()
def deliveries(name: WebhookName, limit: Limit = 50, as_json: Json = False) -> None:
    """List what became of messages, the newest first."""
    with Client() as client:
        webhook = _find(client, name)
        page = client.list_deliveries(webhook.id).first(limit)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note(f"{webhook.name} was told of nothing yet. Try it: modelkeep webhooks test {webhook.id}")
        return
    print_table(
        ("id", "at", "told of", "status", "tries", "answer", "problem"),
        [
            (one.id, moment(one.created_at), one.kind, one.status, str(one.attempts), str(one.answered or "-"),
             one.problem or "-")
            for one in page.items
        ],
    )  # fmt: skip
    note_rest(len(page.items), page.total, page.next_cursor is not None)


@app.command()
def redeliver(
    name: WebhookName,
    delivery: Annotated[str, typer.Argument(metavar="DELIVERY", help="Its id, as `deliveries` lists it.")],
    as_json: Json = False,
) -> None:
    """Send a message once more, with the same webhook-id."""
    with Client() as client:
        webhook = _find(client, name)
        sent = client.redeliver(webhook.id, delivery)
    _tell_delivery(webhook, sent, as_json=as_json)


@app.command()
def delete(name: WebhookName, yes: Yes = False) -> None:
    """End a webhook for good. What still waits is not sent, and its secrets are gone."""
    with Client() as client:
        webhook = _find(client, name)
        if not yes:
            typer.confirm(f"End {webhook.name} for good?", abort=True, err=True)
        client.end_webhook(webhook.id)
    note(f"{webhook.name} is ended.")


def _find(client: Client, name: str) -> Webhook:
    wanted = name.strip().casefold()
    found = next((one for one in client.list_webhooks() if wanted in (one.name.casefold(), one.id)), None)
    if found is None:
        raise ModelkeepError(f"There is no webhook called {name}.", remedy="See: modelkeep webhooks list")
    return found


def _await_answer(client: Client, webhook: Webhook, sent: Delivery) -> Delivery:
    end = time.monotonic() + ANSWER_SECONDS
    while sent.status == WAITING and time.monotonic() < end:
        time.sleep(LOOK_AGAIN_SECONDS)
        sent = next((one for one in client.list_deliveries(webhook.id) if one.id == sent.id), sent)
    return sent


def _tell(webhook: Webhook, *, as_json: bool) -> None:
    if as_json:
        print_json(webhook)
    else:
        print_facts(
            [
                ("webhook", webhook.name),
                ("id", webhook.id),
                ("address", webhook.url),
                ("told of", ", ".join(webhook.kinds)),
                ("groups", ", ".join(webhook.groups) or "all that are not RESTRICTED"),
                ("on", _is_on(webhook)),
                ("nothing arrives since", moment(webhook.failing_since)),
                ("former secret signs until", moment(webhook.former_until)),
                ("made", f"{moment(webhook.created_at)} by {webhook.created_by}"),
                ("revision", str(webhook.revision)),
                ("secret", webhook.secret),
            ]
        )
    if webhook.secret:
        note("The secret is told this once. Give it to the receiver, and keep it nowhere else.")


def _tell_delivery(webhook: Webhook, sent: Delivery, *, as_json: bool) -> None:
    if as_json:
        print_json(sent)
        return
    print("\t".join((sent.id, sent.status, *(() if sent.answered is None else (str(sent.answered),)))))
    if sent.status == WAITING:
        note(f"What comes of it: modelkeep webhooks deliveries {webhook.id}")


def _is_on(webhook: Webhook) -> str:
    if webhook.enabled:
        return "yes"
    return f"no: {webhook.off_reason}" if webhook.off_reason else "no"
