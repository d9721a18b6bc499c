"""What people read has no codes in it."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from string import Formatter

import pytest

import modelkeep_server.features
from modelkeep_server.kit import clock
from modelkeep_server.rules import notices, wording
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.error_table import list_kinds
from modelkeep_server.rules.events import ACTIONS
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.links import what_is_missing as who_downloads
from modelkeep_server.rules.permission_words import what_is_missing, who_may, whom_to_ask
from modelkeep_server.rules.permissions import PERMISSIONS, Role
from tests.support.pages import find_codes

_FEATURES = modelkeep_server.features
_MODULES = [found.name for found in pkgutil.walk_packages(_FEATURES.__path__, f"{_FEATURES.__name__}.")]


def _codes() -> Iterator[str]:
    for name in _MODULES:
        importlib.import_module(name)
    waiting = [StrEnum]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            waiting.append(kind)
            if kind.__module__.startswith(("modelkeep_server.features", "modelkeep_server.rules")):
                yield from (str(one) for one in kind)


def test_every_code_has_a_name() -> None:
    """Whatever the registry counts among its codes is said as words; a moment in the one form that sentences have."""
    told = {code: wording.say_code(code) for code in _codes() if code.isupper()}

    kept = {"MRC", "SRE", "API", "READ", "WRITE"}
    assert {code for code, said in told.items() if said == code} == kept
    assert wording.say_code("2026-11-26T14:05:51Z") == "26 Nov 2026, 14:05 UTC"
    assert wording.say_code("resnet_50") == "resnet_50"


def test_the_sentences_of_the_tables_have_no_codes() -> None:
    """Refusals by permission and state, errors, notices and the words of events are drawn from tables."""
    moments = {"due": "2026-11-26T14:05:51Z", "until": "2026-11-26T14:05:51Z"}
    asked = {name for kind in notices.KINDS.values() for _, name, _, _ in Formatter().parse(kind.says) if name}
    facts = {name: moments.get(name, "it") for name in asked}
    sentences = [
        *(f(act) for act in PERMISSIONS for f in (who_may, whom_to_ask, lambda act: what_is_missing(act, ()))),
        *(who_downloads(state, "a/b:1") for state in State),
        *(wording.say_no_move("a/b:1", here, there) for here in State for there in State),
        *(wording.say_tier(tier) for tier in RiskTier),
        *(words for kind in list_kinds() for words in (kind.title, kind.remedy or "", wording.say_refusal(kind.code))),
        *(action.says for action in ACTIONS.values()),
        *(notices.say(kind, {**facts, "target": aim, "state": aim, "status": end})
          for kind in notices.KINDS for aim in ("STAGING", "PRODUCTION") for end in ("RESOLVED", "CHANGES_REQUESTED")),
        *(wording.say_code(role) for role in Role),
    ]  # fmt: skip

    assert [sentence for sentence in sentences if find_codes(sentence)] == []


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=2))])
def test_a_moment_in_a_sentence_is_told_in_utc(zone: timezone) -> None:
    """Wherever it comes from; one without a zone is none."""
    at = datetime(2026, 11, 26, 14, 5, 51, tzinfo=UTC).astimezone(zone)

    assert clock.say_moment(at) == "26 Nov 2026, 14:05 UTC"
    with pytest.raises(ValueError, match="zone"):
        clock.say_moment(at.replace(tzinfo=None))


def test_codes_are_found_in_text() -> None:
    """The finder that these tests rest on: codes, e-mails no, and moments as JSON has them."""
    assert find_codes("It is LOW, CHANGES_REQUESTED since 2026-11-26T14:05:51Z by SECURITY_ARCHITECT.") == [
        "LOW", "CHANGES_REQUESTED", "2026-11-26T14:05:51Z", "SECURITY_ARCHITECT",
    ]  # fmt: skip
    assert find_codes("MRC, SRE, READ, SHA-256, AUC and Low risk") == []
    assert re.fullmatch(r"[a-z].*", wording.say_refusal("separation_of_duties"))
