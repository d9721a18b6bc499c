"""Reading the API's refusals."""

from typing import Any

PROBLEM = "application/problem+json"


def fields_at_fault(answer: Any) -> set[str]:
    """The JSON names of the fields that a 422 lists, once it is a whole problem document (RFC 9457)."""
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM), answer.text
    assert answer.json()["code"] == "invalid_input"
    assert_problem(answer)
    assert all(error["message"].strip() for error in answer.json()["errors"])
    return {error["field"] for error in answer.json()["errors"]}


def assert_problem(answer: Any) -> None:
    """Every refusal says what happened, how to mend it, and the id to name when asking for help."""
    told = answer.json()
    assert answer.headers["content-type"] == PROBLEM
    assert answer.status_code == told["status"]
    assert answer.headers["x-request-id"] == told["requestId"]
    assert all(told[key].strip() for key in ("type", "title", "detail", "code", "remedy"))


def refusal(answer: Any) -> tuple[int, str]:
    """Status and code of a refusal, once it is a whole problem document."""
    assert_problem(answer)
    return answer.status_code, answer.json()["code"]
