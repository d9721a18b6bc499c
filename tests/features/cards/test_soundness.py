"""Cards that somebody changed behind the registry's back."""

import pytest

from tests.support.addresses import route_of
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.problems import refusal
from tests.support.registries import Registry


@pytest.mark.parametrize(
    "meddling",
    [
        "UPDATE card_revisions SET document = replace(document, 'Careful.', 'Anything goes.')",
        "UPDATE card_revisions SET coverage = 10000",
        "UPDATE card_annotations SET markdown = 'Safe for everybody.'",
        "DELETE FROM card_annotations",
    ],
)
@pytest.mark.parametrize("act", ["publish", "annotate", "generate"])
def test_nothing_that_was_changed_by_hand_is_written_on(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api, meddling: str, act: str
) -> None:
    """Neither publishing nor annotating nor generating takes in, and records as genuine, what no event wrote."""
    version = fresh_make.version(metadata={"limitations": "Careful."})
    owner, card = fresh_api.as_(fresh_make.owner_of(version)), f"{route_of(version)}/card"
    assert owner.put(f"{card}/annotations/factors", json={"markdown": "Look twice."}).status_code == 200
    assert fresh_registry.tamper(meddling) == 1
    if act == "publish":
        answer = owner.post(f"{card}/publish")
    elif act == "annotate":
        answer = owner.put(f"{card}/annotations/metrics", json={"markdown": "More."})
    else:
        answer = owner.post(card)
    assert refusal(answer) == (409, "integrity"), answer.text
