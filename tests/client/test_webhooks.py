"""Webhooks by command and from Python, and checking what they bring, against a running registry."""

import json
import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from modelkeep.verify_webhook import Message, NotGenuine, verify_message
from modelkeep_server.kit.signed_messages import sign, write_secret
from tests.client.conftest import Become, Cli
from tests.support.receiver import GUIDE, running_receiver
from tests.support.running import RunningRegistry

NAME = "Chat of the risk team"


@pytest.mark.usefixtures("as_owner")
def test_a_webhook_is_made_tried_and_ended_by_command(cli: Cli, registry: RunningRegistry, become: Become) -> None:
    """Secrets are printed once; what arrives holds by either of two secrets, and by no other, nor changed, nor old."""
    become("ADMIN")
    with running_receiver() as receiver:
        made = cli("webhooks", "create", NAME, receiver.url, "--kind", "review.asked", "--group", "risk", "--json")
        tried = cli("webhooks", "test", NAME.upper())
        rotated = cli("webhooks", "rotate", NAME, "--yes")
        again = cli("webhooks", "test", NAME, "--json")
        repeated = cli("webhooks", "redeliver", NAME, json.loads(again.out)["id"], "--json")
        off = cli("webhooks", "edit", NAME, "--off", "--all-groups")
        receiver.answer = 500
        failed = cli("webhooks", "test", NAME)
        refused = cli("webhooks", "redeliver", NAME, json.loads(again.out)["id"])
        listed, told = cli("webhooks", "list"), cli("webhooks", "deliveries", NAME)
        ended = cli("webhooks", "delete", NAME, "--yes")
        gone = cli("webhooks", "show", NAME)
        first, second = receiver.taken[0], receiver.taken[1]
    secret = json.loads(made.out)["secret"]
    newer = next(line.split("\t")[1] for line in rotated.out.splitlines() if line.startswith("secret\t"))

    messages = [verify_message(*first, secret), *(verify_message(*second, one) for one in (secret, newer))]

    assert [one.kind for one in messages] == ["webhook.test"] * 3
    assert messages[1].id == json.loads(again.out)["id"]
    assert json.loads(again.out)["status"] == "DELIVERED"
    assert json.loads(repeated.out)["id"] == json.loads(again.out)["id"]
    assert [one.code for one in (made, tried, rotated, again, repeated, off, listed, told, ended)] == [0] * 9
    assert (failed.code, refused.code, gone.code) == (1, 1, 1)
    assert ("500" in failed.err, "is off" in refused.err, "webhooks list" in gone.err) == (True, True, True)
    assert listed.out.split("\t")[:4] == [NAME, "no", "all", "review.asked"]
    assert [line.split("\t")[3] for line in told.out.splitlines()] == ["FAILED", "DELIVERED", "DELIVERED"]
    everything = "".join(one.out + one.err for one in (tried, again, off, failed, refused, listed, told, ended, gone))
    assert [one in everything + registry.output.read_text() for one in (secret, newer)] == [False, False]


KEY, ID, SENT = b"k" * 32, "msg-1", 1_769_850_000
SECRET = write_secret(KEY)
BODY = b'{"type":"review.asked","timestamp":"2026-01-31T09:00:00Z","data":{"model":"a/b","version":"1.2.0"}}'
SIGNED = {"Webhook-Id": ID, "WEBHOOK-TIMESTAMP": str(SENT), "webhook-signature": sign([KEY], ID, SENT, BODY)}


def test_a_message_is_read_as_it_was_signed() -> None:
    """Names of headers are taken in any case, a second secret fits where the first does not."""
    other = write_secret(b"o" * 32)

    message = verify_message(SIGNED, BODY, [other, SECRET], now=SENT + 300)

    at = datetime.fromtimestamp(SENT, UTC)
    assert message == Message(ID, "review.asked", at, at, {"model": "a/b", "version": "1.2.0"})


@pytest.mark.parametrize(
    ("headers", "body", "seconds_later", "words"),
    [
        ({"webhook-signature": ""}, BODY, 0, "webhook-signature is missing"),
        ({"webhook-signature": "v1,é v2 v1,"}, BODY, 0, "No signature fits"),
        ({"webhook-signature": sign([b"o" * 32], ID, SENT, BODY)}, BODY, 0, "No signature fits"),
        ({"Webhook-Id": "msg-2"}, BODY, 0, "No signature fits"),
        ({}, BODY + b" ", 0, "No signature fits"),
        ({"WEBHOOK-TIMESTAMP": "1_769_850_000"}, BODY, 0, "no whole number"),
        ({"WEBHOOK-TIMESTAMP": str(SENT + 1)}, BODY, 0, "No signature fits"),
        ({}, BODY, 301, "301 seconds ago"),
        ({}, BODY, -301, "301 seconds from now"),
        ({"webhook-signature": sign([KEY], ID, SENT, b"[]")}, b"[]", 0, "no message of a registry"),
    ],
)
def test_what_the_registry_did_not_send_now_is_refused_with_the_reason(
    headers: dict[str, str], body: bytes, seconds_later: int, words: str
) -> None:
    """Each way that a message can be none is told apart, and none is another error."""
    with pytest.raises(NotGenuine, match=words) as refused:
        verify_message(SIGNED | headers, body, SECRET, now=SENT + seconds_later)

    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_***", []])
def test_a_secret_that_is_none_is_the_receivers_own_mistake(secret: str | list[str]) -> None:
    """It is never taken for a message that is not genuine, so that nobody answers 400 for years."""
    with pytest.raises(ValueError, match=r"secret"):
        verify_message(SIGNED, BODY, secret, now=SENT)


def test_the_guides_receiver_takes_what_is_genuine_alone() -> None:
    """The example in the guide, as it stands, answers 204 to a signed message and 400 to another."""
    found = re.search(r"```py\n(from modelkeep.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    place: dict[str, Any] = {"SECRET": SECRET}
    exec(found[1], place)
    now = int(time.time())
    headers = {"webhook-id": ID, "webhook-timestamp": str(now), "webhook-signature": sign([KEY], ID, now, BODY)}

    assert [place["receive"](headers, body) for body in (BODY, BODY + b" ")] == [204, 400]
