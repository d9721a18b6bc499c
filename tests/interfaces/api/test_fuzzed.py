"""Thousands of generated requests: whatever the OpenAPI document allows or forbids is answered as it describes."""

import itertools
import os
import secrets
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
import schemathesis.checks
import schemathesis.specs.openapi.checks
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.core.failures import FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode

from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api, Client
from tests.support.endurance import Figures, sizes
from tests.support.make import Make
from tests.support.registries import BASE_URL, Registry

DOCUMENT = "/api/v1/openapi.json"
#: Requests of one kind to one operation before the next has its turn; rounds follow until there are enough.
EXAMPLES = 5
#: What strangers may ask, too.
OPEN = {"GET /api/v1/status", "POST /api/v1/device-logins", "POST /api/v1/device-logins/token"}
#: Of every so many requests one is sent again by a stranger.
STRANGER_EVERY = 10
#: Status, type, headers and body of an answer are those that the document names; what it forbids is refused.
#: That all it allows is taken is not asked: names, versions and texts have rules that JSON Schema cannot say.
CHECKS = [
    schemathesis.checks.not_a_server_error,
    schemathesis.specs.openapi.checks.status_code_conformance,
    schemathesis.specs.openapi.checks.content_type_conformance,
    schemathesis.specs.openapi.checks.response_headers_conformance,
    schemathesis.specs.openapi.checks.response_schema_conformance,
    schemathesis.specs.openapi.checks.negative_data_rejection,
]
#: A body over the limit is refused as what it is.
REFUSALS = schemathesis.Config.from_dict(
    {"checks": {"negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 409, 413, 415, 422]}}}
)
QUIET = settings(
    max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


class Fuzzer:
    """Sends generated requests until there are enough, and gathers what came of them."""

    def __init__(self, registry: Registry, make: Make, api: Api, enough: int) -> None:
        version = make.version()
        make.file(version)
        group, _, name = version.model.partition("/")
        self._there = {"group": group, "name": name, "version": "1.0.0", "path": "model.safetensors", "sequence": 1}
        self._clients = [api.as_(make.person(*Role)), api.as_(make.owner_of(version))]
        # What cannot be read is told so before it is asked whose the token is; nobody learns even that.
        self._strangers: list[tuple[Client, set[int]]] = [
            (api.anonymous, {400, 401}),
            (api.with_token("mk_pat_made_up"), {400, 401, 404, 405, 413, 415, 422}),
        ]
        self._enough = enough
        self.statuses: Counter[int] = Counter()
        self.operations: Counter[str] = Counter()
        self.faults: list[str] = []

    @property
    def sent(self) -> int:
        """How many requests were answered."""
        return self.statuses.total()

    def run(self, document: dict[str, Any]) -> None:
        """Go round all operations, with what the document allows and with what it forbids, until there are enough."""
        schema = schemathesis.openapi.from_dict(document, config=REFUSALS)
        strategies = list(strategies_of(schema))
        explores = os.environ.get("HYPOTHESIS") == "explore"
        for number in itertools.count(secrets.randbits(32) if explores else 0):
            for strategy in tuple(strategies):
                if self.sent >= self._enough:
                    return

                @seed(number)
                @given(case=strategy)
                @QUIET
                def try_out(case: Any) -> None:
                    if self.sent < self._enough:
                        self._try(case)

                try:
                    try_out()
                except Unsatisfiable:
                    # Bytes and free text alone: the document forbids nothing that could be sent.
                    strategies.remove(strategy)

    def _try(self, case: Any) -> None:
        # Every other request goes to what is there; nothing made up would ever be found.
        path = case.meta.components.get(ParameterLocation.PATH)
        if self.sent % 2 and (path is None or path.mode.is_positive):
            case.path_parameters.update({key: self._there[key] for key in case.path_parameters if key in self._there})
        sent = as_sent(case)
        answer = self._clients[self.sent // 2 % 2].request(**sent)
        self._count(case, answer)
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as found:
            self.faults.extend(f"{case.operation.label}: {fault} {answer.text[:500]}" for fault in found.exceptions)
        if self.sent % STRANGER_EVERY == 0:
            self._refuse_strangers(case, sent)

    def _refuse_strangers(self, case: Any, sent: dict[str, Any]) -> None:
        if case.operation.label in OPEN:
            return
        for client, fair in self._strangers:
            answer = client.request(**sent)
            self._count(case, answer)
            if answer.status_code not in fair:
                self.faults.append(f"{case.operation.label}: a stranger got {answer.status_code} {answer.text[:500]}")

    def _count(self, case: Any, answer: Any) -> None:
        self.statuses[answer.status_code] += 1
        self.operations[case.operation.label] += 1


def strategies_of(schema: Any) -> Iterator[Any]:
    """How to generate requests: for each operation what the document allows, and what it forbids where it forbids."""
    for found in schema.get_all_operations():
        operation = found.ok()
        yield operation.as_strategy()
        if operation.query or operation.body or operation.headers:
            yield operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)


def as_sent(case: Any) -> dict[str, Any]:
    """A generated request in the words of our client, without a credential of its own."""
    sent = case.as_transport_kwargs(base_url=BASE_URL)
    own = ("user-agent", "authorization", "x-schemathesis-testcaseid")
    headers = {key: value for key, value in sent["headers"].items() if key.lower() not in own}
    return {
        "method": sent["method"], "url": sent["url"], "params": sent.get("params"), "headers": headers,
        **({"json": sent["json"]} if "json" in sent else {"content": sent.get("data")}),
    }  # fmt: skip


def without_credentials(document: dict[str, Any]) -> dict[str, Any]:
    """The document without its word on credentials: those are sent by our clients, and none is made up."""
    bare = {key: value for key, value in document.items() if key != "security"}
    parts = {key: value for key, value in document["components"].items() if key != "securitySchemes"}
    return bare | {"components": parts}


@pytest.mark.parametrize("requests", sizes(small=500, full=10_000))
def test_generated_requests_are_answered_as_described(
    registry: Registry, make: Make, api: Api, requests: int, figures: Figures
) -> None:
    """No fault, no answer that the document does not describe, nothing forbidden taken, and nothing for strangers."""
    document = without_credentials(api.anonymous.get(DOCUMENT).json())
    fuzzer = Fuzzer(registry, make, api, requests)

    fuzzer.run(document)

    figures.tell("generated requests", fuzzer.sent, at_least=requests)
    figures.tell("operations", len(fuzzer.operations))
    figures.tell("answers of 5xx", sum(fuzzer.statuses[status] for status in range(500, 600)), at_most=0)
    figures.tell("answers unlike the document", len(fuzzer.faults), at_most=0)
    assert fuzzer.faults[:20] == []
    assert fuzzer.sent >= requests
    assert {200, 201, 404, 422} <= set(fuzzer.statuses)
    assert max(fuzzer.statuses) < 500
