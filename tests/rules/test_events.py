"""What is audited: one row an action, each with words a person can read."""

import re

import pytest

from modelkeep_server.rules.events import ACTIONS, Outcome


@pytest.mark.parametrize("name", ACTIONS)
def test_every_action_says_what_somebody_did(name: str) -> None:
    """`<person> <says> <object>` is a sentence: lower case, no full stop, and it is about some kind of object."""
    action = ACTIONS[name]

    assert action.name == name
    assert re.fullmatch(r"[a-z][\w ]+", action.says)
    assert re.fullmatch(r"[a-z]+", action.object_kind)
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", name)


def test_no_two_actions_read_alike() -> None:
    """An activity list tells two kinds of events apart by their words."""
    words = [(action.says, action.object_kind) for action in ACTIONS.values()]

    assert len(words) == len(set(words))


def test_an_act_happened_or_was_refused() -> None:
    """There is no third outcome."""
    assert list(Outcome) == ["ALLOWED", "REFUSED"]
