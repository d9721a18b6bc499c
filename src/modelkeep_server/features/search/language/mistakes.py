"""What is wrong with a query: where, what was expected, and a whole query that may have been meant."""

from modelkeep_server.rules.errors import FieldError, Invalid


class Fault(Exception):
    """One thing that cannot be read. `fixed` is the query without it, which may have other faults."""

    def __init__(
        self, message: str, start: int, end: int, *, expected: tuple[str, ...] = (), fixed: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end
        self.expected = expected
        self.fixed = fixed


class QueryMistake(Invalid):
    """
    A query that cannot be read. `position` and `length` say where, in characters of what was typed; `expected` what
    could have stood there; `suggestion` is a whole query that can be read, where one is near.
    """

    remedy = "Correct the query and search again."
    help = "search-and-discovery#when-a-query-cannot-be-read"

    def __init__(self, fault: Fault, suggestion: str | None) -> None:
        self.position = fault.start
        self.length = fault.end - fault.start
        self.expected = fault.expected
        self.suggestion = suggestion
        error = FieldError("q", fault.message, self.position, self.length, suggestion)
        super().__init__(fault.message, errors=[error])


def mend(asked: str, start: int, end: int, instead: str | None) -> str | None:
    """A query with other words at a place, or without what stands there; None where nobody knows better."""
    if instead is None:
        return None
    before, after = asked[:start], asked[end:]
    return (f"{before}{instead}{after}" if instead else f"{before.rstrip()} {after.lstrip()}").strip()
