"""
What a name may be, and naming advice from the guide's Best Practices: shown beside the name, never blocking.
"""

import re

from modelkeep_server.rules import fields

_NAME = re.compile(fields.NAME_PATTERN)
_NUMBERED = re.compile(r"^[a-z]+[-_]?\d+$", re.IGNORECASE)
_FINAL = re.compile(r"(^|[-_])(final|new|old|latest|copy|v\d+)([-_]|$)", re.IGNORECASE)
_VAGUE = frozenset({"model", "my-model", "my_model", "test", "test-model", "tmp", "temp", "foo", "demo"})

GOOD_EXAMPLES = ("customer-churn-predictor", "fraud-detection-xgboost", "sentiment-analysis-bert")
BAD_EXAMPLES = ("model1", "my_model", "test-model-final-v2")


def find_name_fault(text: str) -> str | None:
    """What is wrong with the name of a model, a group or a service account, as a sentence, or None."""
    if not text:
        return "This is required."
    if len(text) > fields.NAME_CHARS:
        return f"At most {fields.NAME_CHARS} characters; this has {len(text):,}."
    if _NAME.fullmatch(text) is None:
        return "Letters, digits, hyphens and underscores only, beginning with a letter or digit."
    return None


def find_advice(name: str) -> str | None:
    """One sentence of advice on a model's name, or None where there is nothing to say."""
    if name.lower() in _VAGUE or re.match(r"^(my|test)[-_]", name, re.IGNORECASE):
        return "Say what it does, then how: customer-churn-predictor, fraud-detection-xgboost."
    if _NUMBERED.match(name):
        return "A number says little. Say what it does, then how: sentiment-analysis-bert."
    if _FINAL.search(name):
        return "Leave the version out of the name; versions are kept below it."
    if "-" not in name and "_" not in name and len(name) < 6:
        return "A longer name is easier to find: customer-churn-predictor."
    return None
