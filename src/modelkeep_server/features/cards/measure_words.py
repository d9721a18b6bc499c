"""A measure in words, alike on pages and in all files: its interval, what is demanded of it, and what came of that."""

from modelkeep_server.features.cards.views import Measure
from modelkeep_server.rules.metrics import format_number

_SIGNS = {">=": "≥", "<=": "≤"}


def sign_of(comparison: str | None) -> str:
    """A comparison as it is printed; nothing where there is none."""
    return _SIGNS.get(comparison or "", comparison or "")


def say_interval(measure: Measure) -> str:
    """Its confidence interval: `0.866 – 0.876`; nothing where it has none."""
    if measure.low is None or measure.high is None:
        return ""
    return f"{format_number(measure.low)} – {format_number(measure.high)}"


def say_limit(measure: Measure) -> str:
    """What is demanded of it: `≥ 0.85`; nothing where nothing is."""
    if measure.limit is None:
        return ""
    return f"{sign_of(measure.comparison)} {format_number(measure.limit)}".strip()


def say_outcome(measure: Measure) -> str:
    """Whether it is what its suite demands; nothing where nothing is demanded."""
    return "" if measure.passed is None else "Passes" if measure.passed else "Does not pass"
