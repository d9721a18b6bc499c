"""A model that is registered with something wrong: each fault is named, nothing is written, nothing breaks."""

import json
from typing import Any

import pytest

from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.footprint import footprint
from tests.support.make import Make
from tests.support.problems import fields_at_fault
from tests.support.registries import Registry

MODELS = "/api/v1/models"
MISSING: Any = object()
LONG_MAIL = f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 58}.de"

#: Values that no line of text may be, whatever its field.
NO_LINE = [
    MISSING, None, "", " ", 5, 1.5, True, [], {}, ["a"], "a\n", "\ta", "a\x00b", "a\x07", "a\x7f", "a\x9f", "a\u2028b",
    "a\u202eb", "a\u2066", "\ufeffa", "a\ud800", "\udc00a",
]  # fmt: skip
NO_NAME = [
    *NO_LINE, "-a", "_a", "a b", " a", "a ", "a/b", "a\\b", "a.b", "a:b", "a@b", "a%20b", "é", "模型", "😀", "a😀",
    "..", "../a", "a\u200b", "x" * 101, "x" * 5000, "' OR 1=1 --",
]  # fmt: skip
NO_TEXT = [
    MISSING, None, "", "   ", "\n\t\n", 5, {}, ["a"], "x" * 4001, "x" * 250_000, "a\x00", "a\x07", "a\x1b[0m", "a\x85",
    "a\u202eb", "a\u2069", "\ufeffa", "a\ud800",
]  # fmt: skip
NO_OWNERS = [
    MISSING, None, [], "a@b.co", {}, 5, [""], [" "], ["x"], ["a@"], ["@b.co"], ["a@b"], ["a b@c.de"], ["a@b c.de"],
    ["ü@b.de"], ["a@ü.de"], ["a@b.de", "A@B.DE"], ["a@b.de\n"], ["a@b.de\x00"], ["a@-b.de"],
    ["a..b@c.de"], [".a@c.de"], ['"a b"@c.de'], ["Ann <a@b.de>"], ["a@b.de,c@d.de"], ["a@b.de c@d.de"], ["😀@b.de"],
    ["a@b.de\u202e"], [f"{'x' * 65}@b.de"], [f"a{LONG_MAIL}"], [f"n{n}@b.de" for n in range(51)], ["a@@b.de"],
    ["mailto:a@b.de "], ["a@[127.0.0.1]"],
]  # fmt: skip
NO_TAGS = [
    None, "x", {}, 5, [""], [" "], ["a b"], ["a\u00a0b"], ["a\u3000b"], ["a\tb"], ["a\n"], ["a\x00"], ["a\x07"],
    ["a\u202e"], ["x" * 65], ["a", "A"], ["straße", "STRASSE"], [f"t{n}" for n in range(31)],
]  # fmt: skip
NO_URL = [
    5, [], " ", "x", "ftp://h.de", "file:///etc/passwd", "javascript:alert(1)", "data:text/html,x", "//h.de", "http://",
    "https:///path", "http:h.de", "http://a b.de", "https://u:p@h.de", "https://u@h.de", "http://[::1", "http://h:99999",
    "http://h:x", "https://h.de/\n", "https://h.de/\x00", "https://h.de/\u202e", "https://h.de/\ud800",
    f"https://h.de/{'x' * 1988}",
]  # fmt: skip
NO_RATIONALE = [5, [], "x" * 4001, "a\x00", "a\x07", "a\u202eb", "a\ud800"]
NO_TIER = [MISSING, None, "", " ", "low", "Medium", "URGENT", "LOW ", "LOW\x00", 1, ["LOW"], {}, "\ud800", "😀"]
NO_ORIGIN = [None, "", "internal", "BOUGHT", 1, [], "INTERNAL "]
NO_VISIBILITY = [None, "", "PUBLIC", "restricted", True, "RESTRICTED\n"]

MATRIX = [
    *(("name", value) for value in NO_NAME),
    *(("group", value) for value in [*NO_NAME, "new", "NEW", "New"]),
    *(("description", value) for value in NO_TEXT),
    *(("owners", value) for value in NO_OWNERS),
    *(("riskTier", value) for value in NO_TIER),
    *(("tags", value) for value in NO_TAGS),
    *(("documentationUrl", value) for value in NO_URL),
    *(("repositoryUrl", value) for value in NO_URL),
    *(("riskRationale", value) for value in NO_RATIONALE),
    *(("origin", value) for value in NO_ORIGIN),
    *(("visibility", value) for value in NO_VISIBILITY),
    *(("owners.0", [value]) for value in (None, 5, [], {}, True, "a@b.de\ud800")),
    *(("tags.1", ["a", value]) for value in (None, 5, [], {}, True, "b\ud800")),
    *((name, "x") for name in ("nope", "risk_tier", "registrar", "id", "status", "createdBy", "revision", "a.b", "😀")),
]

FINE = [
    ("name", "x" * 100), ("name", "0"), ("name", "A_b-9"), ("group", "y" * 100), ("group", "new-models"),
    ("description", "x" * 4000), ("description", "😀 naïve\nzweite Zeile\tTab"), ("description", "שלום عالم 模型"),
    ("description", "👩‍👩‍👧 e\u0301"), ("description", "<script>alert(1)</script> '; DROP TABLE models; --"),
    ("owners", [f"n{n}@b.de" for n in range(50)]), ("owners", [LONG_MAIL]),
    ("owners", ["Ann.O'Neil+ml@Mail.Example.COM"]),
    ("tags", [f"{n:064}" for n in range(30)]), ("tags", ["😀", "naïve", "C++", "a/b", '"q"']), ("tags", []),
    ("documentationUrl", f"https://h.de/{'x' * 1987}"), ("documentationUrl", None), ("documentationUrl", ""),
    ("repositoryUrl", "http://h.de:8080/a?b=c#d"), ("repositoryUrl", "HTTPS://xn--mnchen-3ya.de/ü"),
    ("riskRationale", "x" * 4000), ("riskRationale", None), ("origin", "VENDOR"), ("visibility", "RESTRICTED"),
]  # fmt: skip


def told(value: Any) -> str:
    """A short, printable name for a row."""
    return "missing" if value is MISSING else json.dumps(value)[:30]


def body_of(make: Make, field: str, value: Any) -> bytes:
    """A whole model with one field changed, as JSON whose half characters survive."""
    body: dict[str, Any] = {
        "name": "churn", "group": make.group(), "description": "Predicts.", "owners": ["team@company.com"],
        "riskTier": "LOW",
    }  # fmt: skip
    key = field if field not in ("owners.0", "tags.1") else field.partition(".")[0]
    body[key] = value
    return json.dumps({name: sent for name, sent in body.items() if sent is not MISSING}).encode()


@pytest.mark.parametrize("field", dict.fromkeys(field for field, _ in MATRIX))
def test_every_wrong_value_of_a_field_is_named_and_nothing_is_written(
    registry: Registry, make: Make, api: Api, field: str
) -> None:
    """Whatever is wrong with a field, the answer is 422, names that field, and leaves no trace."""
    client = api.as_(make.owner())
    client.get("/api/v1/me")
    before = footprint(registry)
    answers = {}

    for value in (value for name, value in MATRIX if name == field):
        answer = client.post(MODELS, content=body_of(make, field, value), headers={"content-type": "application/json"})
        answers[told(value)] = (
            answer.status_code,
            fields_at_fault(answer) if answer.status_code == 422 else answer.text,
        )

    assert {case: (422, {field}) for case in answers} == answers
    assert before == footprint(registry)


@pytest.mark.parametrize(("field", "value"), FINE, ids=[f"{field}={told(value)}" for field, value in FINE])
def test_values_at_the_limit_are_kept_as_they_were_sent(make: Make, api: Api, field: str, value: Any) -> None:
    """What is allowed goes through to the letter: length limits, Unicode, case, what looks like code."""
    client = api.as_(make.owner())

    answer = client.post(MODELS, content=body_of(make, field, value), headers={"content-type": "application/json"})

    assert answer.status_code == 201, answer.text
    assert (value or None) == (client.get(answer.headers["location"]).json()[field] or None)


def test_all_faults_are_told_at_once(make: Make, api: Api) -> None:
    """Whoever sends five wrong fields hears of all five, not of one after the other."""
    body = {
        "name": "a b", "group": "new", "description": " ", "owners": ["x", "y"], "riskTier": "LOW", "tags": ["a b"],
        "documentationUrl": "x",
    }  # fmt: skip

    answer = api.as_(make.owner()).post(MODELS, json=body)

    assert {"name", "group", "description", "owners", "tags", "documentationUrl"} == fields_at_fault(answer)
    assert sum(error["field"] == "owners" for error in answer.json()["errors"]) == 2


def test_a_long_list_of_faults_is_cut(make: Make, api: Api) -> None:
    """A body with thousands of unknown fields is answered with a list that a person can read."""
    answer = api.as_(make.owner()).post(MODELS, json={f"x{n}": n for n in range(5000)})

    assert len(fields_at_fault(answer)) <= 50


@pytest.mark.parametrize("roles", [[], [Role.ADMIN], [Role.MRC, Role.SRE, Role.AUDITOR, Role.SECURITY_ARCHITECT]])
def test_who_may_not_register_hears_that_before_any_field(
    registry: Registry, make: Make, api: Api, roles: list[Role]
) -> None:
    """Without the role Model Owner the answer is 403 and names the role; the refusal is one event, the model is not."""
    person = make.person(*roles)
    before = make.event_count()

    answer = api.as_(person).post(
        MODELS, content=body_of(make, "name", "churn"), headers={"content-type": "application/json"}
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert "Model Owner" in answer.json()["detail"]
    refused = make.events(since=before)
    assert [("model.create", "REFUSED", person.actor.pseudonym, "not_permitted")] == [
        (event.action, event.outcome, event.actor.id, event.rule) for event in refused
    ]
