"""Evaluation suites as pages: everyone reads them, MRC and Security Architects change them."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.evaluations import queries, suites
from modelkeep_server.features.evaluations.views import NewSuite, Suite
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.web.contexts.evaluations import SuiteContext, SuitesContext
from modelkeep_server.interfaces.web.face import Cursor, Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import split_entries, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import FieldError, Invalid, NameTaken, Stale
from modelkeep_server.rules.metrics import Threshold

router = make_router()

SUITES = "/evaluation-suites"
PAGE_ROWS = 30
_LINE = re.compile(r"([^|<>]+?)\s*(?:\|\s*(.+?))?\s*(>=|<=|>|<)\s*([^\s<>]+)")
_FORM_NAMES = {"scope.groups": "groups", "scope.riskTiers": "riskTiers"}


@router.get(SUITES)
@door.reads("suite.read")
def show_suites(work: Work, actor: Actor, cursor: Cursor = "") -> Page:
    """What are versions measured against?"""
    return _list(work, {"enabled": "yes"}, {}, 200, cursor)


@router.post(SUITES)
@door.posts("suite.create")
def create_suite(work: Work, actor: Actor, form: FormData) -> Page | Redirect:
    """Make a suite, or show the form again with what is wrong beside each field."""
    values = _values_of(form)
    new, unreadable = _read(values)
    try:
        suite = suites.create_suite(work, actor, new, unreadable=unreadable)
    except (Invalid, NameTaken) as error:
        return _list(work, values, _errors_of(error), error.status)
    return Redirect(f"{SUITES}/{suite.id}?done=suite")


@router.get(SUITES + "/{id}")
@door.reads("suite.read")
def show_suite(work: Work, actor: Actor, id: str) -> Page:
    """What does this suite ask, of which models, and what did it ask before?"""
    suite = queries.get_suite(work, id)
    return _show(work, suite, _values_of_suite(suite), {}, 200)


@router.post(SUITES + "/{id}")
@door.posts("suite.update")
def update_suite(work: Work, actor: Actor, id: str, form: FormData) -> Page | Redirect:
    """Save a new revision, or show the form again with what is wrong beside each field."""
    values = _values_of(form)
    new, unreadable = _read(values)
    revision = values["revision"]
    expected = {int(revision)} if revision.isascii() and revision.isdigit() and len(revision) < 10 else set()
    try:
        suites.update_suite(
            work, actor, id, vars(new), expected=expected, reason=values["reason"] or None, unreadable=unreadable
        )
    except (Invalid, NameTaken, Stale) as error:
        suite = queries.get_suite(work, id)
        if isinstance(error, Stale):
            told = f"{error.detail} What you typed is still here; saving again puts it over theirs."
            return _show(work, suite, {**values, "revision": str(suite.revision)}, {"": told}, error.status)
        return _show(work, suite, values, _errors_of(error), error.status)
    return Redirect(f"{SUITES}/{id}?done=saved")


def _values_of(form: FormData) -> dict[str, Any]:
    names = ("name", "description", "groups", "thresholds", "reason", "revision", "enabled")
    values: dict[str, Any] = {name: text_of(form, name).strip() for name in names}
    return values | {"riskTiers": tuple(str(tier) for tier in form.getlist("riskTiers"))}


def _values_of_suite(suite: Suite) -> dict[str, Any]:
    return {
        "name": suite.name,
        "description": suite.description,
        "riskTiers": tuple(tier.value for tier in suite.scope.risk_tiers),
        "groups": ", ".join(suite.scope.groups),
        "thresholds": "\n".join(map(write_line, suite.thresholds)),
        "enabled": "yes" if suite.enabled else "",
        "revision": str(suite.revision),
    }


def write_line(threshold: Threshold) -> str:
    """A threshold as the form takes it: `accuracy | region=EU >= 0.9`."""
    slice_ = f" | {threshold.slice}" if threshold.slice is not None else ""
    return f"{threshold.metric}{slice_} {threshold.comparison.value} {threshold.value!r}"


def _read(values: Mapping[str, Any]) -> tuple[NewSuite, list[FieldError]]:
    thresholds: list[dict[str, Any]] = []
    faults = []
    lines = [line.strip() for line in values["thresholds"].split("\n") if line.strip()]
    for number, line in enumerate(lines, 1):
        found = _LINE.fullmatch(line)
        try:
            value = float(found[4]) if found else 0.0
        except ValueError:
            found = None
            value = 0.0
        if found is None:
            why = f"Line {number}, {line[:60]!r}: write a metric, a comparison and a number, as accuracy >= 0.9."
            faults.append(FieldError("thresholds", why))
            continue
        told = {"metric": found[1], "comparison": found[3], "value": value}
        thresholds.append(told | ({"slice": found[2]} if found[2] else {}))
    new = NewSuite(
        values["name"], thresholds, values["description"], values["enabled"] == "yes", values["riskTiers"],
        split_entries(values["groups"]),
    )  # fmt: skip
    return new, faults


def _errors_of(error: Invalid | NameTaken) -> dict[str, str]:
    errors: dict[str, str] = {}
    for fault in error.errors:
        place = re.fullmatch(r"thresholds\.(\d+)(?:\.\w+)?", fault.field)
        if place:
            errors.setdefault("thresholds", f"Threshold {int(place[1]) + 1}: {fault.message}")
        else:
            errors.setdefault(_FORM_NAMES.get(fault.field, fault.field), fault.message)
    return errors


def _list(work: Work, values: Mapping[str, Any], errors: Mapping[str, str], status: int, cursor: str = "") -> Page:
    rows = queries.list_suites(work, limit=PAGE_ROWS, cursor=cursor or None)
    return Page.of(SuitesContext(suites=rows, values=values, errors=errors, cursor=cursor or None), status)


def _show(work: Work, suite: Suite, values: Mapping[str, Any], errors: Mapping[str, str], status: int) -> Page:
    revisions = queries.list_suite_revisions(work, suite)
    return Page.of(SuiteContext(suite=suite, revisions=revisions, values=values, errors=errors), status)
